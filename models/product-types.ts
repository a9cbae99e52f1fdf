import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { Schema, type Connection, type Model } from 'mongoose';
import { MARKETPLACES } from '../domain/marketplaces';
import type {
  DefinitionChanges,
  DefinitionHead,
  DefinitionKey,
  KeptDefinition,
  NoticedChange,
} from '../domain/product-type';
import type { DefinitionStore } from '../domain/product-type-catalog';
import type { ProductTypeField } from '../domain/product-type-fields';
import type { JsonSchema } from '../domain/product-type-schema';
import { connectorModel } from './connectors';
import { listingModel } from './listings';

/** To be raised when fields are read off a schema in another way: kept ones are then made anew. */
const FIELDS_FORMAT = 1;

const [zip, unzip] = [promisify(gzip), promisify(gunzip)];

/** One version of a definition, without its schema. */
interface ProductTypeDocument extends KeptDefinition {
  /** {@link keyOf}, version and checksum: whatever changes makes a new document. */
  _id: string;
  /** {@link keyOf} */
  key: string;
}

const mixed = Schema.Types.Mixed;

const productTypeSchema = new Schema(
  {
    _id: { type: String, required: true },
    key: { type: String, required: true },
    productType: { type: String, required: true },
    marketplaceId: { type: String, required: true },
    requirements: { type: String, required: true },
    locale: { type: String, required: true },
    displayName: { type: String, required: true },
    version: { type: String, required: true },
    checksum: { type: String, required: true },
    groups: { type: [mixed], default: [] },
    vocabulary: { type: [String], default: [] },
    firstSeenAt: { type: Date, required: true },
    lookedAt: { type: Date, required: true },
    change: { type: mixed, default: null },
  },
  { collection: 'productTypes', minimize: false, versionKey: false }
);
productTypeSchema.index({ key: 1 });

/** A large document, zipped: a schema of 0.9 MB takes some 60 KB, and its keys may hold `$` and dots. */
interface ZippedDocument {
  /** `schema:<checksum>`, or {@link fieldsId} */
  _id: string;
  json: Buffer;
}

const zippedSchema = new Schema(
  { _id: { type: String, required: true }, json: { type: Buffer, required: true } },
  { collection: 'productTypeSchemas', versionKey: false }
);

export function productTypeModel(connection: Connection): Model<ProductTypeDocument> {
  return (connection.models.ProductType ??
    connection.model('ProductType', productTypeSchema)) as unknown as Model<ProductTypeDocument>;
}

function keyOf({ productType, marketplaceId, requirements, locale }: DefinitionKey): string {
  return `${productType}:${marketplaceId}:${requirements}:${locale}`;
}

/** The definitions of product types that Amazon has given. Schemas are kept apart, and read only when they are needed. */
export function productTypeStore(connection: Connection): DefinitionStore {
  const model = productTypeModel(connection);
  const zipped = (connection.models.ProductTypeSchema ??
    connection.model('ProductTypeSchema', zippedSchema)) as unknown as Model<ZippedDocument>;

  async function write(id: string, value: unknown): Promise<void> {
    const json = await zip(JSON.stringify(value));
    await zipped.updateOne({ _id: id }, { $set: { json } }, { upsert: true });
  }

  async function read(id: string): Promise<unknown> {
    const found = await zipped.findById(id).lean();
    if (!found) return undefined;
    // The driver gives a Binary where a document is read plainly.
    const bytes = Buffer.isBuffer(found.json) ? found.json : Buffer.from((found.json as { buffer: Uint8Array }).buffer);
    return JSON.parse((await unzip(bytes)).toString('utf8'));
  }

  /** The newest first. */
  async function history(key: DefinitionKey): Promise<KeptDefinition[]> {
    const found = await model.find({ key: keyOf(key) }, { _id: 0, key: 0 }).lean<KeptDefinition[]>();
    return found.sort((one, other) => other.lookedAt.getTime() - one.lookedAt.getTime());
  }

  return {
    history,

    async newest(key) {
      return (await history(key))[0];
    },

    async looked(key, { version, checksum }, at) {
      await model.updateOne({ _id: idOf(key, version, checksum) }, { $set: { lookedAt: at } });
    },

    async keep(key: DefinitionKey, head: DefinitionHead, change: NoticedChange | null, at: Date) {
      const { displayName, groups, vocabulary, version, checksum } = head;
      await model.updateOne(
        { _id: idOf(key, version, checksum) },
        {
          // Whoever notices a version first says what it changed.
          $setOnInsert: { ...key, key: keyOf(key), version, checksum, firstSeenAt: at, change },
          $set: { displayName, groups, vocabulary, lookedAt: at },
        },
        { upsert: true, setDefaultsOnInsert: false }
      );
    },

    async schema(checksum) {
      return (await read(`schema:${checksum}`)) as JsonSchema | undefined;
    },

    keepSchema: (checksum, schema) => write(`schema:${checksum}`, schema),

    async fields(checksum, labels) {
      return (await read(fieldsId(checksum, labels))) as ProductTypeField[] | undefined;
    },

    keepFields: (checksum, labels, fields) => write(fieldsId(checksum, labels), fields),

    async touched({ productType, marketplaceId, requirements }, changes) {
      const countries = MARKETPLACES.filter(({ id }) => id === marketplaceId).map(({ country }) => country);
      const connectors = await connectorModel(connection)
        .find({ 'config.amazon.country': { $in: countries } }, { _id: 1 })
        .lean();
      const ofType = {
        connectorId: { $in: connectors.map(({ _id }) => _id) },
        'wanted.productType': productType,
        'wanted.requirements': requirements,
      };
      const clauses = touchingClauses(changes);
      const listings = listingModel(connection);
      return {
        ofType: await listings.countDocuments(ofType),
        touched: clauses.length > 0 ? await listings.countDocuments({ ...ofType, $or: clauses }) : 0,
      };
    },
  };
}

function fieldsId(checksum: string, labels: string): string {
  return `fields:${FIELDS_FORMAT}:${checksum}:${labels}`;
}

function idOf(key: DefinitionKey, version: string, checksum: string): string {
  return `${keyOf(key)}:${version}:${checksum}`;
}

/** A SKU is touched when it has an attribute that is gone or has other values, or lacks one that is newly asked for. */
function touchingClauses({ removed, changedValues, newlyRequired, newlyConditional }: DefinitionChanges): object[] {
  const has = (name: string): object[] => PARTS.map((part) => ({ [`wanted.${part}.${name}`]: { $exists: true } }));
  const lacks = (name: string): object => ({
    $and: PARTS.map((part) => ({ [`wanted.${part}.${name}`]: { $exists: false } })),
  });
  const present = new Set([
    ...removed,
    ...changedValues.filter((each) => each.removed.length > 0).map(({ attribute }) => attribute),
  ]);
  const absent = new Set([...newlyRequired, ...newlyConditional.map(({ attribute }) => attribute)]);
  return [...[...present].flatMap(has), ...[...absent].map(lacks)];
}

const PARTS = ['details', 'price', 'quantity'] as const;
