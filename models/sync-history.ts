import type { Connection } from 'mongoose';
import { syncLeaseId, testLeaseId } from '../domain/ids';
import { leaseStore } from './leases';
import { syncRunModel, type SyncRunDocument } from './sync-runs';

/** Where a page of runs ends: its last one. */
export interface SyncPosition {
  startedAt: Date;
  id: string;
}

/** What is shown of a run beside its connector. */
export type RunSummary = Pick<
  SyncRunDocument,
  '_id' | 'phase' | 'outcome' | 'total' | 'counts' | 'startedAt' | 'endedAt'
>;

/** What is shown of a run; the configuration it began with and the ids that it keeps stay where they are. */
export type RunRow = RunSummary &
  Pick<
    SyncRunDocument,
    | 'connectorId'
    | 'workflowId'
    | 'mode'
    | 'trigger'
    | 'scope'
    | 'touched'
    | 'notes'
    | 'processed'
    | 'toSend'
    | 'publishStartedAt'
    | 'sample'
    | 'testCounts'
    | 'paused'
    | 'waitingFor'
  >;

const SUMMARY = { phase: 1, outcome: 1, total: 1, counts: 1, startedAt: 1, endedAt: 1 } as const;
const ROW = {
  ...SUMMARY,
  connectorId: 1,
  workflowId: 1,
  mode: 1,
  trigger: 1,
  scope: 1,
  touched: 1,
  notes: 1,
  processed: 1,
  toSend: 1,
  publishStartedAt: 1,
  sample: 1,
  testCounts: 1,
  paused: 1,
  waitingFor: 1,
} as const;

/** What the API reads of sync runs. */
export function syncHistory(connection: Connection) {
  const model = syncRunModel(connection);
  const leases = leaseStore(connection);

  /** The runs that have the connector's places: its sync before its test. */
  async function holders(connectorId: string): Promise<string[]> {
    const places = [syncLeaseId(connectorId), testLeaseId(connectorId)];
    const held = await leases.holdersOf(places);
    return places.flatMap((place) => held.get(place) ?? []);
  }

  return {
    async get(syncId: string): Promise<RunRow | undefined> {
      return (await model.findById(syncId).select(ROW).lean<RunRow>()) ?? undefined;
    },

    /** The run that has the connector's place, its sync before its test; it may just have ended. */
    async current(connectorId: string): Promise<RunSummary | undefined> {
      for (const syncId of await holders(connectorId)) {
        const run = await model.findById(syncId).select(SUMMARY).lean<RunSummary>();
        if (run) return run;
      }
      return undefined;
    },

    /** The newest first, at most `limit` after `position`. */
    async page(connectorId: string, after: SyncPosition | undefined, limit: number): Promise<RunRow[]> {
      return model
        .find({
          connectorId,
          ...(after && {
            $or: [{ startedAt: { $lt: after.startedAt } }, { startedAt: after.startedAt, _id: { $gt: after.id } }],
          }),
        })
        .select(ROW)
        .sort({ startedAt: -1, _id: 1 })
        .limit(limit)
        .lean<RunRow[]>();
    },

    /** The newest run that has ended. */
    async lastEnded(connectorId: string): Promise<RunSummary | undefined> {
      const ended = await model
        .findOne({ connectorId, endedAt: { $ne: null } })
        .select(SUMMARY)
        .sort({ startedAt: -1 })
        .lean<RunSummary>();
      return ended ?? undefined;
    },
  };
}
