import { z } from 'zod';
import { orderWatchView } from '../contracts/order-watch-view';
import { endpoint } from '../endpoint';

const path = '/v1/order-watches';

export const getOrderWatches = endpoint({
  method: 'get',
  path,
  tag: 'Orders',
  summary: 'Show how far the orders of each Amazon account were read, and what keeps them from being read',
  role: 'viewer',
  answers: {
    200: {
      description: 'The accounts whose orders are watched',
      schema: z.object({ items: z.array(orderWatchView) }).meta({ id: 'OrderWatches' }),
    },
  },
  handle: async (services) => ({ status: 200, body: { items: await services.orders.watches() } }),
});
