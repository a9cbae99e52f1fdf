import { log } from '@temporalio/activity';
import type { CatalogItem, UnreadableItem } from '../../domain/catalog-item';
import { afterCollect, afterRemoval, afterRetirement, passageOf, type LedgerChange } from '../../domain/ledger';
import { laneFor } from '../../domain/listing-changes';
import { fingerprintOf, hashesOf } from '../../domain/listing-hashes';
import type { AmazonAccount } from '../../domain/ports/amazon';
import type { ConnectorDocument } from '../../models/connectors';
import { LEDGER_PAGE_SIZE, writeFrom, type LedgerWrite, type ListingDocument } from '../../models/listings';
import type { CatalogSyncDependencies, OpenRun } from './dependencies';
import type { Judged, ParentWrite } from './families';
import { nameApart, pageJudge, type PayloadCheck } from './page-judge';
import type { PageMapper } from './page-mapper';
import { unchangedItems } from './unchanged';

/** What a page did to the ledger. */
interface WrittenPage {
  /** SKUs that have something to send now. */
  toSend: number;
  /** SKUs that this run sees for the first time: a source that changes while it is read lists some twice. */
  firstSeen: number;
}

/**
 * Writes what a source says into the ledger of a run. Everything is safe to repeat.
 *
 * @param askedAt - when the source was asked, or before: an entry of what was asked for later stays as it is.
 */
export function ledgerWriter(
  deps: Pick<
    CatalogSyncDependencies,
    'connectors' | 'ledger' | 'parents' | 'runs' | 'items' | 'productTypes' | 'listings' | 'feeds'
  >,
  run: OpenRun,
  account: AmazonAccount,
  mapPage: PageMapper,
  checked: PayloadCheck,
  askedAt: Date
) {
  const { connectors, ledger, runs } = deps;
  const { connectorId } = run;
  const { takeOffSale } = goneWriter(deps, connectorId, askedAt);
  const { write } = entryWriter(deps, connectorId);
  const unchangedAmong = unchangedItems(deps, run, account);
  const judgePage = pageJudge(deps, run, account, mapPage, checked, {
    bySku: (skus) => ledger.bySku(connectorId, skus),
    placesTaken,
  });

  /** The ledger's pages bound the SKUs that can hold a place: while they leave room enough, nothing is counted. */
  async function placesTaken(newcomers: number): Promise<number> {
    const { number, size } = await newestLedgerPage();
    const most = number * LEDGER_PAGE_SIZE + size;
    return most + newcomers <= run.config.listing.skuLimit ? most : ledger.placesTaken(connectorId);
  }

  async function newestLedgerPage(): Promise<ConnectorDocument['ledgerPage']> {
    return (await connectors.get(connectorId))?.ledgerPage ?? { number: 0, size: 0 };
  }

  /**
   * New entries fill the connector's newest ledger page before they begin another.
   *
   * @param again - makes the change anew of an entry that another step has changed meanwhile.
   * @returns the ledger page of each.
   */
  async function upsert(
    writes: readonly LedgerWrite[],
    known: ReadonlyMap<string, ListingDocument>,
    again: Remake
  ): Promise<Map<string, number>> {
    const isNew = ({ sku }: LedgerWrite): boolean => !known.has(sku);
    const hasNews = writes.some(isNew);
    let { number, size } = hasNews ? await newestLedgerPage() : { number: 0, size: 0 };
    const nextPlace = (): number => {
      if (size >= LEDGER_PAGE_SIZE) [number, size] = [number + 1, 0];
      size += 1;
      return number;
    };
    // The page number is kept first: a page that is noted and empty costs nothing, one that is filled and not noted is lost.
    const pages = writes.map((write) => (isNew(write) ? nextPlace() : null));
    if (hasNews) await connectors.noteLedgerPage(connectorId, { number, size });
    const { moved } = await ledger.upsert(connectorId, writes, pages);
    await write(moved, again);
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
    const { moved } = await deps.parents.upsert(connectorId, parents, parents.map(pageOf));
    const remakeOf = new Map(parents.map(({ sku, remake }) => [sku, remake]));
    const { write } = entryWriter({ ledger: deps.parents }, connectorId);
    await write(moved, (sku, entry) => Promise.resolve(remakeOf.get(sku)!(entry)));
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

  /** Judges items and writes what comes of them. */
  async function writeNews(
    page: readonly CatalogItem[],
    printOf: ReadonlyMap<CatalogItem, string>,
    unreadable: readonly UnreadableItem[],
    signal: AbortSignal
  ): Promise<WrittenPage> {
    if (page.length + unreadable.length === 0) return { toSend: 0, firstSeen: 0 };
    const { items, judged, parents, retired, known: ofPage } = await judgePage(page, signal);
    const known = new Map([...ofPage, ...(await ledger.bySku(connectorId, unreadable.map(placeholderSku)))]);
    const fingerprints = new Map(items.map((item) => [item.sku, printOf.get(item) ?? fingerprintOf(item)]));
    const isOutdated = (entry: ListingDocument | undefined): boolean => (entry?.toldAt ?? askedAt) > askedAt;
    await deps.items.put(
      connectorId,
      items.filter(({ sku }) => known.get(sku)?.fingerprint !== fingerprints.get(sku) && !isOutdated(known.get(sku)))
    );
    const judgedOf = new Map(judged.map((each) => [each.item.sku, each]));
    const remake: Remake = async (sku, entry) => {
      if (fingerprints.has(sku) && isOutdated(entry)) return { lastRun: run._id };
      const isOfSibling = !fingerprints.has(sku);
      // Judged by what it was before: it is judged anew when it is read next.
      if (isOfSibling && fingerprintOf(judgedOf.get(sku)!.item) !== entry!.fingerprint) return { judgedBy: null };
      const change = await changeOf(judgedOf.get(sku)!, entry, fingerprints.get(sku) ?? entry!.fingerprint, signal);
      if (!isOfSibling) return { ...change, toldAt: askedAt };
      // A sibling was not read now: what its family makes of it is all that can be new.
      const ofFamily = { ...change };
      delete ofFamily.lastRun;
      delete ofFamily.unreadable;
      return ofFamily;
    };
    const writes: LedgerWrite[] = [];
    for (const { item } of judged) {
      const entry = known.get(item.sku);
      const change = await remake(item.sku, entry);
      if (fingerprints.has(item.sku) || isNews(entry!, change)) writes.push(writeOf(item.sku, entry, change));
    }
    const unread = await unreadableWrites(unreadable);
    const pages = await upsert([...writes, ...unread.news], known, remake);
    await stopFeeds(deps, connectorId, writes);
    await writeParents(parents, pages, known);
    await deps.parents.change(connectorId, retirements(retired));
    await ledger.annotate(connectorId, unread.known);
    const read = new Set(items.map(({ sku }) => sku).filter((sku) => known.get(sku)?.lastRun !== run._id));
    return { toSend: writes.filter(({ change }) => change.lane).length, firstSeen: read.size };
  }

  /** What becomes of one entry by what was judged of its item. */
  async function changeOf(
    judged: Judged,
    entry: ListingDocument | undefined,
    fingerprint: string,
    signal: AbortSignal
  ): Promise<LedgerChange> {
    const { item, verdict } = judged;
    const context = { connectorId, syncId: run._id, fingerprint, hashesOf, laneFor, now: new Date() };
    const change = afterCollect(entry, item, verdict, verdict.kind !== 'block', context);
    return { ...change, judgedBy: await unchangedAmong.judgedBy(judged, fingerprint, signal) };
  }

  return {
    /** Writes one page of the source. What is unchanged is noted as seen, and not judged. */
    async writePage(
      page: readonly CatalogItem[],
      unreadable: readonly UnreadableItem[],
      signal: AbortSignal
    ): Promise<WrittenPage> {
      const prints = page.map(fingerprintOf);
      const { unchanged, news, left } = await unchangedAmong.sift(page, prints, signal);
      await ledger.judgeAnew(connectorId, left);
      const printOf = new Map(page.map((item, at) => [item, prints[at]!]));
      const written = await writeNews(news, printOf, unreadable, signal);
      const skus = unchanged.map(({ sku }) => sku);
      // What was told beside a reading counts against its pages, also where nothing has changed by it.
      await ledger.seenAgain(connectorId, skus, run._id, askedAt > run.startedAt ? askedAt : undefined);
      const seenFirst = unchanged.filter(({ lastRun }) => lastRun !== run._id).map(({ sku }) => sku);
      return { ...written, firstSeen: written.firstSeen + new Set(seenFirst).size };
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

/** Makes the change of an entry anew, of what it is by now. */
type Remake = (sku: string, entry: ListingDocument | undefined) => Promise<LedgerChange>;

/** Changes entries that other steps change at the same time. */
function entryWriter({ ledger }: Pick<CatalogSyncDependencies, 'ledger'>, connectorId: string) {
  return {
    /** Changes entries by what they are now, until no other step has come between. Those that are gone are passed over. */
    async write(skus: readonly string[], remake: Remake): Promise<void> {
      for (let left = skus; left.length > 0;) {
        const entries = await ledger.bySku(connectorId, left);
        const writes: LedgerWrite[] = [];
        for (const [sku, entry] of entries) writes.push(writeOf(sku, entry, await remake(sku, entry)));
        left = (await ledger.change(connectorId, writes)).moved;
      }
    },
  };
}

function writeOf(sku: string, entry: ListingDocument | undefined, change: LedgerChange): LedgerWrite {
  if (!entry) return { sku, change };
  const feed = entry.feed && { feed: passageOf(entry, change) };
  return writeFrom(entry, { ...change, ...feed });
}

/** A feed with a SKU that is to stop selling is taken back, while that is possible. */
async function stopFeeds(
  { feeds, ledger }: Pick<CatalogSyncDependencies, 'feeds' | 'ledger'>,
  connectorId: string,
  writes: readonly LedgerWrite[]
): Promise<void> {
  const stopped = writes.filter(({ change }) => change.verdict && change.verdict.kind !== 'sell');
  if (stopped.length === 0 || !(await feeds.areUnderWay(connectorId))) return;
  const now = await ledger.bySku(
    connectorId,
    stopped.map(({ sku }) => sku)
  );
  const ids = [...now.values()].map(({ feed }) => feed?.id).filter((id) => id !== undefined);
  await feeds.wantStopped([...new Set(ids)]);
}

/**
 * Takes what has left the assortment off sale.
 *
 * @param askedAt - when the source was asked what is left of it, or before.
 */
export function goneWriter(
  deps: Pick<CatalogSyncDependencies, 'ledger' | 'parents' | 'feeds'>,
  connectorId: string,
  askedAt: Date
) {
  const { ledger, parents } = deps;
  const { write } = entryWriter(deps, connectorId);

  /** Takes entries off sale whose SKU is no longer in the assortment; a placeholder just goes. */
  async function takeOffSale(gone: readonly ListingDocument[]): Promise<number> {
    await ledger.remove(
      connectorId,
      gone.filter(isPlaceholder).map((entry) => entry.sku)
    );
    // What the source has told of since it was asked is there.
    const isToldSince = ({ toldAt }: ListingDocument): boolean => (toldAt ?? askedAt) > askedAt;
    const left = gone.filter((entry) => !isPlaceholder(entry) && !isToldSince(entry));
    const known = new Map(left.map((entry) => [entry.sku, entry]));
    const removed = (entry: ListingDocument): LedgerChange => ({
      ...afterRemoval(entry, { hashesOf, laneFor }),
      toldAt: askedAt,
    });
    const writes = [...known.values()].map((entry) => writeOf(entry.sku, entry, removed(entry)));
    // What is left of their products is another family. Before they are gone, because afterwards they are not found again.
    await ledger.judgeAnew(connectorId, productIdsOf(gone));
    const { moved } = await ledger.change(connectorId, writes);
    await write(moved, (_sku, entry) => Promise.resolve(isToldSince(entry!) ? {} : removed(entry!)));
    await stopFeeds(deps, connectorId, writes);
    await retireParents(gone);
    return writes.filter(({ change }) => change.lane).length;
  }

  /** Of products that have lost these entries: parents under which nothing is left. */
  async function retireParents(gone: readonly ListingDocument[]): Promise<void> {
    const known = (await parents.ofProducts(connectorId, productIdsOf(gone))).filter(
      ({ state }) => state !== 'removed'
    );
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

function productIdsOf(entries: readonly ListingDocument[]): string[] {
  return [...new Set(entries.map(({ productId }) => productId).filter((id) => id !== ''))];
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
  const isToldOtherwise = change.verdict?.reasons.join('\n') !== entry.verdict.reasons.join('\n');
  return isOther || isToldOtherwise || state !== entry.state || (state === 'blocked' && reason !== entry.reason);
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
