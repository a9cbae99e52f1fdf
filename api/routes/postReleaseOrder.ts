import { endpoint } from '../endpoint';

const path = '/v1/orders/{sellerId}/{amazonOrderId}/release';

export const postReleaseOrder = endpoint({
  method: 'post',
  path,
  tag: 'Orders',
  summary: 'Let the stock of an order go',
  description:
    'B4. A pending order is still placed in the store when it is paid. One that is paid already is handled by hand from then on. Retry takes it back.',
  role: 'operator',
  answers: { 202: { description: 'The order is told' } },
  problems: ['not_found', 'workflows_unavailable'],
  handle: async (services, { params, actor, requestId }) => {
    await services.orders.release(params.sellerId!, params.amazonOrderId!, { actor, requestId });
    return { status: 202 };
  },
});
