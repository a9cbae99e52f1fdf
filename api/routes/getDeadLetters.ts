import { z } from 'zod';
import { deadLetterView } from '../contracts/dead-letter-view';
import { cursor, limit, nextCursor } from '../contracts/paging';
import { endpoint } from '../endpoint';

const path = '/v1/dead-letters';

const query = z.strictObject({ cursor, limit });

export const getDeadLetters = endpoint({
  method: 'get',
  path,
  tag: 'Notifications',
  summary: 'List the notifications of Amazon that could not be handled',
  description:
    'Each says why. What they tell of orders is found by the watch on orders anyway; see docs/notifications.md.',
  role: 'operator',
  query,
  answers: {
    200: {
      description: 'A page of them, the newest first',
      schema: z.object({ items: z.array(deadLetterView), nextCursor }).meta({ id: 'DeadLetterPage' }),
    },
  },
  handle: async (services, { query: page }) => ({ status: 200, body: await services.deadLetters.list(page) }),
});
