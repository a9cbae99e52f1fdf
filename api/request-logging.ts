import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import { plainError, withoutShapes } from '../domain/redaction';

const SANE_REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Gives each request its id and logs its end: never a header, a query or a body. */
export function requestLogging(logger: Logger): RequestHandler {
  return pinoHttp({
    logger,
    genReqId: (request, response) => {
      const given = request.headers['x-request-id'];
      const id = typeof given === 'string' && SANE_REQUEST_ID.test(given) ? given : randomUUID();
      response.setHeader('X-Request-Id', id);
      return id;
    },
    wrapSerializers: false,
    serializers: {
      req: (request: { id: unknown; method: string; originalUrl?: string; url: string }) => ({
        id: request.id,
        method: request.method,
        path: withoutShapes((request.originalUrl ?? request.url).split('?')[0]!),
      }),
      res: (response: { statusCode: number }) => ({ statusCode: response.statusCode }),
      err: plainError,
    },
    customLogLevel: (request, response) => {
      if (response.statusCode >= 500) return 'error';
      return /^\/(healthz|readyz|metrics)/.test(request.url ?? '') ? 'debug' : 'info';
    },
  });
}
