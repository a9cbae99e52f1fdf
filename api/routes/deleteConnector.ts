import { connectorStateView } from '../contracts/connector-view';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}';

export const deleteConnector = endpoint({
  method: 'delete',
  path,
  tag: 'Connectors',
  summary: 'Remove a connector and undo what its onboarding created',
  role: 'admin',
  answers: {
    202: { description: 'Removal has begun; afterwards the connector is not found', schema: connectorStateView },
  },
  problems: ['not_found', 'workflows_unavailable'],
  handle: async (services, { params, actor, requestId }) => ({
    status: 202,
    body: await services.connectors.remove(params.connectorId!, { actor, requestId }),
  }),
});
