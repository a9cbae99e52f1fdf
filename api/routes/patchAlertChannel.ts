import type { z } from 'zod';
import { alertChannelChange, type AlertChannelChange } from '../contracts/alert-channel-request';
import { alertChannelView } from '../contracts/alert-views';
import { endpoint } from '../endpoint';

const path = '/v1/alert-channels/{channelId}';

export const patchAlertChannel = endpoint<z.ZodObject, AlertChannelChange>({
  method: 'patch',
  path,
  tag: 'Alerts',
  summary: 'Change an alert channel',
  description: 'What is given replaces what was. What waits goes to the new target.',
  role: 'admin',
  body: { schema: alertChannelChange, example: { quietHours: null, digestHour: 7 } },
  answers: { 200: { description: 'The channel as it is now', schema: alertChannelView } },
  problems: ['not_found', 'busy'],
  handle: async (services, { params, body, actor, requestId }) => ({
    status: 200,
    body: await services.alertChannels.change(params.channelId!, body, { actor, requestId }),
  }),
});
