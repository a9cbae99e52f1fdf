import type { Connection } from 'mongoose';
import { syncRunModel, type SyncRunDocument } from './sync-runs';

/** Where a page of runs ends: its last one. */
export interface SyncPosition {
  startedAt: Date;
  id: string;
}

/** What the API reads of sync runs. */
export function syncHistory(connection: Connection) {
  const model = syncRunModel(connection);
  return {
    /** The newest first, at most `limit` after `position`. */
    async page(connectorId: string, after: SyncPosition | undefined, limit: number): Promise<SyncRunDocument[]> {
      return model
        .find({
          connectorId,
          ...(after && {
            $or: [{ startedAt: { $lt: after.startedAt } }, { startedAt: after.startedAt, _id: { $gt: after.id } }],
          }),
        })
        .sort({ startedAt: -1, _id: 1 })
        .limit(limit)
        .lean();
    },

    /** The newest run that has ended. */
    async lastEnded(connectorId: string): Promise<SyncRunDocument | undefined> {
      return (
        (await model
          .findOne({ connectorId, endedAt: { $ne: null } })
          .sort({ startedAt: -1 })
          .lean()) ?? undefined
      );
    },
  };
}
