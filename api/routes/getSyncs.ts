import { z } from 'zod';
import { cursor, limit, nextCursor } from '../contracts/paging';
import { syncView } from '../contracts/sync-view';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/syncs';

const query = z.strictObject({ cursor, limit });

export const getSyncs = endpoint({
  method: 'get',
  path,
  tag: 'Syncs',
  summary: "List a connector's syncs, the newest first",
  role: 'viewer',
  query,
  answers: {
    200: {
      description: 'A page of syncs, as the database holds them',
      schema: z.object({ items: z.array(syncView), nextCursor }).meta({ id: 'SyncPage' }),
    },
  },
  problems: ['not_found'],
  handle: async (services, call) => ({
    status: 200,
    body: await services.syncs.list(call.params.connectorId!, call.query),
  }),
});
