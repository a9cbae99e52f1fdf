import { orderPolicyOf } from '../../domain/orders/order-policy';
import type { OrderPolicy } from '../../domain/orders/order-state';
import { ordersHandledSince, type ConnectorDocument } from '../../models/connectors';
import { stateOf, type OrderDocument } from '../../models/orders';

/**
 * What a connector wants done with an order. One that is known goes on by the moment that it was begun with: orders that are handled do
 * not become somebody else's because their connector was without a ZIP code for a while.
 */
export function policyFor(connector: ConnectorDocument, known?: OrderDocument): OrderPolicy {
  const since = known ? stateOf(known).policy.activatedAt : (ordersHandledSince(connector)?.getTime() ?? 0);
  return { ...orderPolicyOf(connector), activatedAt: since };
}
