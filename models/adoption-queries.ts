import type { Connection } from 'mongoose';
import { listingId } from '../domain/ids';
import { listingModel, type ListingDocument } from './listings';

/** What a look at the adopted listings shows of each. */
export type AdoptionRow = Pick<ListingDocument, 'sku' | 'title' | 'state' | 'wanted' | 'sentHashes' | 'adopted'>;

/** The queries on what was at Amazon before a connector first sent it (B13). */
export function adoptionQueries(connection: Connection) {
  const model = listingModel(connection);
  return {
    /** In the order of SKUs. */
    async page(connectorId: string, afterSku: string | undefined, limit: number): Promise<AdoptionRow[]> {
      return model
        .find({
          connectorId,
          adopted: { $type: 'object' },
          ...(afterSku !== undefined && { _id: { $gt: listingId(connectorId, afterSku) } }),
        })
        .select({ sku: 1, title: 1, state: 1, wanted: 1, sentHashes: 1, adopted: 1 })
        .sort({ _id: 1 })
        .limit(limit)
        .lean<AdoptionRow[]>();
    },

    /** How many SKUs Amazon was asked for, and how many of them it had. */
    async counts(connectorId: string): Promise<{ asked: number; found: number }> {
      const [asked, found] = await Promise.all([
        model.countDocuments({ connectorId, matchedAt: { $type: 'date' } }),
        model.countDocuments({ connectorId, adopted: { $type: 'object' } }),
      ]);
      return { asked, found };
    },
  };
}
