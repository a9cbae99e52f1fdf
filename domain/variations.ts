import { createHash } from 'node:crypto';
import type { CatalogItem, ItemTexts } from './catalog-item';
import { usableImages } from './default-mapping';
import type { AmazonAttributes, ListingState, WantedListing } from './listing';
import { cutToBytes, toPlainLine, utf8Length } from './plain-text';
import { themeOf, type VariationRules } from './variation-theme';

/** One SKU of a product, with what is to be sent of it as if it stood alone. */
export interface FamilyMember {
  item: CatalogItem;
  wanted: WantedListing;
}

export interface FamilySettings {
  marketplaceId: string;
  /** V10, turned round. */
  sendVariations: boolean;
  requirements: WantedListing['requirements'];
}

/** The parent under which a product was sent before. */
export interface KnownParent {
  sku: string;
  theme: string;
}

/** The parent of a family, before it is mapped. */
export interface FamilyParent extends KnownParent {
  /** What the product is without any one of its SKUs, to be mapped as any item. */
  item: CatalogItem;
  productType: string;
  /** What is to be sent of it, of what the mapping made of `item`; the price and quantity there are not looked at. */
  listing: (mapped: WantedListing) => WantedListing;
}

/** What a product is sent as. */
export type Family =
  | {
      kind: 'family';
      parent: FamilyParent;
      /** By SKU. */
      children: ReadonlyMap<string, WantedListing>;
    }
  | {
      kind: 'alone';
      /** Why no parent is sent, in a sentence. */
      reason: string;
    };

export interface FamilyContext {
  /** The connector. */
  scope: string;
  rules: VariationRules;
  settings: FamilySettings;
  /** What was sent before; it stays for as long as it fits. */
  known?: KnownParent;
  /** Whether a SKU is another product's, or another parent's. */
  isTaken?: (sku: string) => boolean;
}

/** The longest seller SKU that Amazon takes. */
const LONGEST_SKU = 40;

/**
 * A product's SKUs as a parent with children, or each alone (V10).
 *
 * @param members - all SKUs of one product that would be sent. Their order does not matter.
 */
export function familyOf(members: readonly FamilyMember[], context: FamilyContext): Family {
  const { rules, settings, known } = context;
  const alone = whyAlone(members, settings);
  if (alone !== undefined) return { kind: 'alone', reason: alone };
  const siblings = members.map(({ item }) => item).sort(bySku);
  const found = themeOf(siblings, rules, known?.theme);
  if ('none' in found) return { kind: 'alone', reason: `It is sent alone. ${found.none}` };
  const unsent = unsentOf(members, Object.values(found.attributes));
  if (unsent !== undefined) return { kind: 'alone', reason: `It is sent alone. ${unsent}` };

  const sku = parentSkuOf(siblings, context.scope, known, context.isTaken);
  const { marketplaceId } = settings;
  const parent: FamilyParent = {
    sku,
    theme: found.theme,
    item: parentItem(siblings, sku),
    productType: members[0]!.wanted.productType,
    listing: (mapped) => asParent(mapped, { ...found, marketplaceId, keep: rules.required }),
  };
  const children = members.map(
    ({ item, wanted }) => [item.sku, asChild(wanted, { parentSku: sku, theme: found.theme, marketplaceId })] as const
  );
  return { kind: 'family', parent, children: new Map(children) };
}

function whyAlone(members: readonly FamilyMember[], settings: FamilySettings): string | undefined {
  if (!settings.sendVariations) return 'It is sent alone. This connector sends no variations.';
  if (settings.requirements === 'LISTING_OFFER_ONLY')
    return 'It is offered on a product that is at Amazon already, with its own variations.';
  const types = [...new Set(members.map(({ wanted }) => wanted.productType))].sort();
  if (types.length > 1)
    return `It is sent alone. The SKUs of its product have different product types (${types.join(', ')}).`;
  return undefined;
}

/** Amazon refuses a child that lacks an attribute of its theme. */
function unsentOf(members: readonly FamilyMember[], attributes: readonly string[]): string | undefined {
  for (const name of new Set(attributes)) {
    const without = members.find(({ wanted }) => (wanted.details[name] ?? []).length === 0);
    if (without)
      return `It varies by ${name}, and nothing is sent as ${name} of ${without.item.sku}. Map ${name} to the option that holds it.`;
  }
  return undefined;
}

/**
 * The SKU of a product's parent: the one it was sent under; else the first of its names that is free. Never that of one of its
 * SKUs.
 */
export function parentSkuOf(
  siblings: readonly CatalogItem[],
  scope: string,
  known?: KnownParent,
  isTaken: (sku: string) => boolean = () => false
): string {
  const own = new Set(siblings.map(({ sku }) => sku.toLowerCase()));
  if (known && !own.has(known.sku.toLowerCase())) return known.sku;
  const names = parentNames(siblings, scope);
  return names.find((sku) => !own.has(sku.toLowerCase()) && !isTaken(sku)) ?? names.at(-1)!;
}

/**
 * The names that a product's parent may have, the best first: the merchant's reference of the product, and its id with a part
 * of a hash. Each of at most 40 bytes.
 *
 * @param scope - the connector: two stores of one seller may use the same ids.
 */
export function parentNames(siblings: readonly CatalogItem[], scope: string): string[] {
  const { productId } = siblings[0]!;
  const reference = siblings.find((each) => each.productReference?.trim())?.productReference?.trim() ?? '';
  const hash = createHash('sha256').update(`${scope}\n${productId}`).digest('hex').slice(0, 8);
  const isUsable = reference !== '' && utf8Length(reference) <= LONGEST_SKU;
  return [...(isUsable ? [reference] : []), `${cutToBytes(productId.trim(), 24)}-${hash}-parent`];
}

/** What a product is without any one of its SKUs, as an item that can be mapped. What they do not share is left out. */
export function parentItem(siblings: readonly CatalogItem[], sku: string): CatalogItem {
  const sorted = [...siblings].sort(bySku);
  const first = sorted[0]!;
  const languages = [...new Set(sorted.flatMap(({ translations = {} }) => Object.keys(translations)))].sort();
  const translations = languages.map((language) => {
    const texts = sorted.map((each) => each.translations?.[language] ?? {});
    return [language, sharedTexts(texts)] as const;
  });
  const [image] = sorted.flatMap(usableImages);
  return {
    sku,
    sourceId: first.productId,
    productId: first.productId,
    ...(first.productReference !== undefined && { productReference: first.productReference }),
    ...(first.language !== undefined && { language: first.language }),
    descriptionHtml: '',
    ...sharedTexts(sorted),
    title: titleOf(sorted) || first.title,
    options: {},
    attributes: sharedAttributes(sorted),
    ...(translations.length > 0 && { translations: Object.fromEntries(translations) }),
    brand: sorted.find(({ brand }) => brand.trim() !== '')?.brand ?? '',
    categories: first.categories,
    images: image === undefined ? [] : [image],
    gtins: [],
    stock: { kind: 'units', units: 0 },
    status: first.status,
    isKit: false,
  };
}

function sharedTexts(texts: readonly Partial<ItemTexts>[]): Partial<ItemTexts> {
  const title = titleOf(texts);
  const descriptionHtml = texts.find((each) => each.descriptionHtml?.trim())?.descriptionHtml;
  const attributes = sharedAttributes(texts);
  return {
    ...(title !== '' && { title, productTitle: title }),
    ...(descriptionHtml !== undefined && { descriptionHtml }),
    ...(Object.keys(attributes).length > 0 && { attributes }),
  };
}

/** The product's own title; else the words with which the titles of all its SKUs begin; else empty. */
function titleOf(texts: readonly Partial<ItemTexts>[]): string {
  const own = texts.map(({ productTitle = '' }) => toPlainLine(productTitle)).find((each) => each !== '');
  return own ?? commonBeginning(texts.map(({ title = '' }) => toPlainLine(title)));
}

/** `Tee-XS-Black`, `Tee-XL-Black` → `Tee`: whole words only. */
function commonBeginning(titles: readonly string[]): string {
  const [first = [], ...others] = titles.map((title) => title.match(/[\p{L}\p{N}\p{M}]+|[^\p{L}\p{N}\p{M}]+/gu) ?? []);
  const end = first.findIndex((word, at) => others.some((words) => words[at] !== word));
  return (end < 0 ? first : first.slice(0, end)).join('').replace(/[^\p{L}\p{N}\p{M})!?.%"']+$/u, '');
}

function sharedAttributes(texts: readonly Partial<ItemTexts>[]): Record<string, string[]> {
  const [first, ...others] = texts.map(({ attributes = {} }) => new Map(Object.entries(attributes)));
  const shared = [...(first ?? [])].filter(([name, values]) =>
    others.every((each) => JSON.stringify(each.get(name)) === JSON.stringify(values))
  );
  return Object.fromEntries(shared);
}

/**
 * What only something that can be bought has: the terms of an offer, and identifiers. Amazon's definitions ask for an
 * identifier, or for the exemption from one, of whatever is not a parent.
 */
const NOT_OF_A_PARENT: readonly string[] = [
  'purchasable_offer',
  'fulfillment_availability',
  'condition_type',
  'merchant_shipping_group',
  'list_price',
  'externally_assigned_product_identifier',
  'supplier_declared_has_product_identifier_exemption',
  'merchant_suggested_asin',
];
const NEVER_OF_A_PARENT = new Set(['purchasable_offer', 'fulfillment_availability']);

interface ParentTerms {
  theme: string;
  /** By option: the attributes in which the children differ. */
  attributes: Record<string, string>;
  marketplaceId: string;
  /** Attributes that the definition asks of everything. */
  keep: readonly string[];
}

/** A product's listing as that of a variation parent: without price and quantity, and without what its children differ in. */
export function asParent(
  wanted: WantedListing,
  { theme, attributes, marketplaceId, keep }: ParentTerms
): WantedListing {
  const dropped = new Set([
    ...NOT_OF_A_PARENT.filter((name) => NEVER_OF_A_PARENT.has(name) || !keep.includes(name)),
    ...Object.values(attributes),
  ]);
  return {
    productType: wanted.productType,
    requirements: wanted.requirements,
    details: {
      ...without(wanted.details, dropped),
      parentage_level: [{ value: 'parent', marketplace_id: marketplaceId }],
      child_parent_sku_relationship: [{ child_relationship_type: 'variation', marketplace_id: marketplaceId }],
      variation_theme: [{ name: theme }],
    },
  };
}

/** A SKU's listing as that of a child. Nothing else of it changes; of a child it is a child again. */
export function asChild(
  wanted: WantedListing,
  { parentSku, theme, marketplaceId }: { parentSku: string; theme: string; marketplaceId: string }
): WantedListing {
  return {
    ...wanted,
    details: {
      ...wanted.details,
      parentage_level: [{ value: 'child', marketplace_id: marketplaceId }],
      child_parent_sku_relationship: [
        { child_relationship_type: 'variation', parent_sku: parentSku, marketplace_id: marketplaceId },
      ],
      variation_theme: [{ name: theme }],
    },
  };
}

/** The parent that a listing names; undefined of one that stands alone, and of a parent. */
export function parentSkuIn(wanted: Pick<WantedListing, 'details'> | null): string | undefined {
  const sku = wanted?.details.child_parent_sku_relationship?.[0]?.parent_sku;
  return typeof sku === 'string' ? sku : undefined;
}

/** The theme that a parent's or a child's listing has. */
export function themeIn(wanted: Pick<WantedListing, 'details'> | null): string | undefined {
  const name = wanted?.details.variation_theme?.[0]?.name;
  return typeof name === 'string' ? name : undefined;
}

/** Whether a listing is that of a parent. */
export function isParent(wanted: Pick<WantedListing, 'details'> | null): boolean {
  return wanted?.details.parentage_level?.[0]?.value === 'parent';
}

function without(attributes: AmazonAttributes, names: ReadonlySet<string>): AmazonAttributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !names.has(name)));
}

/** States in which Amazon knows a listing, or is about to: what was accepted first is processed first. */
const AT_AMAZON: readonly ListingState[] = ['submitted', 'live', 'paused', 'not_visible'];

/** A parent as the ledger has it; `reason` is the entry's own. */
interface ParentState {
  sku: string;
  state: ListingState;
  reason: string;
}

/** V16. Why a child is not sent yet, in a sentence; undefined when it may be. */
export function whyItWaits(parent: ParentState): string | undefined {
  if (AT_AMAZON.includes(parent.state)) return undefined;
  return whyHeldBack(parent) ?? `It waits for its parent ${parent.sku}, which is sent first.`;
}

/** V16. Why a child is not sent until somebody mends its parent, in a sentence; undefined when no person is needed. */
export function whyHeldBack({ sku, state, reason }: ParentState): string | undefined {
  if (state !== 'rejected' && state !== 'blocked') return undefined;
  const verb = state === 'rejected' ? 'was refused' : 'is held back';
  return `Its parent ${sku} ${verb}: ${reason} It is sent once that is mended.`;
}

function bySku(one: { sku: string }, other: { sku: string }): number {
  return one.sku < other.sku ? -1 : one.sku > other.sku ? 1 : 0;
}
