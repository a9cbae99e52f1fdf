import { z } from 'zod';
import { cursor, limit } from '../contracts/paging';
import { testResultFilter, testResultPage } from '../contracts/test-result-view';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/test-results';

const query = z.strictObject({ ...testResultFilter, cursor, limit });

export const getTestResults = endpoint({
  method: 'get',
  path,
  tag: 'Tests',
  summary: 'See what Amazon would say of each SKU, as the last test found it',
  description: 'Kept apart from the listings: a test changes nothing, neither at Amazon nor here.',
  role: 'viewer',
  query,
  answers: { 200: { description: 'A page of results, in the order of SKUs', schema: testResultPage } },
  problems: ['not_found'],
  handle: async (services, call) => ({
    status: 200,
    body: await services.testResults.list(call.params.connectorId!, call.query),
  }),
});
