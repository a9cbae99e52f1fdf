import { log } from '@temporalio/activity';
import { batchesOf } from '../../domain/batches';
import { failureCodeOf, OutsideError } from '../../domain/errors';
import { afterAnswer, isQuantityStale, isRefusal, type LedgerChange, type LedgerEntry } from '../../domain/ledger';
import { SEARCHED_AT_ONCE, type AmazonAccount } from '../../domain/ports/amazon';
import { afterReadBack } from '../../domain/read-back';
import { offerOf } from '../../domain/submission';
import { writeFrom, type LedgerWrite, type ListingDocument } from '../../models/listings';
import { inParallel } from '../in-parallel';
import { withPulse } from '../pulse';
import { sendQuantityAlone } from './quantity-alone';
import { withQuickTries } from './quick-tries';
import { senderOf } from './sender';
import { booksOf, type Book } from './books';
import { runContext, waitingNoter, type CatalogSyncDependencies, type OpenRun, type RunContext } from './dependencies';

/** How many entries of the ledger are in memory at once while submitted SKUs are looked for. */
const FETCHED_AT_ONCE = 400;

/** How many SKUs are looked at again in one round: 100 calls, which Amazon allows in 20 s. */
const LOOKED_AT_AGAIN = 2_000;

/** Step 4: ACCEPTED is not live; what was submitted is looked for at Amazon, and looked at again later (B1). */
export function readBackSteps(deps: CatalogSyncDependencies) {
  const { ledger, parents, runs, listings, settings } = deps;
  const books = booksOf(deps);
  const sender = senderOf(deps);

  return {
    /**
     * Looks for what was submitted and is due, parents too, and again at a share of what was seen before. What Amazon shows
     * otherwise is sent again. Answers how many are still unseen, and when the next one is due.
     */
    async readBack(input: { syncId: string }): Promise<{ open: number; nextInSeconds: number }> {
      return withPulse(
        async ({ signal }) => {
          const context = await runContext(deps, input.syncId);
          const { connectorId } = context.run;
          for (const book of [books.parents, books.skus]) {
            const due = await book.ledger.toLookFor(connectorId, new Date());
            for (const skus of batchesOf(due, FETCHED_AT_ONCE)) {
              const entries = await book.ledger.bySku(connectorId, skus);
              const submitted = [...entries.values()].filter(({ state }) => state === 'submitted');
              await readBackEntries(context, submitted, book, signal);
            }
            if (looksAgain(context.run))
              await readBackEntries(
                context,
                await book.ledger.toLookAtAgain(connectorId, new Date(), LOOKED_AT_AGAIN),
                book,
                signal
              );
          }
          await runs.update(context.run._id, { waitingFor: null });
          return whenNext([await parents.unseen(connectorId), await ledger.unseen(connectorId)]);
        },
        waitingNoter(deps, input.syncId)
      );
    },
  };

  async function readBackEntries(
    context: RunContext,
    due: readonly ListingDocument[],
    book: Book,
    signal: AbortSignal
  ): Promise<void> {
    const { run, account } = context;
    await inParallel(batchesOf(due, SEARCHED_AT_ONCE), settings.requestsInFlight, async (batch) => {
      signal.throwIfAborted();
      const skus = batch.map((entry) => entry.sku);
      const found = await withQuickTries(() => listings.search(account, skus, signal), signal);
      const shown = new Map(found.map((snapshot) => [snapshot.sku, snapshot]));
      const writes = batch.map((entry): LedgerWrite => {
        const change = afterReadBack(entry, shown.get(entry.sku), settings.verifyAfterSeconds, new Date());
        return writeFrom(entry, change);
      });
      // What has changed meanwhile is sent anew, and looked for after that.
      const moved = await book.write(run, batch, writes);
      const mayBeOff = writes.filter(({ sku, change: { state } }) => mayLeaveMore(state) && !moved.includes(sku));
      const now = await book.ledger.bySku(
        run.connectorId,
        mayBeOff.map(({ sku }) => sku)
      );
      for (const entry of now.values()) {
        const change = await sendWhatIsOff(account, entry, signal);
        if (change) await sender.settle(context, book, [{ entry, change }]);
      }
    });
  }

  /** What drifted is sent again, and beside a late refusal the quantity alone. */
  async function sendWhatIsOff(
    account: AmazonAccount,
    entry: LedgerEntry,
    signal: AbortSignal
  ): Promise<LedgerChange | undefined> {
    if (entry.state === 'pending' && entry.lane === 'offer' && !entry.feed) return sendAgain(account, entry, signal);
    if (entry.state !== 'rejected' || !isQuantityStale(entry)) return undefined;
    return sendQuantityAlone(listings, account, entry, signal);
  }

  /**
   * Sends what drifted at once. What cannot be sent here stays `pending`: the lanes know what to do about every failure and
   * refusal.
   */
  async function sendAgain(
    account: AmazonAccount,
    entry: LedgerEntry,
    signal: AbortSignal
  ): Promise<LedgerChange | undefined> {
    const { sku, reason } = entry;
    const { productType, patches } = offerOf(entry);
    try {
      const answer = await listings.patch(account, sku, productType, patches, signal);
      if (isRefusal(answer)) return undefined;
      const sent = { operation: 'patch', lane: 'offer', payload: { productType, patches } } as const;
      return { ...afterAnswer(entry, sent, answer, settings.verifyAfterSeconds, new Date()), reason };
    } catch (error) {
      if (signal.aborted || !(error instanceof OutsideError)) throw error;
      log.warn('what drifted at Amazon is left to the lanes', { sku, code: failureCodeOf(error) });
      return undefined;
    }
  }
}

function mayLeaveMore(state: LedgerEntry['state'] | undefined): boolean {
  return state === 'pending' || state === 'rejected';
}

function whenNext(unseen: readonly { open: number; nextAt: Date | null }[]): { open: number; nextInSeconds: number } {
  const waiting = unseen.filter(({ open }) => open > 0);
  const open = waiting.reduce((sum, each) => sum + each.open, 0);
  const nextDue = Math.min(...waiting.map(({ nextAt }) => nextAt?.getTime() ?? 0));
  return { open, nextInSeconds: open === 0 ? 0 : Math.max(1, Math.ceil((nextDue - Date.now()) / 1000)) };
}

/** A run about changes keeps the connector's place no longer than it must, and one about named SKUs is about these alone. */
function looksAgain({ trigger, scope }: OpenRun): boolean {
  return trigger !== 'change' && scope !== 'skus';
}
