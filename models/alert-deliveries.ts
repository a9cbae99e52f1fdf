import { Schema, type Connection, type Model } from 'mongoose';
import type { AlertMessage } from '../domain/alerts/alert';
import type { DeliveryState } from '../domain/alerts/delivery';

/** One try to deliver a message, as it is shown. */
export interface DeliveryAttempt {
  at: Date;
  outcome: 'taken' | 'refused' | 'gone' | 'away';
  /** What the other side said, or why none came. */
  said: string;
}

/** A message to a channel, and what became of it. */
export interface AlertDeliveryDocument {
  /** The message's id; ids of a channel sort in the order in which they are to arrive. */
  _id: string;
  channelId: string;
  message: AlertMessage;
  state: DeliveryState;
  /** The last {@link ATTEMPTS_KEPT}, the latest last. */
  attempts: DeliveryAttempt[];
  /** Tries since it was begun, or since somebody had it sent again. */
  tries: number;
  beganAt: Date;
  /** When it is tried next; null when it is not. */
  nextAt: Date | null;
  /** Whether its workflow was started. */
  isStarted: boolean;
  /** When it was delivered, given up or dropped; null before. */
  endedAt: Date | null;
}

const ATTEMPTS_KEPT = 20;
/** How long it is kept what became of a message. */
const KEPT_SECONDS = 30 * 24 * 3600;

const mixed = Schema.Types.Mixed;

const deliverySchema = new Schema(
  {
    _id: { type: String, required: true },
    channelId: { type: String, required: true },
    message: { type: mixed, required: true },
    state: { type: String, required: true },
    attempts: { type: [mixed], default: [] },
    tries: { type: Number, default: 0 },
    beganAt: { type: Date, required: true },
    nextAt: { type: Date, default: null },
    isStarted: { type: Boolean, default: false },
    endedAt: { type: Date, default: null },
  },
  { collection: 'alertDeliveries', versionKey: false, minimize: false }
);
deliverySchema.index({ state: 1, channelId: 1 });
deliverySchema.index({ endedAt: 1 }, { expireAfterSeconds: KEPT_SECONDS });

export function alertDeliveryModel(connection: Connection): Model<AlertDeliveryDocument> {
  return (connection.models.AlertDelivery ??
    connection.model('AlertDelivery', deliverySchema)) as unknown as Model<AlertDeliveryDocument>;
}

/** What people filter deliveries by. */
export interface DeliveryFilter {
  state?: DeliveryState;
  channelId?: string;
}

/** The queries on deliveries. */
export function alertDeliveryStore(connection: Connection) {
  const model = alertDeliveryModel(connection);
  return {
    async get(id: string): Promise<AlertDeliveryDocument | undefined> {
      return (await model.findById(id).lean()) ?? undefined;
    },

    /** Keeps messages that are to be delivered. Safe to repeat. */
    async add(messages: readonly AlertMessage[]): Promise<void> {
      for (const message of messages) {
        const { id, channelId, at } = message;
        const fresh = { channelId, message, state: 'waiting', attempts: [], tries: 0, beganAt: at, nextAt: at };
        await model.updateOne(
          { _id: id },
          { $setOnInsert: { ...fresh, isStarted: false, endedAt: null } },
          { upsert: true, setDefaultsOnInsert: false }
        );
      }
    },

    /** Messages whose workflow was not started; and the first of a channel that should have been tried before, and seems lost. */
    async toStart(overdueSince: Date): Promise<string[]> {
      const waiting = await model
        .find({ state: 'waiting' }, { channelId: 1, isStarted: 1, nextAt: 1 })
        .sort({ _id: 1 })
        .lean();
      const heads = new Map<string, string>();
      for (const { _id, channelId } of waiting) if (!heads.has(channelId)) heads.set(channelId, _id);
      const isLost = ({ _id, channelId, nextAt }: (typeof waiting)[number]): boolean =>
        heads.get(channelId) === _id && nextAt !== null && nextAt < overdueSince;
      return waiting.filter((each) => !each.isStarted || isLost(each)).map(({ _id }) => _id);
    },

    async noteStarted(id: string): Promise<void> {
      await model.updateOne({ _id: id }, { $set: { isStarted: true } });
    },

    /** The oldest message to a channel that waits. */
    async head(channelId: string): Promise<string | undefined> {
      const [first] = await model.find({ state: 'waiting', channelId }, { _id: 1 }).sort({ _id: 1 }).limit(1).lean();
      return first?._id;
    },

    /** Notes a try of a message that waits. Safe to repeat. */
    async noteTry(
      id: string,
      attempt: DeliveryAttempt,
      became: { state: DeliveryState; nextAt: Date | null }
    ): Promise<void> {
      await model.updateOne(
        { _id: id, state: 'waiting', 'attempts.at': { $ne: attempt.at } },
        {
          $set: { ...became, endedAt: became.state === 'waiting' ? null : attempt.at },
          $inc: { tries: 1 },
          $push: { attempts: { $each: [attempt], $slice: -ATTEMPTS_KEPT } },
        }
      );
    },

    async drop(id: string, at: Date): Promise<void> {
      await model.updateOne({ _id: id, state: 'waiting' }, { $set: { state: 'dropped', nextAt: null, endedAt: at } });
    },

    /** Has a message tried from the start; false when it does not wait and is not dead. */
    async revive(id: string, at: Date): Promise<boolean> {
      const revived = await model.updateOne(
        { _id: id, state: { $in: ['waiting', 'dead'] } },
        { $set: { state: 'waiting', tries: 0, beganAt: at, nextAt: at, endedAt: null } }
      );
      return revived.matchedCount === 1;
    },

    /** Messages that were given up, by channel. */
    async dead(): Promise<{ channelId: string; count: number; since: Date }[]> {
      const found = await model.find({ state: 'dead' }, { channelId: 1, endedAt: 1 }).lean();
      const byChannel = new Map<string, { channelId: string; count: number; since: Date }>();
      for (const { channelId, endedAt } of found) {
        const known = byChannel.get(channelId);
        const since = endedAt ?? new Date(0);
        if (!known) byChannel.set(channelId, { channelId, count: 1, since });
        else Object.assign(known, { count: known.count + 1, since: since < known.since ? since : known.since });
      }
      return [...byChannel.values()];
    },

    /** The newest first, at most `limit` older than `beforeId`. */
    async page(filter: DeliveryFilter, beforeId: string | undefined, limit: number): Promise<AlertDeliveryDocument[]> {
      return model
        .find({ ...filter, ...(beforeId !== undefined && { _id: { $lt: beforeId } }) })
        .sort({ _id: -1 })
        .limit(limit)
        .lean();
    },
  };
}

export type AlertDeliveryStore = ReturnType<typeof alertDeliveryStore>;
