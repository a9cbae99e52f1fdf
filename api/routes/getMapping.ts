import { z } from 'zod';
import { mappingView } from '../contracts/mappings-view';
import { wholeNumber } from '../contracts/paging';
import { endpoint } from '../endpoint';
import { mappingEtag } from '../services/mappings-writing';

const path = '/v1/connectors/{connectorId}/mappings/{productType}';

const query = z.strictObject({
  version: wholeNumber(0, 999_999_999).optional().describe('An earlier version; the newest unless given'),
});

export const getMapping = endpoint({
  method: 'get',
  path,
  tag: 'Mappings',
  summary: 'See the mapping of a product type',
  description:
    'Where there is none, version 0 without rules is answered: everything is mapped as built in. The fields that Amazon has are at GET /v1/product-types/{productType}/fields.',
  role: 'viewer',
  query,
  answers: {
    200: {
      description: 'The mapping',
      schema: mappingView,
      headers: { ETag: 'The version, for If-Match' },
    },
  },
  problems: ['not_found'],
  handle: async (services, { params, query: { version } }) => {
    const found = await services.mappings.get(params.connectorId!, params.productType!, version);
    return { status: 200, body: found, headers: { ETag: mappingEtag(found) } };
  },
});
