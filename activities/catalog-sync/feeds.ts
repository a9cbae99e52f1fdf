import { activityInfo, log, sleep } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { WaitingFor } from '../../domain/connector';
import { isPassing, OutsideError } from '../../domain/errors';
import {
  afterAnswer,
  afterOvertakenAnswer,
  isQuantityAll,
  quantityOf,
  type LedgerChange,
  type LedgerEntry,
} from '../../domain/ledger';
import { FeedDraft, feedOperationOf, feedOrCalls, outcomesOf, USUAL_FEED_SECONDS } from '../../domain/feed-plan';
import { utf8Length } from '../../domain/plain-text';
import type { SubmissionAnswer } from '../../domain/ports/amazon';
import type { FeedMessage, FeedStatus } from '../../domain/ports/feeds';
import { submissionOf } from '../../domain/submission';
import type { OpenFeeds } from '../../domain/sync';
import type { FeedDocument } from '../../models/feeds';
import { writeFrom, type LedgerWrite, type ListingDocument } from '../../models/listings';
import { withPulse } from '../pulse';
import { booksOf, type Book } from './books';
import {
  isPassingOfAmazon,
  runContext,
  waitingNoter,
  type CatalogSyncDependencies,
  type RunContext,
} from './dependencies';
import { pagesAhead } from './ledger-pages';
import { matchesOf } from './match';
import { parentGate } from './parent-gate';
import { wasNotSent } from './quick-tries';
import { senderOf, tried } from './sender';

/** How large a message is held to be before any was made. Source: ADR 0015. */
const USUAL_MESSAGE_BYTES = 2_200;
/** Ledger pages that are looked at to know how large a message is. */
const SAMPLED_PAGES = 3;

/** One activity follows feeds for so long; the next one goes on. In milliseconds. */
const FOLLOW_MS = 30 * 60_000;

/** What becomes of what Amazon does not do with a feed. */
const GAVE_UP = 'The feed that it was in came to nothing, and it is sent by itself.';

/** A lane whose SKUs may go by feeds. */
type FeedLane = 'parents' | 'details';
/** Throws when another attempt has taken the lane's feeds since. */
type Hold = () => Promise<void>;
/** What a look at a feed has found: `unread` is why its report could not be read for now. */
type Seen = 'on its way' | 'through' | 'gave up' | { unread: unknown };

/** B7: much that waits goes to Amazon by feeds, where that is sooner than a call for each SKU (ADR 0015). */
export function feedSteps(deps: CatalogSyncDependencies) {
  const { feeds, amazonFeeds, runs, settings } = deps;
  const books = booksOf(deps);
  const gate = parentGate(deps);
  const sender = senderOf(deps);

  return {
    /**
     * Sends one feed with what waits in a lane from a ledger page on, if feeds are the sooner way; what was put into a feed by
     * a lost worker goes first. Safe to repeat.
     *
     * @returns where the next feed begins; null when what is left goes by calls. How many SKUs wait for their parents.
     */
    async sendFeed(input: {
      syncId: string;
      lane: FeedLane;
      page: number;
    }): Promise<{ nextPage: number | null; awaiting: number; open: OpenFeeds }> {
      return withPulse(
        async ({ signal }) => {
          const context = await runContext(deps, input.syncId);
          const { connectorId } = context.run;
          const lastPage = context.connector.ledgerPage.number;
          const book = input.lane === 'parents' ? books.parents : books.skus;
          const hold = await takeFeeds(context, input.lane);
          for (const lost of await feeds.filling(connectorId)) await fillAgain(context, lost, hold, signal);
          if (input.page > lastPage || !(await isFeedSooner(context, book, input.page)))
            return { nextPage: null, awaiting: 0, open: await openFeeds(connectorId) };
          const { next, awaiting } = await fill(context, book, input.page, hold, signal);
          return { nextPage: next <= lastPage ? next : null, awaiting, open: await openFeeds(connectorId) };
        },
        waitingNoter(deps, input.syncId)
      );
    },

    /**
     * Sees to the connector's feeds at Amazon, also those of earlier runs: writes the outcomes of those that are through, takes
     * back those with a SKU that is to stop selling, and gives up those that are stuck. Comes back when one has ended. Safe to
     * repeat.
     *
     * @returns how many are still on their way, and whether one came to nothing.
     */
    async followFeeds(input: { syncId: string }): Promise<{ open: OpenFeeds; gaveUp: boolean }> {
      return withPulse(
        async ({ signal }) => {
          const until = Date.now() + FOLLOW_MS;
          for (;;) {
            const context = await runContext(deps, input.syncId);
            const atAmazon = await feeds.atAmazon(context.run.connectorId);
            const ends = await followEach(context, atAmazon, signal);
            const open = await openFeeds(context.run.connectorId);
            await sayWhatIsAtAmazon(context, ends.length > 0);
            const isNews = ends.some((end) => end !== 'on its way');
            if (isNews || ends.length === 0 || Date.now() > until) return { open, gaveUp: ends.includes('gave up') };
            await sleep(settings.feedPollSeconds * 1000);
          }
        },
        waitingNoter(deps, input.syncId)
      );
    },

    /**
     * How many SKUs and parents still wait after the lanes, and whether that is because the source told of changes meanwhile, or
     * a feed came to nothing; else these are ones whose answers the database has lost. And how many have a retry to come.
     */
    async countUnsent(input: { syncId: string }): Promise<{ unsent: number; isNews: boolean; retrying: number }> {
      const context = await runContext(deps, input.syncId);
      const { run } = context;
      const isNews = (await abandonFilling(context)) || run.hasNews === true;
      const { ledger, parents } = deps;
      const unsent = (await ledger.waiting(run.connectorId)) + (await parents.waiting(run.connectorId));
      if (isNews && unsent === 0) await runs.update(run._id, { hasNews: false });
      const retrying = (await ledger.retrying(run.connectorId)) + (await parents.retrying(run.connectorId));
      return { unsent, isNews, retrying };
    },
  };

  /**
   * Takes a lane's feeds for this attempt. An older attempt that does not know yet that it is lost, because its worker has no
   * connection to the engine, is stopped before it creates a feed at Amazon.
   */
  async function takeFeeds({ run: { _id } }: RunContext, lane: FeedLane): Promise<Hold> {
    const { activityId, attempt, workflowExecution } = activityInfo();
    const token = `${workflowExecution?.runId}:${activityId}:${attempt}`;
    await runs.fence(_id, `${lane}-feeds`, token);
    return async () => {
      if (!(await runs.isFencedBy(_id, `${lane}-feeds`, token)))
        throw ApplicationFailure.nonRetryable(
          `Another attempt has the feeds of the ${lane} lane of sync ${_id}`,
          'bug'
        );
    };
  }

  /** Feeds that were being filled when their run or worker ended: what is in them goes its usual way. */
  async function abandonFilling(context: RunContext): Promise<boolean> {
    const filling = await feeds.filling(context.run.connectorId);
    for (const feed of filling) {
      for (const entries of await entriesIn(context, feed)) await release(context, feed, entries);
      await feeds.change(feed._id, { state: 'given_up', endedAt: new Date() });
    }
    return filling.length > 0;
  }

  async function openFeeds(connectorId: string): Promise<OpenFeeds> {
    return countFeeds(await feeds.atAmazon(connectorId));
  }

  /** @param hasAnswered - Amazon, just now: whoever waited for it to come back, does so no more. */
  async function sayWhatIsAtAmazon({ run: { _id } }: RunContext, hasAnswered: boolean): Promise<void> {
    const run = await runs.get(_id);
    if (!run) return;
    const { waitingFor } = run;
    const isOver = hasAnswered && waitingFor !== null && isPassingOfAmazon(waitingFor);
    // What a person or another step is waited for says more.
    if (waitingFor && waitingFor.code !== 'feed' && !isOver) return;
    await runs.replaceWait(_id, waitingFor, waitForFeeds(await feeds.atAmazon(run.connectorId)));
  }

  /** The rule, with what is known now. Amazon is not asked for it. */
  async function isFeedSooner({ run, account }: RunContext, book: Book, page: number): Promise<boolean> {
    const messages = await book.ledger.waitingWithDetails(run.connectorId);
    const [pace, usual] = await Promise.all([
      amazonFeeds.pace(account),
      feeds.usualSeconds(account.sellerId, account.clientId),
    ]);
    const rates = { ...pace, feedSeconds: usual ?? USUAL_FEED_SECONDS };
    // Where the smallest of feeds is not soon enough, nothing needs to be weighed.
    if (feedOrCalls({ messages, bytes: 0 }, rates).by === 'calls') return false;
    let [sampled, bytes] = [0, 0];
    for (let at = page; at < page + SAMPLED_PAGES; at++)
      for (const entry of await book.ledger.waitingOn(run.connectorId, at, 'details')) {
        const operation = feedOperationOf(entry, run.config.listing);
        if (!operation) continue;
        sampled += 1;
        bytes += utf8Length(JSON.stringify(operation));
      }
    const perMessage = sampled > 0 ? bytes / sampled : USUAL_MESSAGE_BYTES;
    return feedOrCalls({ messages, bytes: messages * perMessage }, rates).by === 'feed';
  }

  /** Fills a feed from a ledger page on, and sends it. */
  async function fill(
    context: RunContext,
    book: Book,
    page: number,
    hold: Hold,
    signal: AbortSignal
  ): Promise<{ next: number; awaiting: number }> {
    const { run, connector, account } = context;
    const { connectorId, sellerId, clientId } = account;
    const pages = { from: page, to: page };
    const feed = await feeds.begin({ connectorId, sellerId, clientId, syncId: run._id, book: book.name, pages });
    const draft = new FeedDraft(account);
    const messages: FeedMessage[] = [];
    let awaiting = 0;
    let next = page;
    const read = async (number: number) => {
      signal.throwIfAborted();
      const entries = await book.ledger.waitingOn(connectorId, number, 'details');
      return { number, entries, matches: await matchesOf({ ...deps, ledger: book.ledger }, account, entries, signal) };
    };
    for await (const waiting of pagesAhead({ from: page, to: connector.ledgerPage.number }, read)) {
      const passed = await gate.pass(context, waiting.entries, signal);
      awaiting += passed.awaiting;
      await feeds.change(feed._id, { pages: { from: page, to: waiting.number } });
      const { taken, isFull } = await load(context, book, feed, draft, passed.ready, waiting.matches);
      messages.push(...taken);
      next = isFull ? waiting.number : waiting.number + 1;
      if (isFull) break;
    }
    await send(context, feed, draft, { messages, hold }, signal);
    return { next, awaiting };
  }

  /** A feed of which nobody knows whether Amazon has it: its SKUs are sent as a new one, as they are to be by now. */
  async function fillAgain(context: RunContext, feed: FeedDocument, hold: Hold, signal: AbortSignal): Promise<void> {
    // From whatever run began it.
    await feeds.change(feed._id, { syncId: context.run._id });
    const book = books[feed.book];
    const draft = new FeedDraft(context.account);
    const messages: FeedMessage[] = [];
    for (const entries of await entriesIn(context, feed)) {
      const { taken } = await load(context, book, feed, draft, entries);
      const isTaken = new Set(taken.map(({ sku }) => sku));
      messages.push(...taken);
      await release(
        context,
        feed,
        entries.filter(({ sku }) => !isTaken.has(sku))
      );
    }
    await send(context, feed, draft, { messages, hold }, signal);
  }

  /** Puts entries into a feed, and notes in the ledger that they are. */
  async function load(
    { run }: RunContext,
    book: Book,
    feed: FeedDocument,
    draft: FeedDraft,
    entries: readonly ListingDocument[],
    matches: ReadonlyMap<string, LedgerChange> = new Map()
  ): Promise<{ taken: FeedMessage[]; isFull: boolean }> {
    const before = draft.messages.length;
    const writes: LedgerWrite[] = [];
    let isFull = false;
    for (const entry of entries) {
      const operation = feedOperationOf(entry, run.config.listing);
      if (!operation) continue;
      if (!draft.add(operation)) {
        // What does not even fit into an empty feed goes by a call.
        if (draft.messages.length === 0) continue;
        isFull = true;
        break;
      }
      const entering = enteringFeed(entry, run.config.listing, feed._id, draft.messages.length);
      writes.push(writeFrom(entry, { ...matches.get(entry.sku), ...entering }));
    }
    const moved = new Set(await book.write(run, entries, writes));
    return { taken: draft.messages.slice(before).filter(({ sku }) => !moved.has(sku)), isFull };
  }

  async function send(
    context: RunContext,
    feed: FeedDocument,
    draft: FeedDraft,
    { messages, hold }: { messages: readonly FeedMessage[]; hold: Hold },
    signal: AbortSignal
  ): Promise<void> {
    if (messages.length === 0) return feeds.forget(feed._id);
    const { account, run } = context;
    await feeds.change(feed._id, { messages: messages.length, bytes: draft.bytes });
    const { feedId } = await amazonFeeds.submit(account, messages, signal, async () => {
      await hold();
      // An attempt before this one was just sending it, or a later run has seen to it.
      if (!(await feeds.isFilledBy(feed._id, run._id)))
        throw ApplicationFailure.retryable(`A feed of sync ${run._id} was sent or given up meanwhile`, 'bug');
    });
    await feeds.change(feed._id, { state: 'sent', feedId, status: 'IN_QUEUE', submittedAt: new Date() });
    log.info('a feed was sent', { syncId: run._id, feedId, messages: messages.length, bytes: draft.bytes });
    await sayWhatIsAtAmazon(context, true);
  }

  /**
   * Looks at feeds, one after the other. A report that cannot be read holds up no other feed: that is thrown when no other has
   * ended either.
   */
  async function followEach(
    context: RunContext,
    atAmazon: readonly FeedDocument[],
    signal: AbortSignal
  ): Promise<Exclude<Seen, object>[]> {
    const ends: Exclude<Seen, object>[] = [];
    const unread: unknown[] = [];
    for (const feed of atAmazon) {
      signal.throwIfAborted();
      const seen = await follow(context, feed, signal);
      if (typeof seen === 'object') unread.push(seen.unread);
      else ends.push(seen);
    }
    if (unread.length > 0 && ends.every((end) => end === 'on its way')) throw unread[0];
    return ends;
  }

  async function follow(context: RunContext, feed: FeedDocument, signal: AbortSignal): Promise<Seen> {
    const { account } = context;
    const status = await amazonFeeds.status(account, feed.feedId!, signal);
    await feeds.change(feed._id, { status: status?.processingStatus ?? null });
    switch (status?.processingStatus) {
      case 'DONE':
        return readReport(context, feed, status, signal);
      case 'IN_QUEUE':
      case 'IN_PROGRESS': {
        const isStuck = Date.now() - feed.submittedAt!.getTime() > settings.feedStuckSeconds * 1000;
        const mayBeTakenBack = status.processingStatus === 'IN_QUEUE' && (feed.stopWanted || isStuck);
        const isTakenBack = mayBeTakenBack && (await amazonFeeds.cancel(account, feed.feedId!, signal));
        if (!isTakenBack && !isStuck) return 'on its way';
        return giveUp(context, feed, isTakenBack ? 'was taken back' : 'is stuck at Amazon', isTakenBack);
      }
      case 'FATAL':
        return giveUp(context, feed, 'was given up by Amazon (FATAL)', false);
      case 'CANCELLED':
        return giveUp(context, feed, 'was cancelled', true);
      case undefined:
        return giveUp(context, feed, 'is not known to Amazon', false);
    }
  }

  /** Each message's outcome, on its SKU. */
  async function readReport(
    context: RunContext,
    feed: FeedDocument,
    status: FeedStatus,
    signal: AbortSignal
  ): Promise<Seen> {
    const { account, run } = context;
    const { reportDocumentId } = status;
    if (!reportDocumentId) return giveUp(context, feed, 'is through without a report', false);
    const read = await tried(() => amazonFeeds.report(account, reportDocumentId, signal), signal);
    if ('error' in read) return withoutReport(context, feed, read.error);
    const report = read.value;
    const entriesOfPages = await entriesIn(context, feed);
    const messages = entriesOfPages.flat().map(({ sku, feed: passage }) => ({ sku, messageId: passage!.messageId }));
    const { answers, unknown } = outcomesOf(report, messages);
    for (const entries of entriesOfPages) {
      signal.throwIfAborted();
      await settle(context, feed, entries, answers, signal);
    }
    const isUnknown = new Set(unknown);
    const left = (await entriesIn(context, feed)).flat().filter(({ sku }) => isUnknown.has(sku));
    await release(context, feed, left);
    const endedAt = new Date(status.processingEndTime ?? Date.now());
    await feeds.change(feed._id, { state: 'done', endedAt });
    log.info('a feed is through', { syncId: run._id, feedId: feed.feedId, ...report.summary, unknown: unknown.length });
    if (left.length === 0) return 'through';
    await runs.note(
      run._id,
      `The report of feed ${feed.feedId} leaves out ${left.length} SKUs; they are sent by calls.`
    );
    return 'gave up';
  }

  /**
   * A report that cannot be read is waited for while that may pass, and no longer than a feed may be stuck: nothing of its SKUs
   * is sent meanwhile.
   */
  async function withoutReport(context: RunContext, feed: FeedDocument, error: unknown): Promise<Seen> {
    if (!isOfReport(error)) return { unread: error };
    if (isPassing(error.code)) {
      const since = feed.unreadableSince ?? new Date();
      if (!feed.unreadableSince) await feeds.change(feed._id, { unreadableSince: since });
      if (Date.now() - since.getTime() <= settings.feedStuckSeconds * 1000) return { unread: error };
    }
    log.warn('the report of a feed cannot be read', {
      syncId: context.run._id,
      feedId: feed.feedId,
      why: error.message,
    });
    return giveUp(context, feed, 'has no readable report', false);
  }

  /** Writes the answers to one page of a feed's entries. What is wanted otherwise by now is put in line. */
  async function settle(
    context: RunContext,
    feed: FeedDocument,
    page: readonly ListingDocument[],
    answers: ReadonlyMap<string, SubmissionAnswer>,
    signal: AbortSignal
  ): Promise<void> {
    const book = books[feed.book];
    let entries = page.filter(({ sku }) => answers.has(sku));
    while (entries.length > 0) {
      const writes: LedgerWrite[] = [];
      for (const entry of entries) {
        const change = await answered(context, feed, entry, answers.get(entry.sku)!, signal);
        writes.push(writeFrom(entry, { ...change, feed: null }));
      }
      if (writes.some(({ change }) => change.state === 'pending')) await noteNews(context);
      const moved = await book.write(context.run, entries, writes);
      const now = await book.ledger.bySku(context.run.connectorId, moved);
      entries = [...now.values()].filter((entry) => entry.feed?.id === feed._id);
    }
  }

  async function answered(
    context: RunContext,
    feed: FeedDocument,
    entry: ListingDocument,
    answer: SubmissionAnswer,
    signal: AbortSignal
  ): Promise<LedgerChange> {
    const passage = entry.feed!;
    const { verifyAfterSeconds } = settings;
    const asSent: LedgerEntry = { ...entry, lane: 'details', ...passage.asSent };
    const sent = {
      operation: passage.operation,
      lane: 'details' as const,
      payload: entry.lastPayload,
      by: `feed ${feed.feedId}`,
    };
    const change = afterAnswer(asSent, sent, answer, verifyAfterSeconds, new Date());
    if (passage.asSent) return afterOvertakenAnswer(entry, change, verifyAfterSeconds, new Date());
    return sender.withQuantityAlone(context, { ...asSent, ...change }, change, signal);
  }

  /** What a feed did not do goes by calls. */
  async function giveUp(
    context: RunContext,
    feed: FeedDocument,
    why: string,
    isUntouched: boolean
  ): Promise<'gave up'> {
    const { run } = context;
    log.warn('a feed came to nothing', { syncId: run._id, feedId: feed.feedId, why });
    for (const entries of await entriesIn(context, feed)) await release(context, feed, entries, isUntouched);
    await feeds.change(feed._id, { state: 'given_up', endedAt: new Date() });
    await runs.note(
      run._id,
      `Feed ${feed.feedId} with ${feed.messages.toLocaleString('en-US')} SKUs ${why}; they are sent by calls.`
    );
    return 'gave up';
  }

  /**
   * Takes entries out of a feed.
   *
   * @param isUntouched - nothing of the feed was applied: else nobody knows what Amazon has by now, and all is sent.
   */
  async function release(
    context: RunContext,
    feed: FeedDocument,
    page: readonly ListingDocument[],
    isUntouched = false
  ): Promise<void> {
    const book = books[feed.book];
    if (page.length > 0) await noteNews(context);
    let entries = [...page];
    while (entries.length > 0) {
      const moved = await book.write(
        context.run,
        entries,
        entries.map((entry) =>
          writeFrom(entry, { feed: null, ...(isUntouched && !entry.feed?.asSent ? {} : sentAnew(entry)) })
        )
      );
      const now = await book.ledger.bySku(context.run.connectorId, moved);
      entries = [...now.values()].filter((entry) => entry.feed?.id === feed._id);
    }
  }

  /** The lanes are to be gone through once more. */
  async function noteNews({ run }: RunContext): Promise<void> {
    await runs.update(run._id, { hasNews: true });
  }

  /** The entries that are in a feed, by ledger page. */
  async function entriesIn({ run }: RunContext, feed: FeedDocument): Promise<ListingDocument[][]> {
    const pages: ListingDocument[][] = [];
    for (let page = feed.pages.from; page <= feed.pages.to; page++)
      pages.push(
        (await books[feed.book].ledger.page(run.connectorId, page)).filter((each) => each.feed?.id === feed._id)
      );
    return pages;
  }
}

/** How many of these feeds are of parents and of SKUs. */
export function countFeeds(feeds: readonly Pick<FeedDocument, 'book'>[]): OpenFeeds {
  const parents = feeds.filter(({ book }) => book === 'parents').length;
  return { parents, skus: feeds.length - parents };
}

function waitForFeeds(open: readonly FeedDocument[]): WaitingFor | null {
  if (open.length === 0) return null;
  const messages = open.reduce((sum, feed) => sum + feed.messages, 0).toLocaleString('en-US');
  return {
    code: 'feed',
    message: `Amazon has ${messages} SKUs in ${open.length === 1 ? 'one feed' : `${open.length} feeds`}, and answers for all of a feed together.`,
    owner: 'amazon',
    since: (open[0]!.submittedAt ?? new Date()).toISOString(),
  };
}

/** A failure that would be another one for another report. The seller's access and the rate are the same for all. */
function isOfReport(error: unknown): error is OutsideError {
  if (!(error instanceof OutsideError) || error.facts.system !== 'amazon' || wasNotSent(error)) return false;
  return !error.code.startsWith('auth.') && error.code !== 'throttled';
}

function enteringFeed(
  entry: LedgerEntry,
  settings: { sendPrice: boolean },
  feedId: string,
  messageId: number
): LedgerChange {
  const plan = submissionOf(entry, settings);
  const lastPayload = plan.by === 'put' ? plan.listing : { productType: plan.productType, patches: plan.patches };
  return {
    feed: { id: feedId, messageId, operation: plan.by },
    lastPayload,
    reason: 'It is in a feed; Amazon answers for all of its SKUs together.',
  };
}

/** An entry of which nobody knows what Amazon has of it: everything is sent, and of what is held back the quantity. */
function sentAnew(entry: LedgerEntry): LedgerChange {
  if (!entry.wanted || (isQuantityAll(entry) && quantityOf(entry.wanted) === undefined)) return {};
  return { state: 'pending', lane: isQuantityAll(entry) ? 'offer' : 'details', reason: GAVE_UP };
}
