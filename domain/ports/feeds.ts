import type { AmazonAttributes, ListingProblem, WantedListing } from '../listing';
import type { AmazonAccount, AttributePatch } from './amazon';

/** What a feed does with one SKU. */
export type FeedOperation =
  /** Replaces every attribute, as PUT. */
  | {
      operationType: 'UPDATE';
      sku: string;
      productType: string;
      requirements: WantedListing['requirements'];
      attributes: AmazonAttributes;
    }
  /** Replaces these attributes and no other: a PATCH whose every operation is `replace`. */
  | { operationType: 'PARTIAL_UPDATE'; sku: string; productType: string; attributes: AmazonAttributes }
  | { operationType: 'PATCH'; sku: string; productType: string; patches: AttributePatch[] }
  /** Takes the listing away. */
  | { operationType: 'DELETE'; sku: string };

/** One operation in its feed. The report names it by its id, 1 or more and unique in the feed. */
export type FeedMessage = { messageId: number } & FeedOperation;

/** Where Amazon is with a feed. DONE says that it was read through, and nothing about its messages: read the report. */
export interface FeedStatus {
  processingStatus: 'IN_QUEUE' | 'IN_PROGRESS' | 'DONE' | 'FATAL' | 'CANCELLED';
  /** ISO 8601, as the two below. */
  createdTime: string;
  processingStartTime?: string;
  processingEndTime?: string;
  /** Names the report; always there when DONE, sometimes when FATAL. */
  reportDocumentId?: string;
}

/** What Amazon found in a message, or in the feed as a whole when it names neither message nor SKU. */
export interface FeedProblem {
  messageId?: number;
  sku?: string;
  problem: ListingProblem;
}

/** Amazon's processing report. It lists problems; a message without an error was accepted. */
export interface FeedReport {
  feedId: string;
  problems: FeedProblem[];
  summary: { processed: number; accepted: number; invalid: number };
}

/**
 * Feeds 2021-06-30 with JSON_LISTINGS_FEED. Each call waits for the limiter first. Throws `OutsideError`. An accepted message
 * is as little live as an accepted call, and there is no preview.
 */
export interface AmazonFeeds {
  /** How fast calls and feeds of this account may go now, by what was learned of its limits. Asks Amazon nothing. */
  pace(account: AmazonAccount): Promise<{
    /** PUTs a second that are left for the connector beside others of its seller. */
    callsPerSecond: number;
    nextFeedInSeconds: number;
  }>;
  /**
   * Sends all messages as one feed. Not idempotent: after a failure that hides the answer, the feed may exist.
   *
   * @param mayCreate - asked when the document is uploaded and the turn has come, right before each request that creates the
   *   feed: what it throws ends the submission, and nothing is created.
   * @throws RangeError, before anything is sent, when there is no message or more than one feed may hold
   *   (`domain/feed-plan.ts` makes feeds that fit).
   */
  submit(
    account: AmazonAccount,
    messages: readonly FeedMessage[],
    signal: AbortSignal,
    mayCreate?: () => Promise<void>
  ): Promise<{ feedId: string }>;
  /** Undefined when Amazon knows no such feed: it forgets them after 90 days. */
  status(account: AmazonAccount, feedId: string, signal: AbortSignal): Promise<FeedStatus | undefined>;
  /** The report that a status names. Allowed once per 45 s, after ten at once. */
  report(account: AmazonAccount, reportDocumentId: string, signal: AbortSignal): Promise<FeedReport>;
  /** True when nothing of the feed is applied; false when it has left the queue: then it cannot be stopped. */
  cancel(account: AmazonAccount, feedId: string, signal: AbortSignal): Promise<boolean>;
}
