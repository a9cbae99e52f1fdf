import { endpoint } from '../endpoint';

const path = '/v1/alert-deliveries/{deliveryId}/retry';

export const postRetryAlertDelivery = endpoint({
  method: 'post',
  path,
  tag: 'Alerts',
  summary: 'Have a message to an alert channel sent again',
  description: 'One that was given up is tried from the start; one that waits, now.',
  role: 'operator',
  answers: { 202: { description: 'It is tried' } },
  problems: ['not_found', 'delivery_ended', 'workflows_unavailable'],
  handle: async (services, { params, actor, requestId }) => {
    await services.alerts.retry(params.deliveryId!, { actor, requestId });
    return { status: 202 };
  },
});
