import { mappingInput } from '../../domain/mapping-contract';
import { mappingStore, type MappingSubject } from '../../models/mappings';
import { sourceItemStore } from '../../models/source-items';
import { plainProducts, Rig } from './rig';

describe('what a sync makes of mappings and rules', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(async () => {
    await rig.stop();
  });

  async function save(connectorId: string, subject: MappingSubject, version: number, written: unknown): Promise<void> {
    const content = subject.kind === 'mapping' ? mappingInput.parse(written) : written;
    const by = { id: 'key_1', name: 'Ops' };
    const authorship = { at: new Date(), by, note: null, rules: 1 };
    const saved = await mappingStore(rig.database).save(connectorId, subject, version, content, authorship);
    expect(saved).toBeDefined();
  }

  it('sends what the mapping says, with constants, value tables and expressions, and the built-in mapping for the rest', async () => {
    const { world, connectorId } = await rig.ready(
      'mapped',
      plainProducts(3, (index) => ({ options: { size: 'M', color: index === 1 ? 'Azul' : 'Blue' } }))
    );
    await save(connectorId, { kind: 'mapping', productType: 'SHIRT' }, 0, {
      attributes: {
        brand: { constant: 'House brand' },
        color: { from: 'options.color', values: { table: { Azul: 'Blue' } } },
        item_name: { expression: "title & ' | ' & options.size" },
      },
    });
    expect((await rig.firstSync(connectorId)).counts).toMatchObject({ live: 3 });
    const books = await rig.books(world);
    expect(books['SKU-0002']!.attributes).toMatchObject({
      brand: [{ value: 'House brand', language_tag: 'en_US' }],
      color: [{ value: 'Blue' }],
      item_name: [{ value: 'Running shirt 2 | M' }],
      material: [{ value: 'Cotton' }],
    });
    expect(await sourceItemStore(rig.database).item(connectorId, 'SKU-0002')).toMatchObject({
      options: { color: 'Azul' },
    });
  });

  it('holds a SKU back whose mapping fails on it, says why, and sends it under a mended one', async () => {
    const { connectorId } = await rig.ready('mismapped', plainProducts(2));
    const subject = { kind: 'mapping', productType: 'SHIRT' } as const;
    await save(connectorId, subject, 0, { attributes: { item_weight: { constant: 'heavy' } } });
    const run = await rig.firstSync(connectorId);
    expect(run.counts).toMatchObject({ blocked: 2 });
    expect((await rig.listing(connectorId, 'SKU-0001')).problems[0]).toMatchObject({
      code: 'invalid',
      attributes: ['item_weight'],
    });
    await save(connectorId, subject, 1, { attributes: { brand: { constant: 'House brand' } } });
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 2 });
  });

  it('puts items into the product type that an assignment names', async () => {
    const { world, connectorId } = await rig.ready('assigned', plainProducts(2));
    await save(connectorId, { kind: 'assignments' }, 0, [
      { productType: 'SWEATSHIRT', when: { category: 'Men/Tops' } },
    ]);
    expect((await rig.firstSync(connectorId)).counts).toMatchObject({ live: 2 });
    expect((await rig.books(world))['SKU-0001']).toMatchObject({ productType: 'SWEATSHIRT' });
  });

  it('keeps the last price when the new one is too far from it, and sends it when more is allowed', async () => {
    const { world, connectorId } = await rig.ready('jump', plainProducts(2), (input) => {
      input.offer = { minimumStock: 1, stock: { buffer: 2 }, price: { factor: 1.5, largestChangePercent: 20 } };
    });
    expect((await rig.firstSync(connectorId)).counts).toMatchObject({ live: 2 });
    expect((await rig.books(world))['SKU-0001']).toMatchObject({ price: 30, quantity: 8 });
    await rig.control('POST', 'worlds/jump/skus/SKU-0001', { price: 2, quantity: 6, tell: 'nobody' });
    await rig.sync(connectorId);
    expect((await rig.books(world))['SKU-0001']).toMatchObject({ price: 30, quantity: 4 });
    const held = await rig.listing(connectorId, 'SKU-0001');
    expect([held.state, held.problems]).toEqual(['live', [expect.objectContaining({ code: 'price_change' })]]);
    await rig.patch(connectorId, { 'offer.price.largestChangePercent': 95 });
    await rig.sync(connectorId);
    expect((await rig.books(world))['SKU-0001']).toMatchObject({ price: 3 });
    expect((await rig.listing(connectorId, 'SKU-0001')).problems).toEqual([]);
  });
});
