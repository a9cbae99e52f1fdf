import express, { type Request, type RequestHandler } from 'express';
import { Problem } from './errors';
import { brokenAt } from './json-position';

const MEGABYTE = 1024 * 1024;
/** What bodies may have unless their endpoint says more. */
const LIMIT_BYTES = MEGABYTE;
const ARRIVES_WITHIN_MS = 30_000;

function hasBody(request: Request): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
}

/** Refuses a body that is of none of the given media types. */
export function requireType(contentTypes: readonly string[]): RequestHandler {
  return (request, _response, next) => {
    if (!hasBody(request) || request.is([...contentTypes])) return next();
    const given = request.get('Content-Type');
    next(
      new Problem(
        'unsupported_media_type',
        `Send the body as ${contentTypes.join(' or ')}${given ? '' : '; the Content-Type header is missing'}.`,
        { headers: { Accept: contentTypes.join(', ') } }
      )
    );
  };
}

/**
 * Reads a JSON body; without a body, `request.body` is undefined.
 *
 * @param boundMs - how long it may take to arrive, in milliseconds.
 */
export function readBody(limitBytes = LIMIT_BYTES, boundMs = ARRIVES_WITHIN_MS): RequestHandler {
  const parse = express.json({ limit: limitBytes, strict: false, type: () => true });
  return (request, response, next) => {
    if (!hasBody(request)) return next();
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      response.on('finish', () => request.destroy());
      next(new Problem('request_timeout', 'The body did not arrive in time.', { headers: { Connection: 'close' } }));
    }, boundMs);
    parse(request, response, (error?: unknown) => {
      clearTimeout(late);
      if (!isLate) next(error === undefined ? undefined : bodyProblem(error, limitBytes));
    });
  };
}

/** What the parser of bodies says, without a word of the body itself. */
function bodyProblem(error: unknown, limitBytes: number): unknown {
  const { type, body } = error as { type?: string; body?: unknown };
  switch (type) {
    case 'entity.parse.failed':
      return new Problem('malformed_json', whereBroken(body));
    case 'entity.too.large':
      return new Problem('too_large', `A body may have ${shownSize(limitBytes)} at most.`);
    case 'charset.unsupported':
      return new Problem('unsupported_media_type', 'Send the body in UTF-8.');
    case 'encoding.unsupported':
      return new Problem('unsupported_media_type', 'Send the body plain, or compressed with gzip, deflate or br.');
    case 'request.aborted':
    case 'request.size.invalid':
    case 'entity.verify.failed':
      return new Problem('malformed_request', 'The body did not arrive as it was announced.');
    default:
      return (error as { status?: number }).status === 400
        ? new Problem('malformed_request', 'The body could not be read.')
        : error;
  }
}

function shownSize(bytes: number): string {
  return bytes < MEGABYTE ? `${bytes / 1024} KB` : `${bytes / MEGABYTE} MB`;
}

function whereBroken(body: unknown): string {
  const place = typeof body === 'string' ? brokenAt(body) : undefined;
  return place ? `The JSON is broken at line ${place.line}, column ${place.column}.` : 'The JSON is broken.';
}
