import { z } from 'zod';
import { LISTING_STATES } from '../../domain/listing';
import { cursor, limit, nextCursor, wholeNumber } from '../contracts/paging';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/stock-preview';

const query = z.strictObject({
  minimumStock: wholeNumber(0, 1_000_000).optional().describe('The minimum to try; the configured one unless said'),
  cursor,
  limit,
});

const answer = z
  .object({
    minimumStock: z.number().int(),
    known: z.boolean().describe('False while the assortment was never read'),
    count: z.number().int().describe('How many SKUs would not be advertised'),
    items: z.array(z.object({ sku: z.string(), title: z.string(), state: z.enum(LISTING_STATES), stock: z.number() })),
    nextCursor,
  })
  .meta({ id: 'StockPreview' });

export const getStockPreview = endpoint({
  method: 'get',
  path,
  tag: 'Listings',
  summary: 'See which SKUs would not be advertised because of their present stock',
  role: 'viewer',
  query,
  answers: { 200: { description: 'A page of SKUs below the minimum', schema: answer } },
  problems: ['not_found'],
  handle: async (services, call) => ({
    status: 200,
    body: await services.listings.stockPreview(call.params.connectorId!, call.query),
  }),
});
