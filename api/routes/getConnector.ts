import { connectorView } from '../contracts/connector-view';
import { endpoint } from '../endpoint';
import { etagOf } from '../services/connector-reading';

const path = '/v1/connectors/{connectorId}';

export const getConnector = endpoint({
  method: 'get',
  path,
  tag: 'Connectors',
  summary: 'Read a connector: its configuration without secrets, its state, its syncs, and what activation needs',
  role: 'viewer',
  answers: {
    200: {
      description: 'The connector',
      schema: connectorView,
      headers: { ETag: 'The version of the configuration, for If-Match' },
    },
  },
  problems: ['not_found'],
  handle: async (services, { params }) => {
    const connector = await services.connectors.get(params.connectorId!);
    return { status: 200, body: connector, headers: { ETag: etagOf(connector) } };
  },
});
