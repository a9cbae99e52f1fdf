import { readOrderChange } from '../../domain/orders/order-change';
import type { OrderSighting, OrderStatus } from '../../domain/orders/order';
import { watchesOrders } from '../../domain/orders/order-policy';
import { UnreadableNotification, type NotificationHandler } from '../../domain/ports/notifications';
import type { ConnectorStore } from '../../models/connectors';
import { sightingsHandedOn, type SightingDependencies } from '../orders/sightings';

export interface OrderChangeDependencies extends SightingDependencies {
  connectors: Pick<ConnectorStore, 'ofSeller'>;
}

/** What can be taken back when it turns out otherwise: stock is held, and Amazon is read before an order is placed. */
const BELIEVED: readonly (OrderStatus | undefined)[] = ['pending_availability', 'pending', 'unshipped'];

/** ORDER_CHANGE: hands what it says to the order, as the watch does. It only makes things sooner: the watch would find the same. */
export function orderChangeHandler(deps: OrderChangeDependencies): NotificationHandler {
  const handOn = sightingsHandedOn(deps);
  return async (notice) => {
    const { sellerId, sighting } = readOrderChange(notice);
    const connectors = await deps.connectors.ofSeller(sellerId);
    if (connectors.length === 0)
      throw new UnreadableNotification(
        `No connector is of the seller ${sellerId}: set one up and retry, or remove the subscription at Amazon.`
      );
    await handOn(sellerId, connectors.filter(watchesOrders), [asFarAsBelieved(sighting)]);
  };
}

/** An end stays one, and a notice alone is not enough for that: without its status and lines the order is read at Amazon. */
function asFarAsBelieved(sighting: OrderSighting): OrderSighting {
  if (BELIEVED.includes(sighting.status)) return sighting;
  const { status: _, items: __, ...rest } = sighting;
  return rest;
}
