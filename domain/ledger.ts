import type { CatalogItem } from './catalog-item';
import type { FailureCode } from './errors';
import { FAILURES } from './errors';
import type { ListingHashes, ListingProblem, ListingState, Verdict, WantedListing } from './listing';
import { isSameMoney, moneyFromUnits, type Money } from './money';
import type { KnownPrice } from './price-rules';
import { availableUnits } from './stock-rules';
import { laneFor } from './listing-changes';
import type { ListingSnapshot, SubmissionAnswer } from './ports/amazon';
import { parentSkuIn } from './variations';

/** Which lane has something to send for a SKU: all of it, or price and quantity alone. */
export type Lane = 'details' | 'offer';

/** One try at Amazon for one SKU, kept for people. */
export interface ListingAttempt {
  at: Date;
  operation: 'put' | 'patch';
  /** `accepted`, `invalid`, or a failure code. */
  outcome: string;
  message?: string;
}

/** What Amazon was last seen to show (B1). */
export interface ListingSeen {
  at: Date;
  asin?: string;
  status: string[];
  quantity?: number;
  /** As Amazon writes it, a decimal string. */
  price?: string;
}

/** An entry's place in a feed at Amazon: until the report is there, nothing of it is sent otherwise. */
export interface FeedPassage {
  /** Ours, not Amazon's. */
  id: string;
  messageId: number;
  operation: 'put' | 'patch';
  /** What is in the feed, where something newer is wanted by now. */
  asSent?: Pick<LedgerEntry, 'wanted' | 'wantedHashes' | 'verdict'>;
}

/** How often the same price and quantity were sent again, unchanged. It counts for these alone. */
export interface Drift {
  resends: number;
  of: Pick<ListingHashes, 'price' | 'quantity'>;
}

/** A listing that was at Amazon before we first sent it. It is changed attribute by attribute, and never replaced whole. */
export interface AdoptedListing extends ListingSeen {
  title?: string;
  productType?: string;
}

/** What we want and what we know about one SKU at Amazon. */
export interface LedgerEntry {
  connectorId: string;
  sku: string;
  sourceId: string;
  productId: string;
  title: string;
  state: ListingState;
  /** Why it is in this state, in a sentence. */
  reason: string;
  problems: ListingProblem[];
  /** The lane with something to send; null when nothing is. */
  lane: Lane | null;
  /** Holds one of the connector's places under its SKU limit (S2). */
  hasPlace: boolean;
  isKit: boolean;
  verdict: {
    kind: Verdict['kind'] | 'remove';
    reasons: string[];
    /** What a person should know of it although it stops nothing; kept beside what Amazon says. */
    problems?: ListingProblem[];
    /** What Amazon is to have. */
    quantity?: number;
    /** What the source said may be sold; null for unlimited. */
    stock?: number | null;
    blockReason?: string;
  };
  wanted: WantedListing | null;
  wantedHashes: ListingHashes | null;
  /** What Amazon accepted last; null until something was. */
  sentHashes: Partial<ListingHashes> | null;
  /** The price that Amazon accepted last; null until one was. */
  sentPrice: Money | null;
  /** The price that waits for a person, because it is too far from the last one (B12); null when none does. */
  heldBackPrice: Money | null;
  /** The price that a person let through; null again once Amazon has accepted another price than the last one. */
  approvedPrice: Money | null;
  /** The product type of what Amazon accepted last. */
  sentProductType: string | null;
  /** The parent that Amazon accepted it under last (V10); null when it stood alone. */
  sentParentSku: string | null;
  /** What Amazon refused last, so that it is not sent again unchanged; null when the last answer was a yes. */
  refusedHashes: ListingHashes | null;
  /** The feed that it is in; null when it is in none. */
  feed: FeedPassage | null;
  lastPayload: unknown;
  lastAnswer: { at: Date; status: string; submissionId?: string; problems: ListingProblem[] } | null;
  /** The newest {@link KEPT_ATTEMPTS}. */
  attempts: ListingAttempt[];
  /** Failed tries since the last answer. */
  failures: number;
  nextAttemptAt: Date | null;
  submittedAt: Date | null;
  /** Read-backs since `submittedAt`. */
  checks: number;
  /** When Amazon's listing of it is read next: for the answer to a submission, or to see that it stays as it is. */
  nextCheckAt: Date | null;
  /** What was sent again because Amazon showed something else, and how often; null when nothing was. */
  drift: Drift | null;
  seen: ListingSeen | null;
  /** What Amazon had under this SKU before it was first sent (B13); null when it had nothing, or was not asked yet. */
  adopted: AdoptedListing | null;
  /** When Amazon was asked for it. */
  matchedAt: Date | null;
  /** Why the source could not tell about it when it was last read; null when it could. */
  unreadable: string | null;
  /** The run that last saw it in the source. */
  lastRun: string;
  /** When the source was asked for what it is judged by, or before; null when that is not known. What is older does not count. */
  toldAt: Date | null;
  fingerprint: string;
  /** What its verdict was made by, besides the item; null where it is to be judged anew in any case. */
  judgedBy: string | null;
}

/** The problem of a price that waits because it is too far from the last one (B12). */
export const PRICE_CHANGE = 'price_change';

/** How many attempts the ledger keeps per SKU. */
export const KEPT_ATTEMPTS = 20;

/** The part of an entry that a step changes. */
export type LedgerChange = Partial<LedgerEntry>;

const QUANTITY_ATTRIBUTE = 'fulfillment_availability';

/** The same listing with another quantity. */
function withQuantity(wanted: WantedListing, quantity: number): WantedListing {
  if (!wanted.quantity) return wanted;
  const values = (wanted.quantity[QUANTITY_ATTRIBUTE] ?? []).map((value) => ({ ...value, quantity }));
  return { ...wanted, quantity: { ...wanted.quantity, [QUANTITY_ATTRIBUTE]: values } };
}

/** The quantity a listing would have at Amazon; undefined when none is sent. */
export function quantityOf(wanted: WantedListing | null): number | undefined {
  const quantity = wanted?.quantity?.[QUANTITY_ATTRIBUTE]?.[0]?.quantity;
  return typeof quantity === 'number' ? quantity : undefined;
}

/** The price a listing would have at Amazon, in units of its currency; undefined when none is sent. */
export function priceOf(wanted: WantedListing | null): number | undefined {
  const offer = wanted?.price?.purchasable_offer?.[0] as
    { our_price?: { schedule?: { value_with_tax?: number }[] }[] } | undefined;
  return offer?.our_price?.[0]?.schedule?.[0]?.value_with_tax;
}

/** The price of a listing as an exact amount; undefined when none is sent. */
function moneyOf(wanted: WantedListing | null): Money | undefined {
  const price = priceOf(wanted);
  const currency = wanted?.price?.purchasable_offer?.[0]?.currency;
  return price === undefined || typeof currency !== 'string' ? undefined : moneyFromUnits(price, currency);
}

/** What the price rules may know of a SKU; nothing of one that is new. */
export function knownPriceOf(entry: Pick<LedgerEntry, 'sentPrice' | 'approvedPrice'> | undefined): KnownPrice {
  return { lastPrice: entry?.sentPrice ?? undefined, approvedPrice: entry?.approvedPrice ?? undefined };
}

/** What collecting needs to know besides the entry. */
export interface CollectContext {
  connectorId: string;
  syncId: string;
  fingerprint: string;
  hashesOf: (wanted: WantedListing) => ListingHashes;
  laneFor: (wanted: ListingHashes, sent: Partial<ListingHashes> | null) => Lane | null;
  now: Date;
}

/** The entry after its item was read and judged. A block that finds the SKU sent before does what the verdict says of it. */
export function afterCollect(
  entry: LedgerEntry | undefined,
  item: CatalogItem,
  verdict: Verdict & { problems?: ListingProblem[]; heldBackPrice?: Money },
  hasPlace: boolean,
  context: CollectContext
): LedgerChange {
  const seenAgain = {
    sourceId: item.sourceId,
    productId: item.productId,
    title: item.title,
    isKit: item.isKit,
    lastRun: context.syncId,
    fingerprint: context.fingerprint,
    unreadable: null,
  };
  if (verdict.kind === 'block') return { ...seenAgain, ...blocked(entry, verdict, context) };

  const units = availableUnits(item);
  const wantedHashes = context.hashesOf(verdict.wanted);
  const wanted: LedgerChange = {
    ...seenAgain,
    hasPlace,
    verdict: {
      kind: verdict.kind,
      reasons: verdict.reasons,
      problems: verdict.problems ?? [],
      quantity: verdict.quantity,
      stock: Number.isFinite(units) ? units : null,
    },
    wanted: verdict.wanted,
    wantedHashes,
    heldBackPrice: verdict.heldBackPrice ?? null,
    approvedPrice: stillApproved(entry, verdict.wanted),
  };
  if (entry && isContentRefused({ ...entry, wantedHashes })) {
    // What is wrong with the content must not keep a quantity from Amazon (S11, B6).
    const stale = isQuantityStale({ ...entry, wanted: verdict.wanted, wantedHashes });
    return stale ? { ...wanted, ...queued('offer') } : { ...wanted, state: 'rejected', lane: null };
  }
  const lane = context.laneFor(wantedHashes, entry ? sentForSure(entry) : null);
  const remarks = verdict.problems ?? [];
  if (lane) return { ...wanted, ...queued(lane), problems: remarks, reason: whyToSend(entry, wantedHashes) };
  if (entry && (entry.state === 'blocked' || entry.state === 'removed' || entry.state === 'rejected'))
    return { ...wanted, ...toCheck(context.now, 'It may be sold again, and Amazon has it as it should be.') };
  const problems = [...(entry?.problems ?? []).filter(({ code }) => code !== PRICE_CHANGE), ...remarks];
  // It was in line: nobody knows for sure that nothing of it has left.
  const wasInLine = entry?.state === 'pending' || entry?.state === 'retrying';
  return {
    ...wanted,
    problems,
    lane: null,
    ...(wasInLine && { state: 'submitted', ...checkedFrom(context.now, [0]) }),
  };
}

/**
 * What Amazon is known to have. A try that failed may have been carried out all the same, and only its answer was lost: so
 * what it was to change is sent once more, also when what is wanted is back to what was accepted before.
 */
function sentForSure({ state, lane, sentHashes }: LedgerEntry): Partial<ListingHashes> | null {
  if (state !== 'retrying' || lane === null || sentHashes === null) return sentHashes;
  return lane === 'details' ? {} : { details: sentHashes.details };
}

/** How often this price and quantity were sent again because Amazon showed something else. */
export function resendsOf(drift: Drift | null, wanted: ListingHashes | null): number {
  const isSame = (part: 'price' | 'quantity'): boolean => (drift?.of[part] ?? null) === (wanted?.[part] ?? null);
  return drift && isSame('price') && isSame('quantity') ? drift.resends : 0;
}

/** An approval is for one price at one time: when something else is to be sent, it is over. */
function stillApproved(entry: LedgerEntry | undefined, wanted: WantedListing): Money | null {
  const [approved, price] = [entry?.approvedPrice, moneyOf(wanted)];
  return approved && price && isSameMoney(approved, price) ? approved : null;
}

function queued(lane: Lane): LedgerChange {
  return { state: 'pending', lane, failures: 0, nextAttemptAt: null };
}

function whyToSend(entry: LedgerEntry | undefined, wanted: ListingHashes): string {
  if (!entry) return 'It is new.';
  if (entry.state === 'pending' && resendsOf(entry.drift, wanted) > 0) return entry.reason;
  return entry.sentHashes ? 'It has changed since it was sent.' : 'It was not sent yet.';
}

/**
 * True when Amazon refused this very content, details and price, so that it waits for a change; a quantity goes on being
 * sent alone. Content that was never accepted also waits when nothing but its quantity has changed.
 */
export function isContentRefused(entry: Pick<LedgerEntry, 'refusedHashes' | 'wantedHashes'>): boolean {
  const { refusedHashes: refused, wantedHashes: wanted } = entry;
  return Boolean(refused && wanted && refused.details === wanted.details && refused.price === wanted.price);
}

function toCheck(now: Date, reason: string): LedgerChange {
  return { state: 'submitted', lane: null, reason, problems: [], submittedAt: now, checks: 0, nextCheckAt: now };
}

function blocked(
  entry: LedgerEntry | undefined,
  verdict: Extract<Verdict, { kind: 'block' }>,
  context: Pick<CollectContext, 'hashesOf' | 'laneFor'>
): LedgerChange {
  const reason = verdict.problems[0]?.message ?? verdict.reasons[0] ?? 'A rule holds it back.';
  const change: LedgerChange = {
    hasPlace:
      verdict.reason === 'over_limit'
        ? false
        : Boolean(entry?.hasPlace && entry.sentHashes && verdict.ifSent === 'leave'),
    verdict: { kind: 'block', reasons: verdict.reasons, blockReason: verdict.reason },
    heldBackPrice: null,
    approvedPrice: null,
    state: 'blocked',
    reason,
    problems: verdict.problems,
    lane: null,
    nextAttemptAt: null,
    nextCheckAt: null,
  };
  if (!entry || !mayBeSelling(entry)) return change;
  const isStopQueued = entry.lane === 'offer' && quantityOf(entry.wanted) === 0;
  const quantity = verdict.ifSent === 'leave' && !isStopQueued ? verdict.quantityIfSent : 0;
  return quantity === undefined ? change : { ...change, ...onlyQuantity(entry, quantity, context) };
}

/** Amazon has it, or may have it: a first submission that was not answered may have been carried out all the same. */
function mayBeSelling(entry: LedgerEntry): boolean {
  const mayBeThere = entry.sentHashes !== null || entry.lane !== null;
  return mayBeThere && quantityOf(entry.wanted) !== undefined;
}

/** A quantity for something that is at Amazon; nothing when Amazon has it already. */
function onlyQuantity(
  entry: LedgerEntry,
  quantity: number,
  context: Pick<CollectContext, 'hashesOf' | 'laneFor'>
): LedgerChange {
  const wanted = withQuantity(entry.wanted as WantedListing, quantity);
  const wantedHashes = context.hashesOf(wanted);
  const isThereAlready = entry.lane === null && entry.sentHashes?.quantity === wantedHashes.quantity;
  return { wanted, wantedHashes, ...(isThereAlready ? {} : { state: 'pending', lane: 'offer' as const, failures: 0 }) };
}

/** The entry of a child that waits to be sent, after its parent turned out to be unsendable (V16). */
export function afterParentHeldBack(
  entry: LedgerEntry,
  why: string,
  context: Pick<CollectContext, 'hashesOf' | 'laneFor'>
): LedgerChange {
  return blocked(
    entry,
    {
      kind: 'block',
      reason: 'parent',
      problems: [{ code: 'parent', message: why, severity: 'error', owner: 'merchant' }],
      ifSent: 'leave',
      ...(entry.sentHashes && { quantityIfSent: entry.verdict.quantity }),
      reasons: [why, ...entry.verdict.reasons],
    },
    context
  );
}

/** The entry of a child whose parent is still on its way: it is tried again (V16). */
export function afterParentAwaited(why: string, retryInSeconds: number, now: Date): LedgerChange {
  return {
    state: 'retrying',
    reason: why,
    problems: [{ code: 'parent', message: why, severity: 'info', owner: 'longshore' }],
    nextAttemptAt: later(now, retryInSeconds),
  };
}

/** The entry of a parent none of whose SKUs are sent under it any more. Nobody can buy it, so it may stay where it is. */
export function afterRetirement(reason: string): LedgerChange {
  return {
    verdict: { kind: 'remove', reasons: [reason] },
    reason,
    problems: [],
    state: 'removed',
    lane: null,
    nextAttemptAt: null,
    nextCheckAt: null,
  };
}

/** The entry of a SKU that a full reading of the source did not see: it is sold out, and then `removed`. */
export function afterRemoval(entry: LedgerEntry, context: Pick<CollectContext, 'hashesOf' | 'laneFor'>): LedgerChange {
  const reason = 'It is no longer in the assortment of the source.';
  const change: LedgerChange = {
    verdict: { kind: 'remove', reasons: [reason] },
    reason,
    hasPlace: false,
    heldBackPrice: null,
    approvedPrice: null,
    problems: [],
    state: 'removed',
    lane: null,
    nextAttemptAt: null,
    nextCheckAt: null,
  };
  return mayBeSelling(entry) ? { ...change, ...onlyQuantity(entry, 0, context) } : change;
}

function keep(attempts: ListingAttempt[], attempt: ListingAttempt): ListingAttempt[] {
  return [...attempts, attempt].slice(-KEPT_ATTEMPTS);
}

/** True when Amazon refused what was sent: INVALID, or any ERROR. HTTP 200 says nothing. */
export function isRefusal(answer: SubmissionAnswer): boolean {
  return answer.status === 'INVALID' || answer.problems.some((problem) => problem.severity === 'error');
}

/** The entry after Amazon answered a submission. */
export function afterAnswer(
  entry: LedgerEntry,
  sent: { operation: 'put' | 'patch'; lane: Lane; payload: unknown; by?: string },
  answer: SubmissionAnswer,
  verifyAfterSeconds: readonly number[],
  now: Date
): LedgerChange {
  const refused = isRefusal(answer);
  const answered: LedgerChange = {
    lastPayload: sent.payload,
    lastAnswer: { at: now, status: answer.status, submissionId: answer.submissionId, problems: answer.problems },
    attempts: keep(entry.attempts, {
      at: now,
      operation: sent.operation,
      outcome: refused ? 'invalid' : 'accepted',
      ...(sent.by && { message: sent.by }),
    }),
    failures: 0,
    nextAttemptAt: null,
    lane: null,
  };
  if (refused && isHeldBack(entry)) return { ...answered, state: 'submitted', ...checkedFrom(now, verifyAfterSeconds) };
  if (refused)
    return {
      ...answered,
      state: 'rejected',
      reason: answer.problems.find((problem) => problem.severity === 'error')?.message ?? FAILURES.rejected.sentence,
      problems: answer.problems,
      refusedHashes: entry.wantedHashes,
      nextCheckAt: null,
    };
  const submitted: LedgerChange = { ...answered, state: 'submitted', ...checkedFrom(now, verifyAfterSeconds) };
  if (sent.lane === 'offer' && isQuantityAll(entry)) return { ...submitted, sentHashes: withQuantitySent(entry) };
  const price = moneyOf(entry.wanted);
  const isNewPrice = price !== undefined && !(entry.sentPrice && isSameMoney(price, entry.sentPrice));
  return {
    ...submitted,
    reason: 'Amazon accepted it; it is looked for there.',
    problems: [...answer.problems, ...(entry.verdict.problems ?? [])],
    sentPrice: price ?? entry.sentPrice,
    ...(isNewPrice && { approvedPrice: null }),
    refusedHashes: null,
    sentHashes:
      sent.lane === 'details' ? entry.wantedHashes : { ...withQuantitySent(entry), price: entry.wantedHashes?.price },
    ...(sent.lane === 'details' && {
      sentProductType: entry.wanted?.productType ?? null,
      sentParentSku: parentSkuIn(entry.wanted) ?? null,
    }),
  };
}

/**
 * The entry after Amazon answered what was sent before the entry changed: what Amazon has now is kept, and what is wanted
 * otherwise by now is put in line.
 *
 * @param entry - as it is by now.
 * @param answered - what the answer made of the entry that was sent ({@link afterAnswer}, {@link afterQuantityAlone}).
 */
export function afterOvertakenAnswer(
  entry: LedgerEntry,
  answered: LedgerChange,
  verifyAfterSeconds: readonly number[],
  now: Date
): LedgerChange {
  const known: LedgerChange = Object.fromEntries(
    Object.entries(answered).filter(([key]) => (WHAT_AMAZON_HAS as readonly string[]).includes(key))
  );
  const updated: LedgerEntry = { ...entry, ...known };
  const news = isQuantityAll(updated)
    ? isQuantityStale(updated) && ('offer' as const)
    : updated.wantedHashes && laneFor(updated.wantedHashes, updated.sentHashes);
  if (news) return { ...known, ...queued(news), reason: updated.reason || 'It has changed since it was sent.' };
  if (entry.state !== 'pending' && entry.state !== 'retrying') return { ...known, lane: null };
  return { ...known, state: 'submitted', lane: null, nextAttemptAt: null, ...checkedFrom(now, verifyAfterSeconds) };
}

/** The fields of an entry that tell what was sent and what Amazon made of it. */
const WHAT_AMAZON_HAS = [
  'lastPayload',
  'lastAnswer',
  'attempts',
  'sentHashes',
  'sentPrice',
  'sentProductType',
  'sentParentSku',
  'refusedHashes',
] as const satisfies (keyof LedgerEntry)[];

/** The passage of an entry that changes: what is in the feed stays known, because the report is about that. */
export function passageOf(entry: LedgerEntry, change: LedgerChange): FeedPassage | null {
  const { feed, wanted, wantedHashes, verdict } = entry;
  if (!feed || feed.asSent || change.wantedHashes === undefined) return feed;
  return { ...feed, asSent: { wanted, wantedHashes, verdict } };
}

function checkedFrom(now: Date, verifyAfterSeconds: readonly number[]): LedgerChange {
  return { submittedAt: now, checks: 0, nextCheckAt: later(now, verifyAfterSeconds[0] ?? 60) };
}

function withQuantitySent(entry: LedgerEntry): Partial<ListingHashes> {
  return { ...entry.sentHashes, quantity: entry.wantedHashes?.quantity };
}

/**
 * True when Amazon goes on selling by another quantity than it should: the content it had before stays there when a change
 * is refused (S11), and with it the quantity that came along with the refused change.
 */
export function isQuantityStale(entry: LedgerEntry): boolean {
  const isThere = entry.sentHashes !== null && quantityOf(entry.wanted) !== undefined;
  return isThere && entry.sentHashes?.quantity !== entry.wantedHashes?.quantity;
}

/** The entry after its quantity was accepted alone, beside a refusal of the rest. */
export function afterQuantityAlone(entry: LedgerEntry, answer: SubmissionAnswer, now: Date): LedgerChange {
  const outcome = isRefusal(answer) ? 'invalid' : 'accepted';
  return {
    attempts: keep(entry.attempts, { at: now, operation: 'patch', outcome, message: 'quantity alone' }),
    ...(outcome === 'accepted' && { sentHashes: withQuantitySent(entry) }),
  };
}

/** The entry after a try that failed for a passing reason. */
export function afterFailure(
  entry: LedgerEntry,
  operation: 'put' | 'patch',
  failure: { code: FailureCode; message: string },
  retryInSeconds: number,
  now: Date
): LedgerChange {
  return {
    state: 'retrying',
    reason: `${FAILURES[failure.code].sentence} It is tried again by itself.`,
    problems: [
      { code: failure.code, message: failure.message, severity: 'warning', owner: FAILURES[failure.code].owner },
    ],
    attempts: keep(entry.attempts, { at: now, operation, outcome: failure.code, message: failure.message }),
    failures: entry.failures + 1,
    nextAttemptAt: later(now, retryInSeconds),
  };
}

/** Sent only to end its sale: a rule holds it back, or it has left the assortment. */
export function isHeldBack(entry: LedgerEntry): boolean {
  return entry.verdict.kind === 'block' || entry.verdict.kind === 'remove';
}

/** Only a quantity is sent and looked for: to end a sale, or because Amazon refused the content. */
export function isQuantityAll(entry: LedgerEntry): boolean {
  return isHeldBack(entry) || isContentRefused(entry);
}

/** The entry after Amazon was asked whether it has the SKU already (B13). */
export function afterMatch(snapshot: ListingSnapshot | undefined, now: Date): LedgerChange {
  if (!snapshot) return { adopted: null, matchedAt: now };
  const { title, productType } = snapshot;
  return { adopted: { ...seenOf(snapshot, now), title, productType }, seen: seenOf(snapshot, now), matchedAt: now };
}

/** What Amazon shows of a SKU now, for the ledger. */
export function seenOf(snapshot: ListingSnapshot, now: Date): ListingSeen {
  return {
    at: now,
    asin: snapshot.asin,
    status: snapshot.status,
    quantity: snapshot.quantity,
    price: snapshot.price,
  };
}

/** A moment some seconds after another. */
export function later(from: Date, seconds: number): Date {
  return new Date(from.getTime() + seconds * 1000);
}
