import { z } from 'zod';
import { cursor, limit, wholeNumber } from '../contracts/paging';
import { stockPreviewView } from '../contracts/stock-preview-view';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/stock-preview';

const query = z.strictObject({
  minimumStock: wholeNumber(0, 1_000_000).optional().describe('The minimum to try; the configured one unless said'),
  cursor,
  limit,
});

export const getStockPreview = endpoint({
  method: 'get',
  path,
  tag: 'Listings',
  summary: 'See which SKUs would not be advertised because of their present stock',
  description:
    'Held against the stock that was read last; nothing is read or changed now. Before the first run, POST …/syncs with {"mode":"preview"} reads the stock and sends nothing.',
  role: 'viewer',
  query,
  answers: {
    200: { description: 'A page of SKUs that would be paused, in the order of SKUs', schema: stockPreviewView },
  },
  problems: ['not_found'],
  handle: async (services, call) => ({
    status: 200,
    body: await services.stockPreview.page(call.params.connectorId!, call.query),
  }),
});
