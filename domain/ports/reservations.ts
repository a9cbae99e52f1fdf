import type { Destination } from '../orders/order';

/** Units of one SKU of the store. */
export interface StockUnits {
  /** The source's id of the SKU. */
  sourceId: string;
  units: number;
}

/** What one line of an order takes from the store. */
export interface HoldLine extends StockUnits {
  /** Of a kit, what **one** kit takes: these are held, units of the line times units of the part, and not the kit, which has no stock. */
  parts?: StockUnits[];
}

/** Stock to be held for one order. */
export interface HoldRequest {
  /** `<affiliate>-<amazonOrderId>`, with `-2`, `-3` … for the order's later holds. Names the hold in the store; never used for two holds. */
  lockId: string;
  /** One entry a SKU: no `sourceId` twice. */
  lines: HoldLine[];
  destination: Destination;
  /** The life to ask for, in seconds. The store may grant less. */
  askedSeconds: number;
}

/**
 * A hold as the store has it. `held` keeps stock until `expiresAt`; `confirmed` keeps it without end; `canceled` and `expired` keep none.
 * One that the store has not committed yet counts as held.
 */
export interface StockHold {
  lockId: string;
  state: 'held' | 'confirmed' | 'canceled' | 'expired';
  /** ISO 8601; null for one without end. What the store answers, never what was asked for. */
  expiresAt: string | null;
  /**
   * What it keeps, added up by SKU: parts in place of kits, all warehouses together, sorted by `sourceId`. Empty when the store
   * does not say.
   */
  units: StockUnits[];
}

/** What came of a request for a hold. */
export type HoldAnswer =
  | { kind: 'held'; hold: StockHold }
  /** Nothing is held: the store has not enough of these, as far as it tells which. */
  | { kind: 'short'; missing: { sourceId: string; wanted: number; available?: number }[] }
  /** Nothing is held: nobody delivers these there (no SLA). */
  | { kind: 'undeliverable'; sourceIds: string[] }
  /** A hold with this lockId exists already, living or dead: ask for it with `find`. Nothing new is held. */
  | { kind: 'taken' }
  /** Nothing is held, for a reason of the store's (`IsSucess: false`); `said` in its words, without secrets or personal data. */
  | { kind: 'refused'; said: string };

/**
 * Stock held at the store for orders that are not placed there yet. Throws `OutsideError`; after a throw of `reserve` a hold may
 * exist, and may still come to be for a short while.
 */
export interface StockReservations {
  /**
   * Asks by a simulation whether all lines are there and can be delivered, then makes one hold for all of them or none, over as many
   * warehouses as the simulation says. **Not idempotent**, and never retried inside: who may have called it before with this
   * lockId calls `find` first.
   */
  reserve(request: HoldRequest, signal: AbortSignal): Promise<HoldAnswer>;
  /** The hold of this name in whatever state; undefined when the store knows none. */
  find(lockId: string, signal: AbortSignal): Promise<StockHold | undefined>;
  /**
   * Lets a hold go. Safe to repeat, also on one that has expired.
   *
   * @returns `released` when it keeps no stock any more, whoever let it go; `absent` when the store knows none of this name.
   */
  release(lockId: string, signal: AbortSignal): Promise<'released' | 'absent'>;
}
