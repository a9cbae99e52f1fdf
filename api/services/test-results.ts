import type { Writable } from 'node:stream';
import { testedHashOf } from '../../domain/test-results';
import { connectorStore } from '../../models/connectors';
import { testComparison, type ComparedSku, type TestDifference } from '../../models/test-comparison';
import {
  testResultQueries,
  testResultStore,
  type TestResultDocument,
  type TestResultFilter,
} from '../../models/test-results';
import { decodeCursor, DEFAULT_LIMIT, pageOf } from '../contracts/paging';
import type { TestComparisonView, TestResultPage, TestResultView } from '../contracts/test-result-view';
import { writeCsv } from '../csv';
import { notFound } from '../errors';
import type { ServiceDeps } from './index';

type Filter = Omit<TestResultFilter, 'connectorId'>;

const CSV_COLUMNS = ['sku', 'title', 'parentSku', 'outcome', 'reason', 'productType', 'problemCodes', 'problems', 'at'];

/** What tests found (S10), and how it compares with Amazon's real answers (B10). */
export function testResultService({ connection }: Pick<ServiceDeps, 'connection'>) {
  const connectors = connectorStore(connection);
  const results = testResultQueries(connection);
  const store = testResultStore(connection);
  const comparison = testComparison(connection);

  async function requireConnector(id: string): Promise<void> {
    if (!(await connectors.get(id))) throw notFound('connector');
  }

  return {
    /** By SKU. @throws Problem `not_found` */
    async list(connectorId: string, query: Filter & { cursor?: string; limit?: number }): Promise<TestResultPage> {
      await requireConnector(connectorId);
      const { cursor, limit = DEFAULT_LIMIT, ...filter } = query;
      const [afterSku] = decodeCursor(cursor, 's') ?? [];
      const [counts, rows] = await Promise.all([
        store.counts(connectorId),
        results.page({ connectorId, ...filter }, afterSku as string | undefined, limit + 1),
      ]);
      return { counts, ...pageOf(rows, limit, (row) => [row.sku], viewOf) };
    },

    /** Prepares all of them as CSV; the caller says where to write it once the first answer is certain. */
    async csv(connectorId: string, filter: Filter): Promise<(to: Writable) => Promise<void>> {
      await requireConnector(connectorId);
      const rows = results.stream({ connectorId, ...filter });
      return async (to) => {
        await writeCsv(CSV_COLUMNS, csvRows(rows), to);
      };
    },

    /** By SKU. @throws Problem `not_found` */
    async compare(
      connectorId: string,
      query: { difference: TestDifference; cursor?: string; limit?: number }
    ): Promise<TestComparisonView> {
      await requireConnector(connectorId);
      const { difference, cursor, limit = DEFAULT_LIMIT } = query;
      const [afterSku] = decodeCursor(cursor, 's') ?? [];
      const [passedAndRefused, failedAndAccepted, rows] = await Promise.all([
        comparison.count(connectorId, 'passed-and-refused'),
        comparison.count(connectorId, 'failed-and-accepted'),
        comparison.page(connectorId, difference, afterSku as string | undefined, limit + 1),
      ]);
      const page = pageOf(rows, limit, ({ test }) => [test.sku], comparedView);
      return { counts: { passedAndRefused, failedAndAccepted }, ...page };
    },
  };
}

function viewOf(result: TestResultDocument): TestResultView {
  const { sku, title, isParent, parentSku, outcome, reason, problems, payload, at, testedIn, queuedIn } = result;
  return {
    sku,
    title,
    isParent,
    parentSku,
    outcome,
    reason,
    problems,
    productType: payload?.productType ?? null,
    at: at?.toISOString() ?? null,
    syncId: testedIn,
    isWaiting: queuedIn !== null,
  };
}

function comparedView({ test, live }: ComparedSku): TestComparisonView['items'][number] {
  const { sku, title, outcome, reason, problems, at, hash } = test;
  return {
    sku,
    title,
    isSamePayload: live.wantedHashes !== null && testedHashOf(live.wantedHashes) === hash,
    test: { outcome, reason, problems, at: at?.toISOString() ?? null },
    live: {
      state: live.state,
      reason: live.reason,
      problems: live.problems,
      at: live.lastAnswer?.at.toISOString() ?? null,
    },
  };
}

async function* csvRows(results: AsyncIterable<TestResultDocument>) {
  for await (const result of results) {
    const { problems, at, parentSku, productType, ...view } = viewOf(result);
    yield {
      ...view,
      parentSku: parentSku ?? '',
      productType: productType ?? '',
      problemCodes: result.problemCodes.join(' '),
      problems: problems.map(({ message }) => message).join(' | '),
      at: at ?? '',
    };
  }
}
