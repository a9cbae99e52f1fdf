import type { CatalogItem } from '../../domain/catalog-item';
import { knownPriceOf } from '../../domain/ledger';
import type { Verdict } from '../../domain/listing';
import { judge, overLimit, ruleSettingsOf } from '../../domain/listing-rules';
import type { MappedItem } from '../../domain/mapping-context';
import type { AmazonAccount } from '../../domain/ports/amazon';
import { parentSkuIn } from '../../domain/variations';
import type { ListingDocument } from '../../models/listings';
import type { CatalogSyncDependencies, OpenRun } from './dependencies';
import { familiesOf, type Judged, type NamedItem, type ParentWrite } from './families';
import type { PageMapper } from './page-mapper';
import type { payloadCheck } from './payload-check';

/** What Amazon's definitions add to a verdict. */
export type PayloadCheck = ReturnType<typeof payloadCheck>;

/** What is known of a SKU before it is judged. */
export type KnownSku = Pick<ListingDocument, 'sku' | 'sourceId' | 'state' | 'hasPlace'> &
  Partial<Pick<ListingDocument, 'sentPrice' | 'approvedPrice' | 'verdict' | 'wanted' | 'lastRun'>>;

/** Where known SKUs are looked up. */
interface KnownSkus<Known extends KnownSku> {
  bySku(skus: readonly string[]): Promise<ReadonlyMap<string, Known>>;
  /**
   * How many SKUs hold a place under the connector's limit. May be more than that where it leaves room for `newcomers` all the
   * same: counting them takes longer the more there are.
   */
  placesTaken(newcomers: number): Promise<number>;
}

/** A page of a source, judged. */
export interface JudgedPage<Known extends KnownSku> {
  /** The items under the SKUs that they are kept by. */
  items: NamedItem[];
  /** The items and, after them, their siblings of other pages. */
  judged: Judged[];
  /** The parents that children need. */
  parents: ParentWrite[];
  /** Parents under which nothing is left. */
  retired: ListingDocument[];
  known: ReadonlyMap<string, Known>;
}

/** Judges pages of a source by everything that a run goes by. Writes nothing. */
export function pageJudge<Known extends KnownSku>(
  deps: Pick<CatalogSyncDependencies, 'ledger' | 'parents' | 'items' | 'productTypes' | 'listings'>,
  run: OpenRun,
  account: AmazonAccount,
  mapPage: PageMapper,
  checked: PayloadCheck,
  knownSkus: KnownSkus<Known>
) {
  const families = familiesOf(deps, run, account, mapPage, checked);

  /** What would be sent, by Amazon's definition of its product type. */
  async function checkAll(judged: readonly Judged[]): Promise<Judged[]> {
    const all: Judged[] = [];
    for (const { item, facts, verdict } of judged)
      all.push({ item, facts, verdict: item.duplicateOf ? verdict : await checked(item, verdict, facts) });
    return all;
  }

  /** Places under the limit go, in the order of the source, to items that no rule holds back (S2). */
  async function withinLimit(judged: readonly Judged[], known: ReadonlyMap<string, KnownSku>): Promise<Judged[]> {
    const limit = run.config.listing.skuLimit;
    const isNewcomer = ({ verdict, item }: Judged): boolean =>
      verdict.kind !== 'block' && !known.get(item.sku)?.hasPlace;
    const newcomers = judged.filter(isNewcomer).length;
    let taken = newcomers > 0 ? await knownSkus.placesTaken(newcomers) : 0;
    return judged.map((each) => {
      if (!isNewcomer(each)) return each;
      if (taken >= limit) return { ...each, verdict: overLimit(limit) };
      taken += 1;
      return each;
    });
  }

  return async (page: readonly CatalogItem[], signal: AbortSignal): Promise<JudgedPage<Known>> => {
    const items = nameDuplicatesApart(page, await knownSkus.bySku(page.map((item) => item.sku)));
    const others = await families.siblingsOf(items);
    const known = await knownSkus.bySku([...items, ...others].map((item) => item.sku));
    const siblings = others.filter((each) => isSibling(each, known.get(each.sku), items, run._id));
    const all = [...items, ...siblings];
    const ruled = judgeAll(run, all, known, await mapPage(all, signal));
    const related = await families.relate(ruled, signal);
    const held = families.held(await checkAll(related.judged), related.parents);
    const judged = await withinLimit(held, known);
    return { items, judged, parents: related.parents.filter(isNeeded(judged)), retired: related.retired, known };
  };
}

/**
 * Whether an item that was read earlier still is what it was: not when its SKU has left the assortment or is about to, nor when
 * this page has it under another SKU, or another SKU in its place in the family.
 */
function isSibling(item: NamedItem, entry: KnownSku | undefined, page: readonly NamedItem[], syncId: string): boolean {
  if (!entry || entry.state === 'removed' || entry.verdict?.kind === 'remove') return false;
  if (page.some(({ sourceId }) => sourceId === item.sourceId)) return false;
  if (entry.lastRun === syncId || parentSkuIn(entry.wanted ?? null) === undefined) return true;
  const place = placeOf(item);
  return !page.some((each) => each.productId === item.productId && placeOf(each) === place);
}

/** What tells an item from its siblings. */
function placeOf({ options }: NamedItem): string {
  return JSON.stringify(Object.entries(options).sort(([one], [other]) => (one < other ? -1 : 1))).toLowerCase();
}

/** Every item by our rules. */
function judgeAll(
  run: OpenRun,
  items: readonly NamedItem[],
  known: ReadonlyMap<string, KnownSku>,
  mapped: readonly MappedItem[]
): Judged[] {
  const rules = ruleSettingsOf(run.config);
  return items.map((item, at) => {
    const { sentPrice = null, approvedPrice = null } = known.get(item.sku) ?? {};
    const facts = { mapped: mapped[at]!, ...knownPriceOf({ sentPrice, approvedPrice }) };
    return { item, facts, verdict: item.duplicateOf ? duplicate(item.duplicateOf) : judge(item, rules, facts) };
  });
}

/** Whether a parent has a child that has a place, were it not for the parent. */
function isNeeded(judged: readonly Judged[]): (parent: ParentWrite) => boolean {
  const sent = judged.filter(({ verdict }) => verdict.kind !== 'block' || verdict.reason === 'parent');
  const skus = new Set(sent.map(({ item }) => item.sku));
  return ({ children }) => children.some((sku) => skus.has(sku));
}

/**
 * The SKU that has a reference in the ledger keeps it, else the first one of the source; others with the same reference are
 * shown under their own id, blocked.
 */
function nameDuplicatesApart(page: readonly CatalogItem[], known: ReadonlyMap<string, KnownSku>): NamedItem[] {
  const owners = new Map<string, string>();
  for (const entry of known.values()) if (entry.state !== 'removed') owners.set(entry.sku, entry.sourceId);
  return page.map((item) => {
    const owner = owners.get(item.sku) ?? item.sourceId;
    owners.set(item.sku, owner);
    return owner === item.sourceId ? item : { ...item, sku: nameApart(item.sku, item.sourceId), duplicateOf: item.sku };
  });
}

/** How a SKU is shown whose reference belongs to another. */
export function nameApart(sku: string, sourceId: string): string {
  return `${sku} (${sourceId})`;
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
