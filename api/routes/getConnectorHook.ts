import { hookView } from '../contracts/hook-view';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/hook';

export const getConnectorHook = endpoint({
  method: 'get',
  path,
  tag: 'Connectors',
  summary: 'Where the store sends change notifications, and whether they come',
  role: 'operator',
  answers: { 200: { description: 'The hook', schema: hookView } },
  problems: ['not_found'],
  handle: async (services, { params }) => ({ status: 200, body: await services.vtexHooks.look(params.connectorId!) }),
});
