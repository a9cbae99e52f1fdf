import type { WaitingFor } from '../../domain/connector';
import { emptyCounts } from '../../domain/listing';
import type { SyncMode, SyncProgress, SyncScope, SyncView } from '../../domain/sync';
import { TESTS_PER_SECOND } from '../../domain/test-results';
import type { Orchestrator } from '../../domain/ports/orchestrator';
import { connectorStore, type ConnectorDocument } from '../../models/connectors';
import { syncHistory, type RunRow } from '../../models/sync-history';
import { syncRunStore } from '../../models/sync-runs';
import { decodeCursor, DEFAULT_LIMIT, pageOf, type Page } from '../contracts/paging';
import { within } from '../deadline';
import { notFound, Problem } from '../errors';
import { auditService } from './audit';
import type { By } from './by';
import type { ServiceDeps } from './index';
import { askWorkflows } from './workflow-engine';

/** A run that was opened just now has no workflow yet. */
const STARTING_MS = 30_000;
/** A workflow that does not answer in time leaves the view to the database, in milliseconds. */
const LIVE_BOUND_MS = 500;
/** A shorter silence is that of a busy worker, in milliseconds. */
const SILENT_MS = 5_000;

/** What is asked of a run. */
interface WantedSync {
  mode: SyncMode;
  scope: SyncScope;
  skus: string[];
  /** Of a test: how many SKUs; all when null. */
  sample?: number | null;
  /** Of a test: also where an answer is good still. */
  fresh?: boolean;
}

/** Sync runs: asked for, watched, steered. */
export function syncService(deps: Pick<ServiceDeps, 'connection' | 'orchestrator' | 'clock'>) {
  const connectors = connectorStore(deps.connection);
  const history = syncHistory(deps.connection);
  const runs = syncRunStore(deps.connection);
  const workflows = askWorkflows(deps.orchestrator);
  const audit = auditService(deps);

  /** Since when the workflows of runs at work have not answered this process. */
  const silentSince = new Map<string, Date>();

  /** What a run waits for whose workflow is silent: nobody else could say it. */
  function silenceOf(run: RunRow, progress: SyncProgress | undefined): WaitingFor | undefined {
    if (progress || run.endedAt !== null) {
      silentSince.delete(run._id);
      return undefined;
    }
    const now = deps.clock();
    const since = silentSince.get(run._id) ?? now;
    silentSince.set(run._id, since);
    if (now.getTime() - since.getTime() < SILENT_MS) return undefined;
    return {
      code: 'workflows_silent',
      message:
        'The workflow engine, or every worker, is away. The run goes on by itself when they are back; see that both are up.',
      owner: 'longshore',
      since: since.toISOString(),
    };
  }

  async function findRun(id: string): Promise<RunRow> {
    const run = await history.get(id);
    if (!run) throw notFound('sync');
    return run;
  }

  /** Does something to a run at work. */
  async function steer(
    id: string,
    verb: 'cancelled' | 'paused' | 'resumed',
    by: By,
    work: (orchestrator: Orchestrator, workflowId: string) => Promise<void>
  ): Promise<{ id: string }> {
    const run = await findRun(id);
    if (run.endedAt !== null) throw ended(run);
    await workflows(async (orchestrator) => work(orchestrator, run.workflowId));
    await audit.note(by, {
      action: `sync.${verb}`,
      target: { type: 'sync', id },
      connectorId: run.connectorId,
      changes: [
        { field: 'state', before: run.paused ? 'paused' : 'running', after: verb === 'resumed' ? 'running' : verb },
      ],
    });
    return { id };
  }

  /** A run whose workflow is gone ends here: nobody else would end it. */
  async function endWhenGone(run: RunRow, orchestrator: Orchestrator): Promise<void> {
    const isStarting = deps.clock().getTime() - run.startedAt.getTime() < STARTING_MS;
    if (run.endedAt !== null || isStarting || (await orchestrator.isSyncRunning(run.workflowId))) return;
    await runs.end(run._id, 'cancelled', 'It was cancelled; its workflow was gone.');
    await runs.release(run.connectorId, run._id);
  }

  return {
    /**
     * Opens a run and starts its workflow.
     *
     * @throws Problem `not_found`, `not_active`, `not_inactive`, `sync_running`, `workflows_unavailable`
     */
    async start(connectorId: string, wanted: WantedSync, by: By): Promise<{ id: string }> {
      const opened = await this.open(connectorId, wanted);
      await this.begin(opened, by);
      return { id: opened.syncId };
    },

    /** Takes the connector's place for a run, which `begin` then starts. */
    async open(connectorId: string, wanted: WantedSync): Promise<{ connectorId: string; syncId: string }> {
      const connector = await connectors.get(connectorId);
      if (!connector) throw notFound('connector');
      checkMaySync(connector, wanted.mode);
      const request = { connectorId, trigger: 'api' as const, configVersion: connector.configVersion, ...wanted };
      const opened = await runs.request(request, (workflowId) =>
        workflows((orchestrator) => orchestrator.isSyncRunning(workflowId))
      );
      if (opened.kind === 'busy')
        throw new Problem(
          'sync_running',
          `${wanted.mode === 'test' ? 'Test' : 'Sync'} ${opened.syncId} of this connector is running; wait for it or cancel it.`,
          {
            syncId: opened.syncId,
          }
        );
      return { connectorId, syncId: opened.syncId };
    },

    /** Starts the workflow of an opened run; gives the place back when that fails. */
    async begin({ connectorId, syncId }: { connectorId: string; syncId: string }, by: By): Promise<void> {
      try {
        await workflows((orchestrator) => orchestrator.startSync({ connectorId, syncId, trigger: 'api' }));
      } catch (error) {
        await runs.abandon(connectorId, syncId, 'The workflow engine could not be reached to start it.');
        throw error;
      }
      await audit.note(by, {
        action: 'sync.started',
        target: { type: 'sync', id: syncId },
        connectorId,
        changes: [{ field: 'state', before: null, after: 'running' }],
      });
    },

    /** Gives the place of an opened run back that is not to begin. */
    async abandon({ connectorId, syncId }: { connectorId: string; syncId: string }, reason: string): Promise<void> {
      await runs.abandon(connectorId, syncId, reason);
    },

    /** @throws Problem `not_found` */
    async get(id: string): Promise<SyncView> {
      return this.view(await findRun(id));
    },

    /** What the database holds of a run, enriched by its workflow while it is at work and answers. */
    async view(run: RunRow): Promise<SyncView> {
      const progress = run.endedAt === null ? await liveProgress(deps.orchestrator, run.workflowId) : undefined;
      const view = viewOf(run, deps.clock(), progress);
      return { ...view, waitingFor: view.waitingFor ?? silenceOf(run, progress) ?? null };
    },

    /** The newest first. */
    async list(connectorId: string, query: { cursor?: string; limit?: number }): Promise<Page<SyncView>> {
      const [startedAt, id] = decodeCursor(query.cursor, 'ns') ?? [];
      const size = query.limit ?? DEFAULT_LIMIT;
      const after = id === undefined ? undefined : { startedAt: new Date(startedAt as number), id: id as string };
      const rows = await history.page(connectorId, after, size + 1);
      // What has runs is there.
      if (rows.length === 0 && !(await connectors.get(connectorId))) throw notFound('connector');
      const now = deps.clock();
      return pageOf(
        rows,
        size,
        (row) => [row.startedAt.getTime(), row._id],
        (row) => viewOf(row, now)
      );
    },

    /** @throws Problem `not_found`, `sync_ended`, `workflows_unavailable` */
    async cancel(id: string, by: By): Promise<{ id: string }> {
      const cancelled = await steer(id, 'cancelled', by, (orchestrator, workflowId) =>
        orchestrator.cancelSync(workflowId)
      );
      await workflows(async (orchestrator) => endWhenGone(await findRun(id), orchestrator));
      return cancelled;
    },

    /** @throws Problem `not_found`, `sync_ended`, `workflows_unavailable` */
    async pause(id: string, by: By): Promise<{ id: string }> {
      return steer(id, 'paused', by, (orchestrator, workflowId) => orchestrator.pauseSync(workflowId));
    },

    /** @throws Problem `not_found`, `sync_ended`, `workflows_unavailable` */
    async resume(id: string, by: By): Promise<{ id: string }> {
      return steer(id, 'resumed', by, (orchestrator, workflowId) => orchestrator.resumeSync(workflowId));
    },
  };
}

function checkMaySync(connector: ConnectorDocument, mode: SyncMode): void {
  if (mode === 'preview') return checkMayPreview(connector);
  if (connector.state === 'active' || connector.state === 'paused') return;
  if (mode === 'test' && connector.state === 'inactive') return;
  throw new Problem(
    'not_active',
    `Only an active or paused connector can ${mode === 'test' ? 'test' : 'sync'}; this one is ${connector.state}.${connector.state === 'inactive' ? ' Activate it first.' : ''}`
  );
}

function checkMayPreview({ state }: ConnectorDocument): void {
  if (state === 'inactive' || state === 'paused') return;
  throw new Problem(
    'not_inactive',
    state === 'active'
      ? 'An active connector needs no preview: its ledger shows what the last sync read. Pause it to preview a change.'
      : `Only an inactive or paused connector can be previewed; this one is ${state}.`
  );
}

function ended(run: RunRow): Problem {
  return new Problem('sync_ended', `The sync has ended: ${run.outcome ?? 'done'}.`);
}

async function liveProgress(orchestrator: Orchestrator, workflowId: string): Promise<SyncProgress | undefined> {
  try {
    return await within(LIVE_BOUND_MS + 100, orchestrator.syncProgress(workflowId, LIVE_BOUND_MS));
  } catch {
    return undefined;
  }
}

/** A run as people see it; `progress` is what its workflow says. */
export function viewOf(run: RunRow, now: Date, progress?: SyncProgress): SyncView {
  return {
    id: run._id,
    connectorId: run.connectorId,
    mode: run.mode,
    trigger: run.trigger,
    scope: run.scope,
    phase: progress?.phase ?? run.phase,
    outcome: run.outcome,
    live: progress !== undefined,
    paused: progress?.paused ?? run.paused,
    total: run.total,
    touched: run.touched,
    notes: run.notes,
    counts: { ...emptyCounts(), ...run.counts },
    sample: run.sample ?? null,
    testCounts: run.testCounts ?? null,
    ...speedOf(run, now),
    waitingFor: progress?.waitingFor ?? run.waitingFor,
    startedAt: run.startedAt.toISOString(),
    endedAt: run.endedAt?.toISOString() ?? null,
  };
}

/** SKUs answered for per second since publishing began, and how long the rest takes at that rate. */
function speedOf(run: RunRow, now: Date): Pick<SyncView, 'ratePerSecond' | 'etaSeconds'> {
  if (run.mode === 'test' && run.phase === 'test' && run.processed === 0)
    return { ratePerSecond: null, etaSeconds: Math.ceil(run.toSend / TESTS_PER_SECOND) };
  if (run.publishStartedAt === null || run.processed === 0) return { ratePerSecond: null, etaSeconds: null };
  const seconds = Math.max(0.001, ((run.endedAt ?? now).getTime() - run.publishStartedAt.getTime()) / 1000);
  const rate = run.processed / seconds;
  const left = Math.max(0, run.toSend - run.processed);
  return {
    ratePerSecond: Math.round(rate * 100) / 100,
    etaSeconds: run.endedAt === null ? Math.ceil(left / rate) : null,
  };
}
