import { z } from 'zod';
import { endpoint } from '../endpoint';

const path = '/v1/alert-channels/{channelId}/test';

export const postTestAlertChannel = endpoint({
  method: 'post',
  path,
  tag: 'Alerts',
  summary: 'Send a message to an alert channel, and see what the other side says',
  description: 'Once, now, in quiet hours too, and also to a channel that is not enabled.',
  role: 'admin',
  answers: {
    200: {
      description: 'What came of it',
      schema: z
        .object({
          outcome: z
            .enum(['taken', 'refused', 'gone', 'away'])
            .describe('taken: it has arrived; away: no answer, or one that asks for patience'),
          said: z.string().describe('What the other side said'),
        })
        .meta({ id: 'AlertChannelTest' }),
    },
  },
  problems: ['not_found'],
  handle: async (services, { params, actor, requestId }) => ({
    status: 200,
    body: await services.alertChannels.test(params.channelId!, { actor, requestId }),
  }),
});
