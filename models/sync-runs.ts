import { randomBytes } from 'node:crypto';
import { Schema, type Connection, type Model } from 'mongoose';
import { syncLeaseId, syncWorkflowId, testLeaseId } from '../domain/ids';
import { emptyCounts } from '../domain/listing';
import { leaseStore, isDuplicateKey } from './leases';
import type { ConnectorConfig, WaitingFor } from '../domain/connector';
import type { ListingState, StateCounts } from '../domain/listing';
import type { PublishLane, SyncMode, SyncOutcome, SyncPhase, SyncScope, SyncTrigger } from '../domain/sync';
import type { TestCounts } from '../domain/test-results';

/** What sends for a run: its lanes, by calls and by feeds, and beside them what the source tells meanwhile. */
export type SendingStep = PublishLane | `${'parents' | 'details'}-feeds` | 'news';

/** One execution of a catalogue sync. */
export interface SyncRunDocument {
  /** `syn_` + 20 hex digits. */
  _id: string;
  connectorId: string;
  workflowId: string;
  mode: SyncMode;
  trigger: SyncTrigger;
  scope: SyncScope;
  /** The named SKUs when `scope` is `skus`. */
  skus: string[];
  phase: SyncPhase;
  outcome: SyncOutcome | null;
  /** Why it was skipped, cancelled or failed. */
  outcomeReason: string | null;
  /** SKUs read so far; the size of the assortment once the collect phase is through. */
  total: number;
  /** SKUs that were read in the source, or found to have left it. */
  touched: number;
  counts: StateCounts;
  /** What a person should know of this run, in sentences. */
  notes: string[];
  /** The reading whose changes this run reads; null when it reads the whole assortment. */
  changesSince: string | null;
  /** Where the next run's changes begin, once this reading is safely handled. */
  changesToken: string | null;
  /** SKUs that could not be read for a passing reason, by the source's ids: the next run about changes reads them again. */
  readAgain: string[];
  /** SKUs that the source lists but that could not be read in this run, by the source's ids. */
  unreadable: string[];
  /** SKUs that Amazon answered for in this run, and over how long, for rate and ETA. */
  processed: number;
  toSend: number;
  /** The source told of changes while the lanes were at work, and they are to be gone through once more. */
  hasNews: boolean;
  publishStartedAt: Date | null;
  /** The attempt that may send in each lane; an older one that does not know yet that it is lost, stops. */
  fences: Partial<Record<SendingStep, string>>;
  /** Of a test: how many SKUs it asks about; null: all of them. */
  sample: number | null;
  /** Of a test: asks about every SKU, also where an answer about the same payload is good still. */
  fresh: boolean;
  /** Of a test: its SKUs by outcome; null before it has read the source. */
  testCounts: TestCounts | null;
  paused: boolean;
  waitingFor: WaitingFor | null;
  configVersion: number;
  /** The versions of mappings and assignments that the run began with and keeps (V15); null before it reads. */
  mappings: string[] | null;
  /** The configuration that the run started with and keeps (V15). */
  config: ConnectorConfig | null;
  startedAt: Date;
  endedAt: Date | null;
}

const mixed = Schema.Types.Mixed;

const syncRunSchema = new Schema(
  {
    _id: { type: String, required: true },
    connectorId: { type: String, required: true },
    workflowId: { type: String, required: true },
    mode: { type: String, required: true },
    trigger: { type: String, required: true },
    scope: { type: String, required: true },
    skus: { type: [String], default: [] },
    phase: { type: String, required: true },
    outcome: { type: String, default: null },
    outcomeReason: { type: String, default: null },
    total: { type: Number, default: 0 },
    touched: { type: Number, default: 0 },
    counts: { type: mixed, default: {} },
    notes: { type: [String], default: [] },
    changesSince: { type: String, default: null },
    changesToken: { type: String, default: null },
    readAgain: { type: [String], default: [] },
    unreadable: { type: [String], default: [] },
    processed: { type: Number, default: 0 },
    toSend: { type: Number, default: 0 },
    hasNews: { type: Boolean, default: false },
    publishStartedAt: { type: Date, default: null },
    fences: { type: mixed, default: () => ({}) },
    sample: { type: Number, default: null },
    fresh: { type: Boolean, default: false },
    testCounts: { type: mixed, default: null },
    paused: { type: Boolean, default: false },
    waitingFor: { type: mixed, default: null },
    configVersion: { type: Number, default: 0 },
    mappings: { type: [String], default: null },
    config: { type: mixed, default: null },
    startedAt: { type: Date, required: true },
    endedAt: { type: Date, default: null },
  },
  { collection: 'syncRuns', minimize: false, versionKey: false }
);
syncRunSchema.index({ connectorId: 1, startedAt: -1 });
syncRunSchema.index({ connectorId: 1, mode: 1, endedAt: -1 });

export function syncRunModel(connection: Connection): Model<SyncRunDocument> {
  return (connection.models.SyncRun ?? connection.model('SyncRun', syncRunSchema)) as unknown as Model<SyncRunDocument>;
}

/** What a run is about. */
export interface SyncRequest {
  connectorId: string;
  trigger: SyncTrigger;
  mode: SyncMode;
  scope: SyncScope;
  skus: string[];
  configVersion: number;
  sample?: number | null;
  fresh?: boolean;
}

/** A lease younger than this is respected even when its workflow is not to be seen yet: it is being started. */
const STARTING_MS = 30_000;

/** A test leaves the ledger alone, so that it runs beside a sync: stock goes on being sent while it takes its hours. */
function leaseIdOf({ connectorId, mode }: SyncRequest): string {
  return mode === 'test' ? testLeaseId(connectorId) : syncLeaseId(connectorId);
}

/** The queries on sync runs, and their single flight: one sync and one test per connector, whatever starts them. */
export function syncRunStore(connection: Connection) {
  const model = syncRunModel(connection);
  const leases = leaseStore(connection);

  /** Takes a connector's lease for a run; says who has it when somebody else is at work. */
  async function lease(
    id: string,
    run: { syncId: string; workflowId: string },
    isRunning: (workflowId: string) => Promise<boolean>
  ): Promise<{ taken: true } | { taken: false; by: string }> {
    const wanted = { holder: run.syncId, workflowId: run.workflowId };
    const held = await leases.take(id, wanted);
    if (held.holder === run.syncId) return { taken: true };
    const isStarting = Date.now() - held.takenAt.getTime() < STARTING_MS;
    if (held.workflowId !== null && !isStarting && !(await isRunning(held.workflowId))) {
      const replaced = await leases.replace(id, held.holder, wanted);
      if (replaced) {
        await model.updateOne(
          { _id: held.holder, endedAt: null },
          { $set: { phase: 'done', outcome: 'failed', outcomeReason: 'Its workflow was gone.', endedAt: new Date() } }
        );
        return { taken: true };
      }
    }
    return { taken: false, by: held.holder };
  }

  async function insert(run: { syncId: string; workflowId: string }, request: SyncRequest): Promise<void> {
    try {
      await model.create({
        _id: run.syncId,
        workflowId: run.workflowId,
        ...request,
        phase: 'queued',
        counts: emptyCounts(),
        startedAt: new Date(),
      });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  return {
    /**
     * Opens a run that a person or the API asked for: takes the lease and writes the row. The caller starts its workflow.
     *
     * @param isRunning - whether a workflow id is still running; asked only to tell a run at work from one that is gone.
     * @param syncId - given where the request itself may be repeated; the same id opens the same run.
     */
    async request(
      request: SyncRequest,
      isRunning: (workflowId: string) => Promise<boolean>,
      syncId = `syn_${randomBytes(10).toString('hex')}`
    ): Promise<{ kind: 'opened'; syncId: string; workflowId: string } | { kind: 'busy'; syncId: string }> {
      const run = { syncId, workflowId: syncWorkflowId(request.connectorId, syncId) };
      const leased = await lease(leaseIdOf(request), run, isRunning);
      if (!leased.taken) return { kind: 'busy', syncId: leased.by };
      await insert(run, request);
      return { kind: 'opened', ...run };
    },

    /** Opens the run of a workflow that a schedule started. Safe to repeat with the same ids. */
    async openScheduled(
      run: { syncId: string; workflowId: string },
      request: SyncRequest,
      isRunning: (workflowId: string) => Promise<boolean>
    ): Promise<{ kind: 'opened' } | { kind: 'busy'; syncId: string }> {
      const leased = await lease(leaseIdOf(request), run, isRunning);
      if (!leased.taken) return { kind: 'busy', syncId: leased.by };
      await insert(run, request);
      return { kind: 'opened' };
    },

    /** Gives the lease of an opened run back, when its workflow could not be started. */
    async abandon(connectorId: string, syncId: string, reason: string): Promise<void> {
      await this.end(syncId, 'failed', reason);
      await this.release(connectorId, syncId);
    },

    async get(syncId: string): Promise<SyncRunDocument | undefined> {
      return (await model.findById(syncId).lean()) ?? undefined;
    },

    /** The connector's run at work, if one holds a lease; its sync before its test. */
    async current(connectorId: string): Promise<SyncRunDocument | undefined> {
      return (await this.atWork(connectorId))[0];
    },

    /** The connector's runs at work: its sync and its test, as far as they hold their leases. */
    async atWork(connectorId: string): Promise<SyncRunDocument[]> {
      const runs: SyncRunDocument[] = [];
      for (const id of [syncLeaseId(connectorId), testLeaseId(connectorId)]) {
        const held = await leases.holderOf(id);
        const run = held && (await this.get(held.holder));
        if (run) runs.push(run);
      }
      return runs;
    },

    /** The newest runs first. */
    async history(connectorId: string, limit: number): Promise<SyncRunDocument[]> {
      return model.find({ connectorId }).sort({ startedAt: -1 }).limit(limit).lean();
    },

    async update(syncId: string, change: Partial<SyncRunDocument>): Promise<void> {
      await model.updateOne({ _id: syncId }, { $set: change });
    },

    /** Says what a run at work waits for, unless something else was said since `seen` was read. */
    async replaceWait(syncId: string, seen: WaitingFor | null, now: WaitingFor | null): Promise<void> {
      const unchanged = { 'waitingFor.code': seen?.code ?? null, 'waitingFor.since': seen?.since ?? null };
      await model.updateOne({ _id: syncId, endedAt: null, ...unchanged }, { $set: { waitingFor: now } });
    },

    /** Gives a lane to one attempt; whoever had it before has lost it. */
    async fence(syncId: string, lane: SendingStep, attempt: string): Promise<void> {
      await model.updateOne({ _id: syncId }, { $set: { [`fences.${lane}`]: attempt } });
    },

    async isFencedBy(syncId: string, lane: SendingStep, attempt: string): Promise<boolean> {
      return (await model.exists({ _id: syncId, [`fences.${lane}`]: attempt })) !== null;
    },

    /** Moves counters by what a page did: from the states SKUs had to the states they have. Those of a run that has ended are exact. */
    async count(syncId: string, moves: Partial<Record<ListingState, number>>, processed: number): Promise<void> {
      const inc: Record<string, number> = {};
      for (const [state, by] of Object.entries(moves)) if (by !== 0) inc[`counts.${state}`] = by;
      if (processed !== 0) inc.processed = processed;
      if (Object.keys(inc).length > 0) await model.updateOne({ _id: syncId, endedAt: null }, { $inc: inc });
    },

    /** Remembers SKUs that were listed and could not be read, so that they are not taken for removed. */
    async noteUnreadable(syncId: string, sourceIds: readonly string[], readAgain: readonly string[]): Promise<void> {
      await model.updateOne(
        { _id: syncId },
        { $addToSet: { unreadable: { $each: [...sourceIds] }, readAgain: { $each: [...readAgain] } } }
      );
    },

    /** Tells people something about a run; once, however often it is told. */
    async note(syncId: string, sentence: string): Promise<void> {
      await model.updateOne({ _id: syncId }, { $addToSet: { notes: sentence } });
    },

    /** Ends a run; one that has ended keeps its end. */
    async end(syncId: string, outcome: SyncOutcome, reason: string | null): Promise<void> {
      await model.updateOne(
        { _id: syncId, endedAt: null },
        {
          $set: { phase: 'done', outcome, outcomeReason: reason, waitingFor: null, paused: false, endedAt: new Date() },
        }
      );
    },

    /** Gives the lease of a run back. */
    async release(connectorId: string, syncId: string): Promise<void> {
      await leases.release(syncLeaseId(connectorId), syncId);
      await leases.release(testLeaseId(connectorId), syncId);
    },

    async removeAll(connectorId: string): Promise<void> {
      await model.deleteMany({ connectorId });
    },
  };
}

export type SyncRunStore = ReturnType<typeof syncRunStore>;
