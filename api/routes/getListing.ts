import { listingView } from '../contracts/listing-view';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/listings/{sku}';

export const getListing = endpoint({
  method: 'get',
  path,
  tag: 'Listings',
  summary: 'Explain one SKU',
  description:
    'Why this quantity and this price, what was sent last and what Amazon said, and what happens next and when.',
  role: 'viewer',
  answers: { 200: { description: 'The SKU', schema: listingView } },
  problems: ['not_found'],
  handle: async (services, { params }) => ({
    status: 200,
    body: await services.listings.get(params.connectorId!, params.sku!),
  }),
});
