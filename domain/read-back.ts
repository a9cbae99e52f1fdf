import {
  isContentRefused,
  isHeldBack,
  isQuantityAll,
  later,
  priceOf,
  quantityOf,
  resendsOf,
  seenOf,
  type LedgerChange,
  type LedgerEntry,
} from './ledger';
import type { ListingHashes, ListingProblem } from './listing';
import type { ListingSnapshot } from './ports/amazon';
import { isParent } from './variations';

/** The problem of a SKU that Amazon accepted and does not show, or not for sale. */
const NOT_VISIBLE = 'not_visible';
/** The problem of a SKU whose price or quantity at Amazon stays another one, however often it is sent. */
const DRIFT = 'drift';

/** So often the same price and quantity are sent again, before a person is told. */
export const MOST_RESENDS = 3;

/** How long a SKU that was seen, or was not seen in time, is left alone before it is looked at again, in seconds. */
export const LOOK_AGAIN_SECONDS = 86_400;

const WHERE_TO_LOOK =
  'Look it up in Seller Central under Inventory, Manage All Inventory, and open its listing issues: its ASIN may wait for ' +
  'approval, or its brand or category for a permission (Catalog, Selling Applications). It is looked for once a day.';

/**
 * The entry after Amazon's own listing of it was read (B1), be it for the answer to a submission or to see that it stays as
 * it is: `live`, `paused`, `rejected`, looked for again, `pending` to be sent again, or `not_visible`.
 *
 * @param snapshot - undefined when Amazon does not know the SKU.
 * @param verifyAfterSeconds - when a submitted SKU is looked for, in seconds since it was submitted.
 */
export function afterReadBack(
  entry: LedgerEntry,
  snapshot: ListingSnapshot | undefined,
  verifyAfterSeconds: readonly number[],
  now: Date
): LedgerChange {
  const looked: LedgerChange = snapshot
    ? { checks: entry.checks + 1, seen: seenOf(snapshot, now) }
    : { checks: entry.checks + 1 };
  const errors = snapshot?.problems.filter((problem) => problem.severity === 'error') ?? [];
  if (snapshot && errors.length > 0 && !isQuantityAll(entry))
    return {
      ...looked,
      state: 'rejected',
      reason: errors[0]!.message,
      problems: snapshot.problems,
      refusedHashes: entry.wantedHashes,
      sentHashes: stillThere(entry, snapshot),
      nextCheckAt: null,
    };
  const hidden = whyHidden(entry, snapshot);
  if (hidden) return { ...looked, ...unseen(entry, hidden, verifyAfterSeconds, now) };
  const differences = snapshot ? differencesOf(entry, snapshot) : [];
  if (differences.length > 0) return { ...looked, ...drifted(entry, snapshot, differences, verifyAfterSeconds, now) };
  const unsold = whyNotBuyable(entry, snapshot);
  if (unsold) return { ...looked, ...unseen(entry, unsold, verifyAfterSeconds, now) };
  const hasStayed = entry.state !== 'submitted';
  return { ...looked, ...asWanted(entry, snapshot, now), ...(hasStayed && { drift: null }) };
}

/** What is sent is not there: it is looked for again, at the end once a day. What was there before gets all its looks anew. */
function unseen(entry: LedgerEntry, missing: string, verifyAfterSeconds: readonly number[], now: Date): LedgerChange {
  if (entry.state === 'live' || entry.state === 'paused')
    return {
      state: 'submitted',
      reason: `${missing} It was there before, and is looked for again.`,
      submittedAt: now,
      checks: 0,
      nextCheckAt: later(now, verifyAfterSeconds[0] ?? 60),
    };
  const nextCheck = entry.state === 'submitted' ? verifyAfterSeconds[entry.checks + 1] : undefined;
  if (nextCheck !== undefined) return { nextCheckAt: later(entry.submittedAt ?? now, nextCheck) };
  const message = `${missing} ${WHERE_TO_LOOK}`;
  return {
    state: 'not_visible',
    reason: message,
    problems: [{ code: NOT_VISIBLE, message, severity: 'warning', owner: 'amazon' }],
    nextCheckAt: later(now, LOOK_AGAIN_SECONDS),
  };
}

/**
 * Amazon shows another price or quantity than it accepted. What was just submitted gets time: each time it is sent again one
 * look more, so that a slow Amazon is not taken for one that changes things.
 */
function drifted(
  entry: LedgerEntry,
  snapshot: ListingSnapshot | undefined,
  differences: readonly Difference[],
  verifyAfterSeconds: readonly number[],
  now: Date
): LedgerChange {
  const resends = resendsOf(entry.drift, entry.wantedHashes);
  const decisiveLook = Math.min(resends + 2, verifyAfterSeconds.length);
  const nextCheck = verifyAfterSeconds[entry.checks + 1];
  if (entry.state === 'submitted' && entry.checks + 1 < decisiveLook && nextCheck !== undefined)
    return { nextCheckAt: later(entry.submittedAt ?? now, nextCheck) };
  const shows = `Amazon shows ${differences.map(({ text }) => text).join(' and ')}`;
  if (resends < MOST_RESENDS) return sentAgain(entry, differences, resends, `${shows}; it is sent again.`);
  const message = `${shows}, although it was sent ${MOST_RESENDS} times more.`;
  const drift: ListingProblem = { code: DRIFT, message, severity: 'warning', owner: 'amazon' };
  const settled = asWanted(entry, snapshot, now);
  return {
    ...settled,
    problems: [...(settled.problems ?? []), drift],
    ...(settled.reason !== undefined && { reason: message }),
  };
}

/** Back to the offer lane, with what differs. One that is held back keeps the words that hold it back. */
function sentAgain(
  entry: LedgerEntry,
  differences: readonly Difference[],
  resends: number,
  reason: string
): LedgerChange {
  const { price, quantity } = entry.wantedHashes ?? {};
  const sentHashes: Partial<ListingHashes> = { ...entry.sentHashes };
  for (const { part } of differences) delete sentHashes[part];
  return {
    state: 'pending',
    lane: 'offer',
    ...(!isQuantityAll(entry) && { reason }),
    sentHashes,
    drift: { resends: resends + 1, of: { ...(price && { price }), ...(quantity && { quantity }) } },
    failures: 0,
    nextAttemptAt: null,
    nextCheckAt: null,
  };
}

/** The state of an entry that Amazon has as it should be. One that a rule holds back keeps the rule's words. */
function asWanted(entry: LedgerEntry, snapshot: ListingSnapshot | undefined, now: Date): LedgerChange {
  const heldBack = { problems: entry.problems.filter(({ code }) => code !== DRIFT), nextCheckAt: null };
  const seen = {
    problems: [...(snapshot?.problems ?? []), ...(entry.verdict.problems ?? [])],
    nextCheckAt: later(now, LOOK_AGAIN_SECONDS),
  };
  if (!isHeldBack(entry) && isContentRefused(entry)) return { state: 'rejected', ...heldBack };
  switch (entry.verdict.kind) {
    case 'sell':
      return { state: 'live', reason: 'Amazon shows it as it was sent.', ...seen };
    case 'pause':
      return { state: 'paused', reason: entry.verdict.reasons[0] ?? 'Its stock is below the minimum.', ...seen };
    case 'block':
      return { state: 'blocked', ...heldBack };
    case 'remove':
      return { state: 'removed', ...heldBack };
  }
}

/** A parent is neither buyable nor found by buyers, so that Amazon gives it no status: it has an ASIN. */
function isShown({ wanted }: LedgerEntry, snapshot: ListingSnapshot): boolean {
  return snapshot.status.length > 0 || (isParent(wanted) && snapshot.asin !== undefined);
}

/** What Amazon has after a late refusal: nothing, or what it had before, by the quantity it shows. */
function stillThere(entry: LedgerEntry, snapshot: ListingSnapshot): Partial<ListingHashes> | null {
  // What was shown before and is not now may be shown again, with what it had.
  if (!isShown(entry, snapshot)) return (entry.seen?.status.length ?? 0) > 0 ? {} : null;
  return snapshot.quantity === quantityOf(entry.wanted) && entry.wantedHashes?.quantity !== undefined
    ? { quantity: entry.wantedHashes.quantity }
    : {};
}

/** Why Amazon does not show what was sent, in a sentence; undefined when it does, or when there is nothing to show. */
function whyHidden(entry: LedgerEntry, snapshot: ListingSnapshot | undefined): string | undefined {
  if (!snapshot && isHeldBack(entry)) return undefined;
  if (snapshot && (isShown(entry, snapshot) || isQuantityAll(entry))) return undefined;
  return 'Amazon accepted it, but does not show it.';
}

/** A part of the offer that Amazon shows otherwise than it was accepted. */
interface Difference {
  part: 'price' | 'quantity';
  /** "the quantity 3 instead of 5" */
  text: string;
}

/** A price that is left to Amazon is none of ours (V11), and of what is held back only the quantity counts. */
function differencesOf(entry: LedgerEntry, snapshot: ListingSnapshot): Difference[] {
  const differences: Difference[] = [];
  const quantity = quantityOf(entry.wanted);
  if (
    quantity !== undefined &&
    snapshot.quantity !== undefined &&
    snapshot.quantity !== quantity &&
    !isBeingSold(entry, snapshot.quantity, quantity)
  )
    differences.push({ part: 'quantity', text: `the quantity ${snapshot.quantity} instead of ${quantity}` });
  const price = isQuantityAll(entry) ? undefined : priceOf(entry.wanted);
  if (price !== undefined && snapshot.price !== undefined && Math.abs(Number(snapshot.price) - price) > 0.004)
    differences.push({ part: 'price', text: `the price ${snapshot.price} instead of ${price}` });
  return differences;
}

/**
 * An order at Amazon lowers the quantity there before the source hears of it, and to send the old one again would sell what
 * is sold already. So a low quantity that is not the one of the last look is the work of orders; one that stays is not.
 */
function isBeingSold(entry: LedgerEntry, shown: number, sent: number): boolean {
  const before = entry.seen?.quantity;
  return shown < sent && before !== undefined && shown !== before;
}

/** Why a SKU that has all it needs cannot be bought, in a sentence; undefined when it can, or need not. */
function whyNotBuyable(entry: LedgerEntry, snapshot: ListingSnapshot | undefined): string | undefined {
  const isSoldOut = snapshot?.quantity === 0;
  const shouldBeBuyable =
    entry.verdict.kind === 'sell' && priceOf(entry.wanted) !== undefined && (quantityOf(entry.wanted) ?? 0) > 0;
  if (!snapshot || isSoldOut || !shouldBeBuyable || isQuantityAll(entry) || snapshot.status.includes('BUYABLE'))
    return undefined;
  return 'Amazon shows it, but it cannot be bought there yet.';
}
