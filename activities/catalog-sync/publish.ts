import { OutsideError } from '../../domain/errors';
import type { Lane } from '../../domain/ledger';
import type { PublishLane } from '../../domain/sync';
import { LEDGER_PAGE_SIZE } from '../../models/listings';
import { withPulse } from '../pulse';
import { booksOf } from './books';
import { runContext, waitingNoter, type CatalogSyncDependencies } from './dependencies';
import { isOfAll, pagePublisher, stopSellingFirst } from './page-publisher';
import { parentGate } from './parent-gate';
import { senderOf, tried } from './sender';

/** SKUs that one activity sends before it hands its page back; the first of a lane does sooner, for what it shows. */
const PUBLISH_AT_ONCE = 250;

/** Steps 2 and 3: what waits in the ledger goes to Amazon. */
export function publishSteps(deps: CatalogSyncDependencies) {
  const { ledger, parents } = deps;
  const books = booksOf(deps);
  const gate = parentGate(deps);
  const sender = senderOf(deps);
  const { takeLane, publishEntries, publishOffers, noteFailure } = pagePublisher(deps);

  return {
    /**
     * Sends what waits in one lane, ledger page by ledger page, until some 250 SKUs are sent. Each result is written before
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
          const { connectorId } = context.run;
          const lastPage = context.connector.ledgerPage.number;
          const book = input.lane === 'parents' ? books.parents : books.skus;
          const part: Lane = input.lane === 'parents' ? 'details' : input.lane;
          const lane = await takeLane(context.run, book, input.lane, part);
          let [page, sent, failed] = [input.page, 0, 0];
          // What must stop selling overtakes everything, on whatever page of the ledger it is (B6).
          if (input.page === 0 && input.lane === 'offer') {
            const stopping = { readAt: Date.now(), entries: await ledger.toStop(connectorId) };
            failed += await publishOffers(context, lane, stopping, signal);
          }
          if (input.page === 0 && !(await book.ledger.hasWaiting(connectorId, part))) return { nextPage: null, failed };
          const most = input.page === 0 ? LEDGER_PAGE_SIZE : PUBLISH_AT_ONCE;
          while (page <= lastPage && sent < most) {
            signal.throwIfAborted();
            const readAt = Date.now();
            const waiting = await book.ledger.waitingOn(connectorId, page, part);
            const { ready, awaiting } = await gate.pass(context, waiting, signal);
            failed +=
              awaiting +
              (await publishEntries(context, book, lane, { entries: stopSellingFirst(ready), readAt }, signal));
            sent += waiting.length;
            page += 1;
          }
          return { nextPage: page <= lastPage ? page : null, failed };
        },
        waitingNoter(deps, input.syncId)
      );
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
}

const PARENT_FACTS = { system: 'amazon', operation: 'putListingsItem' } as const;
