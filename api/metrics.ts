import type { RequestHandler } from 'express';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { stateOf } from './request-state';

const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The process's own metrics and how long requests take, by route template: never by path, which has no end of values. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'How long requests take, by method, route template and status',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS_SECONDS,
    registers: [registry],
  });

  const measure: RequestHandler = (request, response, next) => {
    const end = durations.startTimer();
    response.on('close', () => {
      const route = stateOf(response).route ?? 'none';
      end({ method: request.method, route, status: String(response.statusCode) });
    });
    next();
  };

  return { measure, contentType: registry.contentType, text: (): Promise<string> => registry.metrics() };
}

export type Metrics = ReturnType<typeof createMetrics>;
