import type { Connection } from 'mongoose';
import { listingId } from '../domain/ids';
import type { ListingState } from '../domain/listing';
import { listingModel, type ListingDocument } from './listings';
import { testResultModel, type TestResultDocument } from './test-results';

/** How a test and the real answer can differ (B10). */
export const TEST_DIFFERENCES = ['passed-and-refused', 'failed-and-accepted'] as const;
export type TestDifference = (typeof TEST_DIFFERENCES)[number];

/** A SKU that the test and Amazon's real answer disagree about. */
export interface ComparedSku {
  test: Pick<TestResultDocument, 'sku' | 'title' | 'outcome' | 'reason' | 'problems' | 'at' | 'hash'>;
  live: Pick<ListingDocument, 'state' | 'reason' | 'problems' | 'lastAnswer' | 'wantedHashes'>;
}

/** States of what Amazon accepted. */
const ACCEPTED: ListingState[] = ['submitted', 'live', 'paused', 'not_visible'];
/** SKUs that are looked up at once. */
const BATCH = 500;

/** What tests said, beside what Amazon really answered (B10). */
export function testComparison(connection: Connection) {
  const results = testResultModel(connection);
  const listings = listingModel(connection);
  const TEST = { sku: 1, title: 1, outcome: 1, reason: 1, problems: 1, at: 1, hash: 1 } as const;
  const LIVE = { state: 1, reason: 1, problems: 1, lastAnswer: 1, wantedHashes: 1 } as const;

  /** A batch in the order of SKUs, from the side that has fewer of them; `last` is where the next one begins. */
  async function batchOf(
    connectorId: string,
    difference: TestDifference,
    afterSku: string | undefined
  ): Promise<{ found: ComparedSku[]; last: string | undefined }> {
    const after = afterSku === undefined ? {} : { _id: { $gt: listingId(connectorId, afterSku) } };
    if (difference === 'passed-and-refused') {
      const refused = await listings
        .find({ connectorId, state: 'rejected', ...after }, { ...LIVE, sku: 1 })
        .sort({ _id: 1 })
        .limit(BATCH)
        .lean();
      const ids = refused.map(({ _id }) => _id);
      const passed = await results.find({ _id: { $in: ids }, outcome: 'passed' }, TEST).lean();
      const bySku = new Map(passed.map((test) => [test.sku, test]));
      const found = refused.flatMap((live) => (bySku.has(live.sku) ? [{ test: bySku.get(live.sku)!, live }] : []));
      return { found, last: refused.length < BATCH ? undefined : refused.at(-1)!.sku };
    }
    const failed = await results
      .find({ connectorId, outcome: 'failed', isParent: false, ...after }, TEST)
      .sort({ _id: 1 })
      .limit(BATCH)
      .lean();
    const ids = failed.map(({ _id }) => _id);
    const accepted = await listings.find({ _id: { $in: ids }, state: { $in: ACCEPTED } }, { ...LIVE, sku: 1 }).lean();
    const bySku = new Map(accepted.map((live) => [live.sku, live]));
    const found = failed.flatMap((test) => (bySku.has(test.sku) ? [{ test, live: bySku.get(test.sku)! }] : []));
    return { found, last: failed.length < BATCH ? undefined : failed.at(-1)!.sku };
  }

  async function* all(connectorId: string, difference: TestDifference, afterSku?: string) {
    let after = afterSku;
    do {
      const { found, last } = await batchOf(connectorId, difference, after);
      yield* found;
      after = last;
    } while (after !== undefined);
  }

  return {
    /** By SKU, at most `limit` after `afterSku`. */
    async page(
      connectorId: string,
      difference: TestDifference,
      afterSku: string | undefined,
      limit: number
    ): Promise<ComparedSku[]> {
      const page: ComparedSku[] = [];
      for await (const each of all(connectorId, difference, afterSku)) if (page.push(each) >= limit) break;
      return page;
    },

    async count(connectorId: string, difference: TestDifference): Promise<number> {
      let count = 0;
      for await (const _each of all(connectorId, difference)) count += 1;
      return count;
    },
  };
}
