import { Schema, type Connection, type Model } from 'mongoose';
import type { FailureCode } from '../domain/errors';
import { orderWatchId } from '../domain/ids';
import type { WatchedAccount } from '../domain/orders/order-record';

/** A search whose pages are being handled. Its parameters stay the same from page to page, as Amazon demands. */
export interface OrdersWindow {
  /** ISO 8601. */
  updatedAfter: string;
  /** ISO 8601; absent where the window reaches as far as Amazon can tell. */
  updatedBefore?: string;
  marketplaceIds: string[];
  nextPage: string;
  /** ISO 8601: where the next window begins, once all pages are handled. */
  completeBefore: string;
  /** When its first page was asked for: `nextPage` dies after 24 hours. */
  askedAt: Date;
}

/** Why orders are not read. */
interface OrderWatchProblem {
  code: FailureCode;
  said: string;
  /** The first of the failures that have followed each other. */
  since: Date;
}

/** How far the orders of one account were read. */
export interface OrderWatchDocument {
  /** `order-watch:<sellerId>:<region>` */
  _id: string;
  /** ISO 8601: everything that Amazon changed before is handled. */
  watermark: string;
  /** Null when no pages wait. */
  window: OrdersWindow | null;
  /** When a page was handled last; null before the first. */
  readAt: Date | null;
  /** Null while Amazon answers. */
  problem: OrderWatchProblem | null;
}

const mixed = Schema.Types.Mixed;

const orderWatchSchema = new Schema(
  {
    _id: { type: String, required: true },
    watermark: { type: String, required: true },
    window: { type: mixed, default: null },
    readAt: { type: Date, default: null },
    problem: { type: mixed, default: null },
  },
  { collection: 'orderWatches', timestamps: { createdAt: false, updatedAt: true }, versionKey: false, minimize: false }
);

/** The queries on what was read of accounts' orders. */
export function orderWatchStore(connection: Connection) {
  const model = (connection.models.OrderWatch ??
    connection.model('OrderWatch', orderWatchSchema)) as unknown as Model<OrderWatchDocument>;
  return {
    /** Undefined before the first page was asked for. */
    async get({ sellerId, region }: WatchedAccount): Promise<OrderWatchDocument | undefined> {
      return (await model.findById(orderWatchId(sellerId, region)).lean()) ?? undefined;
    },

    /** Those whose orders cannot be read, of whatever account. */
    async failing(): Promise<OrderWatchDocument[]> {
      return model.find({ problem: { $ne: null } }).lean();
    },

    /** Notes that a page is handled: of the window's last one the watermark moves. */
    async note({ sellerId, region }: WatchedAccount, watermark: string, window: OrdersWindow | null): Promise<void> {
      await model.updateOne(
        { _id: orderWatchId(sellerId, region) },
        { $set: { watermark, window, readAt: new Date(), problem: null } },
        { upsert: true }
      );
    },

    /** Notes that a page could not be read. */
    async noteProblem(
      { sellerId, region }: WatchedAccount,
      watermark: string,
      window: OrdersWindow | null,
      problem: OrderWatchProblem
    ): Promise<void> {
      await model.updateOne(
        { _id: orderWatchId(sellerId, region) },
        { $set: { watermark, window, problem } },
        { upsert: true }
      );
    },
  };
}

export type OrderWatchStore = ReturnType<typeof orderWatchStore>;
