import { watchesOrders } from '../../domain/orders/order-policy';
import type { WatchedAccount } from '../../domain/orders/order-record';
import { ORDER_STAGES, type OrderStage } from '../../domain/orders/order-view';
import { requireMarketplace } from '../../domain/marketplaces';
import type { Orchestrator } from '../../domain/ports/orchestrator';
import type { ConnectorDocument, ConnectorStore } from '../../models/connectors';
import { stateOf, type OrderDocument, type OrderStore } from '../../models/orders';
import { policyFor } from './policy';

/** Stages in which nothing is to be done for an order, whatever its connector wants by now. */
const DONE: readonly OrderStage[] = ['ignored', 'integrated', 'closed'];
const UNDONE = ORDER_STAGES.filter((stage) => !DONE.includes(stage));

/** How long a removal waits for stores to let stock go; what is held after that ends by itself. */
const LETS_GO_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 500;

interface InLineDependencies {
  connectors: Pick<ConnectorStore, 'inStates'>;
  orders: Pick<OrderStore, 'inStages' | 'holdingStock' | 'awaitingParcels'>;
  orchestrator: Pick<Orchestrator, 'startOrderWatch' | 'stopOrderWatch' | 'tellOrder' | 'stopOrders'>;
}

/** The account that a connector's orders are watched in; undefined for one without a seller. */
export function watchedAccount({ config }: ConnectorDocument): WatchedAccount | undefined {
  const { sellerId, country } = config.amazon;
  return sellerId === undefined ? undefined : { sellerId, region: requireMarketplace(country).region };
}

/**
 * Brings the orders of a connector in line with its configuration and state: the watch on its account is there while one of the
 * account's connectors wants it, and orders hear what is wanted of them now. Safe to repeat.
 */
export async function bringOrdersInLine(deps: InLineDependencies, connector: ConnectorDocument): Promise<void> {
  const account = watchedAccount(connector);
  if (!account) return;
  const others = await deps.connectors.inStates(['active', 'paused']);
  const isWatched = others.some((each) => watchesOrders(each) && isSame(watchedAccount(each), account));
  if (isWatched) await deps.orchestrator.startOrderWatch(account);
  else await deps.orchestrator.stopOrderWatch(account);

  for (const order of await deps.orders.inStages(connector._id, UNDONE)) {
    const policy = policyFor(connector, order);
    if (JSON.stringify(stateOf(order).policy) === JSON.stringify(policy)) continue;
    await deps.orchestrator.tellOrder(inputOf(order), { kind: 'policy', policy });
  }
}

/** Of a connector that is being removed: what is held for its orders is let go, and their workflows end. */
export async function endOrders(
  deps: InLineDependencies,
  connector: ConnectorDocument,
  signal: AbortSignal
): Promise<void> {
  await bringOrdersInLine(deps, connector);
  const until = Date.now() + LETS_GO_WITHIN_MS;
  while (Date.now() < until && (await deps.orders.holdingStock(connector._id)).length > 0) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  await deps.orchestrator.stopOrders([
    ...(await deps.orders.inStages(connector._id, UNDONE)),
    ...(await deps.orders.awaitingParcels(connector._id)),
  ]);
}

function inputOf({ sellerId, amazonOrderId, connectorId }: OrderDocument) {
  return { sellerId, amazonOrderId, connectorId };
}

function isSame(one: WatchedAccount | undefined, other: WatchedAccount): boolean {
  return one?.sellerId === other.sellerId && one.region === other.region;
}
