import type { ErrorRequestHandler, Response } from 'express';
import { withoutShapes } from '../domain/redaction';
import { Problem } from './errors';
import { requestIdOf } from './request-state';

const RETRY_SECONDS = '5';

/** Turns whatever was thrown into problem details. What was not meant for the caller is logged and answered as `internal`. */
export const errorHandler: ErrorRequestHandler = (error: unknown, request, response, next) => {
  if (response.headersSent) return next(error);
  const problem = problemOf(error);
  if (problem.status >= 500) request.log.error({ err: error }, problem.code);
  sendProblem(response, problem, requestIdOf(request));
};

/** What a caller wrote in a wrong place comes back in a problem's words, as a name of a field does; a secret does not. */
export function sendProblem(response: Response, problem: Problem, requestId: string): void {
  response
    .status(problem.status)
    .set(problem.more.headers ?? {})
    .set({ 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' })
    .end(withoutShapes(JSON.stringify(problem.body(requestId))));
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isDatabaseAway(error))
    return new Problem('database_unavailable', 'The database does not answer. Repeat the request in a moment.', {
      headers: { 'Retry-After': RETRY_SECONDS },
      cause: error,
    });
  if (error instanceof URIError || (error as { status?: unknown } | null)?.status === 400)
    return new Problem('not_found', 'The address of the request could not be read.', { cause: error });
  return new Problem('internal', 'Something went wrong inside Longshore. Report it with the request id.', {
    cause: error,
  });
}

/** What the driver and Mongoose throw while no server can be reached. */
const AWAY =
  /^(MongooseServerSelectionError|MongoServerSelectionError|MongoNetworkError|MongoNetworkTimeoutError|MongoNotConnectedError|MongoPoolClearedError|MongoPoolClosedError|PoolClearedOnNetworkError|MongoTopologyClosedError|MongoWaitQueueTimeoutError|MongoOperationTimeoutError|MongoClientClosedError|DisconnectedError)$/;

function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    AWAY.test(error.name) ||
    (error.name === 'MongooseError' && /initial connection|buffering timed out/.test(error.message))
  );
}
