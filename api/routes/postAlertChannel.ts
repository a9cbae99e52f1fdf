import { z } from 'zod';
import { alertChannelRequest, type AlertChannelRequest } from '../contracts/alert-channel-request';
import { alertChannelView } from '../contracts/alert-views';
import { endpoint } from '../endpoint';

const path = '/v1/alert-channels';

export const postAlertChannel = endpoint<z.ZodObject, AlertChannelRequest>({
  method: 'post',
  path,
  tag: 'Alerts',
  summary: 'Have alerts sent to mail addresses, to Slack, or to a signed webhook',
  description:
    'B14. It hears of what stands already. See docs/alerts.md for the events, and for how a webhook is verified.',
  role: 'admin',
  body: {
    schema: alertChannelRequest,
    example: {
      name: 'On call',
      kind: 'webhook',
      target: 'https://hooks.example.com/longshore',
      events: ['connector_parked', 'run_failed'],
      minimumSeverity: 'error',
      thresholdMinutes: { run_failed: 60 },
      timeZone: 'Europe/Madrid',
      quietHours: { from: '22:00', to: '07:00' },
      digestHour: 8,
    },
  },
  answers: {
    201: {
      description: 'The channel, with the secret of signed webhooks, shown this once',
      schema: alertChannelView
        .extend({
          secret: z
            .string()
            .nullable()
            .describe('What webhooks are signed with; it cannot be shown again. Null of other kinds'),
        })
        .meta({ id: 'CreatedAlertChannel' }),
    },
  },
  handle: async (services, { body, reservedId, actor, requestId }) => ({
    status: 201,
    body: await services.alertChannels.create(body, reservedId, { actor, requestId }),
  }),
});
