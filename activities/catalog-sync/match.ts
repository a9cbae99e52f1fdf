import { batchesOf } from '../../domain/batches';
import { afterMatch, type LedgerChange, type LedgerEntry } from '../../domain/ledger';
import { SEARCHED_AT_ONCE, type AmazonAccount } from '../../domain/ports/amazon';
import type { ListingDocument } from '../../models/listings';
import { inParallel } from '../in-parallel';
import { withPulse } from '../pulse';
import { withQuickTries } from './quick-tries';
import { runContext, waitingNoter, type CatalogSyncDependencies } from './dependencies';

type MatchDependencies = Pick<CatalogSyncDependencies, 'ledger' | 'parents' | 'listings' | 'settings'>;

/**
 * Asks Amazon which of the SKUs that were never sent it has already, and keeps what it shows of them (B13): those are changed
 * attribute by attribute, and never replaced whole. A parent of ours is not: the SKU that has its name now takes its place.
 * The entries given are changed too.
 */
export async function matchEntries(
  deps: MatchDependencies,
  account: AmazonAccount,
  entries: readonly LedgerEntry[],
  signal: AbortSignal
): Promise<void> {
  const found = await matchesOf(deps, account, entries, signal);
  await deps.ledger.annotate(
    account.connectorId,
    [...found].map(([sku, change]) => ({ sku, change }))
  );
}

/** The same, for whoever writes the entries anyway: what is to be kept of each SKU that Amazon was asked about. */
export async function matchesOf(
  { parents, listings, settings }: MatchDependencies,
  account: AmazonAccount,
  entries: readonly LedgerEntry[],
  signal: AbortSignal
): Promise<Map<string, LedgerChange>> {
  const matches = new Map<string, LedgerChange>();
  const asked = entries.filter((entry) => entry.sentHashes === null && entry.matchedAt === null);
  await inParallel(batchesOf(asked, SEARCHED_AT_ONCE), settings.requestsInFlight, async (batch) => {
    const skus = batch.map(({ sku }) => sku);
    const ours = await parents.bySku(account.connectorId, skus);
    const found = await withQuickTries(() => listings.search(account, skus, signal), signal);
    const shown = new Map(found.filter(({ sku }) => !ours.get(sku)?.sentHashes).map((each) => [each.sku, each]));
    const now = new Date();
    const isNew = afterMatch(undefined, now);
    for (const entry of batch) {
      const snapshot = shown.get(entry.sku);
      const match = snapshot ? afterMatch(snapshot, now) : isNew;
      matches.set(entry.sku, match);
      Object.assign(entry, match);
    }
  });
  return matches;
}

/** Before anything is sent: what is at Amazon already. */
export function matchSteps(deps: CatalogSyncDependencies) {
  return {
    /** Matches everything in the ledger that would be sent for the first time. Safe to repeat. */
    async matchAtAmazon(input: { syncId: string }): Promise<void> {
      await withPulse(
        async ({ signal }) => {
          const { run, connector, account } = await runContext(deps, input.syncId);
          for (let page = 0; page <= connector.ledgerPage.number; page++) {
            signal.throwIfAborted();
            await matchEntries(deps, account, wouldBeSent(await deps.ledger.page(run.connectorId, page)), signal);
          }
          await deps.runs.update(run._id, { waitingFor: null });
        },
        waitingNoter(deps, input.syncId)
      );
    },
  };
}

function wouldBeSent(entries: readonly ListingDocument[]): ListingDocument[] {
  return entries.filter((entry) => entry.lane === 'details');
}
