import type { RequestHandler } from 'express';
import { notFound } from './errors';

const KNOWN_FOR_SECONDS = '600';

/** Where the codec of payloads is mounted. */
export const CODEC_PATH = '/codec';

export interface CodecDoor {
  /** Whose payloads are decoded. */
  namespace: string;
  /** Where Temporal's pages are; without it no page may ask. */
  uiOrigin?: string;
}

/**
 * Lets Temporal's pages ask the codec from a browser, and answers for our namespace alone: several may use one set of pages. Who asks is
 * found out behind it, as everywhere.
 */
export function codecDoor({ namespace, uiOrigin }: CodecDoor): RequestHandler {
  return (request, response, next) => {
    if (uiOrigin !== undefined) response.vary('Origin');
    if (uiOrigin !== undefined && request.get('Origin') === uiOrigin) {
      response.set('Access-Control-Allow-Origin', uiOrigin);
      if (request.method === 'OPTIONS' && request.get('Access-Control-Request-Method') !== undefined)
        return void response
          .status(204)
          .set({
            'Access-Control-Allow-Methods': 'POST',
            'Access-Control-Allow-Headers': 'Authorization, Content-Type, X-Namespace',
            'Access-Control-Max-Age': KNOWN_FOR_SECONDS,
          })
          .end();
    }
    const asked = request.method === 'POST' ? request.get('X-Namespace') : undefined;
    next(asked === undefined || asked === namespace ? undefined : notFound('namespace here'));
  };
}
