import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { AmazonBook, World } from '../workflows/rig';
import { RealStack } from './real-stack';

jest.setTimeout(120_000);

/** Two shirts with texts in English and, of the first, in Spanish. */
const LINES = [
  {
    productId: 'TEE',
    name: 'Running shirt',
    brand: 'Luma',
    description: '<p>Light, dries fast.</p>',
    categories: ['Men/Tops/Tees'],
    language: 'en',
    attributes: { material: 'Cotton' },
    translations: {
      es: { name: 'Camiseta de correr', description: '<p>Ligera.</p>', attributes: { material: 'Algodón' } },
    },
    skus: [{ refId: 'TEE-1', options: { color: 'Blue' }, price: 20, quantity: 5, weightKg: 0.2 }],
  },
  {
    productId: 'TOP',
    name: 'Running top',
    brand: 'Luma',
    description: '<p>No sleeves.</p>',
    categories: ['Men/Tops/Tees'],
    language: 'en',
    skus: [{ refId: 'TOP-1', price: 15, quantity: 5 }],
  },
];

interface Fields {
  productType: string;
  displayName: string;
  fields: { name: string; title: string; parts: { path: string; values?: { value: string; label: string }[] }[] }[];
}

describe('languages, through the public API', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'longshore-test-languages-'));
  let stack: RealStack;
  let world: World;
  beforeAll(async () => {
    fs.writeFileSync(path.join(folder, 'shirts.jsonl'), LINES.map((line) => JSON.stringify(line)).join('\n'));
    stack = await RealStack.start({ env: { FILE_SOURCE_ROOT: folder } });
    await stack.startWorker();
    world = await stack.sandbox.ask<World>('PUT', 'worlds/languages', { generate: 1 });
  });
  afterAll(async () => {
    await stack?.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  /** A connector of these languages: what it shows of shirts, and what Amazon has of both after its first sync. */
  async function connected(languages: object): Promise<{ fields: Fields; books: Record<string, AmazonBook> }> {
    const connectorId = await stack.api.onboard(world, {
      source: { type: 'file', path: path.join(folder, 'shirts.jsonl') },
      listing: languages,
    });
    const fields = await stack.api.ask<Fields>(`/v1/product-types/SHIRT/fields?connector=${connectorId}`);
    const sync = await stack.api.ended(await stack.api.activate(connectorId));
    expect(sync).toMatchObject({ outcome: 'completed', counts: { live: 2 } });
    return { fields, books: await stack.sandbox.amazonBooks(world) };
  }

  it('shows Spanish names to people, and sends the values of en_US', async () => {
    const { fields, books } = await connected({ fieldLocale: 'es_ES' });
    expect(fields).toMatchObject({ productType: 'SHIRT', displayName: 'Camisa' });
    const titleOf = (name: string): string | undefined => fields.fields.find((each) => each.name === name)?.title;
    expect([titleOf('item_weight'), titleOf('color')]).toEqual(['Peso', 'Color']);
    expect(books['TEE-1']!.attributes).toMatchObject({
      item_name: [{ value: 'Running shirt', language_tag: 'en_US' }],
      material: [{ value: 'Cotton', language_tag: 'en_US' }],
      item_weight: [{ value: 200, unit: 'grams' }],
      condition_type: [{ value: 'new_new' }],
    });
    const sent = JSON.stringify(books['TEE-1']!.attributes);
    expect(sent).not.toMatch(/es_|Camiseta|Algodón/);
  });

  it('sends two languages, each with its tag, and the own text where one is not translated', async () => {
    world = await stack.sandbox.ask<World>('PUT', 'worlds/two-languages', { generate: 1 });
    const { fields, books } = await connected({ valueLocales: ['en_US', 'es_US'] });
    expect(fields.displayName).toBe('Shirt');
    expect(books['TEE-1']!.attributes).toMatchObject({
      item_name: [
        { value: 'Running shirt', language_tag: 'en_US' },
        { value: 'Camiseta de correr', language_tag: 'es_US' },
      ],
      product_description: [
        { value: 'Light, dries fast.', language_tag: 'en_US' },
        { value: 'Ligera.', language_tag: 'es_US' },
      ],
      material: [
        { value: 'Cotton', language_tag: 'en_US' },
        { value: 'Algodón', language_tag: 'es_US' },
      ],
      color: [
        { value: 'Blue', language_tag: 'en_US' },
        { value: 'Blue', language_tag: 'es_US' },
      ],
    });
    expect(books['TOP-1']!.attributes.item_name).toMatchObject([
      { value: 'Running top', language_tag: 'en_US' },
      { value: 'Running top', language_tag: 'es_US' },
    ]);
  });
});
