import { afterQuantityAlone, type LedgerChange, type LedgerEntry } from '../../domain/ledger';
import { quantityPatches } from '../../domain/listing-changes';
import type { AmazonAccount, AmazonListings, SubmissionAnswer } from '../../domain/ports/amazon';
import { problemOfRefusal } from './refusal';

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
  return afterQuantityAlone(entry, await answered(), new Date());

  /** A refusal is an answer, whichever way Amazon says it: what the SKU is sent for otherwise goes on. */
  async function answered(): Promise<SubmissionAnswer> {
    try {
      return await listings.patch(account, entry.sku, productType, quantityPatches(entry.wanted), signal);
    } catch (error) {
      return { status: 'INVALID', submissionId: '', problems: [problemOfRefusal(error)] };
    }
  }
}
