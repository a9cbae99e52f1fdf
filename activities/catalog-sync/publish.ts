import { activityInfo, sleep } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { failureCodeOf, isAuthFailure, OutsideError } from '../../domain/errors';
import {
  afterAnswer,
  afterFailure,
  isQuantityAll,
  isQuantityStale,
  type Lane,
  type LedgerChange,
  type LedgerEntry,
} from '../../domain/ledger';
import { detailsPatches, offerPatches, putAttributes } from '../../domain/listing-changes';
import type { AmazonAccount, AttributePatch, SubmissionAnswer } from '../../domain/ports/amazon';
import type { ListingDocument } from '../../models/listings';
import { inParallel } from '../in-parallel';
import { matchEntries } from './match';
import { quantityPatches, sendQuantityAlone } from './quantity-alone';
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

/** What was sent for one SKU, and Amazon's answer. */
interface Submission {
  operation: 'put' | 'patch';
  payload: unknown;
  answer: SubmissionAnswer;
}

/** Steps 2 and 3: what waits in the ledger goes to Amazon. */
export function publishSteps(deps: CatalogSyncDependencies) {
  const { ledger, runs, listings, settings } = deps;

  return {
    /**
     * Sends what waits in one lane, ledger page by ledger page, until some 200 SKUs are sent. Each result is written before
     * the next SKU is taken. Throws a passing failure when most of a page fails: an outage, and nobody's attempt is burned.
     */
    async publishPage(input: {
      syncId: string;
      lane: Lane;
      page: number;
    }): Promise<{ nextPage: number | null; failed: number }> {
      return withPulse(
        async ({ signal }) => {
          const context = await runContext(deps, input.syncId);
          const lastPage = context.connector.ledgerPage.number;
          const lane = await takeLane(context.run, input.lane);
          let [page, sent, failed] = [input.page, 0, 0];
          while (page <= lastPage && sent < PUBLISH_AT_ONCE) {
            signal.throwIfAborted();
            const waiting = (await ledger.page(context.run.connectorId, page)).filter(
              (entry) => entry.lane === input.lane && entry.state === 'pending'
            );
            failed += await publishEntries(context, lane, stopSellingFirst(waiting), signal);
            sent += waiting.length;
            page += 1;
          }
          return { nextPage: page <= lastPage ? page : null, failed };
        },
        waitingNoter(deps, input.syncId)
      );
    },

    /** How many SKUs still wait after both lanes: only those whose answers the database has lost. */
    async countUnsent(input: { syncId: string }): Promise<number> {
      const { run } = await runContext(deps, input.syncId);
      return ledger.waiting(run.connectorId);
    },

    /** The SKUs whose durable retry is due, at most `limit`, taken in hand by one window. Safe to repeat. */
    async claimRetries(input: {
      syncId: string;
      window: number;
      limit: number;
    }): Promise<{ skus: string[]; left: number }> {
      const { run } = await runContext(deps, input.syncId);
      return ledger.claimRetries(run.connectorId, `${input.syncId}:${input.window}`, input.limit, new Date());
    },

    /** One durable try of one SKU. Throws passing failures, so that the engine's retry policy brings it back. */
    async publishSku(input: { syncId: string; sku: string }): Promise<void> {
      await withPulse(async ({ signal }) => {
        const { run, account } = await runContext(deps, input.syncId);
        const entry = await ledger.one(run.connectorId, input.sku);
        if (!entry?.lane || entry.state !== 'retrying') return;
        const result = await tried(() => answerFor(account, run, entry, signal), signal);
        if (!('error' in result)) return writeEntries(deps, run, [entry], [{ sku: entry.sku, change: result.value }]);
        const code = failureCodeOf(result.error);
        if (!isAuthFailure(code) && code !== 'throttled')
          await writeEntries(deps, run, [entry], [{ sku: entry.sku, change: failed(entry, result.error) }]);
        throw result.error;
      });
    },
  };

  /**
   * Takes a lane for this attempt. An older attempt that does not know yet that it is lost, because its worker has no
   * connection to the engine, is stopped before its next SKU.
   */
  async function takeLane(run: OpenRun, lane: Lane): Promise<LaneHold> {
    const { activityId, attempt, workflowExecution } = activityInfo();
    const token = `${workflowExecution?.runId}:${activityId}:${attempt}`;
    await runs.fence(run._id, lane, token);
    return {
      async assertHeld() {
        if (await runs.isFencedBy(run._id, lane, token)) return;
        throw ApplicationFailure.nonRetryable(`Another attempt has the ${lane} lane of sync ${run._id}`, 'bug');
      },
    };
  }

  /** A page of entries, a few requests at a time; answers how many became durable retries. */
  async function publishEntries(
    { run, account }: RunContext,
    lane: LaneHold,
    entries: readonly ListingDocument[],
    signal: AbortSignal
  ): Promise<number> {
    const failures: { entry: ListingDocument; error: unknown }[] = [];
    let [isReachable, failedInARow] = [false, 0];
    await matchEntries(deps, account, entries, signal);
    await inParallel(entries, settings.requestsInFlight, async (entry) => {
      await lane.assertHeld();
      const result = await tried(() => answerWithQuickTries(account, run, entry, signal), signal);
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
      await writeEntries(deps, run, [entry], [{ sku: entry.sku, change: result.value }]);
      failedInARow = 0;
      if (!isReachable) await runs.update(run._id, { waitingFor: null });
      isReachable = true;
    });
    const isSuspicious = failures.length >= SUSPICIOUS.atLeast && failures.length > entries.length * SUSPICIOUS.share;
    if (isSuspicious && (await isOutage(account, failures[0]!.entry.sku, signal))) throw failures[0]!.error;
    for (const { entry, error } of failures)
      await writeEntries(deps, run, [entry], [{ sku: entry.sku, change: failed(entry, error) }]);
    return failures.length;
  }

  /** Tells an outage from bad SKUs, which must not hold up the others for ever: in an outage Amazon cannot be read either. */
  async function isOutage(account: AmazonAccount, sku: string, signal: AbortSignal): Promise<boolean> {
    if (activityInfo().attempt <= BENEFIT_OF_DOUBT) return true;
    return 'error' in (await tried(() => listings.search(account, [sku], signal), signal));
  }

  async function answerWithQuickTries(
    account: AmazonAccount,
    run: OpenRun,
    entry: LedgerEntry,
    signal: AbortSignal
  ): Promise<LedgerChange> {
    for (let attempt = 1; ; attempt++) {
      const result = await tried(() => answerFor(account, run, entry, signal), signal);
      if (!('error' in result)) return result.value;
      if (failureCodeOf(result.error) !== 'transient' || attempt >= QUICK_TRIES) throw result.error;
      Object.assign(entry, { attempts: failed(entry, result.error).attempts, failures: entry.failures + 1 });
      await sleep(400 + Math.random() * 400);
    }
  }

  /** Sends one SKU once. A refusal is an answer, whichever way Amazon says it; every other failure is thrown. */
  async function answerFor(
    account: AmazonAccount,
    run: OpenRun,
    entry: LedgerEntry,
    signal: AbortSignal
  ): Promise<LedgerChange> {
    const result = await tried(() => submit(account, run, entry, signal), signal);
    const sent = 'error' in result ? refusal(result.error, entry) : result.value;
    const lane = entry.lane as Lane;
    const change = afterAnswer(entry, { ...sent, lane }, sent.answer, settings.verifyAfterSeconds, new Date());
    const answered: LedgerEntry = { ...entry, ...change };
    if (change.state !== 'rejected' || !isQuantityStale(answered)) return change;
    return { ...change, ...(await sendQuantityAlone(listings, account, answered, signal)) };
  }

  /**
   * A PUT replaces every attribute. It would wipe a price that is left to Amazon (V11), and what a listing that was there
   * before has besides (B13): there details go by PATCH, which changes the attributes that are sent and no other.
   */
  async function submit(
    account: AmazonAccount,
    run: OpenRun,
    entry: LedgerEntry,
    signal: AbortSignal
  ): Promise<Submission> {
    const { wanted, wantedHashes, sku } = entry;
    if (!wanted || !wantedHashes) throw new TypeError(`The ledger has nothing to send for ${sku}`);
    const patch = async (
      patches: AttributePatch[],
      productType = entry.sentProductType ?? wanted.productType
    ): Promise<Submission> => ({
      operation: 'patch',
      payload: { productType, patches },
      answer: await listings.patch(account, sku, productType, patches, signal),
    });
    if (entry.lane === 'offer' && isQuantityAll(entry)) return patch(quantityPatches(entry));
    if (entry.lane === 'offer') return patch(offerPatches(wanted, wantedHashes, entry.sentHashes));
    await matchEntries(deps, account, [entry], signal);
    const leavesPriceToAmazon = !run.config.listing.sendPrice && wanted.requirements !== 'LISTING_PRODUCT_ONLY';
    if (entry.adopted || (leavesPriceToAmazon && entry.sentHashes))
      return patch([...detailsPatches(wanted), ...offerPatches(wanted, wantedHashes, null)], wanted.productType);
    const payload = {
      productType: wanted.productType,
      requirements: wanted.requirements,
      attributes: putAttributes(wanted),
    };
    return { operation: 'put', payload, answer: await listings.put(account, sku, payload, signal) };
  }

  function failed(entry: LedgerEntry, error: unknown): LedgerChange {
    const doublings = Math.max(0, entry.failures - QUICK_TRIES + 1);
    const wait = Math.min(settings.retryInitialSeconds * 2 ** doublings, settings.retryMaximumSeconds);
    const failure = { code: failureCodeOf(error), message: error instanceof Error ? error.message : 'unknown failure' };
    return afterFailure(entry, operationOf(entry), failure, wait, new Date());
  }
}

function operationOf(entry: LedgerEntry): 'put' | 'patch' {
  return entry.lane === 'offer' ? 'patch' : 'put';
}

/** A request that Amazon would not even take in (400, 404, 413, 415) is that SKU's own problem, and an answer. */
function refusal(error: unknown, entry: LedgerEntry): Submission {
  if (!(error instanceof OutsideError) || (error.code !== 'rejected' && error.code !== 'config')) throw error;
  const problem = {
    code: `amazon.${error.facts.status ?? 'refused'}`,
    message: error.message,
    severity: 'error' as const,
    owner: 'merchant' as const,
  };
  return {
    operation: operationOf(entry),
    payload: entry.wanted,
    answer: { status: 'INVALID', submissionId: '', problems: [problem] },
  };
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
