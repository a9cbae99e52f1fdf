import { timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Connection } from 'mongoose';
import { apiKeyStore } from '../models/api-keys';
import { Problem } from './errors';
import { Kept } from './kept';
import { stateOf } from './request-state';
import { mayAct, type Actor, type Role } from './roles';
import { hashOfKey, looksLikeKey } from './services/api-keys';

const CHALLENGE = 'Bearer realm="longshore"';

/** A key that was found lets reads in for so long without another look, in milliseconds: one that is revoked reads no longer. */
const KNOWN_MS = 2_000;
const KNOWN_AT_MOST = 1_000;

function bearerOf(request: Request): string | undefined {
  return /^Bearer +([\x21-\x7e]{1,512}) *$/i.exec(request.get('Authorization') ?? '')?.[1];
}

function isRead({ method }: Request): boolean {
  return method === 'GET' || method === 'HEAD';
}

/**
 * Finds out who asks, by the key in `Authorization: Bearer`. ADMIN_API_KEY is the first admin and is kept as a digest only.
 * Whoever changes something is looked up each time.
 */
export function authentication(connection: Connection, adminApiKey: string) {
  const keys = apiKeyStore(connection);
  const adminHash = Buffer.from(hashOfKey(adminApiKey));
  const known = new Kept<Actor | undefined>({ forMs: KNOWN_MS, atMost: KNOWN_AT_MOST });

  async function find(hash: string): Promise<Actor | undefined> {
    const found = await keys.byHash(hash);
    return found && { id: found._id, name: found.name, role: found.role };
  }

  async function actorOf(key: string, request: Request): Promise<Actor | undefined> {
    const hash = hashOfKey(key);
    if (timingSafeEqual(Buffer.from(hash), adminHash)) return { id: 'bootstrap', name: 'ADMIN_API_KEY', role: 'admin' };
    if (!looksLikeKey(key)) return undefined;
    return isRead(request) ? known.get(hash, () => find(hash)) : find(hash);
  }

  /** Passes on who it is; refuses with `unauthenticated` after `onFailure` has had its say. */
  function authenticate(onFailure: RequestHandler): RequestHandler {
    return async (request, response, next) => {
      const key = bearerOf(request);
      const actor = key === undefined ? undefined : await actorOf(key, request);
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
  }

  return {
    authenticate,
    /** Has every key looked up anew, because one may have been revoked. */
    forget: (): void => known.forget(),
  };
}

export type Authentication = ReturnType<typeof authentication>;

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
