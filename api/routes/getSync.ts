import { syncView } from '../contracts/sync-view';
import { endpoint } from '../endpoint';

const path = '/v1/syncs/{syncId}';

export const getSync = endpoint({
  method: 'get',
  path,
  tag: 'Syncs',
  summary: 'See how a sync is doing',
  role: 'viewer',
  answers: { 200: { description: 'The sync', schema: syncView } },
  problems: ['not_found'],
  handle: async (services, { params }) => ({ status: 200, body: await services.syncs.get(params.syncId!) }),
});
