import { z } from 'zod';
import { TEST_DIFFERENCES } from '../../models/test-comparison';
import { cursor, limit } from '../contracts/paging';
import { testComparisonView } from '../contracts/test-result-view';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/test-results/comparison';

const query = z.strictObject({
  difference: z
    .enum(TEST_DIFFERENCES)
    .default('passed-and-refused')
    .describe('Which SKUs to list; both kinds are counted'),
  cursor,
  limit,
});

export const getTestComparison = endpoint({
  method: 'get',
  path,
  tag: 'Tests',
  summary: "Compare the last test with Amazon's real answers",
  role: 'viewer',
  query,
  answers: { 200: { description: 'A page of SKUs on which the two differ', schema: testComparisonView } },
  problems: ['not_found'],
  handle: async (services, call) => ({
    status: 200,
    body: await services.testResults.compare(call.params.connectorId!, call.query),
  }),
});
