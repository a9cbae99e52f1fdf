import { activityInfo, log } from '@temporalio/activity';
import type { CatalogItem, UnreadableItem } from '../../domain/catalog-item';
import { afterCollect, afterRemoval, type LedgerChange } from '../../domain/ledger';
import type { Verdict } from '../../domain/listing';
import { laneFor } from '../../domain/listing-changes';
import { fingerprintOf, hashesOf } from '../../domain/listing-hashes';
import { judge, overLimit, ruleSettingsOf } from '../../domain/listing-rules';
import { LEDGER_PAGE_SIZE, type LedgerWrite, type ListingDocument } from '../../models/listings';
import { withPulse } from '../pulse';
import { runContext, waitingNoter, type CatalogSyncDependencies, type OpenRun } from './dependencies';
import { payloadCheck } from './payload-check';

/** SKUs that one activity reads before it hands its cursor back. */
const COLLECT_AT_ONCE = 500;

/** How far a collect activity has come; its heartbeat. */
interface CollectPlace {
  cursor: string | null;
  total: number;
  toSend: number;
  seen: number;
  /** Of those seen, how many could be read. */
  read: number;
}

/** What a collect activity hands back. */
interface CollectedPage {
  nextCursor: string | null;
  /** SKUs that were read and written into the ledger. */
  read: number;
}

/** Step 1: the source's items become verdicts, hashes and lanes in the ledger. */
export function collectSteps(deps: CatalogSyncDependencies) {
  const { connectors, ledger, runs } = deps;

  return {
    /** Reads pages of the source into the ledger, some 500 SKUs; goes on from its heartbeat after a lost worker. */
    async collectPage(input: { syncId: string; cursor: string | null }): Promise<CollectedPage> {
      return withPulse<CollectedPage, CollectPlace>(
        async ({ at, signal }) => {
          const { run, connector, account } = await runContext(deps, input.syncId);
          const source = deps.sourceOf(connector);
          const checked = payloadCheck(deps.productTypes, account, run.config, signal);
          if (run.scope === 'skus') {
            const named = await ledger.bySku(run.connectorId, run.skus);
            const sourceIds = [...named.values()].map((entry) => entry.sourceId);
            const { items, unreadable } = await source.readItems(sourceIds, signal);
            const { toSend, firstSeen } = await writePage(run, items, unreadable, checked);
            await runs.update(run._id, { total: sourceIds.length, toSend, waitingFor: null });
            return { nextCursor: null, read: firstSeen };
          }
          const lost = activityInfo().heartbeatDetails as CollectPlace | undefined;
          let place = lost ?? { cursor: input.cursor, total: run.total, toSend: run.toSend, seen: 0, read: 0 };
          if (lost?.cursor === null) return { nextCursor: null, read: lost.read };
          do {
            const page = await source.readPage(place.cursor, LEDGER_PAGE_SIZE, signal);
            const { toSend, firstSeen } = await writePage(run, page.items, page.unreadable, checked);
            const listed = page.items.length + page.unreadable.length;
            place = {
              cursor: page.nextCursor,
              total: place.total + listed,
              toSend: place.toSend + toSend,
              seen: place.seen + listed,
              read: place.read + firstSeen,
            };
            await runs.update(run._id, { total: place.total, toSend: place.toSend, waitingFor: null });
            at(place);
          } while (place.cursor !== null && place.seen < COLLECT_AT_ONCE);
          return { nextCursor: place.cursor, read: place.read };
        },
        waitingNoter(deps, input.syncId)
      );
    },

    /**
     * After a full reading: what the source did not list any more is sold out and then `removed`. Does nothing when the
     * ledger holds fewer SKUs of this run than were read, because the database has lost some: then they are to be read
     * again. Safe to repeat.
     */
    async sweepUnseen(input: { syncId: string; read: number }): Promise<{ isComplete: boolean }> {
      return withPulse(async ({ signal }) => {
        const { run, connector } = await runContext(deps, input.syncId);
        if ((await ledger.seenBy(run.connectorId, run._id)) < input.read) {
          await runs.update(run._id, { total: 0, toSend: 0 });
          return { isComplete: false };
        }
        if (run.scope === 'full')
          for (let page = 0; page <= connector.ledgerPage.number; page++) {
            signal.throwIfAborted();
            await sweepPage(run, await ledger.page(run.connectorId, page));
          }
        await runs.update(run._id, { counts: await ledger.counts(run.connectorId), publishStartedAt: new Date() });
        return { isComplete: true };
      });
    },
  };

  /**
   * Writes one page of the source into the ledger; answers how many SKUs have something to send, and how many this run sees
   * for the first time: a source that changes while it is read lists some twice. Safe to repeat.
   */
  async function writePage(
    run: OpenRun,
    page: readonly CatalogItem[],
    unreadable: readonly UnreadableItem[],
    checked: PayloadCheck
  ): Promise<{ toSend: number; firstSeen: number }> {
    const { connectorId } = run;
    const wanted = await ledger.bySku(
      connectorId,
      page.map((item) => item.sku)
    );
    const items = nameDuplicatesApart(page, wanted);
    const known = await ledger.bySku(connectorId, [
      ...items.map((item) => item.sku),
      ...unreadable.map(placeholderSku),
    ]);
    const context = { connectorId, syncId: run._id, hashesOf, laneFor, now: new Date() };
    const judged = await judgeAll(run, items, checked);
    const placesTaken = await ledger.placesTaken(connectorId);
    const writes: LedgerWrite[] = withinLimit(run, judged, known, placesTaken).map(({ item, verdict }) => ({
      sku: item.sku,
      change: afterCollect(known.get(item.sku), item, verdict, verdict.kind !== 'block', {
        ...context,
        fingerprint: fingerprintOf(item),
      }),
    }));
    await upsert(connectorId, [...writes, ...(await placeholders(run, unreadable))], known);
    const firstSeen = new Set(writes.map(({ sku }) => sku).filter((sku) => known.get(sku)?.lastRun !== run._id));
    return { toSend: writes.filter(({ change }) => change.lane).length, firstSeen: firstSeen.size };
  }

  /** New entries fill the connector's newest ledger page before they begin another. */
  async function upsert(
    connectorId: string,
    writes: readonly LedgerWrite[],
    known: ReadonlyMap<string, ListingDocument>
  ): Promise<void> {
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

  /** SKUs that could not be read: known ones stay as they are; new ones are shown as `blocked` until they can be read. */
  async function placeholders(run: OpenRun, unreadable: readonly UnreadableItem[]): Promise<LedgerWrite[]> {
    if (unreadable.length === 0) return [];
    const ids = unreadable.map((item) => item.sourceId);
    log.warn('some SKUs could not be read', { syncId: run._id, count: ids.length });
    await runs.noteUnreadable(run._id, ids);
    const known = await ledger.bySourceId(run.connectorId, ids);
    return unreadable
      .filter(({ sourceId }) => !known.has(sourceId))
      .map((item) => ({ sku: placeholderSku(item), change: unreadableEntry(item.sourceId, item.reason, run._id) }));
  }

  async function sweepPage(run: OpenRun, entries: readonly ListingDocument[]): Promise<void> {
    const unreadable = new Set(run.unreadable);
    const unseen = entries.filter(
      (entry) => entry.lastRun !== run._id && entry.state !== 'removed' && !unreadable.has(entry.sourceId)
    );
    const isPlaceholder = (entry: ListingDocument): boolean => entry.verdict.blockReason === 'unreadable';
    await ledger.remove(
      run.connectorId,
      unseen.filter(isPlaceholder).map((entry) => entry.sku)
    );
    const gone = unseen.filter((entry) => !isPlaceholder(entry));
    await ledger.change(
      run.connectorId,
      gone.map((entry) => ({ sku: entry.sku, change: afterRemoval(entry, { hashesOf, laneFor }) }))
    );
  }
}

/** An item under the SKU that the ledger keeps it by. */
type NamedItem = CatalogItem & { duplicateOf?: string };

/** What Amazon's definitions add to a verdict. */
type PayloadCheck = ReturnType<typeof payloadCheck>;

interface Judged {
  item: CatalogItem;
  verdict: Verdict;
}

/** Every item by our rules, and then by Amazon's definition of its product type. */
async function judgeAll(run: OpenRun, items: readonly NamedItem[], checked: PayloadCheck): Promise<Judged[]> {
  const rules = ruleSettingsOf(run.config);
  const judged: Judged[] = [];
  for (const item of items) {
    const verdict = item.duplicateOf ? duplicate(item.duplicateOf) : await checked(item, judge(item, rules));
    judged.push({ item, verdict });
  }
  return judged;
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
    return owner === item.sourceId ? item : { ...item, sku: `${item.sku} (${item.sourceId})`, duplicateOf: item.sku };
  });
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
