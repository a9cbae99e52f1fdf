import { randomBytes } from 'node:crypto';
import { Schema, type Connection, type Model } from 'mongoose';
import { LISTING_STATES, emptyCounts, type ListingState, type StateCounts } from '../domain/listing';
import type { Lane, LedgerChange, LedgerEntry } from '../domain/ledger';
import { listingId } from '../domain/ids';
import type { SettledFacts } from '../domain/settled';
import { parentSkuIn } from '../domain/variations';
import { byIdAnd } from './compound-index';

/** The ledger as it is kept: one document per SKU. */
export interface ListingDocument extends LedgerEntry {
  /** `connectorId:sku` */
  _id: string;
  /** Lower-cased sku; text search is a prefix range on it, never a regular expression. */
  skuLower: string;
  /** Given at first insert and never changed: the lanes read the ledger page by page. */
  page: number;
  /** Codes of `problems`, for filters. */
  problemCodes: string[];
  /** The retry window that has the SKU in hand: `syncId:number`. */
  retryWindow: string | null;
  /** Another one after every change of what is wanted and what is known; null before the first. */
  revision: string | null;
  updatedAt: Date;
}

const mixed = Schema.Types.Mixed;

const listingSchema = new Schema(
  {
    _id: { type: String, required: true },
    connectorId: { type: String, required: true },
    sku: { type: String, required: true },
    skuLower: { type: String, required: true },
    sourceId: { type: String, required: true },
    productId: String,
    title: String,
    page: { type: Number, required: true },
    state: { type: String, enum: LISTING_STATES, required: true },
    reason: { type: String, default: '' },
    problems: { type: [mixed], default: [] },
    problemCodes: { type: [String], default: [] },
    lane: { type: String, default: null },
    hasPlace: { type: Boolean, default: false },
    isKit: { type: Boolean, default: false },
    verdict: mixed,
    wanted: mixed,
    wantedHashes: mixed,
    sentHashes: mixed,
    refusedHashes: mixed,
    sentPrice: mixed,
    heldBackPrice: mixed,
    approvedPrice: mixed,
    sentProductType: { type: String, default: null },
    sentParentSku: { type: String, default: null },
    feed: mixed,
    lastPayload: mixed,
    lastAnswer: mixed,
    attempts: { type: [mixed], default: [] },
    failures: { type: Number, default: 0 },
    nextAttemptAt: { type: Date, default: null },
    retryWindow: { type: String, default: null },
    revision: { type: String, default: null },
    submittedAt: { type: Date, default: null },
    checks: { type: Number, default: 0 },
    nextCheckAt: { type: Date, default: null },
    drift: mixed,
    seen: mixed,
    adopted: mixed,
    matchedAt: { type: Date, default: null },
    unreadable: { type: String, default: null },
    lastRun: String,
    toldAt: { type: Date, default: null },
    fingerprint: String,
    judgedBy: { type: String, default: null },
  },
  { collection: 'listings', timestamps: { createdAt: false, updatedAt: true }, minimize: false, versionKey: false }
);
listingSchema.index(byIdAnd('revision'));
listingSchema.index({ connectorId: 1, page: 1 });
listingSchema.index({ connectorId: 1, state: 1, nextCheckAt: 1 });
listingSchema.index({ connectorId: 1, skuLower: 1 });
listingSchema.index({ connectorId: 1, sourceId: 1 });
listingSchema.index({ connectorId: 1, productId: 1 });
listingSchema.index({ connectorId: 1, hasPlace: 1 });
listingSchema.index({ connectorId: 1, problemCodes: 1, _id: 1 });

export function listingModel(connection: Connection): Model<ListingDocument> {
  return (connection.models.Listing ?? connection.model('Listing', listingSchema)) as unknown as Model<ListingDocument>;
}

/** Parents of products (V10): entries like any other, in a collection of their own, because they are not the merchant's SKUs. */
export function parentModel(connection: Connection): Model<ListingDocument> {
  return (connection.models.Parent ??
    connection.model('Parent', listingSchema, 'parents')) as unknown as Model<ListingDocument>;
}

/** What people filter the ledger by. */
export interface ListingFilter {
  connectorId: string;
  state?: ListingState;
  problem?: string;
  /** Prefix of the SKU, in any case. */
  q?: string;
}

/** How many SKUs share a ledger page. */
export const LEDGER_PAGE_SIZE = 100;

/** One SKU's change, as a page writes it. */
export interface LedgerWrite {
  sku: string;
  change: LedgerChange;
  /** The revision that the change was made from: where the entry has another one by now, it is left as it is. */
  revision?: string | null;
}

/** A change that was made from an entry as it was read. */
export function writeFrom(entry: Pick<ListingDocument, 'sku' | 'revision'>, change: LedgerChange): LedgerWrite {
  return { sku: entry.sku, change, revision: revisionOf(entry) };
}

/** An entry that has never been changed may have none. */
export function revisionOf({ revision }: Pick<ListingDocument, 'revision'>): string | null {
  return revision ?? null;
}

/** What came of some writes. */
export interface WrittenEntries {
  /** What the entries have now that were written. */
  revision: string;
  /** The SKUs whose entries had moved on, and were left as they are. */
  moved: string[];
}

function newRevision(): string {
  return randomBytes(6).toString('hex');
}

function filterOf(connectorId: string, { sku, revision }: LedgerWrite): { _id: string; revision?: string | null } {
  return { _id: listingId(connectorId, sku), ...(revision !== undefined && { revision }) };
}

function withCodes(change: LedgerChange): LedgerChange & { problemCodes?: string[] } {
  return change.problems ? { ...change, problemCodes: change.problems.map((problem) => problem.code) } : change;
}

/**
 * The queries on the ledger that the sync makes. One run at a time writes a connector's ledger, but several of its steps do
 * side by side: what the source tells meanwhile, answers of Amazon, read-backs. So whoever changes an entry by what it read
 * before names that revision.
 */
export function ledgerStore(model: Model<ListingDocument>) {
  /** Of the SKUs of writes that name a revision, those that do not have the new one. */
  async function movedOf(connectorId: string, writes: readonly LedgerWrite[], revision: string): Promise<string[]> {
    const skus = writes.filter((write) => write.revision !== undefined).map(({ sku }) => sku);
    const found = await revisionsOf(connectorId, skus);
    return skus.filter((sku) => found.get(sku) !== revision);
  }

  async function revisionsOf(connectorId: string, skus: readonly string[]): Promise<Map<string, string | null>> {
    const _id = { $in: skus.map((sku) => listingId(connectorId, sku)) };
    const found = await model.find({ _id }, { sku: 1, revision: 1 }).lean();
    return new Map(found.map((entry) => [entry.sku, revisionOf(entry)]));
  }

  return {
    /** The revision of each of these SKUs that has an entry. */
    revisionsOf,

    /** The entries of these SKUs, by SKU. */
    async bySku(connectorId: string, skus: readonly string[]): Promise<Map<string, ListingDocument>> {
      const found = await model.find({ _id: { $in: skus.map((sku) => listingId(connectorId, sku)) } }).lean();
      return new Map(found.map((entry) => [entry.sku, entry]));
    },

    async one(connectorId: string, sku: string): Promise<ListingDocument | undefined> {
      return (await model.findById(listingId(connectorId, sku)).lean()) ?? undefined;
    },

    /** The entries with these ids of the source; after a change of its reference a SKU has two. */
    async bySourceId(connectorId: string, sourceIds: readonly string[]): Promise<ListingDocument[]> {
      if (sourceIds.length === 0) return [];
      return model.find({ connectorId, sourceId: { $in: [...sourceIds] } }).lean();
    },

    async ofProducts(connectorId: string, productIds: readonly string[]): Promise<ListingDocument[]> {
      if (productIds.length === 0) return [];
      return model.find({ connectorId, productId: { $in: [...productIds] } }).lean();
    },

    /**
     * Creates or changes entries. Safe to repeat.
     *
     * @param pages - the ledger page of each write that creates an entry; null for those that change one.
     */
    async upsert(
      connectorId: string,
      writes: readonly LedgerWrite[],
      pages: readonly (number | null)[]
    ): Promise<WrittenEntries> {
      const revision = newRevision();
      if (writes.length === 0) return { revision, moved: [] };
      const updatedAt = new Date();
      const { matchedCount, upsertedCount } = await model.bulkWrite(
        writes.map((write, index) => ({
          updateOne: {
            filter: filterOf(connectorId, write),
            update: {
              $set: { ...withCodes(write.change), revision, updatedAt },
              $setOnInsert: {
                ...blankEntry(write.change),
                connectorId,
                sku: write.sku,
                skuLower: write.sku.toLowerCase(),
                page: pages[index] ?? 0,
              },
            },
            // One of another revision is there, and not to be made a second time.
            upsert: write.revision === undefined,
          },
        })),
        { ordered: false, timestamps: false }
      );
      const isComplete = matchedCount + upsertedCount === writes.length;
      return { revision, moved: isComplete ? [] : await movedOf(connectorId, writes, revision) };
    },

    /** Changes entries that exist. */
    async change(connectorId: string, writes: readonly LedgerWrite[]): Promise<WrittenEntries> {
      const revision = newRevision();
      if (writes.length === 0) return { revision, moved: [] };
      const updatedAt = new Date();
      const { matchedCount } = await model.bulkWrite(
        writes.map((write) => ({
          updateOne: {
            filter: filterOf(connectorId, write),
            update: { $set: { ...withCodes(write.change), revision, updatedAt } },
          },
        })),
        { ordered: false, timestamps: false }
      );
      return { revision, moved: matchedCount === writes.length ? [] : await movedOf(connectorId, writes, revision) };
    },

    /**
     * Adds to entries what nothing that is wanted or sent depends on; their revisions stay. Those that get the same change, as
     * one object, are one operation.
     */
    async annotate(connectorId: string, notes: readonly LedgerWrite[]): Promise<void> {
      if (notes.length === 0) return;
      const idsOf = new Map<LedgerChange, string[]>();
      for (const { sku, change } of notes)
        idsOf.set(change, [...(idsOf.get(change) ?? []), listingId(connectorId, sku)]);
      await model.bulkWrite(
        [...idsOf].map(([change, ids]) => ({
          updateMany: { filter: { _id: { $in: ids } }, update: { $set: withCodes(change) } },
        })),
        { ordered: false, timestamps: false }
      );
    },

    async page(connectorId: string, page: number): Promise<ListingDocument[]> {
      return model.find({ connectorId, page }).lean();
    },

    async inState(connectorId: string, state: ListingState): Promise<ListingDocument[]> {
      return model.find({ connectorId, state }).lean();
    },

    /** The submitted SKUs whose time has come to be looked for. */
    async toLookFor(connectorId: string, now: Date): Promise<string[]> {
      const submitted = { connectorId, state: 'submitted' as const };
      const due = await Promise.all([
        model.find({ ...submitted, nextCheckAt: { $lte: now } }, { sku: 1 }).lean(),
        model.find({ ...submitted, nextCheckAt: null }, { sku: 1 }).lean(),
      ]);
      return due.flat().map(({ sku }) => sku);
    },

    /** How many SKUs are submitted and not seen yet, and when the first of them is looked for; null when none is. */
    async unseen(connectorId: string): Promise<{ open: number; nextAt: Date | null }> {
      const [found] = await model.aggregate<{ open: number; nextAt: Date | null }>([
        { $match: { connectorId, state: 'submitted' } },
        { $group: { _id: null, open: { $sum: 1 }, nextAt: { $min: '$nextCheckAt' } } },
      ]);
      return { open: found?.open ?? 0, nextAt: found?.nextAt ?? null };
    },

    /** Of the SKUs that no submission is looked for: those whose time has come to be looked at again, the longest due first. */
    async toLookAtAgain(connectorId: string, now: Date, limit: number): Promise<ListingDocument[]> {
      return model
        .find({ connectorId, state: { $in: ['live', 'paused', 'not_visible'] }, nextCheckAt: { $lte: now } })
        .sort({ nextCheckAt: 1 })
        .limit(limit)
        .lean();
    },

    /** Puts back in line what earlier runs left for a durable retry. */
    async resume(connectorId: string): Promise<void> {
      await model.updateMany(
        { connectorId, state: 'retrying', lane: { $ne: null } },
        { $set: { state: 'pending', nextAttemptAt: null, retryWindow: null } }
      );
    },

    /** The parents that SKUs with details to send name. */
    async awaitedParents(connectorId: string): Promise<string[]> {
      const path = 'wanted.details.child_parent_sku_relationship';
      const found = await model
        .find({ connectorId, state: 'pending', lane: 'details', [path]: { $exists: true } }, { [path]: 1 })
        .lean<Pick<ListingDocument, 'wanted'>[]>();
      return [...new Set(found.map(({ wanted }) => parentSkuIn(wanted)).filter((sku) => sku !== undefined))];
    },

    /** How many SKUs wait to be sent, beside those that are in a feed. */
    async waiting(connectorId: string): Promise<number> {
      return model.countDocuments({ connectorId, state: 'pending', feed: null });
    },

    /** What waits, is or may be at Amazon, and is not to be sold: on whatever page it is. */
    async toStop(connectorId: string): Promise<ListingDocument[]> {
      const stopping = { connectorId, state: 'pending' as const, feed: null, 'verdict.kind': { $ne: 'sell' as const } };
      return model.find({ ...stopping, $or: [{ lane: 'offer' }, { sentHashes: { $ne: null } }] }).lean();
    },

    /** How many SKUs have a durable retry to come. */
    async retrying(connectorId: string): Promise<number> {
      return model.countDocuments({ connectorId, state: 'retrying', lane: { $ne: null } });
    },

    /** Whether anything waits in a lane, beside what is in a feed. */
    async hasWaiting(connectorId: string, lane: Lane): Promise<boolean> {
      return (await model.exists({ connectorId, state: 'pending', lane, feed: null })) !== null;
    },

    /**
     * What waits in a lane on one page of the ledger, beside what is in a feed. Found by the page alone: with more conditions
     * some databases take another index, and read every entry of the connector that waits.
     */
    async waitingOn(connectorId: string, page: number, lane: Lane): Promise<ListingDocument[]> {
      const waits = (each: Pick<ListingDocument, 'state' | 'lane' | 'feed'>): boolean =>
        each.state === 'pending' && each.lane === lane && !each.feed;
      const found = await model.find({ connectorId, page }, { state: 1, lane: 1, feed: 1 }).lean();
      const ids = found.filter(waits).map(({ _id }) => _id);
      return ids.length === 0 ? [] : (await model.find({ _id: { $in: ids } }).lean()).filter(waits);
    },

    /** How many SKUs wait to be sent whole, beside those that are in a feed. */
    async waitingWithDetails(connectorId: string): Promise<number> {
      return model.countDocuments({ connectorId, state: 'pending', lane: 'details', feed: null });
    },

    /** How many SKUs hold a place under the connector's limit. */
    async placesTaken(connectorId: string): Promise<number> {
      return model.countDocuments({ connectorId, hasPlace: true });
    },

    async counts(connectorId: string): Promise<StateCounts> {
      const groups = await model.aggregate<{ _id: ListingState; count: number }>([
        { $match: { connectorId } },
        { $group: { _id: '$state', count: { $sum: 1 } } },
      ]);
      const counts = emptyCounts();
      for (const group of groups) counts[group._id] = group.count;
      return counts;
    },

    /**
     * The SKUs that a retry window has in hand, or takes in hand now: those that are due, at most `limit`; what is to stop selling
     * first, and then the longest due. Safe to repeat.
     *
     * @param inHand - SKUs that other windows of the run have in hand.
     * @returns how many are left besides all of these.
     */
    async claimRetries(
      connectorId: string,
      { window, limit, inHand, now }: { window: string; limit: number; inHand: readonly string[]; now: Date }
    ): Promise<{ skus: string[]; left: number }> {
      const others = new Set(inHand);
      const seen = { sku: 1, nextAttemptAt: 1, retryWindow: 1, 'verdict.kind': 1 } as const;
      const found = await model.find({ connectorId, state: 'retrying' }, seen).lean<Retrying[]>();
      const retrying = found.filter(({ sku }) => !others.has(sku));
      const claimed = retrying.filter((entry) => entry.retryWindow === window);
      if (claimed.length > 0)
        return { skus: claimed.map((entry) => entry.sku), left: retrying.length - claimed.length };
      const dueAt = ({ nextAttemptAt }: Retrying): number => nextAttemptAt?.getTime() ?? 0;
      const sells = ({ verdict }: Retrying): number => Number(verdict.kind === 'sell');
      const due = retrying
        .filter((entry) => dueAt(entry) <= now.getTime())
        .sort((one, other) => sells(one) - sells(other) || dueAt(one) - dueAt(other))
        .slice(0, limit);
      await model.updateMany({ _id: { $in: due.map((entry) => entry._id) } }, { $set: { retryWindow: window } });
      return { skus: due.map((entry) => entry.sku), left: retrying.length - due.length };
    },

    async remove(connectorId: string, skus: readonly string[]): Promise<void> {
      await model.deleteMany({ _id: { $in: skus.map((sku) => listingId(connectorId, sku)) } });
    },

    /** Forgets a connector's whole ledger. */
    async removeAll(connectorId: string): Promise<void> {
      await model.deleteMany({ connectorId });
    },

    /** How many SKUs are in each state, how many a run has seen in the source, and how many that are sold it has not. */
    async census(connectorId: string, syncId: string): Promise<{ counts: StateCounts; seen: number; unseen: number }> {
      const isSeen = { $cond: [{ $eq: ['$lastRun', syncId] }, 1, 0] };
      const groups = await model.aggregate<{ _id: ListingState; count: number; seen: number }>([
        { $match: { connectorId } },
        { $group: { _id: '$state', count: { $sum: 1 }, seen: { $sum: isSeen } } },
      ]);
      const census = { counts: emptyCounts(), seen: 0, unseen: 0 };
      for (const { _id: state, count, seen } of groups) {
        census.counts[state] = count;
        census.seen += seen;
        if (state !== 'removed') census.unseen += count - seen;
      }
      return census;
    },

    /** The SKUs of one ledger page that are sold and that a run has not seen in the source. */
    async unseenOn(
      connectorId: string,
      page: number,
      syncId: string
    ): Promise<Pick<LedgerEntry, 'sku' | 'sourceId'>[]> {
      const found = await model
        .find({ connectorId, page }, { sku: 1, sourceId: 1, state: 1, lastRun: 1 })
        .lean<Pick<LedgerEntry, 'sku' | 'sourceId' | 'state' | 'lastRun'>[]>();
      return found.filter(({ state, lastRun }) => state !== 'removed' && lastRun !== syncId);
    },

    /**
     * Notes that a run has seen these SKUs in the source, as they were. Their revisions stay, unless it is said since when the
     * source tells this: then whoever has read the entry before must not change it by what is older.
     */
    async seenAgain(connectorId: string, skus: readonly string[], syncId: string, toldAt?: Date): Promise<void> {
      if (skus.length === 0) return;
      const _id = { $in: skus.map((sku) => listingId(connectorId, sku)) };
      const told = toldAt && { toldAt, revision: newRevision() };
      await model.updateMany({ _id }, { $set: { lastRun: syncId, unreadable: null, ...told } }, { timestamps: false });
    },

    /** Of these SKUs, what tells whether they have to be judged anew. */
    async marks(connectorId: string, skus: readonly string[]): Promise<Map<string, ListingMark>> {
      if (skus.length === 0) return new Map();
      const _id = { $in: skus.map((sku) => listingId(connectorId, sku)) };
      return new Map((await model.find({ _id }, MARK).lean<ListingMark[]>()).map((mark) => [mark.sku, mark]));
    },

    /** Has the next run that reads them judge the SKUs of these products anew. Their revisions stay. */
    async judgeAnew(connectorId: string, productIds: readonly string[]): Promise<void> {
      if (productIds.length === 0) return;
      const ofProducts = { connectorId, productId: { $in: [...productIds] } };
      await model.updateMany(ofProducts, { $set: { judgedBy: null } }, { timestamps: false });
    },
  };
}

/** What a retry is chosen by. */
type Retrying = Pick<ListingDocument, '_id' | 'sku' | 'nextAttemptAt' | 'retryWindow' | 'verdict'>;

/** A glance at an entry: what tells whether it has to be judged anew. */
export type ListingMark = SettledFacts & Pick<LedgerEntry, 'sku' | 'sourceId' | 'productId' | 'lastRun' | 'wanted'>;

/** Of `wanted` a mark has the name of the parent alone. */
const MARK = {
  _id: 0,
  sku: 1,
  sourceId: 1,
  productId: 1,
  state: 1,
  lane: 1,
  hasPlace: 1,
  'feed.id': 1,
  'verdict.kind': 1,
  'verdict.blockReason': 1,
  wantedHashes: 1,
  sentHashes: 1,
  refusedHashes: 1,
  heldBackPrice: 1,
  approvedPrice: 1,
  lastRun: 1,
  fingerprint: 1,
  judgedBy: 1,
  'wanted.details.child_parent_sku_relationship': 1,
} as const;

export type LedgerStore = ReturnType<typeof ledgerStore>;

/** What a new entry holds besides what its first change says. */
function blankEntry(change: LedgerChange): Partial<ListingDocument> {
  const blank: Partial<ListingDocument> = {
    hasPlace: false,
    problems: [],
    problemCodes: [],
    lane: null,
    wanted: null,
    wantedHashes: null,
    sentHashes: null,
    refusedHashes: null,
    sentPrice: null,
    heldBackPrice: null,
    approvedPrice: null,
    sentProductType: null,
    sentParentSku: null,
    feed: null,
    lastPayload: null,
    lastAnswer: null,
    attempts: [],
    failures: 0,
    nextAttemptAt: null,
    retryWindow: null,
    submittedAt: null,
    checks: 0,
    nextCheckAt: null,
    drift: null,
    seen: null,
    adopted: null,
    matchedAt: null,
    unreadable: null,
    judgedBy: null,
    reason: '',
  };
  const changed = withCodes(change);
  return Object.fromEntries(Object.entries(blank).filter(([key]) => !(key in changed)));
}
