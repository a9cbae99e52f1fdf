import { z } from 'zod';
import { listingFilter, skuPrefix } from '../contracts/listing-filter';
import { listingSummaryView } from '../contracts/listing-view';
import { cursor, limit, nextCursor } from '../contracts/paging';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/listings';

const query = z.strictObject({ ...listingFilter, q: skuPrefix, cursor, limit });

export const getListings = endpoint({
  method: 'get',
  path,
  tag: 'Listings',
  summary: 'List the SKUs and how each of them stands',
  role: 'viewer',
  query,
  answers: {
    200: {
      description: 'A page of SKUs, in the order of SKUs',
      schema: z.object({ items: z.array(listingSummaryView), nextCursor }).meta({ id: 'ListingPage' }),
    },
  },
  problems: ['not_found'],
  handle: async (services, call) => ({
    status: 200,
    body: await services.listings.list(call.params.connectorId!, call.query),
  }),
});
