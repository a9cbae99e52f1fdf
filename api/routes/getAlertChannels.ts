import { z } from 'zod';
import { alertChannelView } from '../contracts/alert-views';
import { endpoint } from '../endpoint';

const path = '/v1/alert-channels';

export const getAlertChannels = endpoint({
  method: 'get',
  path,
  tag: 'Alerts',
  summary: 'List the channels that alerts go to',
  description: 'B14. Where mail is set up, the people of ALERT_TO are a channel of their own.',
  role: 'admin',
  answers: {
    200: {
      description: 'All of them',
      schema: z.object({ items: z.array(alertChannelView) }).meta({ id: 'AlertChannels' }),
    },
  },
  handle: async (services) => ({ status: 200, body: await services.alertChannels.list() }),
});
