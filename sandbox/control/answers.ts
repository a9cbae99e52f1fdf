import type { Request, RequestHandler } from 'express';
import { AnswerError, json, type Answer } from '../answer';
import { CatalogError } from '../catalog';
import { send } from '../exchange';
import { pathParameter } from '../query';
import type { World } from '../world';
import type { Worlds } from '../worlds';
import { ControlError } from './fields';

export function worldOf(request: Request, worlds: Worlds): World {
  const name = pathParameter(request, 'name');
  const world = worlds.named(name);
  if (!world) throw unknown(`world ${name}`);
  return world;
}

export function done(change: () => void): Answer {
  change();
  return { status: 204 };
}

export function refused(sentence: string): AnswerError {
  return new AnswerError(json(400, { error: sentence }));
}

export function unknown(what: string): AnswerError {
  return new AnswerError(json(404, { error: `unknown: ${what}` }));
}

export function control(handle: (request: Request) => Answer): RequestHandler {
  return (request, response) => {
    try {
      send(response, handle(request));
    } catch (error) {
      if (error instanceof AnswerError) send(response, error.answer);
      else if (error instanceof ControlError || error instanceof CatalogError)
        send(response, json(400, { error: error.message }));
      else throw error;
    }
  };
}
