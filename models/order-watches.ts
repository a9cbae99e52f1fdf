import { Schema, type Connection, type Model } from 'mongoose';
import { orderWatchId } from '../domain/ids';
import type { WatchedAccount } from '../domain/orders/order-record';

/** A search whose pages are being handled. Its parameters stay the same from page to page, as Amazon demands. */
export interface OrdersWindow {
  /** ISO 8601. */
  updatedAfter: string;
  marketplaceIds: string[];
  nextPage: string;
  /** ISO 8601: where the next window begins, once all pages are handled. */
  completeBefore: string;
  /** When its first page was asked for: `nextPage` dies after 24 hours. */
  askedAt: Date;
}

/** How far the orders of one account were read. */
interface OrderWatchDocument {
  /** `order-watch:<sellerId>:<region>` */
  _id: string;
  /** ISO 8601: everything that Amazon changed before is handled. */
  watermark: string;
  /** Null when no pages wait. */
  window: OrdersWindow | null;
  updatedAt: Date;
}

const orderWatchSchema = new Schema(
  {
    _id: { type: String, required: true },
    watermark: { type: String, required: true },
    window: { type: Schema.Types.Mixed, default: null },
  },
  { collection: 'orderWatches', timestamps: { createdAt: false, updatedAt: true }, versionKey: false, minimize: false }
);

/** The queries on what was read of accounts' orders. */
export function orderWatchStore(connection: Connection) {
  const model = (connection.models.OrderWatch ??
    connection.model('OrderWatch', orderWatchSchema)) as unknown as Model<OrderWatchDocument>;
  return {
    /** Undefined before the first page was handled. */
    async get({ sellerId, region }: WatchedAccount): Promise<OrderWatchDocument | undefined> {
      return (await model.findById(orderWatchId(sellerId, region)).lean()) ?? undefined;
    },

    /** Notes that a page is handled: of the window's last one the watermark moves. */
    async note({ sellerId, region }: WatchedAccount, watermark: string, window: OrdersWindow | null): Promise<void> {
      await model.updateOne({ _id: orderWatchId(sellerId, region) }, { $set: { watermark, window } }, { upsert: true });
    },
  };
}

export type OrderWatchStore = ReturnType<typeof orderWatchStore>;
