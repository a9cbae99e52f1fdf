import { z } from 'zod';
import { alertEvent, alertState, alertView } from '../contracts/alert-views';
import { cursor, limit, nextCursor } from '../contracts/paging';
import { endpoint } from '../endpoint';

const path = '/v1/alerts';

const query = z.strictObject({
  state: alertState.optional().describe('firing: it stands; recovered: it is over'),
  event: alertEvent.optional(),
  connectorId: z.string().optional().describe('Only alerts of this connector'),
  cursor,
  limit,
});

export const getAlerts = endpoint({
  method: 'get',
  path,
  tag: 'Alerts',
  summary: 'List what is wrong, and what was',
  description:
    'B14. Also what has not lasted long enough to be told. What is over is shown for 30 days, the last time of each.',
  role: 'viewer',
  query,
  answers: {
    200: {
      description: 'A page of alerts, those that began last first',
      schema: z.object({ items: z.array(alertView), nextCursor }).meta({ id: 'AlertPage' }),
    },
  },
  handle: async (services, call) => ({ status: 200, body: await services.alerts.list(call.query) }),
});
