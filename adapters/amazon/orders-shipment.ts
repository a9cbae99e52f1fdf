import { z } from 'zod';
import type { AmazonAccount } from '../../domain/ports/amazon';
import type { Shipment } from '../../domain/ports/orders';
import type { Transport } from './transport';

/** Tells Amazon of a parcel. The operation has stayed in v0 whatever version the orders are read by; its answer is empty. */
export async function confirmShipment(
  transport: Transport,
  account: AmazonAccount,
  amazonOrderId: string,
  marketplaceId: string,
  shipment: Shipment,
  signal: AbortSignal
): Promise<void> {
  const url = `${transport.baseUrl(account)}/orders/v0/orders/${encodeURIComponent(amazonOrderId)}/shipmentConfirmation`;
  const { packageReferenceId, carrierCode, carrierName, trackingNumber, shippedAt, items } = shipment;
  await transport.call({
    account,
    operation: 'confirmShipment',
    about: 'account',
    answer: z.unknown(),
    signal,
    send: (options) =>
      transport.http.post(
        url,
        {
          marketplaceId,
          packageDetail: {
            packageReferenceId,
            carrierCode,
            ...(carrierName !== undefined && { carrierName }),
            trackingNumber,
            shipDate: shippedAt,
            orderItems: items.map(({ orderItemId, units }) => ({ orderItemId, quantity: units })),
          },
        },
        options
      ),
  });
}
