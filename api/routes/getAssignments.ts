import { z } from 'zod';
import { assignmentsView } from '../contracts/mappings-view';
import { wholeNumber } from '../contracts/paging';
import { endpoint } from '../endpoint';
import { mappingEtag } from '../services/mappings-writing';

const path = '/v1/connectors/{connectorId}/assignments';

const query = z.strictObject({
  version: wholeNumber(0, 999_999_999).optional().describe('An earlier version; the newest unless given'),
});

export const getAssignments = endpoint({
  method: 'get',
  path,
  tag: 'Mappings',
  summary: 'See which items are of which product type',
  role: 'viewer',
  query,
  answers: {
    200: {
      description: 'The assignments, in the order in which they are tried',
      schema: assignmentsView,
      headers: { ETag: 'The version, for If-Match' },
    },
  },
  problems: ['not_found'],
  handle: async (services, { params, query: { version } }) => {
    const found = await services.mappings.assignments(params.connectorId!, version);
    return { status: 200, body: found, headers: { ETag: mappingEtag(found) } };
  },
});
