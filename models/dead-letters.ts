import { createHash } from 'node:crypto';
import { Schema, type Connection, type Model } from 'mongoose';
import type { Sealed } from '../domain/ports/secrets';

/** A message of a notification queue that could not be handled, and was taken off the queue. */
export interface DeadLetterDocument {
  /** `dl_` + 20 hex digits, the same for every delivery of a notification. */
  _id: string;
  /** The name of the queue. */
  queue: string;
  messageId: string;
  /** As far as the message could be read. */
  notificationId: string | null;
  type: string | null;
  eventTime: Date | null;
  /** Why, for people. */
  reason: string;
  /** How often the queue delivered it. */
  deliveries: number;
  /** The message. It may hold a client secret. */
  body: Sealed;
  sentAt: Date;
  /** `retrying`: a person wants it tried again, and a worker will. */
  state: 'dead' | 'retrying';
  /** Until when a worker that tries it counts as alive. */
  takenUntil: Date | null;
  retries: number;
  createdAt: Date;
  updatedAt: Date;
}

/** What ops have not looked at in so long is forgotten. */
const KEPT_SECONDS = 90 * 24 * 3600;
/** How long one try may take before another worker takes it over. */
const TRY_MS = 120_000;

const deadLetterSchema = new Schema(
  {
    _id: { type: String, required: true },
    queue: { type: String, required: true },
    messageId: { type: String, required: true },
    notificationId: { type: String, default: null },
    type: { type: String, default: null },
    eventTime: { type: Date, default: null },
    reason: { type: String, required: true },
    deliveries: { type: Number, required: true },
    body: { type: Schema.Types.Mixed, required: true },
    sentAt: { type: Date, required: true },
    state: { type: String, enum: ['dead', 'retrying'], required: true },
    takenUntil: { type: Date, default: null },
    retries: { type: Number, default: 0 },
  },
  { collection: 'deadLetters', timestamps: true, versionKey: false }
);
deadLetterSchema.index({ createdAt: 1 }, { expireAfterSeconds: KEPT_SECONDS });
deadLetterSchema.index({ state: 1, takenUntil: 1 });

export function deadLetterModel(connection: Connection): Model<DeadLetterDocument> {
  return (connection.models.DeadLetter ??
    connection.model('DeadLetter', deadLetterSchema)) as unknown as Model<DeadLetterDocument>;
}

/** A message as it is put away. */
export type NewDeadLetter = Pick<
  DeadLetterDocument,
  'queue' | 'messageId' | 'notificationId' | 'type' | 'eventTime' | 'reason' | 'deliveries' | 'body' | 'sentAt'
>;

/** Where a page of dead letters ends: its last one. */
export interface DeadLetterPosition {
  createdAt: Date;
  id: string;
}

/** The queries on dead letters. */
export function deadLetterStore(connection: Connection) {
  const model = deadLetterModel(connection);
  return {
    /** On return it is on disk. A notification that comes again is put away once. */
    async put(letter: NewDeadLetter): Promise<void> {
      const key = letter.notificationId ?? `${letter.queue}:${letter.messageId}`;
      const _id = `dl_${createHash('sha256').update(key).digest('hex').slice(0, 20)}`;
      await model.updateOne(
        { _id },
        { $set: { ...letter, state: 'dead', takenUntil: null }, $setOnInsert: { retries: 0 } },
        { upsert: true }
      );
    },

    /** The newest first, at most `limit` after a position. */
    async page(after: DeadLetterPosition | undefined, limit: number): Promise<DeadLetterDocument[]> {
      const older = after && {
        $or: [{ createdAt: { $lt: after.createdAt } }, { createdAt: after.createdAt, _id: { $gt: after.id } }],
      };
      return model
        .find({ ...older })
        .sort({ createdAt: -1, _id: 1 })
        .limit(limit)
        .lean();
    },

    async count(): Promise<number> {
      return model.countDocuments({});
    },

    /** Wants it tried again; false where there is none. */
    async wantRetry(id: string): Promise<boolean> {
      const wanted = { $set: { state: 'retrying', takenUntil: null } };
      return (await model.updateOne({ _id: id }, wanted)).matchedCount === 1;
    },

    /** One that a person wants tried again and nobody tries; undefined where there is none. */
    async takeRetry(): Promise<DeadLetterDocument | undefined> {
      const now = Date.now();
      const free = { state: 'retrying' as const, $or: [{ takenUntil: null }, { takenUntil: { $lt: new Date(now) } }] };
      const taken = { $set: { takenUntil: new Date(now + TRY_MS) }, $inc: { retries: 1 } };
      return (await model.findOneAndUpdate(free, taken, { returnDocument: 'after' }).lean()) ?? undefined;
    },

    /** The try came to nothing; not where it was taken away or wanted again since. */
    async noteFailedRetry(id: string, reason: string): Promise<void> {
      const tried = { _id: id, state: 'retrying' as const, takenUntil: { $ne: null } };
      await model.updateOne(tried, { $set: { state: 'dead', takenUntil: null, reason } });
    },

    /** Returns what was there. */
    async remove(id: string): Promise<DeadLetterDocument | undefined> {
      return (await model.findByIdAndDelete(id).lean()) ?? undefined;
    },
  };
}

export type DeadLetterStore = ReturnType<typeof deadLetterStore>;
