import { mappingListView } from '../contracts/mappings-view';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/mappings';

export const getMappings = endpoint({
  method: 'get',
  path,
  tag: 'Mappings',
  summary: 'See what a connector maps',
  description:
    'Every product type that has a mapping, is assigned, or is named in the configuration. What has no mapping of its own is mapped as built in.',
  role: 'viewer',
  answers: { 200: { description: 'The mappings, by product type', schema: mappingListView } },
  problems: ['not_found'],
  handle: async (services, { params }) => ({
    status: 200,
    body: await services.mappings.list(params.connectorId!),
  }),
});
