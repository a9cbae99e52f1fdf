import type { ProblemCode } from './order-problems';

/** What a code of the store's order integration means for an order. */
export interface PlacementCodeMeaning {
  means:
    | 'created'
    | 'approved'
    /** Taken on, or not done yet: the result is to come. */
    | 'wait'
    /** The store has an order of this number. */
    | 'duplicate'
    | 'no_stock'
    | 'not_approved'
    | 'refused';
  /** One plain sentence for a person. */
  sentence: string;
  /** What a person should do; it is tried again by itself meanwhile. */
  action: string;
}

/**
 * A code of ours in place of one of the store's: found out before the order is sent. It is a problem of its own, and nothing is short: the
 * hold stays, and the units stay on sale.
 */
export const NO_DELIVERY = 'no_delivery' satisfies ProblemCode;

const BY_ITSELF = 'Nothing for now: it is tried again by itself. If it stays, look at the order in the store.';

/** Source: the result codes of VTEX's order integration. */
const CODES: Record<string, PlacementCodeMeaning> = {
  SOI001: { means: 'created', sentence: 'The store has the order.', action: 'Nothing.' },
  SOI002: { means: 'approved', sentence: 'The store has approved the order.', action: 'Nothing.' },
  SOI003: { means: 'wait', sentence: 'The store works on the order.', action: 'Nothing.' },
  EOI002: {
    means: 'no_stock',
    sentence: 'The store has no stock for the order, or nobody delivers it to its address.',
    action: 'Bring stock in or add a carrier for the address; or cancel the order at Amazon.',
  },
  EOI003: {
    means: 'refused',
    sentence: "The store refuses the order because Amazon's price is too far from its own.",
    action:
      "Allow the difference in the store's price divergence rules, or authorise the order there, then press retry.",
  },
  EOI004: {
    means: 'refused',
    sentence: 'The store cannot put these items into one cart.',
    action: 'See that each SKU of the order is active and has a price in the sales channel, then press retry.',
  },
  EOI005: {
    means: 'refused',
    sentence: 'The store finds data of the order not valid.',
    action: 'Correct what the message names, then press retry; or enter the order by hand and press release.',
  },
  EOI006: { means: 'refused', sentence: 'The store asks to send the order later.', action: BY_ITSELF },
  EOI007: { means: 'duplicate', sentence: 'The store has an order of this number.', action: 'Nothing.' },
  EOI008: {
    means: 'not_approved',
    sentence: 'The store cannot approve the order.',
    action: 'Approve it in the store.',
  },
  EOI009: {
    means: 'not_approved',
    sentence: 'The store cannot approve the order.',
    action: 'Approve it in the store.',
  },
  EOI010: { means: 'refused', sentence: 'The store took too long with the order.', action: BY_ITSELF },
  EOI011: { means: 'wait', sentence: 'The order waits for its seller in the store.', action: 'Nothing.' },
};

/** EOI000, EOI001 and what VTEX may add. */
const UNKNOWN: PlacementCodeMeaning = {
  means: 'refused',
  sentence: 'The store could not take the order.',
  action: 'See what the message says and correct it, then press retry; or enter the order by hand and press release.',
};

export function meaningOf(code: string): PlacementCodeMeaning {
  return CODES[code] ?? UNKNOWN;
}
