import { orderView } from '../contracts/order-view';
import { endpoint } from '../endpoint';

const path = '/v1/orders/{sellerId}/{amazonOrderId}';

export const getOrder = endpoint({
  method: 'get',
  path,
  tag: 'Orders',
  summary: 'Show an order, every state it was in and why, and what people were told of it',
  role: 'viewer',
  answers: { 200: { description: 'The order', schema: orderView } },
  problems: ['not_found'],
  handle: async (services, { params }) => ({
    status: 200,
    body: await services.orders.get(params.sellerId!, params.amazonOrderId!),
  }),
});
