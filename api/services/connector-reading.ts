import type { ConnectorState } from '../../domain/connector';
import { emptyCounts } from '../../domain/listing';
import { connectorQueries } from '../../models/connector-queries';
import { connectorStore, type ConnectorDocument } from '../../models/connectors';
import { syncHistory, type RunSummary } from '../../models/sync-history';
import type { ConnectorView, OnboardingView } from '../contracts/connector-view';
import { decodeCursor, DEFAULT_LIMIT, pageOf, type Page } from '../contracts/paging';
import { notFound } from '../errors';
import { activationChecklist, isOnboarded } from './activation-checklist';
import { connectorSecrets } from './connector-secrets';
import type { ServiceDeps } from './index';
import { nextSyncs } from './next-syncs';

/** A connector as it is shown, with its ETag. */
export function etagOf(connector: Pick<ConnectorView, 'configVersion'>): string {
  return `"${connector.configVersion}"`;
}

/** What people read of connectors. */
export function connectorReading(deps: Omit<ServiceDeps, 'stopping'>) {
  const connectors = { ...connectorStore(deps.connection), ...connectorQueries(deps.connection) };
  const secrets = connectorSecrets(deps.connection, deps.secretBox);
  const history = syncHistory(deps.connection);
  const schedules = nextSyncs(deps.orchestrator, deps.clock);

  async function viewsOf(documents: readonly ConnectorDocument[]): Promise<ConnectorView[]> {
    const allSecretsSet = secrets.setOf(documents);
    return Promise.all(
      documents.map(async (connector, index) => {
        const [secretsSet, current, last, next] = await Promise.all([
          allSecretsSet,
          history.current(connector._id),
          history.lastEnded(connector._id),
          schedules.of(connector),
        ]);
        return {
          id: connector._id,
          state: connector.state,
          stateReason: connector.stateReason,
          config: connector.config as unknown as ConnectorView['config'],
          configVersion: connector.configVersion,
          secretsSet: secretsSet[index] ?? [],
          credentialId: connector.credentialId,
          currentSync: current && current.endedAt === null ? summaryOf(current) : null,
          lastSync: last ? summaryOf(last) : null,
          nextSyncAt: next,
          activationChecklist: activationChecklist(connector),
          createdAt: connector.createdAt.toISOString(),
          updatedAt: connector.updatedAt.toISOString(),
        };
      })
    );
  }

  return {
    /** @throws Problem `not_found` */
    async get(id: string): Promise<ConnectorView> {
      const found = await connectors.get(id);
      if (!found) throw notFound('connector');
      const [view] = await viewsOf([found]);
      return view!;
    },

    async list(query: { state?: ConnectorState; cursor?: string; limit?: number }): Promise<Page<ConnectorView>> {
      const [createdAt, id] = decodeCursor(query.cursor, 'ns') ?? [];
      const size = query.limit ?? DEFAULT_LIMIT;
      const after = id === undefined ? undefined : { createdAt: new Date(createdAt as number), id: id as string };
      const rows = await connectors.page({ state: query.state, after }, size + 1);
      const page = pageOf(
        rows,
        size,
        (row) => [row.createdAt.getTime(), row._id],
        (row) => row
      );
      return { items: await viewsOf(page.items), nextCursor: page.nextCursor };
    },

    /** @throws Problem `not_found` */
    async onboarding(id: string): Promise<OnboardingView> {
      const found = await connectors.get(id);
      if (!found) throw notFound('connector');
      return onboardingOf(found);
    },
  };
}

function summaryOf(run: RunSummary): NonNullable<ConnectorView['lastSync']> {
  return {
    id: run._id,
    phase: run.phase,
    outcome: run.outcome,
    total: run.total,
    counts: { ...emptyCounts(), ...run.counts },
    startedAt: run.startedAt.toISOString(),
    endedAt: run.endedAt?.toISOString() ?? null,
  };
}

function onboardingOf(connector: ConnectorDocument): OnboardingView {
  const { steps, waitingFor } = connector.onboarding;
  return {
    state: onboardingStateOf(connector),
    steps: steps.map(({ name, state, detail, startedAt, endedAt }) => ({
      name,
      state,
      detail: detail ?? null,
      startedAt: startedAt ?? null,
      endedAt: endedAt ?? null,
    })),
    ...(waitingFor && { waitingFor }),
  };
}

function onboardingStateOf(connector: ConnectorDocument): OnboardingView['state'] {
  const { steps, waitingFor } = connector.onboarding;
  if (steps.some((step) => step.state === 'undone')) return 'undone';
  if (isOnboarded(connector)) return 'ready';
  if (connector.state === 'failed') return 'failed';
  return waitingFor || steps.some((step) => step.state === 'waiting') ? 'waiting' : 'running';
}
