import { isQuantityAll, type LedgerEntry } from './ledger';
import type { ListingProblem } from './listing';
import { utf8Length } from './plain-text';
import type { AmazonAccount, AttributePatch, SubmissionAnswer } from './ports/amazon';
import type { FeedMessage, FeedOperation, FeedReport } from './ports/feeds';
import { submissionOf } from './submission';

/** What one JSON_LISTINGS_FEED may hold. Source: its schema (messages), Amazon's best practices for feeds (bytes of the document). */
export const FEED_LIMITS = { messages: 25_000, bytes: 10 * 1024 * 1024 } as const;

/**
 * Between two submissions of one seller and application, evenly spread: Amazon takes five in five minutes. Source: changes of
 * JSON_LISTINGS_FEED of 2025-05-06.
 */
export const SECONDS_PER_FEED = 60;

/** From submission to report, until feeds of one's own have shown another figure. Source: ADR 0015. */
export const USUAL_FEED_SECONDS = 300;

/** What is at the top of a feed: whose it is, and the language of Amazon's complaints. */
export type FeedHeader = Pick<AmazonAccount, 'sellerId' | 'issueLocale'>;

/** The document of a feed as it is uploaded. Source: Amazon's listings feed schema, version 2. */
export function feedDocument({ sellerId, issueLocale }: FeedHeader, messages: readonly FeedMessage[]): string {
  return JSON.stringify({ header: { sellerId, version: '2.0', issueLocale }, messages });
}

/**
 * What a waiting SKU becomes in a feed; undefined when it goes by a call of its own: it has nothing to send, is tried again
 * already, or is to stop selling, which must not wait in a queue of Amazon's (B6).
 *
 * A price that is left to Amazon is in none of it, and is not wiped by an UPDATE (V11): what is there is changed attribute by
 * attribute, as it is for a listing that was there before (B13). So the entry has been matched with what Amazon has.
 */
export function feedOperationOf(entry: LedgerEntry, settings: { sendPrice: boolean }): FeedOperation | undefined {
  const { sku, wanted, wantedHashes } = entry;
  if (entry.state !== 'pending' || !entry.lane || !wanted || !wantedHashes || isUrgent(entry)) return undefined;
  const plan = submissionOf(entry, settings);
  if (plan.by === 'put') return { operationType: 'UPDATE', sku, ...plan.listing };
  return changing(sku, plan.productType, plan.patches);
}

/** It may be selling what it must not, or only its quantity is to be sent. */
function isUrgent(entry: LedgerEntry): boolean {
  const mayBeSelling = entry.sentHashes !== null || entry.adopted !== null;
  return (entry.verdict.kind !== 'sell' && mayBeSelling) || isQuantityAll(entry);
}

function changing(sku: string, productType: string, patches: AttributePatch[]): FeedOperation | undefined {
  if (patches.length === 0) return undefined;
  if (patches.some(({ op }) => op !== 'replace')) return { operationType: 'PATCH', sku, productType, patches };
  const attributes = Object.fromEntries(
    patches.map(({ path, value }) => [path.replace('/attributes/', ''), value ?? []])
  );
  return { operationType: 'PARTIAL_UPDATE', sku, productType, attributes };
}

/** One feed while it is filled. Its bytes are exactly those of its document. */
export class FeedDraft {
  readonly messages: FeedMessage[] = [];
  private readonly skus = new Set<string>();
  private size: number;

  constructor(header: FeedHeader) {
    this.size = utf8Length(feedDocument(header, []));
  }

  get bytes(): number {
    return this.size;
  }

  /**
   * Takes an operation in as the next message, by ids from 1.
   *
   * @returns false, with nothing changed, when the feed is full: one SKU goes at most once into a feed, because Amazon does not
   *   say in which order messages of one SKU would be applied.
   */
  add(operation: FeedOperation): boolean {
    if (this.messages.length >= FEED_LIMITS.messages || this.skus.has(operation.sku)) return false;
    const message: FeedMessage = { messageId: this.messages.length + 1, ...operation };
    const bytes = utf8Length(JSON.stringify(message)) + (this.messages.length > 0 ? 1 : 0);
    if (this.size + bytes > FEED_LIMITS.bytes) return false;
    this.messages.push(message);
    this.skus.add(operation.sku);
    this.size += bytes;
    return true;
  }
}

/** Feeds that are full one after the other, in the order of the operations, and what is too large for any feed. */
export function planFeeds(
  header: FeedHeader,
  operations: Iterable<FeedOperation>
): { feeds: FeedDraft[]; tooLarge: FeedOperation[] } {
  const feeds: FeedDraft[] = [];
  const tooLarge: FeedOperation[] = [];
  for (const operation of operations) {
    if (feeds.at(-1)?.add(operation)) continue;
    const next = new FeedDraft(header);
    if (next.add(operation)) feeds.push(next);
    else tooLarge.push(operation);
  }
  return { feeds, tooLarge };
}

/** How fast the two ways are for one seller, now. */
export interface SendingRates {
  /** Calls a second that the limit leaves to this connector: 5 at Amazon's documented rate, when nobody shares it. */
  callsPerSecond: number;
  /** Until the next submission is allowed: 0 when none was made in the last {@link SECONDS_PER_FEED}. */
  nextFeedInSeconds: number;
  /** From the submission of a feed to its report; {@link USUAL_FEED_SECONDS} until it was measured. */
  feedSeconds: number;
}

/**
 * Whether what waits is sent sooner as feeds or by a call each. Calls are through when the last was made; feeds, when the last
 * has had its turn and its report is there. Of equals the calls, which answer SKU by SKU.
 *
 * @param waiting.bytes - of all messages together, exact or estimated.
 */
export function feedOrCalls(
  waiting: { messages: number; bytes: number },
  { callsPerSecond, nextFeedInSeconds, feedSeconds }: SendingRates
): { by: 'feed' | 'calls'; feeds: number; secondsByFeed: number; secondsByCalls: number } {
  const { messages, bytes } = waiting;
  const feeds = Math.max(1, Math.ceil(messages / FEED_LIMITS.messages), Math.ceil(bytes / FEED_LIMITS.bytes));
  const secondsByFeed = nextFeedInSeconds + (feeds - 1) * SECONDS_PER_FEED + feedSeconds;
  const secondsByCalls = messages / callsPerSecond;
  return { by: secondsByFeed < secondsByCalls ? 'feed' : 'calls', feeds, secondsByFeed, secondsByCalls };
}

/**
 * Each message's outcome, on its SKU. A report lists problems alone: a message without an error was accepted, provided that the
 * report accounts for as many. Where it does not, nobody knows which were left out, and they are `unknown`: they are sent
 * again, by calls, which does no harm to what was applied.
 */
export function outcomesOf(
  report: FeedReport,
  messages: readonly Pick<FeedMessage, 'messageId' | 'sku'>[]
): { answers: Map<string, SubmissionAnswer>; unknown: string[] } {
  const problems = problemsBySku(report, messages);
  const hasError = (sku: string): boolean => problems.get(sku)?.some(({ severity }) => severity === 'error') ?? false;
  const refused = messages.filter(({ sku }) => hasError(sku)).length;
  const isComplete = report.summary.accepted >= messages.length - refused;
  const answers = new Map<string, SubmissionAnswer>();
  const unknown: string[] = [];
  for (const { sku } of messages) {
    if (!isComplete && !hasError(sku)) unknown.push(sku);
    else
      answers.set(sku, {
        status: hasError(sku) ? 'INVALID' : 'ACCEPTED',
        submissionId: report.feedId,
        problems: problems.get(sku) ?? [],
      });
  }
  return { answers, unknown };
}

function problemsBySku(
  report: FeedReport,
  messages: readonly Pick<FeedMessage, 'messageId' | 'sku'>[]
): Map<string, ListingProblem[]> {
  const skus = new Map(messages.map(({ messageId, sku }) => [messageId, sku]));
  const found = new Map<string, ListingProblem[]>();
  for (const { messageId, sku, problem } of report.problems) {
    const about = messageId === undefined ? sku : skus.get(messageId);
    if (about !== undefined) found.set(about, [...(found.get(about) ?? []), problem]);
  }
  return found;
}
