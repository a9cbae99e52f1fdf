import { Schema, type Connection, type Model } from 'mongoose';

/** What became of a delivery. */
type DeliveryOutcome = 'handled' | 'repeated' | 'busy' | 'failed' | 'dead';

/** How it stands with a notification queue, whichever worker reads it. */
export interface NotificationQueueDocument {
  /** The queue's name. */
  _id: string;
  /** Since when no worker can read it, as far as is known; null while one can. */
  failingSince: Date | null;
  /** Why. */
  problem: string | null;
  /** When a worker last said anything. */
  heardAt: Date;
  /** Since the beginning. */
  counts: Partial<Record<DeliveryOutcome, number>>;
}

const queueSchema = new Schema(
  {
    _id: { type: String, required: true },
    failingSince: { type: Date, default: null },
    problem: { type: String, default: null },
    heardAt: { type: Date, required: true },
    counts: { type: Schema.Types.Mixed, default: {} },
  },
  { collection: 'notificationQueues', versionKey: false, minimize: false }
);

/** The queries on notification queues. */
export function notificationQueueStore(connection: Connection) {
  const model = (connection.models.NotificationQueue ??
    connection.model('NotificationQueue', queueSchema)) as unknown as Model<NotificationQueueDocument>;
  return {
    /** A worker read it; adds to the counts. */
    async noteWell(name: string, counts: NotificationQueueDocument['counts']): Promise<void> {
      const added = Object.fromEntries(Object.entries(counts).map(([outcome, count]) => [`counts.${outcome}`, count]));
      const well = { failingSince: null, problem: null, heardAt: new Date() };
      const change = { $set: well, ...(Object.keys(added).length > 0 && { $inc: added }) };
      await model.updateOne({ _id: name }, change, { upsert: true });
    },

    /** A worker could not read it. The first moment stays. */
    async noteFailing(name: string, since: Date, problem: string): Promise<void> {
      const change = { $set: { problem, heardAt: new Date() }, $min: { failingSince: since } };
      // A null is less than any date.
      await model.updateOne({ _id: name, failingSince: null }, { $set: { failingSince: since } });
      await model.updateOne({ _id: name }, change, { upsert: true });
    },

    async all(): Promise<NotificationQueueDocument[]> {
      return model.find({}).sort({ _id: 1 }).lean();
    },
  };
}

export type NotificationQueueStore = ReturnType<typeof notificationQueueStore>;
