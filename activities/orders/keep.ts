import type { OpenedOrder, OrderInput, OrderSave } from '../../domain/orders/order-record';
import { openedOf } from '../../models/orders';
import type { OrderDependencies } from './dependencies';
import { policyFor } from './policy';

/** Keeping orders in the database. */
export function keepingSteps({ connectors, orders }: Pick<OrderDependencies, 'connectors' | 'orders'>) {
  return {
    /** The order as it was kept, or a new one; null when its connector is gone. */
    async openOrder(input: OrderInput): Promise<OpenedOrder | null> {
      const kept = await orders.get(input.sellerId, input.amazonOrderId);
      const connector = await connectors.get(kept?.connectorId ?? input.connectorId);
      if (!connector) return null;
      const policy = policyFor(connector, kept);
      return openedOf(kept ?? (await orders.open(input, policy)), policy);
    },

    async saveOrder({ sellerId, amazonOrderId, save }: OrderInput & { save: OrderSave }): Promise<void> {
      await orders.save(sellerId, amazonOrderId, save);
    },
  };
}
