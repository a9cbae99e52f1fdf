import { connectorStateView } from '../contracts/connector-view';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/pause';

export const postPauseConnector = endpoint({
  method: 'post',
  path,
  tag: 'Connectors',
  summary: 'Pause the periodic sync',
  role: 'operator',
  answers: { 200: { description: 'The connector is paused', schema: connectorStateView } },
  problems: ['not_found', 'wrong_state', 'workflows_unavailable'],
  handle: async (services, { params, actor, requestId }) => ({
    status: 200,
    body: await services.connectors.pause(params.connectorId!, { actor, requestId }),
  }),
});
