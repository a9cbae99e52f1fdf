import express, { type Express, type RequestHandler, type Response } from 'express';
import type { Connection } from 'mongoose';
import type { Authentication } from './authentication';
import type { Call, Endpoint, Reply } from './endpoint';
import { Problem } from './errors';
import type { idempotency } from './idempotency';
import { originOf } from './lock-out';
import { readBody, requireType } from './request-body';
import { actorOf, requestIdOf, stateOf } from './request-state';
import type { Services } from './services';
import { groupBy } from './group-by';
import { randomBytes } from 'node:crypto';

/** What mounting needs besides the endpoints. */
interface Parts {
  connection: Connection;
  services: Services;
  authentication: Authentication;
  limitRequests: RequestHandler;
  once: ReturnType<typeof idempotency>;
}

/** `/v1/syncs/{syncId}` as Express writes it. */
function expressPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

/** Mounts every endpoint with what they all have in common, and refuses the other methods of their paths. */
export function mountEndpoints(app: Express, endpoints: readonly Endpoint[], parts: Parts): void {
  const byPath = groupBy(endpoints, (each) => each.path);
  for (const [path, those] of byPath) {
    const route = app.route(expressPath(path));
    route.all((_request, response, next) => {
      stateOf(response).route = path;
      next();
    });
    for (const endpoint of those) route[endpoint.method](...stepsOf(endpoint, parts));
    route.all(refuseMethod(those));
  }
}

function stepsOf(endpoint: Endpoint, parts: Parts): RequestHandler[] {
  const open: RequestHandler[] = [handlerOf(endpoint, parts)];
  const contentTypes = endpoint.body?.contentTypes ?? ['application/json'];
  const reading = endpoint.method === 'get' ? [] : [requireType(contentTypes)];
  if (endpoint.method !== 'get' && !endpoint.body?.isStreamed) reading.push(readBody(endpoint.body?.limitBytes));
  const database = requireDatabase(parts.connection);
  if (endpoint.role === 'public') return endpoint.body ? [database, ...reading, ...open] : open;
  return [
    database,
    parts.authentication.authenticate,
    parts.limitRequests,
    parts.authentication.authorise(endpoint.role),
    ...reading,
    ...open,
  ];
}

/** Answers at once what would otherwise wait for a server that is known to be away. */
function requireDatabase(connection: Connection): RequestHandler {
  return (_request, _response, next) => {
    if (connection.readyState === 1) return next();
    next(
      new Problem('database_unavailable', 'The database does not answer. Repeat the request in a moment.', {
        headers: { 'Retry-After': '5' },
      })
    );
  };
}

function handlerOf(endpoint: Endpoint, { services, authentication, once }: Parts): RequestHandler {
  return async (request, response) => {
    const isPublic = endpoint.role === 'public';
    const call: Call<unknown, unknown> = {
      params: request.params as Record<string, string>,
      query: { ...request.query },
      body: endpoint.body?.isStreamed ? request : (request.body as unknown),
      actor: isPublic ? { id: 'nobody', name: 'nobody', role: 'viewer' } : actorOf(response),
      origin: originOf(request),
      requestId: requestIdOf(request),
      reservedId: '',
      ifMatch: request.get('If-Match'),
    };
    const accepted = endpoint.accept(call);
    const work = (reservedId: string): Promise<Reply> => accepted(services, reservedId);
    const key = endpoint.method === 'post' && !isPublic ? request.get('Idempotency-Key') : undefined;
    const reply =
      key === undefined
        ? await work(endpoint.method === 'get' ? '' : randomBytes(10).toString('hex'))
        : await once(
            { actorId: call.actor.id, method: request.method, path: request.path, key, body: request.body as unknown },
            work
          );
    if (endpoint.method !== 'get' && !isPublic) authentication.forget();
    if ('stream' in reply) await reply.stream(request, response);
    else send(response, reply);
  };
}

/** Not by Express: it would answer 304 to a poller whose ETag still fits while the state has changed. */
function send(response: Response, reply: Exclude<Reply, { stream: unknown }>): void {
  response
    .status(reply.status)
    .set('Cache-Control', 'no-store')
    .set(reply.headers ?? {});
  if (reply.body === undefined) response.end();
  else response.set('Content-Type', 'application/json; charset=utf-8').end(JSON.stringify(reply.body));
}

function refuseMethod(endpoints: readonly Endpoint[]): RequestHandler {
  const methods = endpoints.map((each) => each.method.toUpperCase());
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].sort().join(', ');
  return (request, response, next) => {
    response.set('Allow', allow);
    if (request.method === 'OPTIONS') return void response.status(204).end();
    next(new Problem('method_not_allowed', `This path takes ${allow}.`));
  };
}

/** For every path that nothing is mounted at. */
export const refusePath: RequestHandler = (_request, _response, next) => {
  next(new Problem('not_found', 'There is nothing at this path; /docs shows what there is.'));
};

/** Keeps Express's own answers out of reach. */
export function createExpress(trustedProxies: readonly string[]): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', trustedProxies.length > 0 && [...trustedProxies]);
  app.set('query parser', 'simple');
  app.enable('case sensitive routing');
  return app;
}
