import { afterReadBack, isQuantityStale, type LedgerChange, type LedgerEntry } from '../../domain/ledger';
import type { LedgerWrite, ListingDocument } from '../../models/listings';
import { inParallel } from '../in-parallel';
import { withPulse } from '../pulse';
import { sendQuantityAlone } from './quantity-alone';
import { runContext, waitingNoter, writeEntries, type CatalogSyncDependencies, type RunContext } from './dependencies';

/** How many SKUs one call reads back. Source: searchListingsItems, `identifiers` holds at most 20. */
const READ_BACK_AT_ONCE = 20;

/** Step 4: ACCEPTED is not live; what was submitted is looked for at Amazon (B1). */
export function readBackSteps(deps: CatalogSyncDependencies) {
  const { ledger, runs, listings, settings } = deps;

  return {
    /** Looks for what was submitted and is due. Answers how many are still unseen, and when the next one is due. */
    async readBack(input: { syncId: string }): Promise<{ open: number; nextInSeconds: number }> {
      return withPulse(
        async ({ signal }) => {
          const context = await runContext(deps, input.syncId);
          let [open, nextDue] = [0, Number.POSITIVE_INFINITY];
          for (let page = 0; page <= context.connector.ledgerPage.number; page++) {
            signal.throwIfAborted();
            const submitted = (await ledger.page(context.run.connectorId, page)).filter(
              (each) => each.state === 'submitted'
            );
            const changes = await readBackEntries(context, submitted.filter(isDue), signal);
            for (const entry of submitted) {
              const now = { ...entry, ...changes.get(entry.sku) };
              if (now.state !== 'submitted') continue;
              open += 1;
              nextDue = Math.min(nextDue, now.nextCheckAt?.getTime() ?? 0);
            }
          }
          await runs.update(context.run._id, { waitingFor: null });
          return { open, nextInSeconds: open === 0 ? 0 : Math.max(1, Math.ceil((nextDue - Date.now()) / 1000)) };
        },
        waitingNoter(deps, input.syncId)
      );
    },
  };

  async function readBackEntries(
    { run, account }: RunContext,
    due: readonly ListingDocument[],
    signal: AbortSignal
  ): Promise<Map<string, LedgerChange>> {
    const changes = new Map<string, LedgerChange>();
    const batches: ListingDocument[][] = [];
    for (let at = 0; at < due.length; at += READ_BACK_AT_ONCE) batches.push(due.slice(at, at + READ_BACK_AT_ONCE));
    await inParallel(batches, settings.requestsInFlight, async (batch) => {
      const found = await listings.search(
        account,
        batch.map((entry) => entry.sku),
        signal
      );
      const shown = new Map(found.map((snapshot) => [snapshot.sku, snapshot]));
      const writes: LedgerWrite[] = [];
      for (const entry of batch) {
        const change = afterReadBack(entry, shown.get(entry.sku), settings.verifyAfterSeconds, new Date());
        const read: LedgerEntry = { ...entry, ...change };
        const isRefusedLate = change.state === 'rejected' && isQuantityStale(read);
        const quantity = isRefusedLate ? await sendQuantityAlone(listings, account, read, signal) : {};
        writes.push({ sku: entry.sku, change: { ...change, ...quantity } });
      }
      await writeEntries(deps, run, batch, writes);
      for (const { sku, change } of writes) changes.set(sku, change);
    });
    return changes;
  }
}

function isDue(entry: ListingDocument): boolean {
  return (entry.nextCheckAt?.getTime() ?? 0) <= Date.now();
}
