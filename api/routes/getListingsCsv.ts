import { z } from 'zod';
import { listingFilter, skuPrefix } from '../contracts/listing-filter';
import { csvFile } from '../csv';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/listings.csv';

const query = z.strictObject({ ...listingFilter, q: skuPrefix });

export const getListingsCsv = endpoint({
  method: 'get',
  path,
  tag: 'Listings',
  summary: 'Download the SKUs as CSV',
  description: 'Values that a spreadsheet would take for a formula begin with an apostrophe.',
  role: 'viewer',
  query,
  answers: { 200: { description: 'All of them, in the order of SKUs', contentType: 'text/csv' } },
  problems: ['not_found'],
  handle: async (services, call) => {
    const connectorId = call.params.connectorId!;
    return csvFile(`listings-${connectorId}.csv`, await services.listings.csv(connectorId, call.query));
  },
});
