import type { Destination } from '../../domain/orders/order';
import type { StockUnits } from '../../domain/ports/reservations';
import type { VtexClient } from './client';
import { deliverySimulation, type DeliverySimulation } from './order-wire';

/** The store itself; others are marketplace sellers in it. */
const OWN_SELLER = '1';

type Logistics = NonNullable<DeliverySimulation['logisticsInfo']>[number];
export type Sla = NonNullable<Logistics['slas']>[number];

/** What checkout would say of one line of an order. */
export interface LineDelivery {
  sourceId: string;
  wanted: number;
  /** False: not in the answer, without stock, or with less than what is wanted. */
  isThere: boolean;
  /** Units that there are, where the store says so. */
  available?: number;
  /** Price of one in hundredths. */
  price?: number;
  /** The cheapest delivery; absent where nobody delivers. */
  sla?: Sla;
}

/** Asks whether all lines are there together, and how they would get to a place. */
export async function simulateDelivery(
  client: VtexClient,
  channel: { salesChannel: string; affiliateId: string },
  lines: readonly StockUnits[],
  to: Destination,
  signal: AbortSignal
): Promise<LineDelivery[]> {
  const query = new URLSearchParams({ sc: channel.salesChannel, affiliateId: channel.affiliateId }).toString();
  const answer = await client.read(
    {
      operation: 'simulate delivery',
      needs: 'checkout',
      method: 'POST',
      host: 'store',
      path: `/api/checkout/pub/orderForms/simulation?${query}`,
      body: {
        items: lines.map(({ sourceId, units }) => ({ id: sourceId, quantity: units, seller: OWN_SELLER })),
        postalCode: to.postalCode,
        country: to.country,
      },
    },
    deliverySimulation,
    signal
  );
  return lines.map((line, index) => deliveryOf(answer, line, index));
}

/** By id and never by position: what cannot be sold is missing. */
function deliveryOf({ items, logisticsInfo }: DeliverySimulation, line: StockUnits, index: number): LineDelivery {
  const { sourceId, units: wanted } = line;
  const position = items.findIndex((item) => item.id === sourceId && (item.requestIndex ?? index) === index);
  const item = items[position];
  if (!item) return { sourceId, wanted, isThere: false };
  const logistics = (logisticsInfo ?? []).find(({ itemIndex }) => itemIndex === position);
  const available = logistics?.stockBalance ?? undefined;
  const isEnough = available === undefined || available >= wanted;
  const sla = cheapest(logistics?.slas ?? []);
  return {
    sourceId,
    wanted,
    isThere: item.availability !== 'withoutStock' && isEnough,
    ...(available !== undefined && { available: Math.max(0, Math.trunc(available)) }),
    ...(typeof item.price === 'number' && { price: item.price }),
    ...(sla && { sla }),
  };
}

/** Amazon's buyers collect nothing. */
function cheapest(slas: readonly Sla[]): Sla | undefined {
  const delivered = slas.filter(({ deliveryChannel }) => (deliveryChannel ?? 'delivery') === 'delivery');
  return delivered.reduce<Sla | undefined>(
    (best, each) => (best === undefined || (each.price ?? 0) < (best.price ?? 0) ? each : best),
    undefined
  );
}
