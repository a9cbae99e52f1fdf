import { isQuantityAll, type LedgerEntry } from './ledger';
import type { WantedListing } from './listing';
import { detailsPatches, offerPatches, putAttributes, quantityPatches } from './listing-changes';
import type { AmazonListings, AttributePatch } from './ports/amazon';
import { isParent } from './variations';

/** Some attributes, changed one by one. */
interface PatchPlan {
  by: 'patch';
  productType: string;
  patches: AttributePatch[];
}

/** What is to be sent of an entry, and how. */
export type SubmissionPlan = PatchPlan | { by: 'put'; listing: Parameters<AmazonListings['put']>[2] };

/**
 * A PUT replaces every attribute. It would wipe a price that is left to Amazon (V11), and what a listing that was there
 * before has besides (B13): there details go by PATCH, which changes the attributes that are sent and no other. So the entry
 * has been matched with what Amazon has.
 *
 * @throws TypeError when the entry has nothing to send.
 */
export function submissionOf(entry: LedgerEntry, { sendPrice }: { sendPrice: boolean }): SubmissionPlan {
  if (entry.lane === 'offer') return offerOf(entry);
  const { wanted, wantedHashes } = somethingIn(entry);
  const { productType, requirements } = wanted;
  const leavesPriceToAmazon = !sendPrice && requirements !== 'LISTING_PRODUCT_ONLY' && !isParent(wanted);
  if (!entry.adopted && !(leavesPriceToAmazon && entry.sentHashes))
    return { by: 'put', listing: { productType, requirements, attributes: putAttributes(wanted) } };
  const details = detailsPatches(wanted, entry.sentParentSku);
  return { by: 'patch', productType, patches: [...details, ...offerPatches(wanted, wantedHashes, null)] };
}

/** The changed ones among price and quantity, or the quantity alone, under the product type that Amazon has the SKU by. */
export function offerOf(entry: LedgerEntry): PatchPlan {
  const { wanted, wantedHashes } = somethingIn(entry);
  const patches = isQuantityAll(entry) ? quantityPatches(wanted) : offerPatches(wanted, wantedHashes, entry.sentHashes);
  return { by: 'patch', productType: entry.sentProductType ?? wanted.productType, patches };
}

function somethingIn({ sku, wanted, wantedHashes }: LedgerEntry): {
  wanted: WantedListing;
  wantedHashes: NonNullable<LedgerEntry['wantedHashes']>;
} {
  if (!wanted || !wantedHashes) throw new TypeError(`The ledger has nothing to send for ${sku}`);
  return { wanted, wantedHashes };
}
