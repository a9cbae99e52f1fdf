import { log, sleep } from '@temporalio/activity';
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
import { runContext, waitingNoter, type CatalogSyncDependencies, type RunContext } from './dependencies';
import { pagesAhead } from './ledger-pages';
import { matchesOf } from './match';
import { parentGate } from './parent-gate';
import { senderOf } from './sender';

/** How large a message is held to be before any was made. Source: ADR 0015. */
const USUAL_MESSAGE_BYTES = 2_200;
/** Ledger pages that are looked at to know how large a message is. */
const SAMPLED_PAGES = 3;

/** One activity follows feeds for so long; the next one goes on. In milliseconds. */
const FOLLOW_MS = 30 * 60_000;

/** What becomes of what Amazon does not do with a feed. */
const GAVE_UP = 'The feed that it was in came to nothing, and it is sent by itself.';

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
      lane: 'parents' | 'details';
      page: number;
    }): Promise<{ nextPage: number | null; awaiting: number; open: OpenFeeds }> {
      return withPulse(
        async ({ signal }) => {
          const context = await runContext(deps, input.syncId);
          const { connectorId } = context.run;
          const lastPage = context.connector.ledgerPage.number;
          const book = input.lane === 'parents' ? books.parents : books.skus;
          for (const lost of await feeds.filling(connectorId)) await fillAgain(context, lost, signal);
          if (input.page > lastPage || !(await isFeedSooner(context, book, input.page)))
            return { nextPage: null, awaiting: 0, open: await openFeeds(connectorId) };
          const { next, awaiting } = await fill(context, book, input.page, signal);
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
            const ends: string[] = [];
            for (const feed of atAmazon) {
              signal.throwIfAborted();
              ends.push(await follow(context, feed, signal));
            }
            const open = await openFeeds(context.run.connectorId);
            await sayWhatIsAtAmazon(context);
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

  async function sayWhatIsAtAmazon({ run: { _id } }: RunContext): Promise<void> {
    const run = await runs.get(_id);
    // What a person or another step is waited for says more.
    if (!run || (run.waitingFor && run.waitingFor.code !== 'feed')) return;
    const open = await feeds.atAmazon(run.connectorId);
    if (open.length === 0) return runs.update(run._id, { waitingFor: null });
    const messages = open.reduce((sum, feed) => sum + feed.messages, 0).toLocaleString('en-US');
    await runs.update(run._id, {
      waitingFor: {
        code: 'feed',
        message: `Amazon has ${messages} SKUs in ${open.length === 1 ? 'one feed' : `${open.length} feeds`}, and answers for all of a feed together.`,
        owner: 'amazon',
        since: (open[0]!.submittedAt ?? new Date()).toISOString(),
      },
    });
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
    await send(context, feed, draft, messages, signal);
    return { next, awaiting };
  }

  /** A feed of which nobody knows whether Amazon has it: its SKUs are sent as a new one, as they are to be by now. */
  async function fillAgain(context: RunContext, feed: FeedDocument, signal: AbortSignal): Promise<void> {
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
    await send(context, feed, draft, messages, signal);
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
    { account, run }: RunContext,
    feed: FeedDocument,
    draft: FeedDraft,
    messages: readonly FeedMessage[],
    signal: AbortSignal
  ): Promise<void> {
    if (messages.length === 0) return feeds.forget(feed._id);
    await feeds.change(feed._id, { messages: messages.length, bytes: draft.bytes });
    const { feedId } = await amazonFeeds.submit(account, messages, signal);
    await feeds.change(feed._id, { state: 'sent', feedId, status: 'IN_QUEUE', submittedAt: new Date() });
    log.info('a feed was sent', { syncId: run._id, feedId, messages: messages.length, bytes: draft.bytes });
  }

  async function follow(
    context: RunContext,
    feed: FeedDocument,
    signal: AbortSignal
  ): Promise<'on its way' | 'through' | 'gave up'> {
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
  ): Promise<'through' | 'gave up'> {
    const { account, run } = context;
    if (!status.reportDocumentId) return giveUp(context, feed, 'is through without a report', false);
    const report = await amazonFeeds.report(account, status.reportDocumentId, signal);
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
