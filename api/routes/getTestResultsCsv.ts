import { z } from 'zod';
import { testResultFilter } from '../contracts/test-result-view';
import { csvFile } from '../csv';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/test-results.csv';

const query = z.strictObject(testResultFilter);

export const getTestResultsCsv = endpoint({
  method: 'get',
  path,
  tag: 'Tests',
  summary: 'Download the test results as CSV',
  description: 'Values that a spreadsheet would take for a formula begin with an apostrophe.',
  role: 'viewer',
  query,
  answers: { 200: { description: 'All of them, in the order of SKUs', contentType: 'text/csv' } },
  problems: ['not_found'],
  handle: async (services, call) => {
    const connectorId = call.params.connectorId!;
    return csvFile(`test-results-${connectorId}.csv`, await services.testResults.csv(connectorId, call.query));
  },
});
