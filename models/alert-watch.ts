import { Schema, type Connection, type Model } from 'mongoose';
import type { Evaluation } from '../domain/alerts/evaluate';
import type { ProblemLevel } from '../domain/alerts/alert-facts';
import { isDuplicateKey } from './leases';

/** What a look remembers of a connector for the next ones. */
export interface WatchedConnector {
  connectorId: string;
  levels: ProblemLevel[];
  /** By run: what was counted in it last, and since when. */
  runs: { id: string; mark: string; since: Date }[];
}

/** What one look has decided, written at once and carried out after: a look that is cut off in between is carried out by the next. */
export type AlertPlan = Evaluation;

/** The one document of the watch. */
export interface AlertWatchDocument {
  _id: 'watch';
  /** Rises with every look. */
  revision: number;
  /** What the last look has decided and is not carried out for certain. */
  plan: AlertPlan | null;
  lookedAt: Date;
  /** Since when it looks without a long pause. */
  upSince: Date;
  connectors: WatchedConnector[];
}

const mixed = Schema.Types.Mixed;

const watchSchema = new Schema(
  {
    _id: { type: String, required: true },
    revision: { type: Number, required: true },
    plan: { type: mixed, default: null },
    lookedAt: { type: Date, required: true },
    upSince: { type: Date, required: true },
    connectors: { type: [mixed], default: [] },
  },
  { collection: 'alertWatch', versionKey: false, minimize: false }
);

/** The queries on the watch. */
export function alertWatchStore(connection: Connection) {
  const model = (connection.models.AlertWatch ??
    connection.model('AlertWatch', watchSchema)) as unknown as Model<AlertWatchDocument>;
  return {
    /** The watch as the last look has left it; a new one at revision 0. */
    async open(now: Date): Promise<AlertWatchDocument> {
      const found = await model.findById('watch').lean();
      if (found) return found;
      const fresh = { _id: 'watch' as const, revision: 0, plan: null, lookedAt: now, upSince: now, connectors: [] };
      await model.create(fresh).catch((error: unknown) => {
        if (!isDuplicateKey(error)) throw error;
      });
      return this.open(now);
    },

    /** Writes what a look has found and decided; false when another look was faster, and this one counts for nothing. */
    async commit(revision: number, next: Omit<AlertWatchDocument, '_id' | 'revision'>): Promise<boolean> {
      const written = await model.updateOne({ _id: 'watch', revision }, { $set: { ...next, revision: revision + 1 } });
      return written.matchedCount === 1;
    },

    /** The plan of this revision is carried out. */
    async done(revision: number): Promise<void> {
      await model.updateOne({ _id: 'watch', revision }, { $set: { plan: null } });
    },
  };
}

export type AlertWatchStore = ReturnType<typeof alertWatchStore>;
