import type { Owner } from './errors';

/** Every state a SKU can be in. A run never ends with a SKU in none of them. */
export const LISTING_STATES = [
  'pending',
  'submitted',
  'live',
  'paused',
  'rejected',
  'retrying',
  'not_visible',
  'blocked',
  'removed',
] as const;
export type ListingState = (typeof LISTING_STATES)[number];

/** What each state means, for people. */
export const STATE_MEANINGS: Record<ListingState, string> = {
  pending: 'has something to send',
  submitted: 'accepted by Amazon, not seen there yet',
  live: 'seen at Amazon, for sale',
  paused: 'seen at Amazon with quantity 0, because stock is below the minimum',
  rejected: 'refused by Amazon; waits for a change in the catalogue',
  retrying: 'failed for a passing reason; is tried again by itself',
  not_visible: 'accepted by Amazon, and not seen there in the time allowed',
  blocked: 'held back by a rule',
  removed: 'no longer in the assortment; its quantity at Amazon is 0',
};

export type StateCounts = Record<ListingState, number>;

export function emptyCounts(): StateCounts {
  return Object.fromEntries(LISTING_STATES.map((state) => [state, 0])) as StateCounts;
}

/** Why a rule of ours holds a SKU back. */
export const BLOCK_REASONS = [
  'kit',
  'over_limit',
  'inactive',
  'status',
  'invalid',
  'unmapped',
  'unreadable',
  'duplicate_sku',
  'parent',
] as const;
export type BlockReason = (typeof BLOCK_REASONS)[number];

/** One thing that keeps a SKU from being sold, or that a person should know. */
export interface ListingProblem {
  /** Stable: a block reason, a failure code, or `amazon.<code>`. */
  code: string;
  message: string;
  severity: 'error' | 'warning' | 'info';
  owner: Owner;
  /** Amazon's attribute names, where it names some. */
  attributes?: string[];
  /** The rule of Amazon's definition that is broken: `required`, `enum`, `maxUtf8ByteLength`. */
  rule?: string;
  /** The value that breaks it, shortened. */
  value?: string;
}

/** The values of one listing that Amazon is to have, in Amazon's own shapes. */
export interface AmazonAttributes {
  [attribute: string]: Record<string, unknown>[];
}

/** What is to be sent for one SKU, in three parts that change for different reasons. */
export interface WantedListing {
  productType: string;
  requirements: 'LISTING' | 'LISTING_PRODUCT_ONLY' | 'LISTING_OFFER_ONLY';
  /** Everything but price and quantity. */
  details: AmazonAttributes;
  /** `purchasable_offer`, absent when no price is sent (V11). */
  price?: AmazonAttributes;
  /** `fulfillment_availability`, absent for LISTING_PRODUCT_ONLY. */
  quantity?: AmazonAttributes;
}

/** Hashes of the three parts; a part that is not sent has none. */
export interface ListingHashes {
  details: string;
  price?: string;
  quantity?: string;
}

/** What the rules decide about a SKU, with their reasons. */
export type Verdict =
  | { kind: 'sell'; wanted: WantedListing; quantity: number; reasons: string[] }
  | { kind: 'pause'; wanted: WantedListing; quantity: 0; reasons: string[] }
  | {
      kind: 'block';
      reason: BlockReason;
      problems: ListingProblem[];
      /**
       * What happens to a listing that was sent before: `stop-selling` sets its quantity to 0, `leave` touches nothing
       * (V13: kits stay as they are).
       */
      ifSent: 'stop-selling' | 'leave';
      /**
       * The quantity of a listing that was sent before and is left there while its data waits to be mended: its stock goes on
       * changing, and only content waits (S11). Absent where nothing at all is touched.
       */
      quantityIfSent?: number;
      reasons: string[];
    };

/** V13, word for word. Source: the VTEX connector's documentation. */
export const KIT_NOT_SENT = 'The connector is configured not to send SKUs of the Kit type';

/**
 * V16. Whether a SKU counts as integrated: it is at Amazon, and so is its product's parent.
 *
 * @param parent - the parent's state; undefined for a SKU that stands alone.
 */
export function isIntegrated(state: ListingState, parent?: ListingState): boolean {
  const isThere = (each: ListingState): boolean => each === 'live' || each === 'paused';
  return isThere(state) && (parent === undefined || isThere(parent));
}

/** V16: how an integrated SKU is shown. */
export function displayCode(sku: string, integrated: boolean): string {
  return integrated ? `${sku}p` : sku;
}
