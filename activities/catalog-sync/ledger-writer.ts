import { log } from '@temporalio/activity';
import type { CatalogItem, UnreadableItem } from '../../domain/catalog-item';
import { afterCollect, afterRemoval, type LedgerChange } from '../../domain/ledger';
import type { Verdict } from '../../domain/listing';
import { laneFor } from '../../domain/listing-changes';
import { fingerprintOf, hashesOf } from '../../domain/listing-hashes';
import { judge, overLimit, ruleSettingsOf, type Judgement } from '../../domain/listing-rules';
import { LEDGER_PAGE_SIZE, type LedgerWrite, type ListingDocument } from '../../models/listings';
import type { CatalogSyncDependencies, OpenRun } from './dependencies';
import type { MappedItem } from '../../domain/mapping-context';
import type { PageMapper } from './page-mapper';
import type { payloadCheck } from './payload-check';

/** What a page did to the ledger. */
interface WrittenPage {
  /** SKUs that have something to send now. */
  toSend: number;
  /** SKUs that this run sees for the first time: a source that changes while it is read lists some twice. */
  firstSeen: number;
}

/** Writes what a source says into the ledger of a run. Everything is safe to repeat. */
export function ledgerWriter(
  deps: Pick<CatalogSyncDependencies, 'connectors' | 'ledger' | 'runs' | 'items'>,
  run: OpenRun,
  mapPage: PageMapper,
  checked: PayloadCheck
) {
  const { connectors, ledger, runs } = deps;
  const { connectorId } = run;
  const { takeOffSale } = goneWriter(deps, connectorId);

  /** New entries fill the connector's newest ledger page before they begin another. */
  async function upsert(writes: readonly LedgerWrite[], known: ReadonlyMap<string, ListingDocument>): Promise<void> {
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

  /** Every item by our rules, and then by Amazon's definition of its product type. */
  async function judgeAll(
    items: readonly NamedItem[],
    known: ReadonlyMap<string, ListingDocument>,
    mapped: readonly MappedItem[]
  ): Promise<Judged[]> {
    const rules = ruleSettingsOf(run.config);
    const judged: Judged[] = [];
    for (const [at, item] of items.entries()) {
      const facts = { mapped: mapped[at]!, lastPrice: known.get(item.sku)?.sentPrice ?? undefined };
      const verdict = item.duplicateOf
        ? duplicate(item.duplicateOf)
        : await checked(item, judge(item, rules, facts), facts);
      judged.push({ item, verdict });
    }
    return judged;
  }

  return {
    /** Writes one page of the source. */
    async writePage(
      page: readonly CatalogItem[],
      unreadable: readonly UnreadableItem[],
      signal: AbortSignal
    ): Promise<WrittenPage> {
      const wanted = await ledger.bySku(
        connectorId,
        page.map((item) => item.sku)
      );
      const items = nameDuplicatesApart(page, wanted);
      const skus = [...items.map((item) => item.sku), ...unreadable.map(placeholderSku)];
      const known = await ledger.bySku(connectorId, skus);
      const context = { connectorId, syncId: run._id, hashesOf, laneFor, now: new Date() };
      const fingerprints = new Map(items.map((item) => [item.sku, fingerprintOf(item)]));
      await deps.items.put(
        connectorId,
        items.filter(({ sku }) => known.get(sku)?.fingerprint !== fingerprints.get(sku))
      );
      const judged = await judgeAll(items, known, await mapPage(items, signal));
      const placesTaken = await ledger.placesTaken(connectorId);
      const writes: LedgerWrite[] = withinLimit(run, judged, known, placesTaken).map(({ item, verdict }) => ({
        sku: item.sku,
        change: afterCollect(known.get(item.sku), item, verdict, verdict.kind !== 'block', {
          ...context,
          fingerprint: fingerprints.get(item.sku)!,
        }),
      }));
      const unread = await unreadableWrites(unreadable);
      await upsert([...writes, ...unread.news], known);
      await ledger.change(connectorId, unread.known);
      const firstSeen = new Set(writes.map(({ sku }) => sku).filter((sku) => known.get(sku)?.lastRun !== run._id));
      return { toSend: writes.filter(({ change }) => change.lane).length, firstSeen: firstSeen.size };
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
export function goneWriter({ ledger }: Pick<CatalogSyncDependencies, 'ledger'>, connectorId: string) {
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
    return writes.filter(({ change }) => change.lane).length;
  }

  return { takeOffSale };
}

/** Whether this is how the ledger names a SKU that the source gives this reference. */
function isNamed(entrySku: string, sku: string | undefined, sourceId: string): boolean {
  return sku !== undefined && (entrySku === sku || entrySku === nameApart(sku, sourceId));
}

/** An item under the SKU that the ledger keeps it by. */
type NamedItem = CatalogItem & { duplicateOf?: string };

/** What Amazon's definitions add to a verdict. */
type PayloadCheck = ReturnType<typeof payloadCheck>;

interface Judged {
  item: CatalogItem;
  verdict: Judgement;
}

/** Places under the limit go, in the order of the source, to items that no rule holds back (S2). */
function withinLimit(
  run: OpenRun,
  judged: readonly Judged[],
  known: ReadonlyMap<string, ListingDocument>,
  placesTaken: number
): Judged[] {
  const limit = run.config.listing.skuLimit;
  let taken = placesTaken;
  return judged.map((each) => {
    if (each.verdict.kind === 'block' || known.get(each.item.sku)?.hasPlace) return each;
    if (taken >= limit) return { ...each, verdict: overLimit(limit) };
    taken += 1;
    return each;
  });
}

/**
 * The SKU that has a reference in the ledger keeps it, else the first one of the source; others with the same reference are
 * shown under their own id, blocked.
 */
function nameDuplicatesApart(page: readonly CatalogItem[], known: ReadonlyMap<string, ListingDocument>): NamedItem[] {
  const owners = new Map<string, string>();
  for (const entry of known.values()) if (entry.state !== 'removed') owners.set(entry.sku, entry.sourceId);
  return page.map((item) => {
    const owner = owners.get(item.sku) ?? item.sourceId;
    owners.set(item.sku, owner);
    return owner === item.sourceId ? item : { ...item, sku: nameApart(item.sku, item.sourceId), duplicateOf: item.sku };
  });
}

/** How a SKU is shown whose reference belongs to another. */
function nameApart(sku: string, sourceId: string): string {
  return `${sku} (${sourceId})`;
}

function isPlaceholder(entry: ListingDocument): boolean {
  return entry.verdict.blockReason === 'unreadable';
}

function duplicate(sku: string): Verdict {
  const message = `Another SKU of the source has the reference ${sku} too; give each its own.`;
  return {
    kind: 'block',
    reason: 'duplicate_sku',
    problems: [{ code: 'duplicate_sku', message, severity: 'error', owner: 'merchant' }],
    ifSent: 'leave',
    reasons: [message],
  };
}

/** How a SKU is shown whose reference is not known yet. */
function placeholderSku({ sourceId }: UnreadableItem): string {
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
