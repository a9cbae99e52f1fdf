import { z } from 'zod';
import { endpoint } from '../endpoint';

const path = '/v1/syncs/{syncId}/pause';

export const postPauseSync = endpoint({
  method: 'post',
  path,
  tag: 'Syncs',
  summary: 'Pause a sync',
  role: 'operator',
  answers: { 202: { description: 'The sync is told to pause', schema: z.object({ id: z.string() }) } },
  problems: ['not_found', 'sync_ended', 'workflows_unavailable'],
  handle: async (services, { params, actor, requestId }) => ({
    status: 202,
    body: await services.syncs.pause(params.syncId!, { actor, requestId }),
  }),
});
