import type { AmazonAttributes, ListingHashes, WantedListing } from './listing';
import type { AttributePatch } from './ports/amazon';

/**
 * Which lane sends a SKU: everything (`details`), or price and quantity alone (`offer`); null when Amazon has it all.
 * A part that is no longer wanted is not a change: what is at Amazon stays there (V11).
 *
 * @param sent - hashes of what Amazon accepted last; null when nothing ever was.
 */
export function laneFor(wanted: ListingHashes, sent: Partial<ListingHashes> | null): 'details' | 'offer' | null {
  if (!sent || wanted.details !== sent.details) return 'details';
  return isNews(wanted.price, sent.price) || isNews(wanted.quantity, sent.quantity) ? 'offer' : null;
}

/** Every attribute of a listing, for a PUT: Amazon removes what a PUT leaves out. */
export function putAttributes(wanted: WantedListing): AmazonAttributes {
  return { ...wanted.details, ...wanted.price, ...wanted.quantity };
}

/** The quantity and nothing else. */
export function quantityPatches(wanted: WantedListing | null): AttributePatch[] {
  return patches('merge', wanted?.quantity);
}

/** The changed ones among quantity and price, quantity first (B6). `merge` leaves the rest of the offer as it is. */
export function offerPatches(
  wanted: WantedListing,
  wantedHashes: ListingHashes,
  sent: Partial<ListingHashes> | null
): AttributePatch[] {
  return [
    ...(isNews(wantedHashes.quantity, sent?.quantity) ? patches('merge', wanted.quantity) : []),
    ...(isNews(wantedHashes.price, sent?.price) ? patches('merge', wanted.price) : []),
  ];
}

/**
 * The details as patches, for where a PUT would wipe a price that lives at Amazon (V11). An attribute that is no longer
 * wanted stays there, but for those that made it a child: it would stay in the family.
 *
 * @param sentParentSku - the parent that it was sent under last; null when it stood alone.
 */
export function detailsPatches(wanted: WantedListing, sentParentSku: string | null): AttributePatch[] {
  const leavesFamily = sentParentSku !== null && !wanted.details.parentage_level;
  return [...patches('replace', wanted.details), ...(leavesFamily ? endsOfRelation(wanted) : [])];
}

/**
 * Amazon deletes the instances of an attribute that have the same selectors. `variation_theme` has none, so that it stays,
 * and means nothing without the others.
 */
function endsOfRelation({ details }: WantedListing): AttributePatch[] {
  const marketplaceId = Object.values(details)
    .flat()
    .map((value) => value.marketplace_id)
    .find((id) => typeof id === 'string');
  return ['child_parent_sku_relationship', 'parentage_level'].map((name) => ({
    op: 'delete',
    path: `/attributes/${name}`,
    value: [{ marketplace_id: marketplaceId }],
  }));
}

function isNews(wanted: string | undefined, sent: string | undefined): boolean {
  return wanted !== undefined && wanted !== sent;
}

function patches(op: 'merge' | 'replace', attributes: AmazonAttributes = {}): AttributePatch[] {
  return Object.entries(attributes).map(([name, value]) => ({ op, path: `/attributes/${name}`, value }));
}
