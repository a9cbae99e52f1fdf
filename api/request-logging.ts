import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import pino, { type DestinationStream, type Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import { SECRET_FIELDS } from '../domain/connector-contract';

const SANE_REQUEST_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const secretNames = SECRET_FIELDS.map((path) => path.split('.')[1]!);

/** Paths whose values never reach a log, wherever a careless line might put them. */
const REDACTED = [
  'authorization',
  'cookie',
  'req.headers.authorization',
  'req.headers.cookie',
  'res.headers["set-cookie"]',
  ...secretNames,
  ...secretNames.map((name) => `*.${name}`),
  ...secretNames.map((name) => `*.*.${name}`),
];

/** The secret part of a hook's address; see models/hook-tokens. */
const HOOK_TOKEN = /hook_[A-Za-z0-9_-]+/g;

/** The logger of the API process: JSON lines, secrets redacted. */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, redact: { paths: REDACTED, censor: '[redacted]' }, serializers: { err: plainError } };
  return destination ? pino(options, destination) : pino(options);
}

/** Errors of libraries carry requests and configurations; only these three are for the log. */
function plainError(error: unknown): { type: string; message: string; stack?: string; cause?: unknown } {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an Error' };
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...(error.cause instanceof Error && { cause: plainError(error.cause) }),
  };
}

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
        path: (request.originalUrl ?? request.url).split('?')[0]!.replace(HOOK_TOKEN, 'hook_[redacted]'),
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
