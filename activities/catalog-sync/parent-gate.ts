import { afterParentAwaited, afterParentHeldBack, isQuantityStale, type LedgerChange } from '../../domain/ledger';
import { laneFor } from '../../domain/listing-changes';
import { hashesOf } from '../../domain/listing-hashes';
import type { AmazonAccount } from '../../domain/ports/amazon';
import { parentSkuIn, whyHeldBack, whyItWaits } from '../../domain/variations';
import type { ListingDocument } from '../../models/listings';
import { booksOf } from './books';
import type { CatalogSyncDependencies, RunContext } from './dependencies';
import { sendQuantityAlone } from './quantity-alone';
import { senderOf } from './sender';

/** V16: no child before its parent. */
export function parentGate(deps: CatalogSyncDependencies) {
  const { parents, listings, settings } = deps;
  const { skus } = booksOf(deps);
  const sender = senderOf(deps);

  async function awaited(
    account: AmazonAccount,
    entry: ListingDocument,
    why: string,
    signal: AbortSignal
  ): Promise<LedgerChange> {
    const change = afterParentAwaited(why, settings.retryInitialSeconds, new Date());
    if (!isQuantityStale(entry)) return change;
    return { ...change, ...(await sendQuantityAlone(listings, account, entry, signal)) };
  }

  async function heldBack(
    account: AmazonAccount,
    entry: ListingDocument,
    why: string,
    signal: AbortSignal
  ): Promise<LedgerChange> {
    const { lane, ...change } = afterParentHeldBack(entry, why, { hashesOf, laneFor });
    const blocked: LedgerChange = { ...change, state: 'blocked', lane: null };
    if (lane === null) return blocked;
    return { ...blocked, ...(await sendQuantityAlone(listings, account, { ...entry, ...blocked }, signal)) };
  }

  return {
    /**
     * The SKUs that may be sent. Children of a parent that waits for a person are held back, children of one that is still on its
     * way are tried again; the quantity of those that are at Amazon is sent all the same.
     *
     * @returns also how many wait for a parent that is on its way.
     */
    async pass(
      context: RunContext,
      entries: readonly ListingDocument[],
      signal: AbortSignal
    ): Promise<{ ready: ListingDocument[]; awaiting: number }> {
      const { run, account } = context;
      const parentOf = (entry: ListingDocument) => (entry.lane === 'details' ? parentSkuIn(entry.wanted) : undefined);
      const names = [...new Set(entries.map(parentOf).filter((sku) => sku !== undefined))];
      if (names.length === 0) return { ready: [...entries], awaiting: 0 };
      const known = await parents.bySku(run.connectorId, names);
      const ready: ListingDocument[] = [];
      let awaiting = 0;
      for (const asRead of entries) {
        let entry = asRead;
        const sku = parentOf(entry);
        const parent = sku === undefined ? undefined : (known.get(sku) ?? { sku, state: 'pending', reason: '' });
        const why = parent && whyItWaits(parent);
        if (why === undefined) {
          ready.push(entry);
          continue;
        }
        signal.throwIfAborted();
        // The page may have been read a while ago, and quantities are sent beside it.
        const now = await sender.newest(context, skus, entry);
        if (!now || now.feed || now.state !== entry.state || parentOf(now) !== sku) {
          await deps.runs.update(run._id, { hasNews: true });
          continue;
        }
        entry = now;
        const isForPerson = whyHeldBack(parent!) !== undefined;
        if (!isForPerson) awaiting += 1;
        const change = isForPerson
          ? await heldBack(account, entry, why, signal)
          : await awaited(account, entry, why, signal);
        await sender.settle(context, skus, [{ entry, change }]);
      }
      return { ready, awaiting };
    },
  };
}
