import { requireMarketplace } from '../../domain/marketplaces';
import type { OrderSighting } from '../../domain/orders/order';
import { ordersHandledSince, type ConnectorDocument } from '../../models/connectors';
import type { SeenOrder } from '../../models/orders';
import type { OrderDependencies } from './dependencies';

export type SightingDependencies = Pick<OrderDependencies, 'orders' | 'orchestrator'> & {
  ledger: Pick<OrderDependencies['ledger'], 'bySku'>;
};

/** Where an account's sightings are handed to their orders. */
export function sightingsHandedOn({ orders, orchestrator, ledger }: SightingDependencies) {
  /** Whose order it is: of the connectors of its marketplace the one that sells its SKUs, else the first; undefined for nobody's. */
  async function connectorFor(
    connectors: readonly ConnectorDocument[],
    sighting: OrderSighting
  ): Promise<string | undefined> {
    const here = connectors.filter((each) => isOfMarketplace(each, sighting) && !isIgnored(each, sighting));
    if (here.length < 2) return here[0]?._id;
    const skus = (sighting.items ?? []).flatMap(({ sku }) => sku ?? []);
    for (const { _id } of here) if ((await ledger.bySku(_id, skus)).size > 0) return _id;
    return here[0]!._id;
  }

  /**
   * Hands sightings to their orders, but for those that say nothing new and those that are nobody's.
   *
   * @param connectors - those whose orders are watched in the account, always in the same order.
   */
  return async (
    sellerId: string,
    connectors: readonly ConnectorDocument[],
    sightings: readonly OrderSighting[],
    signal?: AbortSignal
  ): Promise<void> => {
    const seen = await orders.seen(
      sellerId,
      sightings.map(({ amazonOrderId }) => amazonOrderId)
    );
    for (const sighting of sightings) {
      signal?.throwIfAborted();
      const { amazonOrderId } = sighting;
      const known = seen.get(amazonOrderId);
      if (known && !isNews(known, sighting)) continue;
      const connectorId = known?.connectorId ?? (await connectorFor(connectors, sighting));
      if (!connectorId) continue;
      await orchestrator.tellOrder({ sellerId, amazonOrderId, connectorId }, { kind: 'sighting', sighting });
    }
  };
}

/** Whether an order that is known is told anything: overlapping windows tell most of it several times. */
function isNews({ sightedAt, isStale }: SeenOrder, { updatedAt }: OrderSighting): boolean {
  return isStale || sightedAt === null || Date.parse(updatedAt) > sightedAt.getTime();
}

/** One of which Amazon does not say the marketplace is anybody's. */
function isOfMarketplace({ config }: ConnectorDocument, { marketplaceId }: OrderSighting): boolean {
  return marketplaceId === undefined || requireMarketplace(config.amazon.country).id === marketplaceId;
}

/** As the order's own rules have it: orders that would only be ignored are not even begun. */
function isIgnored(connector: ConnectorDocument, { fulfilledBy, orderedAt }: OrderSighting): boolean {
  if (fulfilledBy === 'amazon') return true;
  const since = ordersHandledSince(connector);
  return orderedAt !== undefined && since !== null && Date.parse(orderedAt) < since.getTime();
}
