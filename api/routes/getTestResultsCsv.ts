import { z } from 'zod';
import { testResultFilter } from '../contracts/test-result-view';
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
    const writeTo = await services.testResults.csv(connectorId, call.query);
    return {
      stream: async (_request, response) => {
        response.status(200).set({
          'Content-Type': 'text/csv; charset=utf-8',
          'Content-Disposition': `attachment; filename="test-results-${connectorId}.csv"`,
          'Cache-Control': 'no-store',
        });
        await writeTo(response);
      },
    };
  },
});
