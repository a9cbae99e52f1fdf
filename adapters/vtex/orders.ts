import type { OrderIntegration } from '../../domain/ports/order-integration';
import type { StockReservations } from '../../domain/ports/reservations';
import { createVtexClient, type VtexClientOptions } from './client';
import { createOrderIntegration } from './order-integration';
import type { Connector } from './order-request';
import { createReservations } from './reservations';

export interface VtexOrdersOptions extends VtexClientOptions {
  /** The trade policy that orders are placed in, as text. */
  salesChannel: string;
  affiliateId: string;
  connector: Connector;
}

/** What one VTEX store does with orders of Amazon's: it holds stock for them, and takes them. */
export function createVtexOrders(options: VtexOrdersOptions): {
  reservations: StockReservations;
  integration: OrderIntegration;
} {
  const client = createVtexClient(options);
  return { reservations: createReservations(client, options), integration: createOrderIntegration(client, options) };
}
