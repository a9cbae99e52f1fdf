import { connectorStateView } from '../contracts/connector-view';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/activate';

export const postActivateConnector = endpoint({
  method: 'post',
  path,
  tag: 'Connectors',
  summary: 'Activate a connector whose onboarding is through',
  role: 'operator',
  answers: {
    202: { description: 'Activation has begun, or the connector is active already', schema: connectorStateView },
  },
  problems: ['not_found', 'not_ready', 'wrong_state', 'connector_removing', 'workflows_unavailable'],
  handle: async (services, { params, actor, requestId }) => ({
    status: 202,
    body: await services.connectors.activate(params.connectorId!, { actor, requestId }),
  }),
});
