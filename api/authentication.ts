import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Connection } from 'mongoose';
import { apiKeyStore } from '../models/api-keys';
import { Problem } from './errors';
import { stateOf } from './request-state';
import { mayAct, type Actor, type Role } from './roles';
import { hashOfKey, looksLikeKey } from './services/api-keys';

const CHALLENGE = 'Bearer realm="longshore"';

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function bearerOf(request: Request): string | undefined {
  return /^Bearer +([\x21-\x7e]{1,512}) *$/i.exec(request.get('Authorization') ?? '')?.[1];
}

/** Finds out who asks, by the key in `Authorization: Bearer`. ADMIN_API_KEY is the first admin and is kept as a digest only. */
export function authentication(connection: Connection, adminApiKey: string) {
  const keys = apiKeyStore(connection);
  const adminDigest = digest(adminApiKey);

  async function actorOf(key: string): Promise<Actor | undefined> {
    if (timingSafeEqual(digest(key), adminDigest)) return { id: 'bootstrap', name: 'ADMIN_API_KEY', role: 'admin' };
    if (!looksLikeKey(key)) return undefined;
    const found = await keys.byHash(hashOfKey(key));
    return found && { id: found._id, name: found.name, role: found.role };
  }

  /** Passes on who it is; refuses with `unauthenticated` after `onFailure` has had its say. */
  return function authenticate(onFailure: RequestHandler): RequestHandler {
    return async (request, response, next) => {
      const key = bearerOf(request);
      const actor = key === undefined ? undefined : await actorOf(key);
      if (actor) {
        stateOf(response).actor = actor;
        return next();
      }
      const detail =
        key === undefined
          ? 'Send an API key: Authorization: Bearer <key>.'
          : 'This API key is not known; it may have been revoked.';
      const refusal = new Problem('unauthenticated', detail, { headers: { 'WWW-Authenticate': CHALLENGE } });
      return onFailure(request, response, (error?: unknown) => next(error ?? refusal));
    };
  };
}

/** Refuses with `role_required` whoever may not do it. */
export function authorise(needed: Role): RequestHandler {
  return (_request, response, next) => {
    const role = stateOf(response).actor?.role;
    if (role && mayAct(role, needed)) return next();
    next(
      new Problem('role_required', `This needs the role ${needed}; the API key has the role ${role ?? 'none'}.`, {
        headers: { 'WWW-Authenticate': `${CHALLENGE}, error="insufficient_scope"` },
      })
    );
  };
}
