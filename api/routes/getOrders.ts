import { z } from 'zod';
import { orderState, orderSummaryView } from '../contracts/order-view';
import { cursor, limit, nextCursor } from '../contracts/paging';
import { endpoint } from '../endpoint';

const path = '/v1/orders';

const query = z.strictObject({
  state: orderState.optional().describe('Only orders in this state'),
  connectorId: z.string().optional().describe('Only orders of this connector'),
  holdsStock: z.literal('true', { error: 'Write true, or leave it out.' }).optional(),
  cursor,
  limit,
});

export const getOrders = endpoint({
  method: 'get',
  path,
  tag: 'Orders',
  summary: 'List the orders of Amazon and how each of them stands',
  description: 'B4. With holdsStock=true those that stock is held for, or may be: with the deadline of every hold.',
  role: 'viewer',
  query,
  answers: {
    200: {
      description: 'A page of orders, those that were first seen last first',
      schema: z.object({ items: z.array(orderSummaryView), nextCursor }).meta({ id: 'OrderPage' }),
    },
  },
  handle: async (services, { query: { state: stage, holdsStock, ...rest } }) => ({
    status: 200,
    body: await services.orders.list({ ...rest, ...(stage && { stage }), ...(holdsStock && { holdsStock: true }) }),
  }),
});
