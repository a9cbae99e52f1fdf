import type { SourceStock } from '../../domain/catalog-item';
import { moneyFromHundredths, moneyFromUnits, type Money } from '../../domain/money';
import type { VtexClient } from './client';
import { freeIn, readInventory } from './inventory';
import { computedPrice, simulation, type Simulation } from './wire';

/** The store itself; others are marketplace sellers in it. */
const OWN_SELLER = '1';

/** VTEX writes 1,000,000 or 2,147,483,647 as the quantity of an SKU that is unlimited. */
const UNLIMITED_FROM = 1_000_000;

/** What checkout would offer of one SKU. */
export interface SimulatedOffer {
  /** Price of one, in hundredths. */
  hundredths?: number;
  sellable: boolean;
  /** Units over all warehouses, where the store says so. */
  stockBalance?: number;
  services: { name: string; estimate: string }[];
}

export interface Destination {
  postalCode: string;
  /** ISO 3166 alpha-3. */
  country: string;
}

export interface Offers {
  /** SKUs that cannot be sold are absent. */
  simulate(skuIds: readonly string[], signal: AbortSignal, to?: Destination): Promise<Map<string, SimulatedOffer>>;
  /**
   * The price of one before promotions; undefined for a SKU without one.
   *
   * @param unitMultiplier - measurement units that one holds: the price is registered for one of them.
   */
  listedPrice(skuId: string, unitMultiplier: number, signal: AbortSignal): Promise<Money | undefined>;
  simulatedPrice(offer: SimulatedOffer): Money | undefined;
  /** Total less reserved, over all warehouses. */
  inventoryOf(skuId: string, signal: AbortSignal): Promise<SourceStock>;
}

/** Prices and stock: checkout counts in hundredths, pricing in units of the currency. */
export function createOffers(
  client: VtexClient,
  channel: { salesChannel: string; affiliateId: string; currency: string }
): Offers {
  const { salesChannel, affiliateId, currency } = channel;
  const query = new URLSearchParams({ sc: salesChannel, affiliateId }).toString();

  return {
    async simulate(skuIds, signal, to) {
      const answer = await client.read(
        {
          operation: 'simulate prices and stock',
          needs: 'checkout',
          method: 'POST',
          host: 'store',
          path: `/api/checkout/pub/orderForms/simulation?${query}`,
          body: { items: skuIds.map((id) => ({ id, quantity: 1, seller: OWN_SELLER })), ...to },
        },
        simulation,
        signal
      );
      return offersById(answer, skuIds);
    },

    simulatedPrice: ({ hundredths }) =>
      hundredths === undefined ? undefined : moneyFromHundredths(hundredths, currency),

    async listedPrice(skuId, unitMultiplier, signal) {
      const price = await client.find(
        {
          operation: 'read price',
          needs: 'pricing',
          method: 'GET',
          host: 'pricing',
          path: `/pricing/prices/${encodeURIComponent(skuId)}/computed/${encodeURIComponent(salesChannel)}`,
        },
        computedPrice,
        signal
      );
      const units = price?.sellingPrice;
      if (units === undefined || units === null) return undefined;
      // Twelve digits: 19.99 times 2.5 is 49.975, where a multiplication gives 49.974999999999994.
      return moneyFromUnits(Number((units * unitMultiplier).toPrecision(12)), currency);
    },

    async inventoryOf(skuId, signal) {
      const balance = await readInventory(client, skuId, signal);
      const units = balance.reduce((sum, each) => sum + freeIn(each), 0);
      return units === Infinity ? { kind: 'unlimited' } : stockOfUnits(units);
    },
  };
}

/** Units as stock; VTEX's fillers for "unlimited" are recognised. */
export function stockOfUnits(units: number): SourceStock {
  return units >= UNLIMITED_FROM ? { kind: 'unlimited' } : { kind: 'units', units: Math.max(0, Math.trunc(units)) };
}

/** By id, never by position: what cannot be sold is missing, and what comes may come in another order. */
function offersById(answer: Simulation, asked: readonly string[]): Map<string, SimulatedOffer> {
  const offers = new Map<string, SimulatedOffer>();
  const wanted = new Set(asked);
  const logistics = logisticsByItem(answer);
  answer.items.forEach((item, index) => {
    if (!wanted.has(item.id) || offers.has(item.id)) return;
    const about = logistics.get(index);
    const sellable = (item.availability ?? 'available') === 'available';
    offers.set(item.id, {
      hundredths: hundredthsOf(item, sellable),
      sellable,
      stockBalance: about?.stockBalance ?? undefined,
      services: (about?.slas ?? []).map((sla) => ({
        name: sla.name ?? sla.id ?? 'Delivery',
        estimate: sla.shippingEstimate ?? '',
      })),
    });
  });
  return offers;
}

/**
 * The definition's total is what the one that was asked for really costs; without stock nothing was priced in total.
 * `sellingPrice` is of one, with a rounding error where it holds several measurement units or a part of one; `price` is of
 * one measurement unit. A price of 0 is none.
 */
function hundredthsOf(item: Simulation['items'][number], sellable: boolean): number | undefined {
  const { priceDefinition, sellingPrice, price, unitMultiplier } = item;
  const total = sellable ? priceDefinition?.total : undefined;
  const ofOne = typeof price === 'number' ? Math.round(price * (unitMultiplier ?? 1)) : undefined;
  return [total, priceDefinition?.calculatedSellingPrice, sellingPrice, ofOne].find(
    (each): each is number => typeof each === 'number' && each > 0
  );
}

type Logistics = NonNullable<Simulation['logisticsInfo']>[number];

/**
 * Logistics by position in `items`. `itemIndex` names that position; where items are missing it has been seen to name the
 * request's, which is told by an index that no position has.
 */
function logisticsByItem({ items, logisticsInfo }: Simulation): Map<number, Logistics> {
  const all = logisticsInfo ?? [];
  const isByRequest = all.some(({ itemIndex }) => itemIndex >= items.length);
  const positions = new Map(items.map((item, position) => [item.requestIndex ?? position, position]));
  return new Map(
    all.flatMap((each): [number, Logistics][] => {
      const position = isByRequest ? positions.get(each.itemIndex) : each.itemIndex;
      return position === undefined ? [] : [[position, each]];
    })
  );
}
