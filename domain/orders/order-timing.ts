/** All in milliseconds. */
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The part of a hold's real life after which a new one is made. */
export const RENEW_AFTER = 0.8;

/** A hold that lives no longer is none: it could not be renewed in time. */
export const SHORTEST_LIFE = 15 * SECOND;

/** How long a request without an answer may still take effect: a hold, and an order, which the store makes in its own time. */
export const HOLD_SETTLES_IN = 5 * MINUTE;
export const PLACEMENT_SETTLES_IN = HOUR;

/** Without a result for so long an order is placed anew, after a look whether the store has it. */
export const RESULT_OVERDUE_AFTER = HOUR;

/** What may pass by itself is told to people when it has lasted so long; what does not, at once. */
export const TELL_AFTER = 30 * MINUTE;

/** An invoice without a tracking number is told to people after so long: by then Amazon counts a shipment as late. */
export const TRACKING_OVERDUE_AFTER = 24 * HOUR;

export interface Pauses {
  first: number;
  most: number;
}

/** Between two tries; they double. The first ones of a hold are short, because the one before it expires soon. */
export const PAUSES = {
  /** Amazon, when the order could not be read or was told in part. */
  look: { first: 30 * SECOND, most: 30 * MINUTE },
  /** The store, when it did not answer. */
  outage: { first: 5 * SECOND, most: 15 * MINUTE },
  /** The store has too little stock, or nobody delivers: somebody has to do something. */
  short: { first: 5 * MINUTE, most: HOUR },
  /** The store refuses the order. */
  refused: { first: 5 * MINUTE, most: 6 * HOUR },
  /** The result of a placement or an approval, when no call has brought it. */
  result: { first: 2 * MINUTE, most: 15 * MINUTE },
  /** A SKU that the ledger does not know. */
  unknownSku: { first: 10 * MINUTE, most: 6 * HOUR },
} as const satisfies Record<string, Pauses>;

/** The pause after so many tries, 1 or more. */
export function pauseAfter(tries: number, { first, most }: Pauses): number {
  return Math.min(most, first * 2 ** Math.min(tries - 1, 20));
}
