import { z } from 'zod';
import { CONNECTOR_STATES } from '../../domain/connector';
import { connectorView } from '../contracts/connector-view';
import { cursor, limit, nextCursor } from '../contracts/paging';
import { endpoint } from '../endpoint';

const path = '/v1/connectors';

const query = z.strictObject({ state: z.enum(CONNECTOR_STATES).optional(), cursor, limit });

export const getConnectors = endpoint({
  method: 'get',
  path,
  tag: 'Connectors',
  summary: 'List the connectors, the newest first',
  role: 'viewer',
  query,
  answers: {
    200: {
      description: 'A page of connectors',
      schema: z.object({ items: z.array(connectorView), nextCursor }).meta({ id: 'ConnectorPage' }),
    },
  },
  handle: async (services, call) => ({ status: 200, body: await services.connectors.list(call.query) }),
});
