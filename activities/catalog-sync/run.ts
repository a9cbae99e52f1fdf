import { activityInfo } from '@temporalio/activity';
import type { WaitingFor } from '../../domain/connector';
import type { RunningSync, SyncOutcome, SyncPhase, SyncTrigger } from '../../domain/sync';
import type { CatalogSyncDependencies } from './dependencies';

/** A run continues as new after this many history events; the server suggests it at 4,096. */
const HISTORY_EVENTS = 4_000;

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
      const mayRun = connector.state === 'active' || (connector.state === 'paused' && input.trigger === 'api');
      if (!mayRun) return skip(input, `The connector is ${connector.state}.`);
      const syncId = input.syncId ?? `syn_${input.firstExecutionRunId.replaceAll('-', '').slice(-20)}`;
      const opened = await runs.openScheduled(
        { syncId, workflowId: activityInfo().workflowExecution?.workflowId ?? '' },
        {
          connectorId: input.connectorId,
          trigger: input.trigger,
          mode: connector.config.schedule.mode,
          scope: 'full',
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
      const periodSeconds = connector.config.schedule.everyMinutes * 60;
      return {
        kind: 'opened',
        run: {
          syncId,
          scope: row?.scope ?? 'full',
          phase: 'collect',
          sourceCursor: null,
          read: 0,
          repeats: 0,
          lanes: { details: 0, offer: 0 },
          retryWindows: 0,
          paused: false,
          verifyingSince: null,
          policy: {
            retryInitialSeconds: settings.retryInitialSeconds,
            retryMaximumSeconds: settings.retryMaximumSeconds,
            // The next run takes over what still fails, so that retries never keep fresh stock from being read.
            retryGiveUpSeconds: Math.min(settings.retryGiveUpSeconds, Math.round(periodSeconds * 0.8)),
            verifyWaitSeconds: Math.min(settings.verifyWaitSeconds, Math.round(periodSeconds * 0.8)),
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

    /** Ends the run: exact counts, the outcome, the lease given back. Safe to repeat. */
    async closeSyncRun(input: { syncId: string; outcome: SyncOutcome; reason: string | null }): Promise<void> {
      const run = await runs.get(input.syncId);
      if (!run) return;
      const counts = await ledger.counts(run.connectorId);
      await runs.update(run._id, { counts, total: Object.values(counts).reduce((sum, count) => sum + count, 0) });
      await runs.end(run._id, input.outcome, input.reason);
      await runs.release(run.connectorId, run._id);
    },
  };
}
