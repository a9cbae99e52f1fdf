import { randomBytes } from 'node:crypto';
import { Schema, type Connection, type Model } from 'mongoose';
import { isDuplicateKey } from './leases';
import { byIdAnd } from './compound-index';

/** A notification of which one delivery is being handled, or was. */
interface SeenNotice {
  /** Amazon's NotificationId. */
  _id: string;
  /** Names the delivery that is being handled. */
  holder: string;
  /** Until when that counts as alive. */
  heldUntil: Date;
  /** Null until it is handled. */
  handledAt: Date | null;
  seenAt: Date;
}

/** Longer than a queue keeps a message: 14 days at most. Source: SQS, MessageRetentionPeriod. */
const KEPT_SECONDS = 15 * 24 * 3600;

const seenNoticeSchema = new Schema(
  {
    _id: { type: String, required: true },
    holder: { type: String, required: true },
    heldUntil: { type: Date, required: true },
    handledAt: { type: Date, default: null },
    seenAt: { type: Date, required: true },
  },
  { collection: 'seenNotices', versionKey: false }
);
seenNoticeSchema.index(byIdAnd('holder'));
seenNoticeSchema.index({ seenAt: 1 }, { expireAfterSeconds: KEPT_SECONDS });

export function seenNoticeModel(connection: Connection): Model<SeenNotice> {
  return (connection.models.SeenNotice ??
    connection.model('SeenNotice', seenNoticeSchema)) as unknown as Model<SeenNotice>;
}

/** A delivery's turn: the notification is its own, was handled by another one, or is being handled by another one. */
export type NoticeTurn = { kind: 'ours'; holder: string } | { kind: 'handled' } | { kind: 'busy' };

/** Lets each notification be handled once, however often and to however many processes it is delivered. */
export function seenNoticeStore(connection: Connection) {
  const model = seenNoticeModel(connection);
  return {
    /** @param forMs - how long the turn lasts unless it is kept: as long as the delivery stays hidden. */
    async take(id: string, forMs: number): Promise<NoticeTurn> {
      const now = Date.now();
      const holder = randomBytes(12).toString('hex');
      const turn = { holder, heldUntil: new Date(now + forMs) };
      try {
        await model.create({ _id: id, ...turn, seenAt: new Date(now) });
        return { kind: 'ours', holder };
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
      const lapsed = { _id: id, handledAt: null, heldUntil: { $lt: new Date(now) } };
      if ((await model.updateOne(lapsed, { $set: turn })).matchedCount === 1) return { kind: 'ours', holder };
      const found = await model.findById(id, { handledAt: 1 }).lean();
      if (!found) return this.take(id, forMs);
      return { kind: found.handledAt === null ? 'busy' : 'handled' };
    },

    async keep(id: string, holder: string, forMs: number): Promise<void> {
      await model.updateOne({ _id: id, holder }, { $set: { heldUntil: new Date(Date.now() + forMs) } });
    },

    async noteHandled(id: string, holder: string): Promise<void> {
      await model.updateOne({ _id: id, holder }, { $set: { handledAt: new Date() } });
    },

    /** It was not handled: the next delivery may. */
    async giveBack(id: string, holder: string): Promise<void> {
      await model.deleteOne({ _id: id, holder, handledAt: null });
    },
  };
}

export type SeenNoticeStore = ReturnType<typeof seenNoticeStore>;
