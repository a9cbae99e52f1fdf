import { Schema, type Connection, type Model } from 'mongoose';
import type { Alert } from '../domain/alerts/alert';
import type { AlertEvent } from '../domain/alerts/alert-events';

/** An alert as it is kept. What is over is forgotten after {@link KEPT_SECONDS}. */
export interface AlertDocument extends Omit<Alert, 'key'> {
  /** The condition's key. */
  _id: string;
  /** Of the look that wrote it: an older one that comes late changes nothing. */
  revision: number;
}

/** How long an alert that is over is shown. A condition that comes back later begins anew. */
const KEPT_SECONDS = 30 * 24 * 3600;
/** What came back within this is a relapse; see domain/alerts/follow.ts. */
const RELAPSE_MS = 24 * 3_600_000;

const mixed = Schema.Types.Mixed;

const alertSchema = new Schema(
  {
    _id: { type: String, required: true },
    event: { type: String, required: true },
    severity: { type: String, required: true },
    connectorId: { type: String, default: null },
    about: { type: String, required: true },
    message: { type: String, required: true },
    action: { type: String, required: true },
    link: { type: String, required: true },
    mailedTo: { type: [String], default: [] },
    since: { type: Date, required: true },
    absentSince: { type: Date, default: null },
    endedAt: { type: Date, default: null },
    relapses: { type: Number, default: 0 },
    told: { type: mixed, default: {} },
    revision: { type: Number, required: true },
  },
  { collection: 'alerts', versionKey: false, minimize: false }
);
alertSchema.index({ endedAt: 1 }, { expireAfterSeconds: KEPT_SECONDS });
alertSchema.index({ since: -1 });

export function alertModel(connection: Connection): Model<AlertDocument> {
  return (connection.models.Alert ?? connection.model('Alert', alertSchema)) as unknown as Model<AlertDocument>;
}

/** What people filter alerts by. */
export interface AlertFilter {
  state?: 'firing' | 'recovered';
  event?: AlertEvent;
  connectorId?: string;
}

/** Where a page of alerts ends: its last one. */
export interface AlertPosition {
  since: Date;
  id: string;
}

/** The queries on alerts. */
export function alertStore(connection: Connection) {
  const model = alertModel(connection);
  return {
    /** Alerts that stand, those of which somebody is to hear still, and those that would be a relapse. */
    async known(now: Date): Promise<Alert[]> {
      const recently = new Date(now.getTime() - RELAPSE_MS);
      const found = await model
        .find({ $or: [{ endedAt: null }, { endedAt: { $gt: recently } }, { told: { $ne: {} } }] })
        .lean();
      return found.map(({ _id, revision: _revision, ...alert }) => ({ key: _id, ...alert }));
    },

    /** Writes alerts as a look has left them. Safe to repeat. */
    async write(alerts: readonly Alert[], revision: number): Promise<void> {
      for (const { key, ...alert } of alerts) {
        const written = await model.updateOne(
          { _id: key, revision: { $lt: revision } },
          { $set: { ...alert, revision } }
        );
        if (written.matchedCount === 0)
          await model.updateOne({ _id: key }, { $setOnInsert: { ...alert, revision } }, { upsert: true });
      }
    },

    /** Those that began last come first, at most `limit` after a position. */
    async page(
      { state, ...filter }: AlertFilter,
      after: AlertPosition | undefined,
      limit: number
    ): Promise<AlertDocument[]> {
      return model
        .find({
          ...filter,
          ...(state && { endedAt: state === 'firing' ? null : { $ne: null } }),
          ...(after && {
            $or: [{ since: { $lt: after.since } }, { since: after.since, _id: { $gt: after.id } }],
          }),
        })
        .sort({ since: -1, _id: 1 })
        .limit(limit)
        .lean();
    },
  };
}

export type AlertStore = ReturnType<typeof alertStore>;
