import { afterQuantityAlone, type LedgerChange, type LedgerEntry } from '../../domain/ledger';
import { quantityPatches } from '../../domain/listing-changes';
import type { AmazonAccount, AmazonListings } from '../../domain/ports/amazon';

/**
 * Sends the quantity beside a refusal of the rest, under the product type that Amazon has the SKU by: what is out of stock
 * must not go on selling because its content has an error (S11, B6).
 */
export async function sendQuantityAlone(
  listings: Pick<AmazonListings, 'patch'>,
  account: AmazonAccount,
  entry: LedgerEntry,
  signal: AbortSignal
): Promise<LedgerChange> {
  const productType = entry.sentProductType ?? entry.wanted?.productType ?? 'PRODUCT';
  const answer = await listings.patch(account, entry.sku, productType, quantityPatches(entry.wanted), signal);
  return afterQuantityAlone(entry, answer, new Date());
}
