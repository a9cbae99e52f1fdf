import type { Money } from '../money';

/**
 * Where Amazon is with an order, one vocabulary for both Orders APIs and for notices. `pending`: payment is not authorised, and
 * nothing may be shipped. `unfulfillable` exists for orders of Amazon's own warehouses only.
 */
export const ORDER_STATUSES = [
  'pending_availability',
  'pending',
  'unshipped',
  'partially_shipped',
  'shipped',
  'canceled',
  'unfulfillable',
] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

/** Who ships: the merchant (MFN, `MERCHANT`), or Amazon from its own warehouses (AFN, `AMAZON`). */
export type FulfilledBy = 'merchant' | 'amazon';

/** One line of an Amazon order. All quantities are units of the SKU. */
export interface OrderItem {
  orderItemId: string;
  /** The seller's SKU; absent where Amazon does not say. */
  sku?: string;
  /** What was ordered in the beginning. It does not change when a part is cancelled, where Amazon tells the two apart. */
  ordered: number;
  /** Of these, cancelled: never to be shipped. */
  canceled: number;
  /** Of these, shipped. */
  shipped: number;
  /** Price of one; absent on most Pending orders, and not final there. */
  unitPrice?: Money;
}

/** Where an order goes, as far as it matters for stock and delivery. No other part of an address is ever kept. */
export interface Destination {
  postalCode: string;
  /** ISO 3166 alpha-3. */
  country: string;
}

/**
 * What Amazon said about an order at one moment: a page of the poll, a reading of the order alone, or a notice. Anything but
 * the id and the time may be missing. They come repeated and in any order.
 */
export interface OrderSighting {
  amazonOrderId: string;
  /**
   * `poll`: found by a search. `order`: the order was read alone. `notice`: an ORDER_CHANGE, which tells what happened and knows
   * nothing of cancelled or shipped units.
   */
  from: 'poll' | 'order' | 'notice';
  /** ISO 8601. Amazon's last update of the order; of a notice the time of the change, else of the event. */
  updatedAt: string;
  /** ISO 8601. When the buyer ordered. */
  orderedAt?: string;
  marketplaceId?: string;
  /** Missing where Amazon left it out, e.g. in a region that refuses `includedData=FULFILLMENT`. */
  status?: OrderStatus;
  fulfilledBy?: FulfilledBy;
  /** Amazon's own names, e.g. `PRIME`, `BUSINESS`; empty when it names none. */
  programs?: string[];
  /** Missing where the answer holds none, as in v0's list of orders. All lines when present. */
  items?: OrderItem[];
  /** Missing while Amazon does not tell; never before the order is Unshipped in v0. */
  destination?: Destination;
}

/** Every spelling that Amazon uses, in lower case without underscores. Source: the models of both Orders APIs. */
const SPELLINGS: Record<string, OrderStatus> = {
  pendingavailability: 'pending_availability',
  pending: 'pending',
  unshipped: 'unshipped',
  partiallyshipped: 'partially_shipped',
  shipped: 'shipped',
  // v0: everything is shipped, and the invoice is not confirmed yet.
  invoiceunconfirmed: 'shipped',
  canceled: 'canceled',
  cancelled: 'canceled',
  unfulfillable: 'unfulfillable',
};

/** The status behind Amazon's spelling, be it `Canceled`, `CANCELLED` or `PartiallyShipped`; undefined for one unknown to us. */
export function orderStatusOf(spelling: string): OrderStatus | undefined {
  return SPELLINGS[spelling.toLowerCase().replaceAll('_', '')];
}

/** Who ships, from `MFN`, `AFN`, `MERCHANT` or `AMAZON` in any casing; undefined for anything else. */
export function fulfilledByOf(spelling: string): FulfilledBy | undefined {
  const name = spelling.toUpperCase();
  if (name === 'MFN' || name === 'MERCHANT') return 'merchant';
  return name === 'AFN' || name === 'AMAZON' ? 'amazon' : undefined;
}

/** Units of a line that are still to be shipped. */
export function openUnits({ ordered, canceled, shipped }: OrderItem): number {
  return Math.max(0, ordered - canceled - shipped);
}
