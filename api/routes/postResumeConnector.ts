import { connectorStateView } from '../contracts/connector-view';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/resume';

export const postResumeConnector = endpoint({
  method: 'post',
  path,
  tag: 'Connectors',
  summary: 'Resume the periodic sync',
  role: 'operator',
  answers: { 200: { description: 'The connector is active', schema: connectorStateView } },
  problems: ['not_found', 'wrong_state', 'workflows_unavailable'],
  handle: async (services, { params, actor, requestId }) => ({
    status: 200,
    body: await services.connectors.resume(params.connectorId!, { actor, requestId }),
  }),
});
