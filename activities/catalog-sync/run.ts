import { activityInfo } from '@temporalio/activity';
import type { WaitingFor } from '../../domain/connector';
import type { RunningSync, SyncMode, SyncOutcome, SyncPhase, SyncTrigger } from '../../domain/sync';
import type { ConnectorDocument } from '../../models/connectors';
import type { CatalogSyncDependencies } from './dependencies';
import { countFeeds } from './feeds';

/** A run continues as new after this many history events; the server suggests it at 4,096. */
const HISTORY_EVENTS = 4_000;

/**
 * Whether a run may start: a preview sends nothing, so that it needs no active connector and would unsettle one; a test sends
 * nothing either, and leaves everything but its own results alone.
 */
function mayRun({ state }: ConnectorDocument, mode: SyncMode, trigger: SyncTrigger): boolean {
  if (mode === 'preview') return state === 'inactive' || state === 'paused';
  if (mode === 'test' && state === 'inactive') return trigger === 'api';
  return state === 'active' || (state === 'paused' && trigger === 'api');
}

/** However well a source tells its changes, the whole assortment is read from time to time: a notice may have been lost. */
function isFullDue({ reading, config }: ConnectorDocument): boolean {
  return !reading || Date.now() - reading.fullAt.getTime() >= config.schedule.fullEveryHours * 3_600_000;
}

/** Opening, showing and closing a run. */
export function runSteps(deps: CatalogSyncDependencies) {
  const { connectors, ledger, runs, settings } = deps;

  async function skip(input: { connectorId: string; syncId?: string }, reason: string) {
    if (input.syncId) {
      await runs.end(input.syncId, 'skipped', reason);
      await runs.release(input.connectorId, input.syncId);
    }
    return { kind: 'skipped', reason } as const;
  }

  return {
    /**
     * Opens the run: takes the connector's lease and fixes the configuration and the times it keeps to. A run that may not
     * start is `skipped`, with the reason. Safe to repeat.
     */
    async openSyncRun(input: {
      connectorId: string;
      syncId?: string;
      trigger: SyncTrigger;
      firstExecutionRunId: string;
    }): Promise<{ kind: 'opened'; run: RunningSync } | { kind: 'skipped'; reason: string }> {
      const connector = await connectors.get(input.connectorId);
      if (!connector) return skip(input, 'The connector is gone.');
      const asked = input.syncId === undefined ? undefined : await runs.get(input.syncId);
      const mode = asked?.mode ?? connector.config.schedule.mode;
      if (!mayRun(connector, mode, input.trigger)) return skip(input, `The connector is ${connector.state}.`);
      if (input.trigger === 'change' && connector.reading?.configVersion !== connector.configVersion)
        return skip(input, 'Everything has to be read anew, and that is left to the schedule.');
      const syncId = input.syncId ?? `syn_${input.firstExecutionRunId.replaceAll('-', '').slice(-20)}`;
      const opened = await runs.openScheduled(
        { syncId, workflowId: activityInfo().workflowExecution?.workflowId ?? '' },
        {
          connectorId: input.connectorId,
          trigger: input.trigger,
          mode,
          scope: mode === 'test' || isFullDue(connector) ? 'full' : 'changes',
          skus: [],
          configVersion: connector.configVersion,
        },
        (workflowId) => deps.orchestrator.isSyncRunning(workflowId)
      );
      if (opened.kind === 'busy') return skip(input, `Sync ${opened.syncId} is at work.`);
      const row = await runs.get(syncId);
      if (row?.endedAt) return skip(input, 'It has ended already.');
      if (!row?.config) await runs.update(syncId, { config: connector.config, configVersion: connector.configVersion });
      await runs.update(syncId, { phase: 'collect' });
      const openFeeds = countFeeds(await deps.feeds.atAmazon(input.connectorId));
      const periodSeconds = connector.config.schedule.everyMinutes * 60;
      return {
        kind: 'opened',
        run: {
          syncId,
          mode,
          phase: 'collect',
          sourceCursor: null,
          read: 0,
          repeats: 0,
          lanes: { parents: 0, details: 0, offer: 0 },
          feeds: { parents: 0, details: 0 },
          openFeeds,
          retryWindows: 0,
          paused: false,
          verifyingSince: null,
          policy: {
            retryInitialSeconds: settings.retryInitialSeconds,
            retryMaximumSeconds: settings.retryMaximumSeconds,
            // The next run takes over what still fails, so that retries never keep fresh stock from being read.
            retryGiveUpSeconds: Math.min(settings.retryGiveUpSeconds, Math.round(periodSeconds * 0.8)),
            // A run about changes keeps the connector's place no longer than it must: the next changes are waiting for it.
            verifyWaitSeconds:
              input.trigger === 'change' ? 0 : Math.min(settings.verifyWaitSeconds, Math.round(periodSeconds * 0.8)),
            watchAfterSeconds: settings.watchAfterSeconds,
            historyEvents: HISTORY_EVENTS,
          },
        },
      };
    },

    /** Writes what people see of a run. */
    async noteProgress(input: {
      syncId: string;
      phase?: SyncPhase;
      paused?: boolean;
      waitingFor?: WaitingFor | null;
    }): Promise<void> {
      const { syncId, ...change } = input;
      await runs.update(syncId, change);
    },

    /**
     * Ends the run: exact counts, the outcome, the lease given back. What the source told of changes meanwhile is read soon: a
     * sync that was to follow it has found this one at work, and left. Safe to repeat.
     */
    async closeSyncRun(input: { syncId: string; outcome: SyncOutcome; reason: string | null }): Promise<void> {
      const run = await runs.get(input.syncId);
      if (!run) return;
      const counts = await ledger.counts(run.connectorId);
      const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
      // A test is about what it read, which the ledger may not hold.
      await runs.update(run._id, run.mode === 'test' ? { counts } : { counts, total });
      await runs.end(run._id, input.outcome, input.reason);
      await runs.release(run.connectorId, run._id);
      if (run.mode === 'test' || input.outcome !== 'completed') return;
      if (!(await deps.notices.haveComeSince(run.connectorId))) return;
      const connector = await connectors.get(run.connectorId);
      if (connector?.state === 'active') await deps.orchestrator.nudgeSync(run.connectorId, run.workflowId);
    },
  };
}
