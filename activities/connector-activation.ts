import { ApplicationFailure } from '@temporalio/common';
import type { ConnectorInput } from '../domain/connector';
import type { Orchestrator } from '../domain/ports/orchestrator';
import type { ConnectorStore } from '../models/connectors';
import type { OrderStore } from '../models/orders';
import type { SyncRunStore } from '../models/sync-runs';
import { bringOrdersInLine } from './orders/in-line';

export interface ConnectorActivationDependencies {
  connectors: ConnectorStore;
  runs: SyncRunStore;
  orders: OrderStore;
  orchestrator: Orchestrator;
}

/** The steps that set a connector to work. Each is safe to repeat. */
export function createConnectorActivationActivities(deps: ConnectorActivationDependencies) {
  const { connectors, runs, orchestrator } = deps;
  return {
    /** True when the connector is active now; false when it is in no state to be. */
    async markActive({ connectorId }: ConnectorInput): Promise<boolean> {
      const isActive = await connectors.move(connectorId, ['inactive', 'active'], 'active');
      if (isActive) await connectors.noteActivation(connectorId, new Date());
      return isActive;
    },

    /** The schedule of its syncs, and the watch on its account's orders where it wants one (V9). */
    async startSchedule({ connectorId }: ConnectorInput): Promise<void> {
      const connector = await connectors.get(connectorId);
      if (!connector) throw ApplicationFailure.nonRetryable(`Connector ${connectorId} is gone`, 'config');
      const { everyMinutes } = connector.config.schedule;
      await orchestrator.applySchedule({ connectorId, everyMinutes, paused: connector.state !== 'active' });
      await bringOrdersInLine(deps, connector);
    },

    /** Starts the first sync, unless one is at work already. The same activation always starts the same run. */
    async startFirstSync({
      connectorId,
      activationRunId,
    }: ConnectorInput & { activationRunId: string }): Promise<void> {
      const connector = await connectors.get(connectorId);
      if (connector?.state !== 'active') return;
      const { mode } = connector.config.schedule;
      const { configVersion } = connector;
      const opened = await runs.request(
        { connectorId, trigger: 'activation', mode, scope: 'full', skus: [], configVersion },
        (workflowId) => orchestrator.isSyncRunning(workflowId),
        `syn_${activationRunId.replaceAll('-', '').slice(-20)}`
      );
      if (opened.kind === 'opened')
        await orchestrator.startSync({ connectorId, syncId: opened.syncId, trigger: 'activation' });
    },
  };
}

export type ConnectorActivationActivities = ReturnType<typeof createConnectorActivationActivities>;
