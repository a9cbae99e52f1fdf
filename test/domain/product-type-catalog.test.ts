import { randomBytes } from 'node:crypto';
import type { Connection } from 'mongoose';
import { withDatabase } from '../../embedded/mongodb';
import { OutsideError } from '../../domain/errors';
import { requireMarketplace } from '../../domain/marketplaces';
import type { AmazonAccount, DefinitionAnswer, ProductTypes } from '../../domain/ports/amazon';
import { productTypeCatalog, type ProductTypeCatalog } from '../../domain/product-type-catalog';
import type { JsonSchema } from '../../domain/product-type-schema';
import { connectDatabase } from '../../models/database';
import { ensureIndexes } from '../../models/indexes';
import { connectorModel } from '../../models/connectors';
import { listingModel } from '../../models/listings';
import { productTypeModel, productTypeStore } from '../../models/product-types';
import { listing } from '../api/samples';
import { fullSizeDefinition } from './full-size-definition';

const never = new AbortController().signal;
const account: AmazonAccount = {
  connectorId: 'con_1',
  clientId: 'client',
  sellerId: 'A1',
  marketplace: requireMarketplace('US'),
  issueLocale: 'en_US',
};
const DAY_MS = 24 * 3_600_000;

function attribute(title: string, values?: string[], names?: string[]): JsonSchema {
  return {
    title,
    description: `Help for ${title}`,
    type: 'array',
    maxUniqueItems: 1,
    selectors: ['marketplace_id'],
    items: {
      required: ['value'],
      properties: {
        value: { title, type: 'string', maxLength: 50, ...(values && { enum: values, enumNames: names ?? values }) },
        marketplace_id: { type: 'string', hidden: true },
      },
    },
  };
}

const FIRST: JsonSchema = {
  required: ['item_name'],
  properties: {
    item_name: attribute('Title'),
    color: attribute('Color', ['red', 'blue'], ['Red', 'Blue']),
    season: attribute('Season'),
  },
  allOf: [
    {
      if: {
        required: ['color'],
        properties: { color: { contains: { required: ['value'], properties: { value: { enum: ['red'] } } } } },
      },
      then: { required: ['season'] },
    },
  ],
};
const SECOND: JsonSchema = {
  required: ['item_name', 'material'],
  properties: {
    item_name: attribute('Title'),
    color: attribute('Color', ['red', 'green']),
    material: attribute('Material'),
  },
};
const SPANISH: JsonSchema = {
  properties: {
    item_name: attribute('Título'),
    // Amazon translates some values themselves, in the same order.
    color: attribute('Color', ['rojo', 'azul'], ['Rojo', 'Azul']),
    season: attribute('Temporada'),
  },
};

/** An Amazon whose answers a test sets, by locale. */
class PlayedAmazon implements ProductTypes {
  asked = 0;
  isAway = false;
  answers: Record<string, { version: string; checksum: string; schema: JsonSchema; group?: string } | undefined> = {};

  async search() {
    return { version: 'v1', productTypes: [] };
  }

  async definition(
    _account: AmazonAccount,
    { productType, locale }: { productType: string; locale: string },
    known: string | undefined
  ): Promise<DefinitionAnswer> {
    this.asked += 1;
    if (this.isAway) throw new OutsideError('transient', 'Away.', { system: 'amazon', operation: 'get' });
    const answer = this.answers[locale];
    if (!answer) return { kind: 'unknown', said: 'It was not found.' };
    const { version, checksum, schema, group = 'Identity' } = answer;
    const groups = [{ name: 'identity', title: group, attributes: ['item_name'] }];
    const head = { productType, displayName: 'Shirt', version, checksum, groups, vocabulary: ['selectors', 'newRule'] };
    return { kind: 'known', head, ...(checksum !== known && { schema }) };
  }
}

describe('the catalogue of product types', () => {
  let connection: Connection;
  let amazon: PlayedAmazon;
  let now: Date;
  beforeAll(async () => {
    const uri = process.env.TEST_MONGODB_URI;
    if (!uri) throw new Error('TEST_MONGODB_URI is not set; the global set-up of the tests sets it');
    connection = await connectDatabase(withDatabase(uri, `types_${randomBytes(6).toString('hex')}`));
    await ensureIndexes(connection);
  });
  afterAll(async () => {
    await connection.dropDatabase();
    await connection.close();
  });
  beforeEach(async () => {
    await productTypeModel(connection).deleteMany({});
    amazon = new PlayedAmazon();
    amazon.answers = { DEFAULT: { version: 'v1', checksum: 'one', schema: FIRST } };
    now = new Date('2026-06-01T00:00:00Z');
  });

  /** What a process has: memory of its own, and the shared store. */
  const processOfItsOwn = (): ProductTypeCatalog =>
    productTypeCatalog({ amazon, store: productTypeStore(connection), clock: () => now });
  const later = (ms: number): void => void (now = new Date(now.getTime() + ms));
  const describeShirt = async (catalog: ProductTypeCatalog, locale = 'en_US') => {
    const found = await catalog.describe(account, 'SHIRT', 'LISTING', locale, never);
    if (found.kind === 'unknown') throw new Error(found.said);
    return found;
  };

  it('asks Amazon once a day, whichever process asks first', async () => {
    const [one, other] = [processOfItsOwn(), processOfItsOwn()];
    await one.validatorFor(account, 'SHIRT', 'LISTING', never);
    await one.validatorFor(account, 'SHIRT', 'LISTING', never);
    await other.validatorFor(account, 'SHIRT', 'LISTING', never);
    expect(amazon.asked).toBe(1);
    later(DAY_MS + 1);
    await one.validatorFor(account, 'SHIRT', 'LISTING', never);
    await other.validatorFor(account, 'SHIRT', 'LISTING', never);
    expect(amazon.asked).toBe(2);
    expect((await describeShirt(other)).definition).toMatchObject({ version: 'v1', lookedAt: now, change: null });
  });

  it('notices a new version, says what it changes and how many SKUs it touches', async () => {
    await connectorModel(connection).collection.insertOne({
      _id: 'con_1' as never,
      config: { amazon: { country: 'US' } },
    });
    const wanted = (details: Record<string, Record<string, unknown>[]>, productType = 'SHIRT') => ({
      wanted: { productType, requirements: 'LISTING' as const, details },
    });
    await listingModel(connection).insertMany([
      listing('con_1', 'untouched', wanted({ material: [{ value: 'Wool' }] })),
      listing('con_1', 'lacks-material', wanted({ item_name: [{ value: 'x' }] })),
      listing('con_1', 'has-season', wanted({ material: [{ value: 'Wool' }], season: [{ value: 'Summer' }] })),
      listing('con_1', 'another-type', wanted({ season: [{ value: 'Summer' }] }, 'WATCH')),
      listing('con_2', 'another-marketplace', wanted({ season: [{ value: 'Summer' }] })),
    ]);
    const catalog = processOfItsOwn();
    const { validator: before } = (await catalog.validatorFor(account, 'SHIRT', 'LISTING', never)) as {
      validator: { validate: (payload: object, mode: string) => unknown[] };
    };
    expect(before.validate({ item_name: [{ value: 'a' }] }, 'ENFORCED')).toEqual([]);
    later(DAY_MS + 1);
    amazon.answers.DEFAULT = { version: 'v2', checksum: 'two', schema: SECOND };
    const found = await describeShirt(catalog);
    expect(found.definition).toMatchObject({ version: 'v2', checksum: 'two' });
    expect(found.changes).toEqual([
      {
        version: 'v2',
        fromVersion: 'v1',
        at: now,
        skus: { touched: 2, ofType: 3 },
        added: ['material'],
        removed: ['season'],
        newlyRequired: ['material'],
        newlyConditional: [],
        changedValues: [{ attribute: 'color', part: 'value', added: ['green'], removed: ['blue'] }],
      },
    ]);
    expect(await productTypeStore(connection).history({ ...found.definition, locale: 'DEFAULT' })).toHaveLength(2);
    const { validator: after } = (await catalog.validatorFor(account, 'SHIRT', 'LISTING', never)) as {
      validator: typeof before;
    };
    expect(after.validate({ item_name: [{ value: 'a' }] }, 'ENFORCED')).toHaveLength(1);
  });

  it('shows labels in the label locale, and values as the marketplace has them', async () => {
    amazon.answers.es_ES = { version: 'v1', checksum: 'es', schema: SPANISH, group: 'Identidad' };
    const { fields, notChecked } = await describeShirt(processOfItsOwn(), 'es_ES');
    const [title, color, season] = fields;
    expect(title).toMatchObject({
      name: 'item_name',
      title: 'Título',
      help: 'Help for Título',
      group: { name: 'identity', title: 'Identidad' },
      requirement: 'required',
      requiredWhen: [],
      count: { min: 0, max: 1 },
    });
    expect(title!.parts).toMatchObject([
      { path: 'value', required: true, values: null, otherValues: true, limits: { maxLength: 50 }, selector: false },
      { path: 'marketplace_id', hidden: true, selector: true },
    ]);
    expect(color).toMatchObject({ requirement: 'optional' });
    expect(color!.parts[0]).toMatchObject({
      otherValues: false,
      values: [
        { value: 'red', label: 'Rojo' },
        { value: 'blue', label: 'Azul' },
      ],
    });
    expect(season).toMatchObject({ title: 'Temporada', requirement: 'conditional', requiredWhen: ['Color is Rojo'] });
    expect(notChecked).toEqual(['newRule']);
  });

  it('goes on with what is kept while Amazon is away, and fails for a passing reason where nothing is', async () => {
    const catalog = processOfItsOwn();
    await catalog.validatorFor(account, 'SHIRT', 'LISTING', never);
    later(DAY_MS + 1);
    amazon.isAway = true;
    expect(await catalog.validatorFor(account, 'SHIRT', 'LISTING', never)).toMatchObject({ kind: 'known' });
    await expect(catalog.validatorFor(account, 'WATCH', 'LISTING', never)).rejects.toMatchObject({ code: 'transient' });
  });

  it('remembers for an hour that Amazon has no such type', async () => {
    amazon.answers = {};
    const catalog = processOfItsOwn();
    for (let times = 0; times < 3; times++)
      expect(await catalog.validatorFor(account, 'UFO', 'LISTING', never)).toEqual({
        kind: 'unknown',
        said: 'It was not found.',
      });
    expect(amazon.asked).toBe(1);
    later(3_600_001);
    amazon.answers = { DEFAULT: { version: 'v1', checksum: 'one', schema: FIRST } };
    expect(await catalog.validatorFor(account, 'UFO', 'LISTING', never)).toMatchObject({ kind: 'known' });
  });

  it('keeps a definition of full size, and reads it back, in little room and time', async () => {
    const schema = fullSizeDefinition();
    amazon.answers = { DEFAULT: { version: 'v1', checksum: 'large', schema } };
    const startedAt = performance.now();
    await describeShirt(processOfItsOwn());
    const firstMs = performance.now() - startedAt;
    const again = performance.now();
    const { fields } = await describeShirt(processOfItsOwn());
    const againMs = performance.now() - again;
    expect(await productTypeStore(connection).schema('large')).toEqual(schema);
    const kept = await connection.collection('productTypeSchemas').findOne({ _id: 'schema:large' as never });
    const kb = (kept as unknown as { json: { length(): number } }).json.length() / 1000;
    process.stdout.write(
      `full-size definition: kept in ${kb.toFixed(0)} kB; fields first ${firstMs.toFixed(0)} ms, again ${againMs.toFixed(0)} ms\n`
    );
    expect(fields).toHaveLength(420);
    expect(kb).toBeLessThan(200);
  });
});
