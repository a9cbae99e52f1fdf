import type { Money } from '../money';
import type { OrderSighting } from '../orders/order';
import type { AmazonAccount } from './amazon';

/** One page of the orders that changed. */
export interface OrdersPage {
  orders: OrderSighting[];
  /** Takes the next page; null after the last. Dies after 24 hours, and asks for the same window: keep the window beside it. */
  nextPage: string | null;
  /**
   * ISO 8601: everything that changed before this moment is in this window's pages. The watermark of the next window, moved once
   * all pages are handled; null where Amazon leaves it out: then the watermark is the moment the first page was asked for, less
   * two minutes.
   */
  completeBefore: string | null;
}

/**
 * What the store needs to know of an order to place it. **Personal data**: it is read from Amazon and handed to the store within one
 * activity, and never kept, logged, put into an error or carried by a workflow.
 */
export interface OrderRecipient {
  /** Of the buyer; the relayed address that Amazon gives, where it gives one. */
  buyerName?: string;
  buyerEmail?: string;
  /** Of who receives it. */
  name?: string;
  phone?: string;
  /** At most three lines, as Amazon has them. */
  addressLines: string[];
  city?: string;
  district?: string;
  stateOrRegion?: string;
  postalCode: string;
  /** ISO 3166 alpha-3. */
  country: string;
}

/** A parcel that has left the merchant (B20). */
export interface Shipment {
  /** The merchant's number for the parcel, unique in the order: the same number again corrects the first. */
  packageReferenceId: string;
  /** Amazon's code for the carrier; `Other` for one without. */
  carrierCode: string;
  /** Required by Amazon where the code is `Other`. */
  carrierName?: string;
  trackingNumber: string;
  /** ISO 8601, not in the future. */
  shippedAt: string;
  items: { orderItemId: string; units: number }[];
}

/**
 * Orders of one Amazon account: Orders API 2026-01-01, and v0 behind the same words. Each call waits for the limiter first (1
 * search per 180 s after 20 at once, 1 `get` per 2 s after 30). Throws `OutsideError`.
 */
export interface AmazonOrders {
  /**
   * One page of the orders of the account's marketplaces that changed after a moment, merchant's and Amazon's alike. What Amazon
   * leaves out or refuses to say is missing from the sightings: status and shipper where a region refuses `FULFILLMENT`, lines with v0.
   * A sighting without status or lines is completed by `get`.
   *
   * @param window.updatedAfter - ISO 8601, the same for every page of a window.
   * @param window.updatedBefore - likewise, and at least two minutes ago; as far as Amazon can tell where it is left out.
   * @param page - `nextPage` of the page before; null for the first.
   */
  search(
    account: AmazonAccount,
    window: { updatedAfter: string; updatedBefore?: string; marketplaceIds: readonly string[] },
    page: string | null,
    signal: AbortSignal
  ): Promise<OrdersPage>;
  /** The order with its lines, and everything that Amazon tells without personal data. Undefined when Amazon knows no such order. */
  get(account: AmazonAccount, amazonOrderId: string, signal: AbortSignal): Promise<OrderSighting | undefined>;
  /**
   * The order as `get`, its whole price, and to whom it goes. Only for an order that may be shipped: before that Amazon tells nothing
   * of it. With v0 by a restricted data token.
   *
   * @throws OutsideError `auth.forbidden` where the application lacks the role for addresses; `transient` where an address is
   *   missing that ought to be there.
   */
  getToPlace(
    account: AmazonAccount,
    amazonOrderId: string,
    signal: AbortSignal
  ): Promise<{ sighting: OrderSighting; total?: Money; recipient: OrderRecipient } | undefined>;
  /** B20. Safe to repeat with the same `packageReferenceId`. */
  confirmShipment(
    account: AmazonAccount,
    amazonOrderId: string,
    marketplaceId: string,
    shipment: Shipment,
    signal: AbortSignal
  ): Promise<void>;
}
