import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { failureCodeOf, isAuthFailure } from '../../domain/errors';
import { isQuantityStale, type Lane, type LedgerChange } from '../../domain/ledger';
import type { AmazonAccount } from '../../domain/ports/amazon';
import { parentSkuIn } from '../../domain/variations';
import { revisionOf, writeFrom, type ListingDocument } from '../../models/listings';
import type { SendingStep } from '../../models/sync-runs';
import { inParallel } from '../in-parallel';
import { together } from '../together';
import type { Book } from './books';
import type { CatalogSyncDependencies, OpenRun, RunContext } from './dependencies';
import { matchEntries } from './match';
import { wasNotSent } from './quick-tries';
import { senderOf, tried } from './sender';

/** When so many fail, in a row or of a page, it may be an outage, and not that many bad SKUs. */
const SUSPICIOUS = { inARow: 12, share: 0.5, atLeast: 10 } as const;
/** So often a page that fails is taken for an outage even though Amazon can be read: then its SKUs are retried one by one. */
const BENEFIT_OF_DOUBT = 3;

/** What was looked up so lately is not looked up again, in milliseconds: a request is under way for longer. */
const FRESH_MS = 500;

/** So many of those that come next are looked up along with an entry, for as long as that is fresh. */
const LOOKED_AHEAD = 32;

/** One attempt's hold on a lane. */
export interface LaneHold {
  /**
   * Tells of entries, in the order in which they are to be sent, how each is to be sent now: the values that came last count, in
   * place of those that were read with the page. The function that is returned
   * - answers undefined when there is nothing of the entry to be sent any more, here;
   * - throws an ApplicationFailure when another attempt has taken the lane since.
   *
   * @param readAt - when they were read, in milliseconds since the epoch.
   */
  upToDate(
    entries: readonly ListingDocument[],
    readAt: number
  ): (entry: ListingDocument) => Promise<ListingDocument | undefined>;
}

/** Entries of the ledger as they were read at some moment, in milliseconds since the epoch. */
export interface ReadEntries {
  entries: readonly ListingDocument[];
  readAt: number;
}

/** Sends entries of the ledger, a few requests at a time. */
export function pagePublisher(deps: CatalogSyncDependencies) {
  const { runs, listings, settings } = deps;
  const sender = senderOf(deps);

  /**
   * Where the entry has changed meanwhile there is something else to be said of it, and this is left out; but Amazon may have
   * what was sent.
   */
  async function noteFailure(context: RunContext, book: Book, entry: ListingDocument, error: unknown): Promise<void> {
    const change = sender.failed(entry, error);
    const moved = await book.write(context.run, [entry], [writeFrom(entry, change)]);
    if (moved.length > 0 && !wasNotSent(error)) await sender.answerWasLost(context, book, entry);
  }

  /**
   * Takes a lane for this attempt. An older attempt that does not know yet that it is lost, because its worker has no
   * connection to the engine, is stopped before its next SKU.
   */
  async function takeLane(run: OpenRun, book: Book, lane: SendingStep, part: Lane): Promise<LaneHold> {
    const { activityId, attempt, workflowExecution } = activityInfo();
    const token = `${workflowExecution?.runId}:${activityId}:${attempt}`;
    await runs.fence(run._id, lane, token);
    let heldAt = Date.now();

    /** Looks up what some entries are by now, and whether the lane is held still. */
    async function look(entries: readonly ListingDocument[]): Promise<Map<string, ListingDocument | undefined>> {
      const askedAt = Date.now();
      const skus = entries.map(({ sku }) => sku);
      const [isHeld, revisions] = await Promise.all([
        runs.isFencedBy(run._id, lane, token),
        book.ledger.revisionsOf(run.connectorId, skus),
      ]);
      if (!isHeld)
        throw ApplicationFailure.nonRetryable(`Another attempt has the ${lane} lane of sync ${run._id}`, 'bug');
      heldAt = askedAt;
      const moved = skus.filter((sku, at) => revisions.get(sku) !== revisionOf(entries[at]!));
      const fresh = moved.length > 0 ? await book.ledger.bySku(run.connectorId, moved) : new Map();
      return new Map(entries.map((entry) => [entry.sku, moved.includes(entry.sku) ? fresh.get(entry.sku) : entry]));
    }

    return {
      upToDate(entries, readAt) {
        const known = new Map(
          entries.map((entry) => [entry.sku, { now: entry as ListingDocument | undefined, at: readAt }])
        );
        let begun = 0;
        const lookAhead = together<ListingDocument>(async (asked) => {
          const at = Date.now();
          const found = await look([...asked, ...entries.slice(begun, begun + LOOKED_AHEAD)]);
          for (const [sku, now] of found) known.set(sku, { now, at });
        });
        return async (entry) => {
          begun = Math.max(begun, entries.indexOf(entry) + 1);
          const isFresh = Math.min(heldAt, known.get(entry.sku)!.at) > Date.now() - FRESH_MS;
          if (!isFresh) await lookAhead(entry);
          const { now } = known.get(entry.sku)!;
          if (now === entry) return entry;
          // Under another parent it has to wait for that one first.
          return now && waitsIn(part, now) && parentSkuIn(now.wanted) === parentSkuIn(entry.wanted) ? now : undefined;
        };
      },
    };
  }

  /** A page of entries, as it was read at some moment, a few requests at a time; answers how many became durable retries. */
  async function publishEntries(
    context: RunContext,
    book: Book,
    lane: LaneHold,
    { entries, readAt }: ReadEntries,
    signal: AbortSignal
  ): Promise<number> {
    const { run, account } = context;
    const failures: { entry: ListingDocument; error: unknown }[] = [];
    let [isReachable, failedInARow] = [false, 0];
    // Each answer is on disk before its SKU's slot takes another; answers that come together are written together.
    const settle = together<{ entry: ListingDocument; change: LedgerChange }>((answers) =>
      sender.settle(context, book, answers)
    );
    await matchEntries({ ...deps, ledger: book.ledger }, account, entries, signal);
    const upToDate = lane.upToDate(entries, readAt);
    await inParallel(entries, settings.requestsInFlight, async (asRead) => {
      signal.throwIfAborted();
      const entry = await upToDate(asRead);
      if (!entry) return;
      const result = await tried(() => sender.answerWithQuickTries(context, book, entry, signal), signal);
      if ('error' in result) {
        failedInARow += 1;
        if (isOfAll(result.error)) throw result.error;
        // What is wanted of it by now is not for the end of the page.
        if ((await sender.newest(context, book, entry)) !== entry)
          return await sender.answerWasLost(context, book, entry);
        failures.push({ entry, error: result.error });
        if (failedInARow < SUSPICIOUS.inARow) return;
        if (await isOutage(account, entry.sku, signal)) throw result.error;
        failedInARow = 0;
        return;
      }
      await settle({ entry, change: result.value });
      failedInARow = 0;
      if (!isReachable) await runs.update(run._id, { waitingFor: null });
      isReachable = true;
    });
    const isSuspicious = failures.length >= SUSPICIOUS.atLeast && failures.length > entries.length * SUSPICIOUS.share;
    if (isSuspicious && (await isOutage(account, failures[0]!.entry.sku, signal))) throw failures[0]!.error;
    for (const { entry, error } of failures) await noteFailure(context, book, entry, error);
    return failures.length;
  }

  /**
   * Sends prices and quantities of SKUs, and the quantity alone where the content waits for its lane, which may be long behind
   * parents and feeds. Answers how many became durable retries.
   */
  async function publishOffers(
    context: RunContext,
    book: Book,
    lane: LaneHold,
    { entries, readAt }: ReadEntries,
    signal: AbortSignal
  ): Promise<number> {
    const offers = stopSellingFirst(entries.filter((entry) => waitsIn('offer', entry)));
    let failed = await publishEntries(context, book, lane, { entries: offers, readAt }, signal);
    const stale = entries.filter((entry) => waitsIn('details', entry) && isQuantityStale(entry));
    await inParallel(stale, settings.requestsInFlight, async (asRead) => {
      // The offers before may have taken minutes.
      const entry = await sender.newest(context, book, asRead);
      if (!entry || !waitsIn('details', entry) || !isQuantityStale(entry)) return;
      const result = await tried(() => sender.sendQuantityFirst(context, book, entry, signal), signal);
      if (!('error' in result)) return;
      if (isOfAll(result.error)) throw result.error;
      await noteFailure(context, book, entry, result.error);
      failed += 1;
    });
    return failed;
  }

  /** Tells an outage from bad SKUs, which must not hold up the others for ever: in an outage Amazon cannot be read either. */
  async function isOutage(account: AmazonAccount, sku: string, signal: AbortSignal): Promise<boolean> {
    if (activityInfo().attempt <= BENEFIT_OF_DOUBT) return true;
    return 'error' in (await tried(() => listings.search(account, [sku], signal), signal));
  }

  return { takeLane, publishEntries, publishOffers, noteFailure };
}

/** A failure that says nothing about the SKU that met it, and that the others would meet too. */
export function isOfAll(error: unknown): boolean {
  const code = failureCodeOf(error);
  return isAuthFailure(code) || code === 'throttled' || wasNotSent(error);
}

/** Whether an entry has something to send in a lane. What is in a feed is not sent beside it. */
export function waitsIn(part: Lane, entry: ListingDocument): boolean {
  return entry.lane === part && entry.state === 'pending' && !entry.feed;
}

/** What must stop selling goes before everything else (B6). */
export function stopSellingFirst(entries: readonly ListingDocument[]): ListingDocument[] {
  return entries.toSorted((one, other) => Number(one.verdict.kind === 'sell') - Number(other.verdict.kind === 'sell'));
}
