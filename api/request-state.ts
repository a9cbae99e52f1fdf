import type { Request, Response } from 'express';
import type { Actor } from './roles';

/** What the steps of one request leave for each other. */
interface RequestState {
  actor?: Actor;
  /** The path template, for metrics. */
  route?: string;
}

export function stateOf(response: Response): RequestState {
  return response.locals as RequestState;
}

/** Given by the logger to each request, or taken from its X-Request-Id. */
export function requestIdOf(request: Request): string {
  return String(request.id);
}

export function actorOf(response: Response): Actor {
  const { actor } = stateOf(response);
  if (!actor) throw new Error('The request was not authenticated');
  return actor;
}
