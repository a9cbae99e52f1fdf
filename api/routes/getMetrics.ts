import { endpoint } from '../endpoint';

const path = '/metrics';

export const getMetrics = endpoint({
  method: 'get',
  path,
  tag: 'Operations',
  summary: 'Metrics for Prometheus',
  role: 'public',
  answers: { 200: { description: 'The metrics of this process', contentType: 'text/plain' } },
  handle: async (services) => {
    const text = await services.metrics.text();
    return {
      stream: async (_request, response) => {
        response.status(200).set('Content-Type', services.metrics.contentType).end(text);
      },
    };
  },
});
