import type { Connection, QueryFilter } from 'mongoose';
import { listingId } from '../domain/ids';
import type { Money } from '../domain/money';
import { syncRunModel } from './sync-runs';
import { listingModel, parentModel, type ListingDocument, type ListingFilter } from './listings';

/** Before every SKU: with a range of `_id` from its very beginning, a page is read off the index, and nothing is sorted. */
const FIRST = '';
/** After every SKU in the order of strings, for the end of a prefix range. */
const LAST = '\uffff';

/** What a preview shows of a SKU. */
export type StockRow = Pick<ListingDocument, 'sku' | 'title' | 'state' | 'verdict' | 'lastRun'>;

/** What a list of SKUs shows of each; what is sent and what Amazon answered stays where it is. */
export type SummaryRow = Pick<
  ListingDocument,
  'sku' | 'title' | 'state' | 'reason' | 'problems' | 'sentHashes' | 'updatedAt'
> & {
  verdict?: Pick<ListingDocument['verdict'], 'quantity'>;
  /** Of the details, only what names the parent. */
  wanted?: Pick<NonNullable<ListingDocument['wanted']>, 'productType' | 'details'> | null;
};

/** What a download shows of a SKU. */
export type DownloadRow = SummaryRow &
  Pick<ListingDocument, 'problemCodes' | 'submittedAt' | 'nextAttemptAt'> & {
    seen?: Pick<NonNullable<ListingDocument['seen']>, 'asin'> | null;
  };

/** What people see of a parent. */
export type ParentRow = Pick<ListingDocument, 'sku' | 'state' | 'reason' | 'problems'>;

const SUMMARY = {
  sku: 1,
  title: 1,
  state: 1,
  reason: 1,
  problems: 1,
  'verdict.quantity': 1,
  'wanted.productType': 1,
  'wanted.details.child_parent_sku_relationship': 1,
  sentHashes: 1,
  updatedAt: 1,
} as const;

const DOWNLOAD = { ...SUMMARY, problemCodes: 1, submittedAt: 1, nextAttemptAt: 1, 'seen.asin': 1 } as const;

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
  const parents = parentModel(connection);
  const runs = syncRunModel(connection);

  function condition(filter: ListingFilter, afterSku?: string): QueryFilter<ListingDocument> {
    const { connectorId, state, problem, q } = filter;
    const prefix = q?.toLowerCase();
    const others = {
      ...(state && { state }),
      ...(problem !== undefined && { problemCodes: problem }),
      ...(prefix && { skuLower: { $gte: prefix, $lt: prefix + LAST } }),
    };
    if (afterSku === undefined) return { connectorId, ...others };
    const after = { _id: { $gt: listingId(connectorId, afterSku), $lt: `${connectorId};` } };
    // Ids begin with the connector: a page of everything is read off their index alone.
    return Object.keys(others).length > 0 ? { connectorId, ...others, ...after } : after;
  }

  function requeueCondition(filter: RequeueFilter): QueryFilter<ListingDocument> {
    const { skus, ...rest } = filter;
    return {
      ...condition(rest),
      ...(skus && { _id: { $in: skus.map((sku) => listingId(filter.connectorId, sku)) } }),
      wanted: { $ne: null },
      // What waits for its parent goes with it.
      $or: [{ 'verdict.kind': { $in: ['sell', 'pause'] } }, { 'verdict.blockReason': 'parent' }],
    };
  }

  /** Parents that Amazon refused or does not show, and of which a SKU is put back in line, go again before it (V16). */
  async function requeueParents(filter: RequeueFilter, again: Partial<ListingDocument>): Promise<void> {
    const { connectorId } = filter;
    const stuck = await parents
      .find({ connectorId, state: { $in: ['rejected', 'not_visible'] } }, { productId: 1 })
      .lean();
    if (stuck.length === 0) return;
    const productIds = stuck.map(({ productId }) => productId);
    const children = await model
      .find({ $and: [requeueCondition(filter), { productId: { $in: productIds } }] }, { productId: 1 })
      .lean();
    const asked = new Set(children.map(({ productId }) => productId));
    const _id = { $in: stuck.filter(({ productId }) => asked.has(productId)).map((parent) => parent._id) };
    await parents.updateMany({ _id, sentHashes: null }, { $set: { ...again, lane: 'details' } });
    await parents.updateMany(
      { _id, sentHashes: { $ne: null } },
      { $set: { ...again, lane: 'details', 'sentHashes.details': '' } }
    );
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
    async page(filter: ListingFilter, afterSku: string | undefined, limit: number): Promise<SummaryRow[]> {
      return model
        .find(condition(filter, afterSku ?? FIRST))
        .select(SUMMARY)
        .sort({ _id: 1 })
        .limit(limit)
        .lean<SummaryRow[]>();
    },

    /** All of them by SKU, read as they are consumed. */
    stream(filter: ListingFilter): AsyncIterable<DownloadRow> {
      return model
        .find(condition(filter, FIRST))
        .select(DOWNLOAD)
        .sort({ _id: 1 })
        .lean<DownloadRow[]>()
        .cursor({ batchSize: 500 });
    },

    async get(connectorId: string, sku: string): Promise<ListingDocument | undefined> {
      return (await model.findById(listingId(connectorId, sku)).lean()) ?? undefined;
    },

    /** The parents with these SKUs (V10), by SKU. */
    async parents(connectorId: string, skus: readonly string[]): Promise<Map<string, ParentRow>> {
      if (skus.length === 0) return new Map();
      const found = await parents
        .find({ _id: { $in: skus.map((sku) => listingId(connectorId, sku)) } })
        .select({ sku: 1, state: 1, reason: 1, problems: 1 })
        .lean<ParentRow[]>();
      return new Map(found.map((parent) => [parent.sku, parent]));
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
      await requeueParents(filter, again);
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

    /** Lets a price through that waits, unless another one waits by now, or none. */
    async approvePrice(
      connectorId: string,
      sku: string,
      { minorUnits, currency }: Money
    ): Promise<{ isApproved: true } | { isApproved: false; heldBackPrice: Money | null }> {
      const _id = listingId(connectorId, sku);
      const { matchedCount } = await model.updateOne(
        { _id, 'heldBackPrice.minorUnits': minorUnits, 'heldBackPrice.currency': currency },
        { $set: { approvedPrice: { minorUnits, currency } } }
      );
      if (matchedCount === 1) return { isApproved: true };
      return { isApproved: false, heldBackPrice: (await this.get(connectorId, sku))?.heldBackPrice ?? null };
    },

    /** Takes an approval back that no run has used. */
    async withdrawApproval(connectorId: string, sku: string): Promise<void> {
      await model.updateOne({ _id: listingId(connectorId, sku) }, { $set: { approvedPrice: null } });
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
          // A test keeps what it reads apart.
          mode: { $ne: 'test' },
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
