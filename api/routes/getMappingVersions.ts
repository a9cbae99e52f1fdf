import { z } from 'zod';
import { mappingVersionPage } from '../contracts/mappings-view';
import { cursor, limit } from '../contracts/paging';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/mappings/{productType}/versions';

const query = z.strictObject({ cursor, limit });

export const getMappingVersions = endpoint({
  method: 'get',
  path,
  tag: 'Mappings',
  summary: 'See every version of a mapping, the newest first',
  description: 'GET …/mappings/{productType}?version= shows one.',
  role: 'viewer',
  query,
  answers: { 200: { description: 'A page of versions', schema: mappingVersionPage } },
  problems: ['not_found'],
  handle: async (services, { params, query: page }) => ({
    status: 200,
    body: await services.mappings.versions(params.connectorId!, params.productType!, page),
  }),
});
