import type { Listing, ListingBook } from './listing-book';
import { marketplace } from './marketplaces';
import type { Attributes, Issue } from './schema-issues';
import { attributesOfTheme } from './variation-themes';
import { parentageOf } from './variations';

export const INCLUDED_DATA = [
  'summaries',
  'attributes',
  'issues',
  'offers',
  'fulfillmentAvailability',
  'procurement',
  'relationships',
  'productTypes',
] as const;
type IncludedData = (typeof INCLUDED_DATA)[number];

/** A listing can be read once its first submission came through or was refused, and not before. */
export function isVisible(listing: Listing): boolean {
  return listing.createdAt !== undefined;
}

/**
 * BUYABLE: content is live, with a price and more than 0 units. DISCOVERABLE: content is live with facts about the product.
 * A parent is never BUYABLE, and DISCOVERABLE when a child is. Empty: nothing came through yet.
 */
export function statusOf(listing: Listing, book: ListingBook): ('BUYABLE' | 'DISCOVERABLE')[] {
  if (!listing.hasContent) return [];
  if (parentageOf(listing.attributes).isParent) {
    const children = book.childrenOf(listing).filter((child) => !parentageOf(child.attributes).isParent);
    return children.some((child) => statusOf(child, book).includes('DISCOVERABLE')) ? ['DISCOVERABLE'] : [];
  }
  const buyable = priceOf(listing) !== null && quantityOf(listing) > 0;
  const discoverable = listing.requirements !== 'LISTING_OFFER_ONLY' || buyable;
  return [...(buyable ? ['BUYABLE' as const] : []), ...(discoverable ? ['DISCOVERABLE' as const] : [])];
}

/** What the seller is told about a listing: what processing found, and warnings for a missing price and main image. */
export function issuesOfListing(listing: Listing): Issue[] {
  if (!listing.hasContent) return listing.issues;
  const isSold = listing.requirements !== 'LISTING_PRODUCT_ONLY' && !parentageOf(listing.attributes).isParent;
  const wantsPrice = isSold && priceOf(listing) === null;
  const wantsImage = listing.requirements !== 'LISTING_OFFER_ONLY' && !listing.attributes.main_product_image_locator;
  return [
    ...listing.issues,
    ...(wantsPrice ? [incomplete(listing, 'price', 'purchasable_offer', 'MISSING_PRICE')] : []),
    ...(wantsImage ? [incomplete(listing, 'main image', 'main_product_image_locator', 'MISSING_IMAGE')] : []),
  ];
}

function incomplete(listing: Listing, what: string, attribute: string, category: string): Issue {
  return {
    code: '18448',
    message: `The listing is incomplete: it has no ${what}.`,
    severity: 'WARNING',
    attributeNames: [attribute],
    categories: [category],
    marketplaceIds: [listing.marketplaceId],
  };
}

/** Currency units of the offer to everybody; null: no offer. */
export function priceOf(listing: Listing): number | null {
  const offer = listing.attributes.purchasable_offer?.find((instance) => (instance.audience ?? 'ALL') === 'ALL');
  const [price] = (offer?.our_price ?? []) as { schedule?: { value_with_tax?: number }[] }[];
  return price?.schedule?.[0]?.value_with_tax ?? null;
}

export function quantityOf(listing: Listing): number {
  const [availability] = listing.attributes.fulfillment_availability ?? [];
  return typeof availability?.quantity === 'number' ? availability.quantity : 0;
}

/** The parent of a child whose relation came through. */
export function parentSkuOf(listing: Listing): string | undefined {
  return listing.hasContent ? parentageOf(listing.attributes).parentSku : undefined;
}

/** getListingsItem's answer for one SKU, over the marketplaces asked for. */
export function itemOf(listings: Listing[], included: readonly IncludedData[], book: ListingBook): object {
  const has = (name: IncludedData) => included.includes(name);
  const sku = listings[0]?.sku ?? '';
  return {
    sku,
    ...(has('summaries') ? { summaries: listings.map((listing) => summaryOf(listing, book)) } : {}),
    ...(has('attributes') ? { attributes: attributesOver(listings) } : {}),
    ...(has('issues') ? { issues: listings.flatMap(issuesOfListing) } : {}),
    ...(has('offers') ? { offers: listings.flatMap(offersOf) } : {}),
    ...(has('fulfillmentAvailability')
      ? { fulfillmentAvailability: listings.slice(0, 1).flatMap(availabilityOf) }
      : {}),
    ...(has('procurement') ? { procurement: [] } : {}),
    ...(has('relationships') ? { relationships: listings.map((listing) => relationshipsOf(listing, book)) } : {}),
    ...(has('productTypes')
      ? { productTypes: listings.map(({ marketplaceId, productType }) => ({ marketplaceId, productType })) }
      : {}),
  };
}

function summaryOf(listing: Listing, book: ListingBook): object {
  const { attributes } = listing;
  const image = attributes.main_product_image_locator?.[0]?.media_location;
  return {
    marketplaceId: listing.marketplaceId,
    ...(listing.hasContent ? { asin: listing.asin } : {}),
    productType: listing.productType,
    ...(attributes.condition_type?.[0] ? { conditionType: attributes.condition_type[0].value } : {}),
    status: statusOf(listing, book),
    ...(attributes.item_name?.[0] ? { itemName: attributes.item_name[0].value } : {}),
    createdDate: iso(listing.createdAt ?? listing.updatedAt),
    lastUpdatedDate: iso(listing.updatedAt),
    ...(image ? { mainImage: { link: image, height: 500, width: 500 } } : {}),
  };
}

function attributesOver(listings: Listing[]): Attributes {
  const names = new Set(listings.flatMap((listing) => Object.keys(listing.attributes)));
  return Object.fromEntries(
    [...names].map((name) => {
      const instances = listings.flatMap((listing) => listing.attributes[name] ?? []);
      return [name, uniqueInstances(instances)];
    })
  );
}

/** An instance without a marketplace of its own is the same in each marketplace and shown once. */
function uniqueInstances(instances: Attributes[string]): Attributes[string] {
  const seen = new Map(instances.map((instance) => [JSON.stringify(instance), instance]));
  return [...seen.values()];
}

function offersOf(listing: Listing): object[] {
  const price = priceOf(listing);
  if (price === null || !listing.hasContent) return [];
  const currencyCode = marketplace(listing.marketplaceId)?.currency ?? 'USD';
  return [
    {
      marketplaceId: listing.marketplaceId,
      offerType: 'B2C',
      price: { currencyCode, amount: price.toFixed(2) },
      audience: { value: 'ALL', displayName: 'Sell on Amazon' },
    },
  ];
}

function availabilityOf(listing: Listing): object[] {
  return (listing.attributes.fulfillment_availability ?? []).map((instance) => ({
    fulfillmentChannelCode: instance.fulfillment_channel_code,
    quantity: instance.quantity,
  }));
}

function relationshipsOf(listing: Listing, book: ListingBook): object {
  const { isParent, theme } = parentageOf(listing.attributes);
  const parentSku = parentSkuOf(listing);
  const variationTheme = theme ? { variationTheme: { theme, attributes: attributesOfTheme(theme) } } : {};
  const relationships = isParent
    ? [{ type: 'VARIATION', childSkus: book.childrenOf(listing).map(({ sku }) => sku), ...variationTheme }]
    : parentSku
      ? [{ type: 'VARIATION', parentSkus: [parentSku], ...variationTheme }]
      : [];
  return { marketplaceId: listing.marketplaceId, relationships };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
