import type { CatalogItem } from '../../domain/catalog-item';
import type { AmazonAccount } from '../../domain/ports/amazon';
import { basisOf, isAtRest, isKnownAtAmazon, judgedByOf, productTypeIn } from '../../domain/settled';
import { parentSkuIn } from '../../domain/variations';
import type { ListingMark } from '../../models/listings';
import type { CatalogSyncDependencies, OpenRun } from './dependencies';
import type { Judged } from './families';

/** A page of a source, parted by what has to be done about it. */
interface SiftedPage {
  /** Items whose entries would stay as they are; by the SKU of the entry. */
  unchanged: ListingMark[];
  /** Items to be judged: new and changed ones, and all of the page that are of one product with such a one. */
  news: CatalogItem[];
  /** Products that have lost a SKU of this page to another one. */
  left: string[];
}

/**
 * Tells the items of a source that need not be judged anew, because the verdict that the ledger has of them would come out
 * the same. A verdict and what follows from it depend on
 *
 * - the item as the source describes it, with its stock and that of its parts: its fingerprint;
 * - the configuration (V15), the versions of mappings and assignments, our own rules, and the definition of the product type,
 *   which says what is mapped, checked and varied by: `judgedBy`;
 * - the entry itself: what was sent, refused, held back, let through, or waits to be sent. Only one at rest is left alone
 *   ({@link isAtRest}), and so every SKU without a place is looked at anew, whether the limit or its reference denies it one;
 * - the other SKUs of its product, also those of other pages, and their parent (V10, V16). A product is judged as a whole
 *   when anything of it on this page is not at rest or its parent is not. A SKU that leaves a product has the others judged
 *   anew with the next run that reads them ({@link SiftedPage.left}, and where it is taken off sale).
 *
 * A SKU that is judged for nothing costs time; one that is passed over wrongly is wrong at Amazon. Where in doubt it is judged.
 */
export function unchangedItems(
  deps: Pick<CatalogSyncDependencies, 'ledger' | 'parents' | 'productTypes'>,
  run: OpenRun,
  account: AmazonAccount
) {
  const { connectorId, config, configVersion } = run;
  const mappings = run.mappings ?? [];
  const basis = basisOf({ configVersion, config, mappings });

  /** What an item is judged by now, with the definition of this product type; null where Amazon has none such. */
  async function basisWith(productType: string, fingerprint: string, signal: AbortSignal): Promise<string | null> {
    const definition = await definitionOf(productType, signal);
    return definition === null ? null : judgedByOf(basis, productType, definition, fingerprint, new Date());
  }

  /** Tells versions of a definition apart; null when Amazon has none, undefined where there is no type. */
  async function definitionOf(productType: string, signal: AbortSignal): Promise<string | null | undefined> {
    if (productType === '') return undefined;
    const found = await deps.productTypes.validatorFor(account, productType, config.listing.requirements, signal);
    return found.kind === 'known' ? found.checksum : null;
  }

  async function isUnchanged(
    { sourceId }: CatalogItem,
    mark: ListingMark | undefined,
    fingerprint: string,
    signal: AbortSignal
  ): Promise<boolean> {
    if (!mark?.judgedBy || mark.sourceId !== sourceId || mark.fingerprint !== fingerprint) return false;
    if (!isAtRest(mark, mappings.length > 0)) return false;
    return mark.judgedBy === (await basisWith(productTypeIn(mark.judgedBy), fingerprint, signal));
  }

  /** Of these children, those that wait for nothing of their parent; what stands alone has none. */
  async function haveParentsAtRest(marks: readonly ListingMark[]): Promise<(mark: ListingMark) => boolean> {
    const names = new Set(marks.map(({ wanted }) => parentSkuIn(wanted)).filter((sku) => sku !== undefined));
    const parents = await deps.parents.marks(connectorId, [...names]);
    return ({ wanted }) => {
      const name = parentSkuIn(wanted);
      const parent = name === undefined ? undefined : parents.get(name);
      return name === undefined || (parent !== undefined && isKnownAtAmazon(parent));
    };
  }

  /** The product type whose definition a verdict depends on; empty where on none, undefined where that cannot be told. */
  function typeJudgedBy({ verdict, facts }: Judged): string | undefined {
    const type = facts.mapped?.productType ?? '';
    if (verdict.kind !== 'block' || verdict.reason === 'invalid') return type;
    if (verdict.reason !== 'unmapped') return '';
    const { productTypes } = config.listing;
    const isElsewhere = productTypes.length > 0 && !productTypes.includes(type);
    return type === '' || isElsewhere ? '' : undefined;
  }

  return {
    /** What a verdict was made by, for its entry; null where it is to be made anew in any case. */
    async judgedBy(judged: Judged, fingerprint: string, signal: AbortSignal): Promise<string | null> {
      const type = typeJudgedBy(judged);
      return type === undefined ? null : basisWith(type, fingerprint, signal);
    },

    /** @param fingerprints - of the items, in their order. */
    async sift(
      page: readonly CatalogItem[],
      fingerprints: readonly string[],
      signal: AbortSignal
    ): Promise<SiftedPage> {
      // Named SKUs are looked at because somebody wants them to be.
      if (run.scope === 'skus') return { unchanged: [], news: [...page], left: [] };
      const marks = await deps.ledger.marks(
        connectorId,
        page.map(({ sku }) => sku)
      );
      const same = new Map<CatalogItem, ListingMark>();
      for (const [at, item] of page.entries()) {
        const mark = marks.get(item.sku);
        if (await isUnchanged(item, mark, fingerprints[at]!, signal)) same.set(item, mark!);
      }
      const isParentAtRest = await haveParentsAtRest([...same.values()]);
      const changed = page.filter((item) => !same.has(item) || !isParentAtRest(same.get(item)!));
      const left = changed.map((item) => productLeftBy(item, marks.get(item.sku))).filter((id) => id !== '');
      const restless = new Set([...changed.map(({ productId }) => productId).filter((id) => id !== ''), ...left]);
      const news = page.filter((item) => changed.includes(item) || restless.has(item.productId));
      return { unchanged: page.filter((item) => !news.includes(item)).map((item) => same.get(item)!), news, left };
    },
  };
}

/** The product that a SKU belonged to when it was read last, if that was another one; else empty. */
function productLeftBy({ sourceId, productId }: CatalogItem, mark: ListingMark | undefined): string {
  return mark && mark.sourceId === sourceId && mark.productId !== productId ? mark.productId : '';
}
