import { Schema, type Connection, type Model } from 'mongoose';
import type { CatalogItem } from '../domain/catalog-item';
import { listingId } from '../domain/ids';

/** One SKU as its source described it last. */
interface SourceItemDocument {
  /** `connectorId:sku` */
  _id: string;
  connectorId: string;
  productId: string;
  /** Of a kit: the source's ids of the kit and of what it takes; null of other SKUs. */
  kit: { sourceId: string; parts: string[] } | null;
  /** {@link rankOf} */
  rank: number;
  /** The item as text: its keys are the source's own and may hold dots and `$`. */
  json: string;
}

const sourceItemSchema = new Schema(
  {
    _id: { type: String, required: true },
    connectorId: { type: String, required: true },
    productId: { type: String, required: true },
    kit: { type: Schema.Types.Mixed, default: null },
    rank: { type: Number, required: true },
    json: { type: String, required: true },
  },
  { collection: 'sourceItems', versionKey: false }
);
sourceItemSchema.index({ connectorId: 1, rank: 1 });
sourceItemSchema.index({ connectorId: 1, productId: 1 });
sourceItemSchema.index({ connectorId: 1, 'kit.parts': 1 });

export function sourceItemModel(connection: Connection): Model<SourceItemDocument> {
  return (connection.models.SourceItem ??
    connection.model('SourceItem', sourceItemSchema)) as unknown as Model<SourceItemDocument>;
}

/** The items of every connector as their sources described them last: what a mapping is tried on (S14), and SKUs' siblings (V10). */
export function sourceItemStore(connection: Connection) {
  const model = sourceItemModel(connection);

  async function ofRank(connectorId: string, rank: number): Promise<CatalogItem[]> {
    const found = await model.find({ connectorId, rank }, { json: 1 }).lean();
    return found.sort((one, other) => (one._id < other._id ? -1 : 1)).map(itemOf);
  }

  return {
    /** Keeps items, each in the place of what was kept under its SKU. Safe to repeat. */
    async put(connectorId: string, items: readonly CatalogItem[]): Promise<void> {
      if (items.length === 0) return;
      await model.bulkWrite(
        items.map((item) => ({
          updateOne: {
            filter: { _id: listingId(connectorId, item.sku) },
            update: {
              $set: { productId: item.productId, kit: kitOf(item), json: JSON.stringify(item) },
              $setOnInsert: { connectorId, rank: rankOf(item.sku) },
            },
            upsert: true,
          },
        })),
        { ordered: false }
      );
    },

    async item(connectorId: string, sku: string): Promise<CatalogItem | undefined> {
      const found = await model.findById(listingId(connectorId, sku)).lean();
      return found ? itemOf(found) : undefined;
    },

    /** All items of these products, also of SKUs that have left the assortment since. */
    async ofProducts(connectorId: string, productIds: readonly string[]): Promise<CatalogItem[]> {
      if (productIds.length === 0) return [];
      const found = await model.find({ connectorId, productId: { $in: [...productIds] } }, { json: 1 }).lean();
      return found.map(itemOf);
    },

    /** The source's ids of the kits that take one of these SKUs. */
    async kitsWith(connectorId: string, sourceIds: readonly string[]): Promise<string[]> {
      if (sourceIds.length === 0) return [];
      const found = await model.find({ connectorId, 'kit.parts': { $in: [...sourceIds] } }, { kit: 1 }).lean();
      return found.map(({ kit }) => kit!.sourceId);
    },

    /** At most `count` items from all over the catalogue, the same ones while it stays the same. */
    async sample(connectorId: string, count: number): Promise<CatalogItem[]> {
      const items: CatalogItem[] = [];
      for (let rank = HIGHEST_RANK; rank >= 0 && items.length < count; rank--)
        items.push(...(await ofRank(connectorId, rank)));
      return items.slice(0, count);
    },

    async removeAll(connectorId: string): Promise<void> {
      await model.deleteMany({ connectorId });
    },
  };
}

export type SourceItemStore = ReturnType<typeof sourceItemStore>;

function kitOf({ sourceId, isKit, components = [] }: CatalogItem): SourceItemDocument['kit'] {
  return isKit ? { sourceId, parts: components.map((part) => part.sourceId) } : null;
}

function itemOf({ json }: Pick<SourceItemDocument, 'json'>): CatalogItem {
  return JSON.parse(json) as CatalogItem;
}

const HIGHEST_RANK = 12;

/**
 * How rare an item is in samples: half of a catalogue has rank 0, a quarter rank 1, and so on. A sample is read from the
 * highest rank down by equality, and so touches about twice as many documents as it takes, however large the catalogue.
 */
export function rankOf(sku: string): number {
  // FNV-1a, then the mixing of MurmurHash3, without which the lowest bits of numbered SKUs are not even.
  let hash = 0x811c9dc5;
  for (let at = 0; at < sku.length; at++) hash = Math.imul(hash ^ sku.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  const zeros = hash === 0 ? HIGHEST_RANK : 31 - Math.clz32(hash & -hash);
  return Math.min(zeros, HIGHEST_RANK);
}
