import type { RequestHandler, Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import { Problem } from './errors';
import { actorOf } from './request-state';

const MINUTE_MS = 60_000;

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
