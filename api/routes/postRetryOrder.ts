import { endpoint } from '../endpoint';

const path = '/v1/orders/{sellerId}/{amazonOrderId}/retry';

export const postRetryOrder = endpoint({
  method: 'post',
  path,
  tag: 'Orders',
  summary: 'Have whatever an order waits for tried now',
  description:
    'B4. Takes a release back. Of an order that was shipped in part before it was placed, the rest is placed in the store.',
  role: 'operator',
  answers: { 202: { description: 'The order is told' } },
  problems: ['not_found', 'workflows_unavailable'],
  handle: async (services, { params, actor, requestId }) => {
    await services.orders.retry(params.sellerId!, params.amazonOrderId!, { actor, requestId });
    return { status: 202 };
  },
});
