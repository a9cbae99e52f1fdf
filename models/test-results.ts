import { Schema, type Connection, type Model, type QueryFilter } from 'mongoose';
import { listingId } from '../domain/ids';
import type { ListingProblem, WantedListing } from '../domain/listing';
import { noTestCounts, TEST_OUTCOMES, type TestCounts, type TestOutcome } from '../domain/test-results';
import { rankOf } from './source-items';
import { byIdAnd } from './compound-index';

/** What the last test found about one SKU (S10). Kept apart from the ledger. */
export interface TestResultDocument {
  /** `connectorId:sku` */
  _id: string;
  connectorId: string;
  sku: string;
  /** Lower-cased sku, for search by prefix. */
  skuLower: string;
  sourceId: string;
  title: string;
  /** True of the parent of a product (V10), which is no SKU of the merchant's. */
  isParent: boolean;
  /** The parent that it would be sent under. */
  parentSku: string | null;
  outcome: TestOutcome;
  /** Why, in a sentence. */
  reason: string;
  problems: ListingProblem[];
  /** Codes of `problems`, for filters. */
  problemCodes: string[];
  /** What our own rules remark although they hold nothing back. */
  remarks: ListingProblem[];
  /** What was checked, or is to be; null when rules hold it back. */
  payload: WantedListing | null;
  /** Names the payload: `testedHashOf`. Empty when there is none. */
  hash: string;
  /** When the outcome came about; null before. */
  at: Date | null;
  /** The run that the outcome is from; null before. */
  testedIn: string | null;
  /** The test that last read it. */
  lastRun: string;
  /** It would take a place under the connector's limit that the ledger does not hold for it. */
  takesPlace: boolean;
  /** Has to be asked: the payload is new, or the last answer about it too old. */
  isDue: boolean;
  /** The run that will ask; null when none does. */
  queuedIn: string | null;
  /** Failed tries, and since when; a try that is due has no `nextAttemptAt`, or one that is past. */
  failures: number;
  failingSince: Date | null;
  nextAttemptAt: Date | null;
  /** Its place in samples, the highest first. */
  rank: number;
}

const mixed = Schema.Types.Mixed;

const testResultSchema = new Schema(
  {
    _id: { type: String, required: true },
    connectorId: { type: String, required: true },
    sku: { type: String, required: true },
    skuLower: { type: String, required: true },
    sourceId: { type: String, default: '' },
    title: { type: String, default: '' },
    isParent: { type: Boolean, default: false },
    parentSku: { type: String, default: null },
    outcome: { type: String, enum: TEST_OUTCOMES, required: true },
    reason: { type: String, default: '' },
    problems: { type: [mixed], default: [] },
    problemCodes: { type: [String], default: [] },
    remarks: { type: [mixed], default: [] },
    payload: { type: mixed, default: null },
    hash: { type: String, default: '' },
    at: { type: Date, default: null },
    testedIn: { type: String, default: null },
    lastRun: { type: String, required: true },
    takesPlace: { type: Boolean, default: false },
    isDue: { type: Boolean, default: false },
    queuedIn: { type: String, default: null },
    failures: { type: Number, default: 0 },
    failingSince: { type: Date, default: null },
    nextAttemptAt: { type: Date, default: null },
    rank: { type: Number, required: true },
  },
  { collection: 'testResults', minimize: false, versionKey: false }
);
testResultSchema.index(byIdAnd('queuedIn'));
testResultSchema.index({ connectorId: 1, outcome: 1, _id: 1 });
testResultSchema.index({ connectorId: 1, problemCodes: 1, _id: 1 });
testResultSchema.index({ connectorId: 1, skuLower: 1 });
testResultSchema.index({ connectorId: 1, queuedIn: 1, nextAttemptAt: 1 });
testResultSchema.index({ connectorId: 1, lastRun: 1, rank: -1, _id: 1 });

export function testResultModel(connection: Connection): Model<TestResultDocument> {
  return (connection.models.TestResult ??
    connection.model('TestResult', testResultSchema)) as unknown as Model<TestResultDocument>;
}

export interface TestResultWrite {
  sku: string;
  change: Partial<TestResultDocument>;
}

/** What a test writes about tested SKUs, and reads back. One test at a time writes a connector's results. */
export function testResultStore(connection: Connection) {
  const model = testResultModel(connection);

  return {
    async bySku(connectorId: string, skus: readonly string[]): Promise<Map<string, TestResultDocument>> {
      if (skus.length === 0) return new Map();
      const found = await model.find({ _id: { $in: skus.map((sku) => listingId(connectorId, sku)) } }).lean();
      return new Map(found.map((result) => [result.sku, result]));
    },

    /** Creates or changes results. Safe to repeat. */
    async put(connectorId: string, writes: readonly TestResultWrite[]): Promise<void> {
      if (writes.length === 0) return;
      await model.bulkWrite(
        writes.map(({ sku, change }) => ({
          updateOne: {
            filter: { _id: listingId(connectorId, sku) },
            update: {
              $set: withCodes(change),
              $setOnInsert: { connectorId, sku, skuLower: sku.toLowerCase(), rank: rankOf(sku) },
            },
            upsert: true,
          },
        })),
        { ordered: false }
      );
    },

    /** Changes a result while this run has it in its queue: an attempt that comes late changes nothing. */
    async answer(connectorId: string, syncId: string, { sku, change }: TestResultWrite): Promise<boolean> {
      const filter = { _id: listingId(connectorId, sku), queuedIn: syncId };
      return (await model.updateOne(filter, { $set: withCodes(change) })).matchedCount === 1;
    },

    /** How many SKUs a test has read, parents left out. */
    async readBy(connectorId: string, syncId: string): Promise<number> {
      return model.countDocuments({ connectorId, lastRun: syncId, isParent: false });
    },

    /** Places that tested SKUs would take besides those of the ledger: of one test, or of all that is kept. */
    async placesTaken(connectorId: string, syncId: string | undefined): Promise<number> {
      return model.countDocuments({ connectorId, takesPlace: true, ...(syncId !== undefined && { lastRun: syncId }) });
    },

    /** Forgets what a test of the whole assortment did not come by. */
    async forgetUnread(connectorId: string, syncId: string): Promise<void> {
      await model.deleteMany({ connectorId, lastRun: { $ne: syncId } });
    },

    /**
     * At most `count` of the SKUs that a test has read and that would be sent, from all over the catalogue and the same ones
     * while it stays the same, and the parents of these.
     */
    async sample(connectorId: string, syncId: string, count: number): Promise<string[]> {
      const found = await model
        .find({ connectorId, lastRun: syncId, hash: { $ne: '' }, isParent: false }, { sku: 1, parentSku: 1 })
        .sort({ rank: -1, _id: 1 })
        .limit(count)
        .lean();
      return [...new Set(found.flatMap(({ sku, parentSku }) => (parentSku === null ? [sku] : [sku, parentSku])))];
    },

    /**
     * Queues what has to be asked. Safe to repeat: what was answered since is due no more.
     *
     * @param among - only these SKUs; undefined: all that the run has read.
     * @returns how many are in the queue.
     */
    async queue(connectorId: string, syncId: string, among: readonly string[] | undefined): Promise<number> {
      const ofRun = { connectorId, lastRun: syncId, isDue: true };
      const filter = among ? { ...ofRun, _id: { $in: among.map((sku) => listingId(connectorId, sku)) } } : ofRun;
      await model.updateMany(filter, {
        $set: { queuedIn: syncId, failures: 0, failingSince: null, nextAttemptAt: null },
      });
      return model.countDocuments({ connectorId, queuedIn: syncId });
    },

    /** The next SKUs to ask about: those whose try is due. */
    async due(connectorId: string, syncId: string, now: Date, limit: number): Promise<TestResultDocument[]> {
      const isDue = { $or: [{ nextAttemptAt: null }, { nextAttemptAt: { $lte: now } }] };
      return model
        .find({ connectorId, queuedIn: syncId, ...isDue })
        .sort({ _id: 1 })
        .limit(limit)
        .lean();
    },

    /** What is still to be asked, and when the first of it is due. */
    async left(connectorId: string, syncId: string): Promise<{ left: number; nextAt: Date | null }> {
      const waiting = { connectorId, queuedIn: syncId };
      const [left, first] = await Promise.all([
        model.countDocuments(waiting),
        model.findOne(waiting, { nextAttemptAt: 1 }).sort({ nextAttemptAt: 1 }).lean(),
      ]);
      return { left, nextAt: first?.nextAttemptAt ?? null };
    },

    /** SKUs by outcome, parents left out: of one test, or of all that is kept. */
    async counts(connectorId: string, syncId?: string): Promise<TestCounts> {
      const groups = await model.aggregate<{ _id: TestOutcome; count: number }>([
        { $match: { connectorId, isParent: false, ...(syncId !== undefined && { lastRun: syncId }) } },
        { $group: { _id: '$outcome', count: { $sum: 1 } } },
      ]);
      const counts = noTestCounts();
      for (const { _id, count } of groups) counts[_id] = count;
      return counts;
    },

    async removeAll(connectorId: string): Promise<void> {
      await model.deleteMany({ connectorId });
    },
  };
}

export type TestResultStore = ReturnType<typeof testResultStore>;

function withCodes(change: Partial<TestResultDocument>): Partial<TestResultDocument> {
  return change.problems ? { ...change, problemCodes: [...new Set(change.problems.map(({ code }) => code))] } : change;
}

/** What a list of results can be narrowed to. */
export interface TestResultFilter {
  connectorId: string;
  outcome?: TestOutcome;
  problem?: string;
  /** Begins with this, in any case. */
  q?: string;
}

const LAST = '\uffff';

/** The queries that the API makes on test results. Pages go by `_id`: the connector and the SKU. */
export function testResultQueries(connection: Connection) {
  const model = testResultModel(connection);

  function condition(filter: TestResultFilter, afterSku?: string): QueryFilter<TestResultDocument> {
    const { connectorId, outcome, problem, q } = filter;
    const prefix = q?.toLowerCase();
    return {
      connectorId,
      ...(outcome && { outcome }),
      ...(problem !== undefined && { problemCodes: problem }),
      ...(prefix && { skuLower: { $gte: prefix, $lt: prefix + LAST } }),
      ...(afterSku !== undefined && { _id: { $gt: listingId(connectorId, afterSku) } }),
    };
  }

  return {
    /** By SKU, at most `limit` after `afterSku`. */
    async page(filter: TestResultFilter, afterSku: string | undefined, limit: number): Promise<TestResultDocument[]> {
      return model.find(condition(filter, afterSku)).sort({ _id: 1 }).limit(limit).lean();
    },

    /** All of them by SKU, read as they are consumed. */
    stream(filter: TestResultFilter): AsyncIterable<TestResultDocument> {
      return model.find(condition(filter)).sort({ _id: 1 }).lean().cursor({ batchSize: 500 });
    },
  };
}
