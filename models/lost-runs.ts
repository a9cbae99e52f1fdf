import type { Connection } from 'mongoose';
import { syncRunModel, type SyncRunDocument } from './sync-runs';

/** The query for what a crash may have left: runs that have not ended, of whatever connector. */
export function lostRunQuery(connection: Connection) {
  const model = syncRunModel(connection);
  return async (startedBefore: Date): Promise<Pick<SyncRunDocument, '_id' | 'connectorId' | 'workflowId'>[]> =>
    model.find({ endedAt: null, startedAt: { $lt: startedBefore } }, { connectorId: 1, workflowId: 1 }).lean();
}
