import { createHash } from 'node:crypto';
import type { BlockReason } from './listing';
import { isContentRefused, type LedgerEntry } from './ledger';
import { laneFor } from './listing-changes';

/** What of an entry tells whether its verdict stands; the whole of it is some hundred times as large. */
export type SettledFacts = Pick<
  LedgerEntry,
  | 'state'
  | 'lane'
  | 'hasPlace'
  | 'verdict'
  | 'feed'
  | 'wantedHashes'
  | 'sentHashes'
  | 'refusedHashes'
  | 'heldBackPrice'
  | 'approvedPrice'
  | 'fingerprint'
  | 'judgedBy'
>;

/**
 * To be raised when the rules, the built-in mapping or the families say something else of the same item than before: every
 * SKU is judged anew then, and else within {@link STANDS_FOR_MS}.
 */
const RULES_VERSION = 1;

/** After so long a SKU is judged anew although nothing has changed; the SKUs of a catalogue are spread over the time. */
const STANDS_FOR_MS = 7 * 24 * 3_600_000;

/** What all verdicts of a run go by, besides the SKUs themselves. */
interface JudgementBasis {
  configVersion: number;
  /** The whole configuration, as the run uses it. */
  config: unknown;
  /** The versions of mappings and assignments. */
  mappings: readonly string[];
}

/** The basis as a short hash; of equal bases the same. */
export function basisOf({ configVersion, config, mappings }: JudgementBasis): string {
  return shortHash([RULES_VERSION, configVersion, config, mappings]);
}

/**
 * What an entry keeps to tell what it was judged by: the product type, and a hash of the rest.
 *
 * @param definition - tells one version of the type's definition from another; undefined where there is no type.
 * @param fingerprint - of the item, 64 hex digits.
 */
export function judgedByOf(
  basis: string,
  productType: string,
  definition: string | undefined,
  fingerprint: string,
  now: Date
): string {
  const share = Number.parseInt(fingerprint.slice(0, 8), 16) / 2 ** 32;
  const term = Math.floor(now.getTime() / STANDS_FOR_MS + share);
  return `${productType}:${shortHash([basis, definition ?? '', term])}`;
}

/** The product type in what {@link judgedByOf} made; empty where there is none. */
export function productTypeIn(judgedBy: string): string {
  return judgedBy.slice(0, judgedBy.lastIndexOf(':'));
}

/** Reasons that are the item's own and the configuration's, and no other SKU's. */
const OWN_REASONS: readonly (BlockReason | string)[] = ['kit', 'inactive', 'status'] satisfies BlockReason[];
/** The same, where no expression is evaluated: one that took too long may be quicker the next time. */
const OWN_REASONS_OF_DATA: readonly (BlockReason | string)[] = ['invalid', 'unmapped'] satisfies BlockReason[];

/**
 * Whether judging an entry anew by the same item and the same basis would change nothing of it: there is nothing to be sent
 * of it or waited for, and nothing that a person, Amazon or another SKU has decided about it may have changed since.
 *
 * A price that was let through or held back is looked at anew (B12), and so is everything that was sent and is held back now.
 *
 * @param hasMappings - whether the connector has mappings or assignments of its own.
 */
export function isAtRest(entry: SettledFacts, hasMappings: boolean): boolean {
  const { state, lane, feed, hasPlace, verdict, wantedHashes, sentHashes, heldBackPrice, approvedPrice } = entry;
  if (lane !== null || feed || heldBackPrice || approvedPrice) return false;
  if (state === 'blocked') {
    const isOwn = isIn(OWN_REASONS, verdict.blockReason);
    const isOfData = !hasMappings && isIn(OWN_REASONS_OF_DATA, verdict.blockReason);
    return verdict.kind === 'block' && (isOwn || isOfData) && !sentHashes && !hasPlace;
  }
  if ((verdict.kind !== 'sell' && verdict.kind !== 'pause') || !hasPlace || !wantedHashes) return false;
  if (state === 'rejected')
    return isContentRefused(entry) && (!sentHashes || sentHashes.quantity === wantedHashes.quantity);
  return isKnownAtAmazon(entry);
}

/** Whether Amazon has accepted all that a SKU or parent is to have, and refused none of it. */
export function isKnownAtAmazon(
  entry: Pick<SettledFacts, 'state' | 'lane' | 'wantedHashes' | 'sentHashes' | 'refusedHashes'>
): boolean {
  const { state, lane, wantedHashes, sentHashes } = entry;
  const isThere = state === 'submitted' || state === 'live' || state === 'paused' || state === 'not_visible';
  if (!isThere || lane !== null || !wantedHashes || isContentRefused(entry)) return false;
  return laneFor(wantedHashes, sentHashes) === null;
}

function isIn(reasons: readonly string[], reason: string | undefined): boolean {
  return reason !== undefined && reasons.includes(reason);
}

function shortHash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}
