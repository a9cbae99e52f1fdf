import { randomBytes } from 'node:crypto';
import { Schema, type Connection, type Model } from 'mongoose';
import type { FeedStatus } from '../domain/ports/feeds';

/** One feed of a connector: what was put into it, and what became of it. Its SKUs are those whose entries name it. */
export interface FeedDocument {
  /** `fee_` + 20 hex digits; ours, because Amazon gives its own id only after the feed was sent. */
  _id: string;
  connectorId: string;
  sellerId: string;
  clientId: string;
  /** The run that sends it, or sent it. */
  syncId: string;
  book: 'skus' | 'parents';
  /** The ledger pages that hold its SKUs. */
  pages: { from: number; to: number };
  messages: number;
  bytes: number;
  /** `filling`: not known to be at Amazon; `sent`; `done`: its report is in the ledger; `given_up`: its SKUs go by calls. */
  state: 'filling' | 'sent' | 'done' | 'given_up';
  /** Amazon's; null while it is not known to be there. */
  feedId: string | null;
  /** What Amazon said of it last. */
  status: FeedStatus['processingStatus'] | null;
  /** A SKU in it is to stop selling: it is taken back while that is possible. */
  stopWanted: boolean;
  submittedAt: Date | null;
  endedAt: Date | null;
  /** When its report could not be read for the first time, for a reason that passes. */
  unreadableSince: Date | null;
}

const feedSchema = new Schema(
  {
    _id: { type: String, required: true },
    connectorId: { type: String, required: true },
    sellerId: { type: String, required: true },
    clientId: { type: String, required: true },
    syncId: { type: String, required: true },
    book: { type: String, required: true },
    pages: { type: new Schema({ from: Number, to: Number }, { _id: false }), required: true },
    messages: { type: Number, default: 0 },
    bytes: { type: Number, default: 0 },
    state: { type: String, required: true },
    feedId: { type: String, default: null },
    status: { type: String, default: null },
    stopWanted: { type: Boolean, default: false },
    submittedAt: { type: Date, default: null },
    endedAt: { type: Date, default: null },
    unreadableSince: { type: Date, default: null },
  },
  { collection: 'feeds', versionKey: false }
);
feedSchema.index({ connectorId: 1, state: 1 });
feedSchema.index({ sellerId: 1, clientId: 1, state: 1, endedAt: -1 });

export function feedModel(connection: Connection): Model<FeedDocument> {
  return (connection.models.Feed ?? connection.model('Feed', feedSchema)) as unknown as Model<FeedDocument>;
}

/** The feeds whose time at Amazon says how long the next one takes. */
const REMEMBERED = 3;

/** The queries on feeds. */
export function feedStore(connection: Connection) {
  const model = feedModel(connection);
  return {
    /** Begins a feed, before any SKU is put into it. */
    async begin(
      feed: Pick<FeedDocument, 'connectorId' | 'sellerId' | 'clientId' | 'syncId' | 'book' | 'pages'>
    ): Promise<FeedDocument> {
      const _id = `fee_${randomBytes(10).toString('hex')}`;
      return (await model.create({ _id, ...feed, state: 'filling' })).toObject();
    },

    async change(id: string, change: Partial<FeedDocument>): Promise<void> {
      await model.updateOne({ _id: id }, { $set: change });
    },

    /** Feeds of a connector that are not known to be at Amazon: a lost worker's. */
    async filling(connectorId: string): Promise<FeedDocument[]> {
      return model.find({ connectorId, state: 'filling' }).lean();
    },

    /** Whether it is for this run still to send a feed: no other has taken it over, and it is neither sent nor given up. */
    async isFilledBy(id: string, syncId: string): Promise<boolean> {
      return (await model.exists({ _id: id, syncId, state: 'filling' })) !== null;
    },

    /** Feeds of a connector that are at Amazon, the oldest first. */
    async atAmazon(connectorId: string): Promise<FeedDocument[]> {
      return model.find({ connectorId, state: 'sent' }).sort({ submittedAt: 1 }).lean();
    },

    /** Whether a connector has feeds that are being filled or are at Amazon. */
    async areUnderWay(connectorId: string): Promise<boolean> {
      return (await model.exists({ connectorId, state: { $in: ['filling', 'sent'] } })) !== null;
    },

    async forget(id: string): Promise<void> {
      await model.deleteOne({ _id: id });
    },

    /** A SKU in these feeds is to stop selling. */
    async wantStopped(ids: readonly string[]): Promise<void> {
      if (ids.length > 0) await model.updateMany({ _id: { $in: [...ids] } }, { $set: { stopWanted: true } });
    },

    /** From submission to the end of the seller's latest feeds, in seconds, on average; undefined before the first. */
    async usualSeconds(sellerId: string, clientId: string): Promise<number | undefined> {
      const done = await model
        .find({ sellerId, clientId, state: 'done' }, { submittedAt: 1, endedAt: 1 })
        .sort({ endedAt: -1 })
        .limit(REMEMBERED)
        .lean();
      if (done.length === 0) return undefined;
      const took = done.map((feed) => (feed.endedAt!.getTime() - feed.submittedAt!.getTime()) / 1000);
      return took.reduce((sum, each) => sum + each, 0) / took.length;
    },

    async removeAll(connectorId: string): Promise<void> {
      await model.deleteMany({ connectorId });
    },
  };
}

export type FeedStore = ReturnType<typeof feedStore>;
