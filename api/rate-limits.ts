import type { RequestHandler, Response } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { Problem } from './errors';
import { actorOf } from './request-state';

const MINUTE_MS = 60_000;
/** How many wrong keys an address may try in a minute. */
export const FAILED_LOGINS_PER_MINUTE = 30;

function retryAfter(response: Response): Record<string, string> {
  return { 'Retry-After': String(response.getHeader('Retry-After') ?? 60) };
}

/** Requests per minute of one API key, announced in RateLimit headers. */
export function limitRequests(perMinute: number): RequestHandler {
  return rateLimit({
    windowMs: MINUTE_MS,
    limit: perMinute,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    identifier: 'requests-per-minute',
    keyGenerator: (_request, response) => actorOf(response).id,
    handler: (_request, response, next) =>
      next(
        new Problem('rate_limited', `An API key may make ${perMinute} requests a minute; wait as Retry-After says.`, {
          headers: retryAfter(response),
        })
      ),
  });
}

/** Wrong keys per minute of one address. Right keys are not held up by it. */
export function limitFailedLogins(): RequestHandler {
  return rateLimit({
    windowMs: MINUTE_MS,
    limit: FAILED_LOGINS_PER_MINUTE,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    identifier: 'wrong-keys-per-minute',
    keyGenerator: (request) => ipKeyGenerator(request.ip ?? ''),
    handler: (_request, response, next) =>
      next(
        new Problem(
          'too_many_failed_logins',
          'Too many wrong API keys came from this address; wait as Retry-After says.',
          {
            headers: retryAfter(response),
          }
        )
      ),
  });
}
