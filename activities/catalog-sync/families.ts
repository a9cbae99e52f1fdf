import { batchesOf } from '../../domain/batches';
import type { CatalogItem } from '../../domain/catalog-item';
import { afterCollect, passageOf, type LedgerChange } from '../../domain/ledger';
import { laneFor } from '../../domain/listing-changes';
import { fingerprintOf, hashesOf } from '../../domain/listing-hashes';
import { draftOf, ruleSettingsOf, waitsForParent, type Judgement, type KnownItem } from '../../domain/listing-rules';
import { SEARCHED_AT_ONCE, type AmazonAccount, type ListingSnapshot } from '../../domain/ports/amazon';
import { NO_VARIATIONS, type VariationRules } from '../../domain/variation-theme';
import {
  familyOf,
  parentNames,
  themeIn,
  whyHeldBack,
  type Family,
  type FamilyMember,
  type FamilyParent,
} from '../../domain/variations';
import { revisionOf, type ListingDocument } from '../../models/listings';
import type { CatalogSyncDependencies, OpenRun } from './dependencies';
import type { PageMapper } from './page-mapper';
import type { payloadCheck } from './payload-check';

/** An item under the SKU that the ledger keeps it by. */
export type NamedItem = CatalogItem & { duplicateOf?: string };

/** An item with what the rules say of it. */
export interface Judged {
  item: NamedItem;
  verdict: Judgement;
  facts: KnownItem;
}

/** A parent as the ledger of parents is to have it. */
export interface ParentWrite {
  sku: string;
  change: LedgerChange;
  revision?: string | null;
  /** Makes the change anew of a parent that another step has changed meanwhile. */
  remake: (entry: ListingDocument | undefined) => LedgerChange;
  /** The SKUs that name it. */
  children: readonly string[];
  /** Why they may not be sent, in a sentence; undefined when they may, now or after it. */
  holdsBack: string | undefined;
}

/** The products of a page as parents and children (V10, V16). */
export function familiesOf(
  deps: Pick<CatalogSyncDependencies, 'ledger' | 'parents' | 'items' | 'productTypes' | 'listings'>,
  run: OpenRun,
  account: AmazonAccount,
  mapPage: PageMapper,
  checked: ReturnType<typeof payloadCheck>
) {
  const { connectorId, config } = run;
  const { sendVariations, requirements } = config.listing;
  const rules = ruleSettingsOf(config);
  const settings = { marketplaceId: account.marketplace.id, sendVariations, requirements };
  const mayHaveParents = sendVariations && requirements !== 'LISTING_OFFER_ONLY';

  /** The parents that these products were sent under; of several the one in use. */
  async function knownParents(productIds: readonly string[]): Promise<Map<string, ListingDocument>> {
    const found = await deps.parents.ofProducts(connectorId, productIds);
    const inUse = (entry: ListingDocument): number => Number(entry.state !== 'removed');
    found.sort((one, other) => inUse(one) - inUse(other));
    return new Map(found.map((entry) => [entry.productId, entry]));
  }

  /** Which names of parents belong to something else: a SKU that was sent, or the parent of another product. */
  async function takenNames(
    products: readonly (readonly Judged[])[],
    known: ReadonlyMap<string, ListingDocument>,
    ofPage: ReadonlySet<string>
  ) {
    const owners = new Map<string, string>();
    const names = products.flatMap((members) =>
      parentNames(
        members.map(({ item }) => item),
        connectorId
      )
    );
    names.push(...[...known.values()].map(({ sku }) => sku));
    for (const [sku, { state, productId }] of await deps.parents.bySku(connectorId, names))
      if (state !== 'removed') owners.set(sku, productId);
    const sold = await deps.ledger.bySku(connectorId, names);
    const isSold = (sku: string): boolean => {
      const entry = sold.get(sku);
      return ofPage.has(sku) || (entry !== undefined && (entry.state !== 'removed' || entry.sentHashes !== null));
    };
    return {
      isTaken: (productId: string, sku: string): boolean => isSold(sku) || (owners.get(sku) ?? productId) !== productId,
      take: (productId: string, sku: string): void => void owners.set(sku, productId),
    };
  }

  /** Names under which Amazon has something that is sold, and that is therefore no parent. */
  async function soldAtAmazon(skus: readonly string[], signal: AbortSignal): Promise<string[]> {
    const sold: string[] = [];
    for (const batch of batchesOf(skus, SEARCHED_AT_ONCE)) {
      const found = await deps.listings.search(account, batch, signal);
      sold.push(...found.filter(isOffer).map(({ sku }) => sku));
    }
    return sold;
  }

  /** Each product with what it is sent as. */
  async function build(
    products: ReadonlyMap<string, readonly Judged[]>,
    known: ReadonlyMap<string, ListingDocument>,
    ofPage: ReadonlySet<string>,
    signal: AbortSignal
  ): Promise<Map<string, Family>> {
    const families = new Map<string, Family>();
    const names = await takenNames([...products.values()], known, ofPage);

    async function buildOne(productId: string): Promise<Family | undefined> {
      const members = products.get(productId)!.flatMap(memberOf);
      if (members.length === 0) return undefined;
      const isTaken = (sku: string): boolean => names.isTaken(productId, sku);
      const family = familyOf(members, {
        scope: connectorId,
        rules: mayHaveParents ? await rulesFor(members[0]!.wanted.productType, signal) : NO_VARIATIONS,
        settings,
        known: knownParent(known.get(productId), isTaken),
        isTaken,
      });
      if (family.kind === 'family') names.take(productId, family.parent.sku);
      families.set(productId, family);
      return family;
    }

    const unsent = new Map<string, string>();
    for (const productId of products.keys()) {
      const family = await buildOne(productId);
      const sku = family?.kind === 'family' ? family.parent.sku : undefined;
      const entry = known.get(productId);
      const isChecked = entry !== undefined && entry.sku === sku;
      if (sku !== undefined && !isChecked) unsent.set(sku, productId);
    }
    for (const sku of await soldAtAmazon([...unsent.keys()], signal)) {
      names.take(SOLD, sku);
      await buildOne(unsent.get(sku)!);
    }
    return families;
  }

  async function rulesFor(productType: string, signal: AbortSignal): Promise<VariationRules> {
    return deps.productTypes.variationsFor(account, productType, requirements, signal);
  }

  /** Parents, mapped in one batch, held against their definitions; a family whose parent is of another type is none. */
  async function judgeParents(families: Map<string, Family>, signal: AbortSignal) {
    const parents = [...families].flatMap(([productId, family]) =>
      family.kind === 'family' ? [{ productId, family }] : []
    );
    const mapped = await mapPage(
      parents.map(({ family }) => family.parent.item),
      signal
    );
    const verdicts = new Map<string, { parent: FamilyParent; verdict: Judgement }>();
    for (const [at, { productId, family }] of parents.entries()) {
      const { parent, children } = family;
      const facts = { mapped: mapped[at]! };
      const draft = draftOf(parent.item, rules, facts);
      if (draft?.productType !== parent.productType) {
        families.set(productId, { kind: 'alone', reason: ofAnotherType(parent, draft?.productType) });
        continue;
      }
      const reasons = [`The parent of ${children.size} SKUs, which differ by ${parent.theme}.`];
      const verdict: Judgement = { kind: 'sell', wanted: parent.listing(draft), quantity: 0, reasons };
      verdicts.set(productId, { parent, verdict: await checked(parent.item, verdict, facts) });
    }
    return verdicts;
  }

  return {
    /** The other SKUs of a page's products, as their source described them last. */
    async siblingsOf(page: readonly NamedItem[]): Promise<NamedItem[]> {
      if (!mayHaveParents) return [];
      const listed = new Set(page.map(({ sku }) => sku));
      // A SKU that takes the name of a parent makes that one's product need another.
      const named = [...(await deps.parents.bySku(connectorId, [...listed])).values()];
      const renamed = named.filter(({ state }) => state !== 'removed').map(({ productId }) => productId);
      const productIds = [...new Set([...productIdsOf(page), ...renamed])];
      const found: NamedItem[] = await deps.items.ofProducts(connectorId, productIds);
      return found.filter(({ sku }) => !listed.has(sku));
    },

    /**
     * What rules let through, as members of their families, and the parents that belong to them.
     *
     * @param judged - all SKUs of each of the products.
     * @returns the verdicts in the same order; parents that are not needed any more are in `retired`.
     */
    async relate(
      judged: readonly Judged[],
      signal: AbortSignal
    ): Promise<{ judged: Judged[]; parents: ParentWrite[]; retired: ListingDocument[] }> {
      const products = byProduct(judged);
      const known = await knownParents(productIdsOf(judged.map(({ item }) => item)));
      for (const [productId, members] of products)
        if (members.length < 2 && !known.has(productId)) products.delete(productId);
      if (products.size === 0) return { judged: [...judged], parents: [], retired: [] };
      const families = await build(products, known, new Set(judged.map(({ item }) => item.sku)), signal);
      const verdicts = await judgeParents(families, signal);
      const parents = [...verdicts].map(([productId, { parent, verdict }]): ParentWrite => {
        const entry = known.get(productId);
        const before = entry?.sku === parent.sku ? entry : undefined;
        const remake = (now: ListingDocument | undefined): LedgerChange => {
          const change = afterCollect(now, parent.item, verdict, false, {
            connectorId,
            syncId: run._id,
            fingerprint: fingerprintOf(parent.item),
            hashesOf,
            laneFor,
            now: new Date(),
          });
          return { ...change, ...(now?.feed && { feed: passageOf(now, change) }) };
        };
        const change = remake(before);
        const family = families.get(productId) as Extract<Family, { kind: 'family' }>;
        const state = change.state ?? before?.state ?? 'pending';
        const reason = change.reason ?? before?.reason ?? '';
        return {
          sku: parent.sku,
          change,
          remake,
          ...(before && { revision: revisionOf(before) }),
          children: [...family.children.keys()],
          holdsBack: whyHeldBack({ sku: parent.sku, state, reason }),
        };
      });
      const inUse = new Set(parents.map(({ sku }) => sku));
      return {
        judged: judged.map((each) => inFamily(each, families.get(each.item.productId))),
        parents,
        // While rules hold all its SKUs back, a product keeps its parent.
        retired: [...known].flatMap(([productId, entry]) =>
          families.has(productId) && entry.state !== 'removed' && !inUse.has(entry.sku) ? [entry] : []
        ),
      };
    },

    /** The verdicts after their parents': a child whose parent cannot be sent is not sent either (V16). */
    held(judged: readonly Judged[], parents: readonly ParentWrite[]): Judged[] {
      const reasons = new Map(
        parents.flatMap(({ children, holdsBack }) =>
          holdsBack === undefined ? [] : children.map((sku) => [sku, holdsBack] as const)
        )
      );
      return judged.map((each) => {
        const why = reasons.get(each.item.sku);
        return why === undefined || each.verdict.kind === 'block'
          ? each
          : { ...each, verdict: waitsForParent(each.verdict, why, rules) };
      });
    },
  };
}

/** The owner of names that are sold at Amazon: no product's id. */
const SOLD = '';

/** Whether somebody can buy it, or could once it is in stock. */
function isOffer({ status, price, quantity }: ListingSnapshot): boolean {
  return price !== undefined || quantity !== undefined || status.includes('BUYABLE');
}

function productIdsOf(items: readonly CatalogItem[]): string[] {
  return [...new Set(items.map(({ productId }) => productId))].filter((productId) => productId !== '');
}

function byProduct(judged: readonly Judged[]): Map<string, Judged[]> {
  const products = new Map<string, Judged[]>();
  for (const each of judged) {
    const { productId } = each.item;
    if (productId !== '') products.set(productId, [...(products.get(productId) ?? []), each]);
  }
  return products;
}

function memberOf({ item, verdict }: Judged): FamilyMember[] {
  return verdict.kind === 'block' ? [] : [{ item, wanted: verdict.wanted }];
}

/** A parent that Amazon accepted keeps its name and theme, unless a SKU that is sold has that name now. */
function knownParent(entry: ListingDocument | undefined, isTaken: (sku: string) => boolean) {
  const theme = themeIn(entry?.wanted ?? null);
  if (!entry?.sentHashes || theme === undefined || isTaken(entry.sku)) return undefined;
  return { sku: entry.sku, theme };
}

function inFamily(each: Judged, family: Family | undefined): Judged {
  const { item, verdict } = each;
  if (!family || verdict.kind === 'block') return each;
  if (family.kind === 'alone')
    return { ...each, verdict: { ...verdict, reasons: [...verdict.reasons, family.reason] } };
  const { sku, theme } = family.parent;
  const reason = `It is one of ${family.children.size} SKUs under the parent ${sku}, which differ by ${theme}.`;
  const wanted = family.children.get(item.sku) ?? verdict.wanted;
  return { ...each, verdict: { ...verdict, wanted, reasons: [...verdict.reasons, reason] } };
}

function ofAnotherType({ productType }: FamilyParent, other: string | undefined): string {
  return `It is sent alone. Its product as a whole would be ${other ?? 'of no product type'}, and its SKUs are ${productType}. Assign the type by something that all of them share.`;
}
