import type { AlertFacts, ConnectorFacts } from '../../domain/alerts/alert-facts';
import { NEWS_FOR_MS } from '../../domain/alerts/conditions';
import { isLevelDue, withLevel } from '../../domain/alerts/problem-levels';
import type { RunsNow, WatchedConnectorDocument } from '../../models/alert-facts';
import type { WatchedConnector } from '../../models/alert-watch';
import type { AlertDependencies } from './dependencies';

/** Reads what people may have to be alerted of, and what the next look is to remember. */
export async function gather(
  { facts, deliveries, operators }: AlertDependencies,
  remembered: readonly WatchedConnector[],
  channels: readonly { id: string; name: string; isEnabled: boolean }[],
  now: Date
): Promise<{ facts: AlertFacts; remembered: WatchedConnector[] }> {
  const before = new Map(remembered.map((each) => [each.connectorId, each]));
  const orders = await facts.orders();
  const connectors: ConnectorFacts[] = [];
  const next: WatchedConnector[] = [];
  const watchedConnectors = await facts.connectors();
  for (const connector of watchedConnectors) {
    const runs = await facts.runs(connector._id, connector.config.schedule.mode);
    const watched = await watch(connector, runs, before.get(connector._id));
    next.push(watched);
    connectors.push(factsOf(connector, runs, watched, orders.get(connector._id) ?? []));
  }
  const dead = (await deliveries.dead()).flatMap((each) => {
    const channel = channels.find(({ id }) => id === each.channelId);
    return channel?.isEnabled ? [{ ...each, channel: channel.name }] : [];
  });
  return {
    facts: {
      connectors,
      unreadOrders: await facts.unreadOrders(watchedConnectors),
      credentials: await facts.credentials(now),
      schemaChanges: await facts.schemaChanges(new Date(now.getTime() - NEWS_FOR_MS)),
      deadLetters: dead,
      deadNotices: await facts.deadNotices(),
      operators,
    },
    remembered: next,
  };

  /** Counting problems goes over the ledger: it is done after runs, and not more often than levels are kept. */
  async function watch(
    { _id, state }: WatchedConnectorDocument,
    { ended, atWork }: RunsNow,
    known: WatchedConnector | undefined
  ): Promise<WatchedConnector> {
    const levels = known?.levels ?? [];
    const [last] = ended;
    const level = levels.at(-1);
    const hasEnded = last?.outcome === 'completed' && (!level || last.endedAt > level.at);
    const isCounted = state === 'active' && hasEnded && isLevelDue(levels, now);
    return {
      connectorId: _id,
      levels: isCounted ? withLevel(levels, { at: now, ...(await facts.problems(_id)) }) : levels,
      runs: atWork.map(({ id, mark }) => {
        const run = known?.runs.find((each) => each.id === id);
        return run?.mark === mark ? run : { id, mark, since: now };
      }),
    };
  }
}

function factsOf(
  connector: WatchedConnectorDocument,
  runs: RunsNow,
  watched: WatchedConnector,
  orders: ConnectorFacts['orders']
): ConnectorFacts {
  const { _id, config, state, stateReason, updatedAt, activatedAt, onboarding } = connector;
  return {
    id: _id,
    name: config.name,
    state,
    stateReason,
    changedAt: updatedAt,
    activatedAt,
    everyMinutes: config.schedule.everyMinutes,
    errorEmail: config.orders.errorEmail,
    waitingFor: onboarding.waitingFor,
    ended: runs.ended,
    atWork: runs.atWork.map(({ id, startedAt, run }) => ({
      id,
      startedAt,
      phase: run.phase,
      paused: run.paused,
      waitingFor: run.waitingFor,
      stillSince: watched.runs.find((each) => each.id === id)?.since ?? startedAt,
    })),
    lastStartedAt: runs.lastStartedAt,
    levels: watched.levels,
    orders,
  };
}
