import { OutsideError } from '../../domain/errors';
import type { Lane } from '../../domain/ledger';
import type { PublishLane } from '../../domain/sync';
import { parentSkuIn } from '../../domain/variations';
import { LEDGER_PAGE_SIZE } from '../../models/listings';
import { withPulse } from '../pulse';
import { booksOf, countingTogether, type Book } from './books';
import { runContext, waitingNoter, type CatalogSyncDependencies, type RunContext } from './dependencies';
import { pagesAhead, type LedgerPage } from './ledger-pages';
import { matchEntries } from './match';
import { isOfAll, pagePublisher, stopSellingFirst, type LaneHold, type ReadEntries } from './page-publisher';
import { parentGate } from './parent-gate';
import { senderOf, tried } from './sender';

/** SKUs that one activity sends before it hands its page back; the first of a lane does sooner, for what it shows. */
const PUBLISH_AT_ONCE = 500;

/** Steps 2 and 3: what waits in the ledger goes to Amazon. */
export function publishSteps(deps: CatalogSyncDependencies) {
  const { ledger, parents } = deps;
  const books = booksOf(deps);
  const gate = parentGate(deps);
  const sender = senderOf(deps);
  const { takeLane, publishEntries, publishOffers, noteFailure } = pagePublisher(deps);

  return {
    /**
     * Sends what waits in one lane, ledger page by ledger page, until some 500 SKUs are sent; while one page is sent
     * the next is read and matched. Each result is written before its slot takes another SKU. Throws a passing failure when
     * most of a page fails: an outage, and nobody's attempt is burned.
     */
    async publishPage(input: {
      syncId: string;
      lane: PublishLane;
      page: number;
    }): Promise<{ nextPage: number | null; failed: number }> {
      return withPulse(
        async ({ signal }) => {
          const context = await runContext(deps, input.syncId);
          const { connectorId } = context.run;
          const lastPage = context.connector.ledgerPage.number;
          const counters = countingTogether(deps.runs, context.run._id);
          const book = booksOf({ ...deps, runs: counters })[input.lane === 'parents' ? 'parents' : 'skus'];
          const part: Lane = input.lane === 'parents' ? 'details' : input.lane;
          const lane = await takeLane(context.run, book, input.lane, part);
          try {
            const stopped = input.page === 0 && part === 'offer' ? await stopSelling(context, book, lane, signal) : 0;
            if (input.page === 0 && !(await book.ledger.hasWaiting(connectorId, part)))
              return { nextPage: null, failed: stopped };
            let [nextPage, failed]: [number | null, number] = [null, stopped];
            const most = input.page === 0 ? LEDGER_PAGE_SIZE : PUBLISH_AT_ONCE;
            const pages = pagesAhead({ from: input.page, to: lastPage, most }, pageReader(context, book, part, signal));
            for await (const page of pages) {
              signal.throwIfAborted();
              const { ready, awaiting } = await gate.pass(context, page.entries, signal);
              const waiting = { entries: stopSellingFirst(ready), readAt: page.readAt };
              failed += awaiting + (await publishEntries(context, book, lane, waiting, signal));
              nextPage = page.number < lastPage ? page.number + 1 : null;
            }
            return { nextPage, failed };
          } finally {
            await counters.flush();
          }
        },
        waitingNoter(deps, input.syncId)
      );
    },

    /**
     * The parents and SKUs whose durable retry is due, at most `limit`, taken in hand by one window; those that the run has in
     * hand already are passed over. Safe to repeat.
     */
    async claimRetries(input: {
      syncId: string;
      window: number;
      limit: number;
      inHand?: string[];
    }): Promise<{ skus: string[]; left: number }> {
      const { run } = await runContext(deps, input.syncId);
      const claim = { window: `${input.syncId}:${input.window}`, inHand: input.inHand ?? [], now: new Date() };
      const first = await parents.claimRetries(run.connectorId, { ...claim, limit: input.limit });
      const limit = input.limit - first.skus.length;
      const then = await ledger.claimRetries(run.connectorId, { ...claim, limit });
      return { skus: [...first.skus, ...then.skus], left: first.left + then.left };
    },

    /** One durable try of one SKU. Throws passing failures, so that the engine's retry policy brings it back. */
    async publishSku(input: { syncId: string; sku: string }): Promise<void> {
      await withPulse(async ({ signal }) => {
        const context = await runContext(deps, input.syncId);
        const { run } = context;
        const found = await ledger.one(run.connectorId, input.sku);
        const book = found?.state === 'retrying' ? books.skus : books.parents;
        const entry = found?.state === 'retrying' ? found : await parents.one(run.connectorId, input.sku);
        if (!entry?.lane || entry.state !== 'retrying') return;
        const { ready, awaiting } = await gate.pass(context, [entry], signal);
        if (awaiting > 0) throw new OutsideError('transient', 'Its parent is not there yet.', PARENT_FACTS);
        if (ready.length === 0) return;
        const result = await tried(() => sender.answerFor(context, book, entry, signal), signal);
        if (!('error' in result)) return sender.settle(context, book, [{ entry, change: result.value }]);
        const { error } = result;
        if (!isOfAll(error)) await noteFailure(context, book, entry, error);
        throw error;
      });
    },
  };

  /** What must stop selling overtakes everything, on whatever page of the ledger it is (B6). */
  async function stopSelling(context: RunContext, book: Book, lane: LaneHold, signal: AbortSignal): Promise<number> {
    const stopping = { readAt: Date.now(), entries: await ledger.toStop(context.run.connectorId) };
    return publishOffers(context, book, lane, stopping, signal);
  }

  /** Reads what waits on ledger pages, and matches it; children of parents are matched once those are there. */
  function pageReader({ run, account }: RunContext, book: Book, part: Lane, signal: AbortSignal) {
    return async (number: number): Promise<LedgerPage & ReadEntries> => {
      const readAt = Date.now();
      const entries = await book.ledger.waitingOn(run.connectorId, number, part);
      const alone = entries.filter(({ wanted }) => parentSkuIn(wanted) === undefined);
      await matchEntries({ ...deps, ledger: book.ledger }, account, alone, signal);
      return { number, entries, readAt };
    };
  }
}

const PARENT_FACTS = { system: 'amazon', operation: 'putListingsItem' } as const;
