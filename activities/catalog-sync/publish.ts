import { activityInfo, sleep } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { failureCodeOf, isAuthFailure, OutsideError } from '../../domain/errors';
import {
  afterAnswer,
  afterFailure,
  afterParentAwaited,
  afterParentHeldBack,
  isQuantityStale,
  type Lane,
  type LedgerChange,
  type LedgerEntry,
} from '../../domain/ledger';
import { laneFor } from '../../domain/listing-changes';
import { hashesOf } from '../../domain/listing-hashes';
import type { AmazonAccount, SubmissionAnswer } from '../../domain/ports/amazon';
import { submissionOf } from '../../domain/submission';
import type { PublishLane } from '../../domain/sync';
import { parentSkuIn, whyHeldBack, whyItWaits } from '../../domain/variations';
import type { LedgerStore, LedgerWrite, ListingDocument } from '../../models/listings';
import { inParallel } from '../in-parallel';
import { together } from '../together';
import { matchEntries } from './match';
import { sendQuantityAlone } from './quantity-alone';
import { problemOfRefusal } from './refusal';
import { withPulse } from '../pulse';
import {
  runContext,
  waitingNoter,
  writeEntries,
  type CatalogSyncDependencies,
  type OpenRun,
  type RunContext,
} from './dependencies';

/** SKUs that one activity sends before it hands its page back. */
const PUBLISH_AT_ONCE = 200;
/** Tries of one SKU inside its page, before it becomes a durable retry of its own. */
const QUICK_TRIES = 2;
/** When so many fail, in a row or of a page, it may be an outage, and not that many bad SKUs. */
const SUSPICIOUS = { inARow: 12, share: 0.5, atLeast: 10 } as const;
/** So often a page that fails is taken for an outage even though Amazon can be read: then its SKUs are retried one by one. */
const BENEFIT_OF_DOUBT = 3;

/** One attempt's hold on a lane. */
interface LaneHold {
  /** @throws ApplicationFailure when another attempt has taken the lane since. */
  assertHeld(): Promise<void>;
}

/** Where entries are kept: SKUs in the ledger, whose states a run counts, and parents apart. */
interface Book {
  ledger: LedgerStore;
  write(run: OpenRun, entries: readonly LedgerEntry[], writes: readonly LedgerWrite[]): Promise<void>;
}

/** What was sent for one SKU, and Amazon's answer. */
interface Submission {
  operation: 'put' | 'patch';
  payload: unknown;
  answer: SubmissionAnswer;
}

/** Steps 2 and 3: what waits in the ledger goes to Amazon. */
export function publishSteps(deps: CatalogSyncDependencies) {
  const { ledger, parents, runs, listings, settings } = deps;
  const bookOfSkus: Book = {
    ledger,
    write: (run, entries, writes) => writeEntries(deps, run, entries, writes),
  };
  const bookOfParents: Book = {
    ledger: parents,
    write: (run, _entries, writes) => parents.change(run.connectorId, writes),
  };

  return {
    /**
     * Sends what waits in one lane, ledger page by ledger page, until some 200 SKUs are sent. Each result is written before
     * the next SKU is taken. Throws a passing failure when most of a page fails: an outage, and nobody's attempt is burned.
     */
    async publishPage(input: {
      syncId: string;
      lane: PublishLane;
      page: number;
    }): Promise<{ nextPage: number | null; failed: number }> {
      return withPulse(
        async ({ signal }) => {
          const context = await runContext(deps, input.syncId);
          const lastPage = context.connector.ledgerPage.number;
          const lane = await takeLane(context.run, input.lane);
          const book = input.lane === 'parents' ? bookOfParents : bookOfSkus;
          const part: Lane = input.lane === 'parents' ? 'details' : input.lane;
          let [page, sent, failed] = [input.page, 0, 0];
          while (page <= lastPage && sent < PUBLISH_AT_ONCE) {
            signal.throwIfAborted();
            const waiting = (await book.ledger.page(context.run.connectorId, page)).filter(
              (entry) => entry.lane === part && entry.state === 'pending'
            );
            const { ready, awaiting } = await heldByParents(context, waiting, signal, lane);
            failed += awaiting + (await publishEntries(context, book, lane, stopSellingFirst(ready), signal));
            sent += waiting.length;
            page += 1;
          }
          return { nextPage: page <= lastPage ? page : null, failed };
        },
        waitingNoter(deps, input.syncId)
      );
    },

    /** How many SKUs and parents still wait after the lanes: only those whose answers the database has lost. */
    async countUnsent(input: { syncId: string }): Promise<number> {
      const { run } = await runContext(deps, input.syncId);
      return (await ledger.waiting(run.connectorId)) + (await parents.waiting(run.connectorId));
    },

    /** The parents and SKUs whose durable retry is due, at most `limit`, taken in hand by one window. Safe to repeat. */
    async claimRetries(input: {
      syncId: string;
      window: number;
      limit: number;
    }): Promise<{ skus: string[]; left: number }> {
      const { run } = await runContext(deps, input.syncId);
      const [window, now] = [`${input.syncId}:${input.window}`, new Date()];
      const first = await parents.claimRetries(run.connectorId, window, input.limit, now);
      const then = await ledger.claimRetries(run.connectorId, window, input.limit - first.skus.length, now);
      return { skus: [...first.skus, ...then.skus], left: first.left + then.left };
    },

    /** One durable try of one SKU. Throws passing failures, so that the engine's retry policy brings it back. */
    async publishSku(input: { syncId: string; sku: string }): Promise<void> {
      await withPulse(async ({ signal }) => {
        const context = await runContext(deps, input.syncId);
        const { run } = context;
        const found = await ledger.one(run.connectorId, input.sku);
        const book = found?.state === 'retrying' ? bookOfSkus : bookOfParents;
        const entry = found?.state === 'retrying' ? found : await parents.one(run.connectorId, input.sku);
        if (!entry?.lane || entry.state !== 'retrying') return;
        const { ready, awaiting } = await heldByParents(context, [entry], signal);
        if (awaiting > 0) throw new OutsideError('transient', 'Its parent is not there yet.', PARENT_FACTS);
        if (ready.length === 0) return;
        const result = await tried(() => answerFor(context, book, entry, signal), signal);
        if (!('error' in result)) return book.write(run, [entry], [{ sku: entry.sku, change: result.value }]);
        const code = failureCodeOf(result.error);
        if (!isAuthFailure(code) && code !== 'throttled')
          await book.write(run, [entry], [{ sku: entry.sku, change: failed(entry, result.error) }]);
        throw result.error;
      });
    },
  };

  /**
   * Takes a lane for this attempt. An older attempt that does not know yet that it is lost, because its worker has no
   * connection to the engine, is stopped before its next SKU.
   */
  async function takeLane(run: OpenRun, lane: PublishLane): Promise<LaneHold> {
    const { activityId, attempt, workflowExecution } = activityInfo();
    const token = `${workflowExecution?.runId}:${activityId}:${attempt}`;
    await runs.fence(run._id, lane, token);
    const look = together<void>(async () => {
      if (await runs.isFencedBy(run._id, lane, token)) return;
      throw ApplicationFailure.nonRetryable(`Another attempt has the ${lane} lane of sync ${run._id}`, 'bug');
    });
    return { assertHeld: () => look() };
  }

  /**
   * V16: no child before its parent. Children of a parent that waits for a person are held back, children of one that is
   * still on its way are tried again; the quantity of those that are at Amazon is sent all the same.
   *
   * @param lane - of a page; one SKU's durable retry holds none.
   */
  async function heldByParents<T extends LedgerEntry>(
    { run, account }: RunContext,
    entries: readonly T[],
    signal: AbortSignal,
    lane?: LaneHold
  ): Promise<{ ready: T[]; awaiting: number }> {
    const parentOf = (entry: T) => (entry.lane === 'details' ? parentSkuIn(entry.wanted) : undefined);
    const names = [...new Set(entries.map(parentOf).filter((sku) => sku !== undefined))];
    if (names.length === 0) return { ready: [...entries], awaiting: 0 };
    const known = await parents.bySku(run.connectorId, names);
    const ready: T[] = [];
    let awaiting = 0;
    for (const entry of entries) {
      const sku = parentOf(entry);
      const parent = sku === undefined ? undefined : (known.get(sku) ?? { sku, state: 'pending', reason: '' });
      const why = parent && whyItWaits(parent);
      if (why === undefined) {
        ready.push(entry);
        continue;
      }
      await lane?.assertHeld();
      const isForPerson = whyHeldBack(parent!) !== undefined;
      if (!isForPerson) awaiting += 1;
      const change = isForPerson
        ? await heldBack(account, entry, why, signal)
        : await awaited(account, entry, why, signal);
      await bookOfSkus.write(run, [entry], [{ sku: entry.sku, change }]);
    }
    return { ready, awaiting };
  }

  async function awaited(
    account: AmazonAccount,
    entry: LedgerEntry,
    why: string,
    signal: AbortSignal
  ): Promise<LedgerChange> {
    const change = afterParentAwaited(why, settings.retryInitialSeconds, new Date());
    if (!isQuantityStale(entry)) return change;
    return { ...change, ...(await sendQuantityAlone(listings, account, entry, signal)) };
  }

  async function heldBack(
    account: AmazonAccount,
    entry: LedgerEntry,
    why: string,
    signal: AbortSignal
  ): Promise<LedgerChange> {
    const { lane, ...change } = afterParentHeldBack(entry, why, { hashesOf, laneFor });
    const blocked: LedgerChange = { ...change, state: 'blocked', lane: null };
    if (lane === null) return blocked;
    return { ...blocked, ...(await sendQuantityAlone(listings, account, { ...entry, ...blocked }, signal)) };
  }

  /** A page of entries, a few requests at a time; answers how many became durable retries. */
  async function publishEntries(
    context: RunContext,
    book: Book,
    lane: LaneHold,
    entries: readonly ListingDocument[],
    signal: AbortSignal
  ): Promise<number> {
    const { run, account } = context;
    const failures: { entry: ListingDocument; error: unknown }[] = [];
    let [isReachable, failedInARow] = [false, 0];
    // Each answer is on disk before its SKU's slot takes another; answers that come together are written together.
    const write = together<{ entry: ListingDocument; change: LedgerChange }>((answers) =>
      book.write(
        run,
        answers.map(({ entry }) => entry),
        answers.map(({ entry, change }) => ({ sku: entry.sku, change }))
      )
    );
    await matchEntries({ ...deps, ledger: book.ledger }, account, entries, signal);
    await inParallel(entries, settings.requestsInFlight, async (entry) => {
      await lane.assertHeld();
      const result = await tried(() => answerWithQuickTries(context, book, entry, signal), signal);
      if ('error' in result) {
        const code = failureCodeOf(result.error);
        failedInARow += 1;
        if (isAuthFailure(code) || code === 'throttled') throw result.error;
        failures.push({ entry, error: result.error });
        if (failedInARow < SUSPICIOUS.inARow) return;
        if (await isOutage(account, entry.sku, signal)) throw result.error;
        failedInARow = 0;
        return;
      }
      await write({ entry, change: result.value });
      failedInARow = 0;
      if (!isReachable) await runs.update(run._id, { waitingFor: null });
      isReachable = true;
    });
    const isSuspicious = failures.length >= SUSPICIOUS.atLeast && failures.length > entries.length * SUSPICIOUS.share;
    if (isSuspicious && (await isOutage(account, failures[0]!.entry.sku, signal))) throw failures[0]!.error;
    for (const { entry, error } of failures)
      await book.write(run, [entry], [{ sku: entry.sku, change: failed(entry, error) }]);
    return failures.length;
  }

  /** Tells an outage from bad SKUs, which must not hold up the others for ever: in an outage Amazon cannot be read either. */
  async function isOutage(account: AmazonAccount, sku: string, signal: AbortSignal): Promise<boolean> {
    if (activityInfo().attempt <= BENEFIT_OF_DOUBT) return true;
    return 'error' in (await tried(() => listings.search(account, [sku], signal), signal));
  }

  async function answerWithQuickTries(
    context: RunContext,
    book: Book,
    entry: LedgerEntry,
    signal: AbortSignal
  ): Promise<LedgerChange> {
    for (let attempt = 1; ; attempt++) {
      const result = await tried(() => answerFor(context, book, entry, signal), signal);
      if (!('error' in result)) return result.value;
      if (failureCodeOf(result.error) !== 'transient' || attempt >= QUICK_TRIES) throw result.error;
      Object.assign(entry, { attempts: failed(entry, result.error).attempts, failures: entry.failures + 1 });
      await sleep(400 + Math.random() * 400);
    }
  }

  /** Sends one SKU once. A refusal is an answer, whichever way Amazon says it; every other failure is thrown. */
  async function answerFor(
    context: RunContext,
    book: Book,
    entry: LedgerEntry,
    signal: AbortSignal
  ): Promise<LedgerChange> {
    const result = await tried(() => submit(context, book, entry, signal), signal);
    const sent = 'error' in result ? refusal(result.error, entry) : result.value;
    const lane = entry.lane as Lane;
    const change = afterAnswer(entry, { ...sent, lane }, sent.answer, settings.verifyAfterSeconds, new Date());
    const answered: LedgerEntry = { ...entry, ...change };
    if (change.state !== 'rejected' || !isQuantityStale(answered)) return change;
    return { ...change, ...(await sendQuantityAlone(listings, context.account, answered, signal)) };
  }

  async function submit(
    { run, account }: RunContext,
    book: Book,
    entry: LedgerEntry,
    signal: AbortSignal
  ): Promise<Submission> {
    const { sku } = entry;
    if (entry.lane !== 'offer') await matchEntries({ ...deps, ledger: book.ledger }, account, [entry], signal);
    const plan = submissionOf(entry, run.config.listing);
    if (plan.by === 'put')
      return {
        operation: 'put',
        payload: plan.listing,
        answer: await listings.put(account, sku, plan.listing, signal),
      };
    const { productType, patches } = plan;
    const answer = await listings.patch(account, sku, productType, patches, signal);
    return { operation: 'patch', payload: { productType, patches }, answer };
  }

  function failed(entry: LedgerEntry, error: unknown): LedgerChange {
    const doublings = Math.max(0, entry.failures - QUICK_TRIES + 1);
    const wait = Math.min(settings.retryInitialSeconds * 2 ** doublings, settings.retryMaximumSeconds);
    const failure = { code: failureCodeOf(error), message: error instanceof Error ? error.message : 'unknown failure' };
    return afterFailure(entry, operationOf(entry), failure, wait, new Date());
  }
}

const PARENT_FACTS = { system: 'amazon', operation: 'putListingsItem' } as const;

function operationOf(entry: LedgerEntry): 'put' | 'patch' {
  return entry.lane === 'offer' ? 'patch' : 'put';
}

function refusal(error: unknown, entry: LedgerEntry): Submission {
  const answer = { status: 'INVALID' as const, submissionId: '', problems: [problemOfRefusal(error)] };
  return { operation: operationOf(entry), payload: entry.wanted, answer };
}

/** What work gave or threw, as a value; an abort is thrown on. */
async function tried<T>(work: () => Promise<T>, signal: AbortSignal): Promise<{ value: T } | { error: unknown }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    return { error };
  }
}

/** What must stop selling goes before everything else (B6). */
function stopSellingFirst(entries: readonly ListingDocument[]): ListingDocument[] {
  return entries.toSorted((one, other) => Number(one.verdict.kind === 'sell') - Number(other.verdict.kind === 'sell'));
}
