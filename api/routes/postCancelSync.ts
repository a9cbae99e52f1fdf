import { z } from 'zod';
import { endpoint } from '../endpoint';

const path = '/v1/syncs/{syncId}/cancel';

export const postCancelSync = endpoint({
  method: 'post',
  path,
  tag: 'Syncs',
  summary: 'Cancel a sync',
  role: 'operator',
  answers: {
    202: { description: 'The sync is told to end; what was sent stays sent', schema: z.object({ id: z.string() }) },
  },
  problems: ['not_found', 'sync_ended', 'workflows_unavailable'],
  handle: async (services, { params, actor, requestId }) => ({
    status: 202,
    body: await services.syncs.cancel(params.syncId!, { actor, requestId }),
  }),
});
