import { z } from 'zod';
import { alertDeliveryView, deliveryState } from '../contracts/alert-views';
import { cursor, limit, nextCursor } from '../contracts/paging';
import { endpoint } from '../endpoint';

const path = '/v1/alert-deliveries';

const query = z.strictObject({
  state: deliveryState.optional(),
  channelId: z.string().optional().describe('Only messages to this channel'),
  cursor,
  limit,
});

export const getAlertDeliveries = endpoint({
  method: 'get',
  path,
  tag: 'Alerts',
  summary: 'List the messages to alert channels, and what became of each',
  role: 'operator',
  query,
  answers: {
    200: {
      description: 'A page of messages, the newest first',
      schema: z.object({ items: z.array(alertDeliveryView), nextCursor }).meta({ id: 'AlertDeliveryPage' }),
    },
  },
  handle: async (services, call) => ({ status: 200, body: await services.alerts.deliveries(call.query) }),
});
