import { z } from 'zod';
import { endpoint } from '../endpoint';

const path = '/v1/syncs/{syncId}/resume';

export const postResumeSync = endpoint({
  method: 'post',
  path,
  tag: 'Syncs',
  summary: 'Resume a paused sync',
  role: 'operator',
  answers: { 202: { description: 'The sync is told to go on', schema: z.object({ id: z.string() }) } },
  problems: ['not_found', 'sync_ended', 'workflows_unavailable'],
  handle: async (services, { params, actor, requestId }) => ({
    status: 202,
    body: await services.syncs.resume(params.syncId!, { actor, requestId }),
  }),
});
