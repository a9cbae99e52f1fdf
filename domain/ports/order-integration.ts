import type { Money } from '../money';
import type { OrderRecipient } from './orders';
import type { StockUnits } from './reservations';

/** An order of Amazon's as it is placed in the store. Holds personal data: see {@link OrderRecipient}. */
export interface OrderToPlace {
  /** Amazon's order id. The store knows one order of this number at most. */
  marketplaceOrderId: string;
  /** Kits as themselves, not as their parts. */
  lines: (StockUnits & {
    /** Price of one, as Amazon sold it. */
    unitPrice: Money;
  })[];
  /** What the buyer paid in all; the sum of the lines where Amazon does not say. */
  total: Money;
  recipient: OrderRecipient;
}

/**
 * A code of the store's order integration: SOI001 integrated, SOI002 approved, SOI003 taken on, EOI000 to EOI011 errors. Any other
 * text the store may come up with is kept as it is; `domain/orders/placement-codes.ts` says what each means.
 */
export type PlacementCode = string;

/** The store's first answer: it works on its own time, and tells the result by a call to our hook, or when asked. */
export type PlacementAnswer =
  | { kind: 'accepted' }
  /** Refused at once; `said` in its words, without secrets or personal data. */
  | { kind: 'refused'; code: PlacementCode; said: string };

/** A processing result, as it comes to `…/order-integration/notification/processing-result`: late, repeated, in any order. */
export interface PlacementResult {
  marketplaceOrderId: string;
  code: PlacementCode;
  /** What the store says in words, without personal data. */
  said: string;
  /** The store's own number of the order, with SOI001. */
  storeOrderId?: string;
}

/** An order in the store that came from Amazon. */
export interface StoreOrder {
  /** What `cancel` takes: `<affiliate>-<marketplaceOrderId>`, or the store's main order number. */
  storeOrderId: string;
  /**
   * `created`: in the store, payment not approved yet. `approved`: to be handled. `invoiced`: billed, in part or whole, and no longer to
   * be cancelled.
   */
  state: 'created' | 'approved' | 'invoiced' | 'canceled';
  /** Parcels that the store has invoiced (B20), in its order; returns are none. */
  parcels: StoreParcel[];
}

/** A parcel of a store's order (B20). */
export interface StoreParcel {
  invoiceNumber: string;
  /** Absent until the store has it, which may be long after the invoice. */
  trackingNumber?: string;
  /** The carrier in the store's words. */
  carrier?: string;
  /** ISO 8601. */
  shippedAt: string;
  /** Kits as themselves. Empty where the invoice does not name its items. */
  units: StockUnits[];
}

/**
 * The store's order integration (VTEX: place, approve, processing results). Throws `OutsideError`; after a throw of `place` the order may
 * have come to be, and may still come to be.
 */
export interface OrderIntegration {
  /**
   * Places the order as new: the store makes its own reservation for it. Never retried inside: who may have called it before calls
   * `find` first. A second one for a known number changes nothing and is refused as a duplicate, at once or in the result (EOI007).
   */
  place(order: OrderToPlace, signal: AbortSignal): Promise<PlacementAnswer>;
  /** Tells the store that the order is paid. Safe to repeat. */
  approve(marketplaceOrderId: string, signal: AbortSignal): Promise<PlacementAnswer>;
  /** The order of this number in whatever state; undefined when the store has none (yet). */
  find(marketplaceOrderId: string, signal: AbortSignal): Promise<StoreOrder | undefined>;
  /**
   * Takes the order back; the store lets its reservation go. Safe to repeat on one that is cancelled.
   *
   * @returns `refused` where the store no longer can, e.g. because it is invoiced; `said` in its words.
   */
  cancel(
    storeOrderId: string,
    reason: string,
    signal: AbortSignal
  ): Promise<{ kind: 'canceled' } | { kind: 'refused'; said: string }>;
}
