import { createHash } from 'node:crypto';
import type { CatalogItem } from './catalog-item';
import type { ListingHashes, WantedListing } from './listing';

/**
 * The three parts of a wanted listing as SHA-256 in hex, so that a part that did not change is not sent again (B5). The
 * product type and the requirements belong to the details: Amazon takes a change of either only with them.
 */
export function hashesOf(wanted: WantedListing): ListingHashes {
  const { productType, requirements, details, price, quantity } = wanted;
  return {
    details: hashOf({ productType, requirements, details }),
    ...(price && { price: hashOf(price) }),
    ...(quantity && { quantity: hashOf(quantity) }),
  };
}

/** Tells whether an item's data changed at its source since it was last read. */
export function fingerprintOf(item: CatalogItem): string {
  return hashOf(item);
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

/** JSON with the keys of every object in one order, and without keys that hold undefined. Arrays keep their order. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    each !== null && typeof each === 'object' && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1)))
      : each
  );
}
