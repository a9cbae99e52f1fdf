import { cancellationSignal, heartbeat } from '@temporalio/activity';
import type { ConnectorInput } from '../domain/connector';
import type { Orchestrator } from '../domain/ports/orchestrator';
import type { VtexStore } from '../domain/ports/source';
import type { ChangeNoticeStore } from '../models/change-notices';
import type { ConnectorDocument, ConnectorStore } from '../models/connectors';
import type { CredentialStore } from '../models/credentials';
import type { HookTokenStore } from '../models/hook-tokens';
import type { FeedStore } from '../models/feeds';
import type { LedgerStore } from '../models/listings';
import type { MappingStore } from '../models/mappings';
import type { OrderStore } from '../models/orders';
import type { SourceItemStore } from '../models/source-items';
import type { SyncRunStore } from '../models/sync-runs';
import type { TestResultStore } from '../models/test-results';
import type { UploadStore } from '../models/uploads';
import { amazonAccount } from '../domain/amazon-account';
import { classified } from './failures';
import { endOrders } from './orders/in-line';

export interface ConnectorRemovalDependencies {
  connectors: ConnectorStore;
  credentials: CredentialStore;
  ledger: LedgerStore;
  parents: Pick<LedgerStore, 'removeAll'>;
  feeds: Pick<FeedStore, 'removeAll'>;
  runs: SyncRunStore;
  mappings: Pick<MappingStore, 'removeAll'>;
  items: Pick<SourceItemStore, 'removeAll'>;
  testResults: Pick<TestResultStore, 'removeAll'>;
  uploads: Pick<UploadStore, 'removeAll'>;
  orders: OrderStore;
  notices: Pick<ChangeNoticeStore, 'removeAll'>;
  hookTokens: Pick<HookTokenStore, 'forget'>;
  vtexOf: (connector: ConnectorDocument) => VtexStore;
  orchestrator: Orchestrator;
}

/** The steps that undo a connector, in reverse of its onboarding. Each is safe to repeat. */
export function createConnectorRemovalActivities(deps: ConnectorRemovalDependencies) {
  const { connectors, credentials, ledger, runs, mappings, items, orchestrator } = deps;
  return {
    /** Ends an onboarding, a sync and orders in progress, so that nothing is created behind the removal's back. */
    async stopWork({ connectorId }: ConnectorInput): Promise<void> {
      const atWork = await runs.atWork(connectorId);
      const beat = setInterval(() => heartbeat(), 5_000);
      try {
        for (const workflowId of [null, ...atWork.map((run) => run.workflowId)])
          await orchestrator.stopWorkflows(connectorId, workflowId, cancellationSignal());
        const connector = await connectors.get(connectorId);
        if (connector) await endOrders(deps, connector, cancellationSignal());
      } finally {
        clearInterval(beat);
      }
    },

    async deleteSchedule({ connectorId }: ConnectorInput): Promise<void> {
      await orchestrator.deleteSchedule(connectorId);
    },

    /** Only an affiliate that onboarding created is deleted; one that a person created is theirs. */
    async deleteAffiliate({ connectorId }: ConnectorInput): Promise<void> {
      const signal = cancellationSignal();
      await classified(async () => {
        const connector = await connectors.get(connectorId);
        const affiliateId = connector?.onboarding.created.affiliateId;
        if (connector && affiliateId) await deps.vtexOf(connector).deleteAffiliate(affiliateId, signal);
      }, signal);
    },

    /** Forgets secrets that nobody else uses, everything that is kept of the connector, and at last the connector. */
    async forgetConnector({ connectorId }: ConnectorInput): Promise<void> {
      const connector = await connectors.get(connectorId);
      if (!connector) return;
      const { clientId, sellerId } = amazonAccount(connectorId, connector.config);
      if (!(await connectors.shareAccount(connectorId, clientId, sellerId))) {
        await credentials.forget(clientId, sellerId);
        await orchestrator.credentialChanged(connector.credentialId);
      }
      await ledger.removeAll(connectorId);
      await deps.parents.removeAll(connectorId);
      await deps.feeds.removeAll(connectorId);
      await runs.removeAll(connectorId);
      await mappings.removeAll(connectorId);
      await items.removeAll(connectorId);
      await deps.testResults.removeAll(connectorId);
      await deps.uploads.removeAll(connectorId);
      await deps.orders.removeAll(connectorId);
      await deps.hookTokens.forget(connectorId);
      await deps.notices.removeAll(connectorId);
      await connectors.remove(connectorId);
    },
  };
}

export type ConnectorRemovalActivities = ReturnType<typeof createConnectorRemovalActivities>;
