import type { Connection, QueryFilter } from 'mongoose';
import { listingId } from '../domain/ids';
import { syncRunModel } from './sync-runs';
import { listingModel, type ListingDocument, type ListingFilter } from './listings';

/** After every SKU in the order of strings, for the end of a prefix range. */
const LAST = '\uffff';

/** What a preview shows of a SKU. */
export type StockRow = Pick<ListingDocument, 'sku' | 'title' | 'state' | 'verdict' | 'lastRun'>;

/** What people ask to be sent again. */
export interface RequeueFilter extends Pick<ListingFilter, 'connectorId' | 'state' | 'problem'> {
  skus?: readonly string[];
}

/**
 * The queries that the API makes on the ledger. Pages go by `_id`, which is the connector and the SKU: unique, indexed
 * everywhere, and unmoved by what a run in progress writes.
 */
export function listingQueries(connection: Connection) {
  const model = listingModel(connection);
  const runs = syncRunModel(connection);

  function condition(filter: ListingFilter, afterSku?: string): QueryFilter<ListingDocument> {
    const { connectorId, state, problem, q } = filter;
    const prefix = q?.toLowerCase();
    return {
      connectorId,
      ...(state && { state }),
      ...(problem !== undefined && { problemCodes: problem }),
      ...(prefix && { skuLower: { $gte: prefix, $lt: prefix + LAST } }),
      ...(afterSku !== undefined && { _id: { $gt: listingId(connectorId, afterSku), $lt: `${connectorId};` } }),
    };
  }

  function requeueCondition(filter: RequeueFilter): QueryFilter<ListingDocument> {
    const { skus, ...rest } = filter;
    return {
      ...condition(rest),
      ...(skus && { _id: { $in: skus.map((sku) => listingId(filter.connectorId, sku)) } }),
      wanted: { $ne: null },
      'verdict.kind': { $in: ['sell', 'pause'] },
    };
  }

  function belowCondition(connectorId: string, minimum: number, afterSku?: string): QueryFilter<ListingDocument> {
    return {
      ...condition({ connectorId }, afterSku),
      'verdict.kind': { $in: ['sell', 'pause'] },
      'verdict.stock': { $lt: minimum },
    };
  }

  return {
    /** By SKU, at most `limit` after `afterSku`. */
    async page(filter: ListingFilter, afterSku: string | undefined, limit: number): Promise<ListingDocument[]> {
      return model.find(condition(filter, afterSku)).sort({ _id: 1 }).limit(limit).lean();
    },

    /** All of them by SKU, read as they are consumed. */
    stream(filter: ListingFilter): AsyncIterable<ListingDocument> {
      return model.find(condition(filter)).sort({ _id: 1 }).lean().cursor({ batchSize: 500 });
    },

    async get(connectorId: string, sku: string): Promise<ListingDocument | undefined> {
      return (await model.findById(listingId(connectorId, sku)).lean()) ?? undefined;
    },

    async hasAny(connectorId: string): Promise<boolean> {
      return (await model.exists({ connectorId })) !== null;
    },

    /** How many SKUs a requeue would take. Those without anything to send are left out. */
    async countRequeueable(filter: RequeueFilter): Promise<number> {
      return model.countDocuments(requeueCondition(filter));
    },

    /**
     * Puts SKUs back to `pending`: in the details lane what was never accepted, was refused or is not to be seen, in the
     * offer lane the rest. Returns how many.
     */
    async requeue(filter: RequeueFilter, reason: string): Promise<number> {
      const matching = requeueCondition(filter);
      const needsDetails: QueryFilter<ListingDocument>[] = [
        { state: { $in: ['rejected', 'not_visible'] } },
        { lane: 'details' },
        { 'wanted.price': null, 'wanted.quantity': null },
      ];
      const again = {
        state: 'pending' as const,
        reason,
        problems: [],
        problemCodes: [],
        refusedHashes: null,
        failures: 0,
        nextAttemptAt: null,
        retryWindow: null,
        nextCheckAt: null,
      };
      // What was accepted is forgotten, or the run would find nothing changed. The offer lane goes first, because what it
      // takes no longer matches the others.
      const offer = await model.updateMany(
        { $and: [matching, { sentHashes: { $ne: null } }, { $nor: needsDetails }] },
        { $set: { ...again, lane: 'offer' }, $unset: { 'sentHashes.price': 1, 'sentHashes.quantity': 1 } }
      );
      const sent = await model.updateMany(
        { $and: [matching, { sentHashes: { $ne: null } }, { $or: needsDetails }] },
        { $set: { ...again, lane: 'details', 'sentHashes.details': '' } }
      );
      const unsent = await model.updateMany(
        { $and: [matching, { sentHashes: null }] },
        { $set: { ...again, lane: 'details' } }
      );
      return offer.modifiedCount + sent.modifiedCount + unsent.modifiedCount;
    },

    /** SKUs that would be sold but for their stock being below `minimum`, by SKU, at most `limit` after `afterSku`. */
    async belowStock(
      connectorId: string,
      minimum: number,
      afterSku: string | undefined,
      limit: number
    ): Promise<StockRow[]> {
      return model
        .find(belowCondition(connectorId, minimum, afterSku))
        .select({ sku: 1, title: 1, state: 1, verdict: 1, lastRun: 1 })
        .sort({ _id: 1 })
        .limit(limit)
        .lean<StockRow[]>();
    },

    /** When the newest run over the assortment that came to the end of its reading began; undefined when none has. */
    async lastReadingAt(connectorId: string): Promise<Date | undefined> {
      const run = await runs
        .findOne({
          connectorId,
          scope: { $ne: 'skus' },
          $or: [{ publishStartedAt: { $ne: null } }, { outcome: 'completed' }],
        })
        .select({ startedAt: 1 })
        .sort({ startedAt: -1 })
        .lean();
      return run?.startedAt;
    },

    /** When these runs began; those that are not kept any more are missing. */
    async runStarts(syncIds: readonly string[]): Promise<Map<string, Date>> {
      const found = await runs.find({ _id: { $in: [...new Set(syncIds)] } }, { startedAt: 1 }).lean();
      return new Map(found.map(({ _id, startedAt }) => [_id, startedAt]));
    },

    async countBelowStock(connectorId: string, minimum: number): Promise<number> {
      return model.countDocuments(belowCondition(connectorId, minimum));
    },
  };
}
