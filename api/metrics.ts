import type { RequestHandler } from 'express';
import type { Connection } from 'mongoose';
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';
import { addNotificationMetrics } from './notification-metrics';
import { stateOf } from './request-state';

/** Why somebody was not let in. */
export type Refusal = 'no_key' | 'unknown_key' | 'expired_key' | 'locked_out' | 'role' | 'hook_token';

const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The process's own metrics, those of notifications, and how long requests take, by route template: never by path, which has no end of values. */
export function createMetrics(connection: Connection) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'How long requests take, by method, route template and status',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS_SECONDS,
    registers: [registry],
  });

  const refusals = new Counter({
    name: 'access_refused_total',
    help: 'Requests that were not let in, by reason',
    labelNames: ['reason'],
    registers: [registry],
  });
  const lockOuts = new Counter({
    name: 'access_lock_outs_total',
    help: 'How often an address was locked out because of wrong keys',
    registers: [registry],
  });

  addNotificationMetrics(registry, connection);

  const measure: RequestHandler = (request, response, next) => {
    const end = durations.startTimer();
    response.on('close', () => {
      const route = stateOf(response).route ?? 'none';
      end({ method: request.method, route, status: String(response.statusCode) });
    });
    next();
  };

  return {
    measure,
    contentType: registry.contentType,
    text: (): Promise<string> => registry.metrics(),
    refused: (reason: Refusal): void => refusals.inc({ reason }),
    lockedOut: (): void => lockOuts.inc(),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
