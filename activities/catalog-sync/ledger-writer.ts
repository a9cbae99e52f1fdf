import { log } from '@temporalio/activity';
import type { CatalogItem, UnreadableItem } from '../../domain/catalog-item';
import { afterCollect, afterRemoval, afterRetirement, type LedgerChange } from '../../domain/ledger';
import { laneFor } from '../../domain/listing-changes';
import { fingerprintOf, hashesOf } from '../../domain/listing-hashes';
import type { AmazonAccount } from '../../domain/ports/amazon';
import { LEDGER_PAGE_SIZE, type LedgerWrite, type ListingDocument } from '../../models/listings';
import type { CatalogSyncDependencies, OpenRun } from './dependencies';
import type { ParentWrite } from './families';
import { nameApart, pageJudge, type PayloadCheck } from './page-judge';
import type { PageMapper } from './page-mapper';

/** What a page did to the ledger. */
interface WrittenPage {
  /** SKUs that have something to send now. */
  toSend: number;
  /** SKUs that this run sees for the first time: a source that changes while it is read lists some twice. */
  firstSeen: number;
}

/** Writes what a source says into the ledger of a run. Everything is safe to repeat. */
export function ledgerWriter(
  deps: Pick<
    CatalogSyncDependencies,
    'connectors' | 'ledger' | 'parents' | 'runs' | 'items' | 'productTypes' | 'listings'
  >,
  run: OpenRun,
  account: AmazonAccount,
  mapPage: PageMapper,
  checked: PayloadCheck
) {
  const { connectors, ledger, runs } = deps;
  const { connectorId } = run;
  const { takeOffSale } = goneWriter(deps, connectorId);
  const judgePage = pageJudge(deps, run, account, mapPage, checked, {
    bySku: (skus) => ledger.bySku(connectorId, skus),
    placesTaken: () => ledger.placesTaken(connectorId),
  });

  /**
   * New entries fill the connector's newest ledger page before they begin another.
   *
   * @returns the ledger page of each.
   */
  async function upsert(
    writes: readonly LedgerWrite[],
    known: ReadonlyMap<string, ListingDocument>
  ): Promise<Map<string, number>> {
    const { ledgerPage } = (await connectors.get(connectorId)) ?? { ledgerPage: { number: 0, size: 0 } };
    let { number, size } = ledgerPage;
    const nextPlace = (): number => {
      if (size >= LEDGER_PAGE_SIZE) [number, size] = [number + 1, 0];
      size += 1;
      return number;
    };
    // The page number is kept first: a page that is noted and empty costs nothing, one that is filled and not noted is lost.
    const pages = writes.map(({ sku }) => (known.has(sku) ? null : nextPlace()));
    await connectors.noteLedgerPage(connectorId, { number, size });
    await ledger.upsert(connectorId, writes, pages);
    return new Map(writes.map(({ sku }, at) => [sku, known.get(sku)?.page ?? pages[at]!]));
  }

  /** Parents share the ledger page of one of their SKUs: so no page holds more of them than of SKUs. */
  async function writeParents(
    parents: readonly ParentWrite[],
    pages: ReadonlyMap<string, number>,
    known: ReadonlyMap<string, ListingDocument>
  ): Promise<void> {
    const pageOf = ({ children }: ParentWrite): number => {
      const child = children.find((sku) => pages.has(sku) || known.has(sku))!;
      return pages.get(child) ?? known.get(child)!.page;
    };
    await deps.parents.upsert(connectorId, parents, parents.map(pageOf));
  }

  /**
   * What the ledger says of SKUs that could not be read: those it knows stay as they are, with the reason beside; new ones
   * are shown as `blocked` until they can be read.
   */
  async function unreadableWrites(
    unreadable: readonly UnreadableItem[]
  ): Promise<{ news: LedgerWrite[]; known: LedgerWrite[] }> {
    if (unreadable.length === 0) return { news: [], known: [] };
    const reasons = new Map(unreadable.map(({ sourceId, reason }) => [sourceId, reason]));
    log.warn('some SKUs could not be read', { syncId: run._id, count: unreadable.length });
    const passing = unreadable.filter(({ isPassing }) => isPassing).map(({ sourceId }) => sourceId);
    await runs.noteUnreadable(run._id, [...reasons.keys()], passing);
    const known = await ledger.bySourceId(connectorId, [...reasons.keys()]);
    const knownIds = new Set(known.map(({ sourceId }) => sourceId));
    return {
      news: unreadable
        .filter(({ sourceId }) => !knownIds.has(sourceId))
        .map((item) => ({ sku: placeholderSku(item), change: unreadableEntry(item.sourceId, item.reason, run._id) })),
      known: known.map(({ sku, sourceId }) => ({
        sku,
        change: { unreadable: reasons.get(sourceId)! },
      })),
    };
  }

  return {
    /** Writes one page of the source. */
    async writePage(
      page: readonly CatalogItem[],
      unreadable: readonly UnreadableItem[],
      signal: AbortSignal
    ): Promise<WrittenPage> {
      const { items, judged, parents, retired, known: ofPage } = await judgePage(page, signal);
      const known = new Map([...ofPage, ...(await ledger.bySku(connectorId, unreadable.map(placeholderSku)))]);
      const context = { connectorId, syncId: run._id, hashesOf, laneFor, now: new Date() };
      const fingerprints = new Map(items.map((item) => [item.sku, fingerprintOf(item)]));
      await deps.items.put(
        connectorId,
        items.filter(({ sku }) => known.get(sku)?.fingerprint !== fingerprints.get(sku))
      );
      const writes = judged.flatMap(({ item, verdict }): LedgerWrite[] => {
        const entry = known.get(item.sku);
        const fingerprint = fingerprints.get(item.sku) ?? entry!.fingerprint;
        const change = afterCollect(entry, item, verdict, verdict.kind !== 'block', { ...context, fingerprint });
        if (fingerprints.has(item.sku)) return [{ sku: item.sku, change }];
        // A sibling was not read now: what its family makes of it is all that can be new.
        const { lastRun, unreadable: unread } = entry!;
        return isNews(entry!, change) ? [{ sku: item.sku, change: { ...change, lastRun, unreadable: unread } }] : [];
      });
      const unread = await unreadableWrites(unreadable);
      const pages = await upsert([...writes, ...unread.news], known);
      await writeParents(parents, pages, known);
      await deps.parents.change(connectorId, retirements(retired));
      await ledger.change(connectorId, unread.known);
      const read = new Set(items.map(({ sku }) => sku).filter((sku) => known.get(sku)?.lastRun !== run._id));
      return { toSend: writes.filter(({ change }) => change.lane).length, firstSeen: read.size };
    },

    /**
     * Takes off sale what the source says has left its assortment, and what it now sells under another reference.
     * Ids that were never read are passed over.
     *
     * @returns how many SKUs left, and for how many of them there is something to send.
     */
    async removeGone(
      sourceIds: readonly string[],
      renamed: readonly CatalogItem[] = []
    ): Promise<{ gone: number; toSend: number }> {
      const skuNow = new Map(renamed.map(({ sourceId, sku }) => [sourceId, sku]));
      const entries = await ledger.bySourceId(connectorId, [...sourceIds, ...skuNow.keys()]);
      const gone = entries.filter(
        ({ sourceId, sku, state }) => state !== 'removed' && !isNamed(sku, skuNow.get(sourceId), sourceId)
      );
      return { gone: gone.length, toSend: await takeOffSale(gone) };
    },
  };
}

/** Takes what has left the assortment off sale. */
export function goneWriter(
  { ledger, parents }: Pick<CatalogSyncDependencies, 'ledger' | 'parents'>,
  connectorId: string
) {
  /** Takes entries off sale whose SKU is no longer in the assortment; a placeholder just goes. */
  async function takeOffSale(gone: readonly ListingDocument[]): Promise<number> {
    await ledger.remove(
      connectorId,
      gone.filter(isPlaceholder).map((entry) => entry.sku)
    );
    const writes = gone
      .filter((entry) => !isPlaceholder(entry))
      .map((entry) => ({ sku: entry.sku, change: afterRemoval(entry, { hashesOf, laneFor }) }));
    await ledger.change(connectorId, writes);
    await retireParents(gone);
    return writes.filter(({ change }) => change.lane).length;
  }

  /** Of products that have lost these entries: parents under which nothing is left. */
  async function retireParents(gone: readonly ListingDocument[]): Promise<void> {
    const productIds = [...new Set(gone.map(({ productId }) => productId).filter((id) => id !== ''))];
    const known = (await parents.ofProducts(connectorId, productIds)).filter(({ state }) => state !== 'removed');
    if (known.length === 0) return;
    const left = await ledger.ofProducts(
      connectorId,
      known.map(({ productId }) => productId)
    );
    const inUse = new Set(left.filter(({ verdict }) => verdict.kind !== 'remove').map(({ productId }) => productId));
    await parents.change(connectorId, retirements(known.filter(({ productId }) => !inUse.has(productId))));
  }

  return { takeOffSale };
}

/** Whether this is how the ledger names a SKU that the source gives this reference. */
function isNamed(entrySku: string, sku: string | undefined, sourceId: string): boolean {
  return sku !== undefined && (entrySku === sku || entrySku === nameApart(sku, sourceId));
}

function retirements(parents: readonly ListingDocument[]): LedgerWrite[] {
  return parents.map(({ sku }) => ({ sku, change: afterRetirement('None of its SKUs is sent under it any more.') }));
}

/** Whether what a family makes of a sibling differs from what the ledger has of it. */
function isNews(entry: ListingDocument, change: LedgerChange): boolean {
  const { state = entry.state, reason = entry.reason, wantedHashes = entry.wantedHashes } = change;
  const isOther = wantedHashes?.details !== entry.wantedHashes?.details;
  return isOther || state !== entry.state || (state === 'blocked' && reason !== entry.reason);
}

function isPlaceholder(entry: ListingDocument): boolean {
  return entry.verdict.blockReason === 'unreadable';
}

/** How a SKU is shown whose reference is not known yet. */
export function placeholderSku({ sourceId }: UnreadableItem): string {
  return `(id ${sourceId})`;
}

function unreadableEntry(sourceId: string, reason: string, syncId: string): LedgerChange {
  const message = `The source lists this SKU, but could not tell about it: ${reason} It is read again with the next run.`;
  return {
    sourceId,
    productId: '',
    title: '',
    isKit: false,
    lastRun: syncId,
    fingerprint: '',
    state: 'blocked',
    reason: message,
    problems: [{ code: 'unreadable', message, severity: 'warning', owner: 'source' }],
    verdict: { kind: 'block', reasons: [message], blockReason: 'unreadable' },
  };
}
