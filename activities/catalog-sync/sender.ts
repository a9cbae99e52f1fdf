import { cancellationSignal, sleep } from '@temporalio/activity';
import { failureCodeOf } from '../../domain/errors';
import {
  afterAnswer,
  afterFailure,
  afterOvertakenAnswer,
  isQuantityStale,
  type Lane,
  type LedgerChange,
  type LedgerEntry,
} from '../../domain/ledger';
import type { SubmissionAnswer } from '../../domain/ports/amazon';
import { submissionOf } from '../../domain/submission';
import { parentSkuIn } from '../../domain/variations';
import { revisionOf, writeFrom, type ListingDocument } from '../../models/listings';
import type { Book } from './books';
import type { CatalogSyncDependencies, RunContext } from './dependencies';
import { matchEntries } from './match';
import { sendQuantityAlone } from './quantity-alone';
import { wasNotSent } from './quick-tries';
import { problemOfRefusal } from './refusal';

/** Tries of one SKU inside its page, before it becomes a durable retry of its own. */
const QUICK_TRIES = 2;

/** What was sent for one SKU, and Amazon's answer. */
interface Submission {
  operation: 'put' | 'patch';
  payload: unknown;
  answer: SubmissionAnswer;
}

/** Sends one SKU by a call, and makes of the answer what the ledger has of it then. */
export function senderOf(deps: CatalogSyncDependencies) {
  const { listings, runs, settings } = deps;

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
    return withQuantityAlone(context, { ...entry, ...change }, change, signal);
  }

  /** What is out of stock must not go on selling because its content is refused: then the quantity goes alone. */
  async function withQuantityAlone(
    { account }: RunContext,
    answered: LedgerEntry,
    change: LedgerChange,
    signal: AbortSignal
  ): Promise<LedgerChange> {
    if (change.state !== 'rejected' || !isQuantityStale(answered)) return change;
    return { ...change, ...(await sendQuantityAlone(listings, account, answered, signal)) };
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

  return {
    answerFor,
    withQuantityAlone,

    /** An entry as it is by now; undefined when it is gone. */
    async newest({ run }: RunContext, book: Book, entry: ListingDocument): Promise<ListingDocument | undefined> {
      const { connectorId } = run;
      const revisions = await book.ledger.revisionsOf(connectorId, [entry.sku]);
      if (revisions.get(entry.sku) === revisionOf(entry)) return entry;
      return (await book.ledger.bySku(connectorId, [entry.sku])).get(entry.sku);
    },

    /** The content waits for its lane, which may be long; the quantity does not. */
    async sendQuantityFirst(
      context: RunContext,
      book: Book,
      entry: ListingDocument,
      signal: AbortSignal
    ): Promise<void> {
      const change = await sendQuantityAlone(listings, context.account, entry, signal);
      await this.settle(context, book, [{ entry, change }]);
    },

    /** Tries again at once what failed for a reason that passes, unless nothing has left the house, or something else is wanted by now. */
    async answerWithQuickTries(
      context: RunContext,
      book: Book,
      entry: ListingDocument,
      signal: AbortSignal
    ): Promise<LedgerChange> {
      for (let attempt = 1; ; attempt++) {
        const result = await tried(() => answerFor(context, book, entry, signal), signal);
        if (!('error' in result)) return result.value;
        const { error } = result;
        if (failureCodeOf(error) !== 'transient' || wasNotSent(error) || attempt >= QUICK_TRIES) throw error;
        Object.assign(entry, { attempts: this.failed(entry, error).attempts, failures: entry.failures + 1 });
        await sleep(400 + Math.random() * 400);
        if ((await this.newest(context, book, entry)) !== entry) throw error;
      }
    },

    /** Sends the quantity of an entry whose newer one was overtaken, with the rest of its offer. Where that fails the entry stays in line. */
    async stopAgain(context: RunContext, book: Book, asSent: ListingDocument): Promise<void> {
      const entry = await this.newest(context, book, asSent);
      if (!entry || entry.feed || entry.state !== 'pending' || !isQuantityStale(entry)) return;
      const signal = cancellationSignal();
      await tried(async () => {
        if (entry.lane !== 'offer') return this.sendQuantityFirst(context, book, entry, signal);
        const change = await answerFor(context, book, entry, signal);
        return this.settle(context, book, [{ entry, change }]);
      }, signal);
    },

    /**
     * A submission that failed without an answer, of an entry that has changed since: Amazon may have the quantity that it was
     * sent with, or come to have it after the newer one. The newer one is sent, once more where it was sent before, and at once;
     * where that fails the entry stays in line.
     */
    async answerWasLost(context: RunContext, book: Book, asSent: ListingDocument): Promise<void> {
      const { run } = context;
      for (;;) {
        const entry = (await book.ledger.bySku(run.connectorId, [asSent.sku])).get(asSent.sku);
        if (!entry || entry.feed || entry.wantedHashes?.quantity === asSent.wantedHashes?.quantity) return;
        if (entry.sentHashes === null) return this.sendNow(context, book, entry, asSent);
        const held = { sentHashes: { ...entry.sentHashes, quantity: asSent.wantedHashes?.quantity } };
        const change = afterOvertakenAnswer(entry, held, settings.verifyAfterSeconds, new Date());
        if (change.lane) await runs.update(run._id, { hasNews: true });
        const moved = await book.write(run, [entry], [writeFrom(entry, change)]);
        if (moved.length === 0) return this.stopAgain(context, book, entry);
      }
    },

    /** Sends an entry that nothing is known of at Amazon, unless it waits for another parent than it was sent under. */
    async sendNow(context: RunContext, book: Book, entry: ListingDocument, asSent: ListingDocument): Promise<void> {
      if (entry.state !== 'pending' || !entry.lane || !entry.wanted) return;
      if (parentSkuIn(entry.wanted) !== parentSkuIn(asSent.wanted)) return;
      const signal = cancellationSignal();
      await tried(async () => {
        const change = await answerFor(context, book, entry, signal);
        return this.settle(context, book, [{ entry, change }]);
      }, signal);
    },

    failed(entry: LedgerEntry, error: unknown): LedgerChange {
      const doublings = Math.max(0, entry.failures - QUICK_TRIES + 1);
      const wait = Math.min(settings.retryInitialSeconds * 2 ** doublings, settings.retryMaximumSeconds);
      const message = error instanceof Error ? error.message : 'unknown failure';
      return afterFailure(entry, operationOf(entry), { code: failureCodeOf(error), message }, wait, new Date());
    },

    /**
     * Writes answers. Where an entry has changed since it was sent, what Amazon has now is kept beside what is wanted by now,
     * and the difference is put in line; that of a quantity, which may be a stop of a sale that was overtaken, is sent at once.
     */
    async settle(
      context: RunContext,
      book: Book,
      answers: readonly { entry: ListingDocument; change: LedgerChange }[]
    ): Promise<void> {
      const { run } = context;
      const moved = await book.write(
        run,
        answers.map(({ entry }) => entry),
        answers.map(({ entry, change }) => writeFrom(entry, change))
      );
      let overtaken = answers.filter(({ entry }) => moved.includes(entry.sku));
      while (overtaken.length > 0) {
        const now = await book.ledger.bySku(
          run.connectorId,
          overtaken.map(({ entry }) => entry.sku)
        );
        const there = overtaken.filter(({ entry }) => now.has(entry.sku));
        const writes = there.map(({ entry: { sku }, change }) => {
          const entry = now.get(sku)!;
          const overtaking = afterOvertakenAnswer(entry, change, settings.verifyAfterSeconds, new Date());
          return writeFrom(entry, overtaking);
        });
        if (writes.some(({ change }) => change.lane)) await runs.update(run._id, { hasNews: true });
        const again = await book.write(run, [...now.values()], writes);
        overtaken = there.filter(({ entry }) => again.includes(entry.sku));
        const settled = there.filter(({ entry }) => !again.includes(entry.sku)).map(({ entry }) => entry);
        for (const entry of settled) await this.stopAgain(context, book, entry);
      }
    },
  };
}

function operationOf(entry: LedgerEntry): 'put' | 'patch' {
  return entry.lane === 'offer' ? 'patch' : 'put';
}

function refusal(error: unknown, entry: LedgerEntry): Submission {
  const answer = { status: 'INVALID' as const, submissionId: '', problems: [problemOfRefusal(error)] };
  return { operation: operationOf(entry), payload: entry.wanted, answer };
}

/** What work gave or threw, as a value; an abort is thrown on. */
export async function tried<T>(
  work: () => Promise<T>,
  signal: AbortSignal
): Promise<{ value: T } | { error: unknown }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    return { error };
  }
}
