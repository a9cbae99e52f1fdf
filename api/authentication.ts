import { timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Connection } from 'mongoose';
import { apiKeyStore } from '../models/api-keys';
import { Problem } from './errors';
import { Kept } from './kept';
import { originOf, type LockOut } from './lock-out';
import type { Metrics } from './metrics';
import { stateOf } from './request-state';
import { mayAct, type Actor, type Role } from './roles';
import { hashOfKey, looksLikeKey } from './services/api-keys';

const CHALLENGE = 'Bearer realm="longshore"';

/** A key that was found lets reads in for so long without another look, in milliseconds: one that is revoked reads no longer. */
const KNOWN_MS = 2_000;
const KNOWN_AT_MOST = 1_000;

interface KnownKey {
  actor: Actor;
  /** Null for never. */
  expiresAt: Date | null;
}

interface AuthenticationDeps {
  connection: Connection;
  /** The first admin's key; only its digest is kept. */
  adminApiKey: string;
  clock: () => Date;
  metrics: Metrics;
  lockOut: LockOut;
}

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
export function authentication({ connection, adminApiKey, clock, metrics, lockOut }: AuthenticationDeps) {
  const keys = apiKeyStore(connection);
  const adminHash = Buffer.from(hashOfKey(adminApiKey));
  const known = new Kept<KnownKey | undefined>({ forMs: KNOWN_MS, atMost: KNOWN_AT_MOST });

  async function find(hash: string): Promise<KnownKey | undefined> {
    const found = await keys.byHash(hash);
    return (
      found && { actor: { id: found._id, name: found.name, role: found.role }, expiresAt: found.expiresAt ?? null }
    );
  }

  async function knownKey(key: string, request: Request): Promise<KnownKey | undefined> {
    const hash = hashOfKey(key);
    if (timingSafeEqual(Buffer.from(hash), adminHash))
      return { actor: { id: 'bootstrap', name: 'ADMIN_API_KEY', role: 'admin' }, expiresAt: null };
    if (!looksLikeKey(key)) return undefined;
    return isRead(request) ? known.get(hash, () => find(hash)) : find(hash);
  }

  function refusal(reason: 'no_key' | 'unknown_key' | 'expired_key', detail: string): Problem {
    metrics.refused(reason);
    return new Problem('unauthenticated', detail, { headers: { 'WWW-Authenticate': CHALLENGE } });
  }

  /** Leaves the actor to the steps after it; refuses with `unauthenticated` or `too_many_failed_logins`. */
  const authenticate: RequestHandler = async (request, response, next) => {
    const key = bearerOf(request);
    if (key === undefined) throw refusal('no_key', 'Send an API key: Authorization: Bearer <key>.');
    const found = await knownKey(key, request);
    if (!found) {
      await lockOut.wrongKey(originOf(request), key);
      throw refusal('unknown_key', 'This API key is not known; it may have been revoked.');
    }
    const { actor, expiresAt } = found;
    if (expiresAt && expiresAt <= clock()) {
      await lockOut.wrongKey(originOf(request), key);
      throw refusal('expired_key', 'This API key has expired; ask an admin for a new one.');
    }
    await lockOut.rightKey(originOf(request), actor.id, (now) => keys.used(actor.id, now));
    stateOf(response).actor = actor;
    next();
  };

  /** Refuses with `role_required` whoever may not do it. */
  function authorise(needed: Role): RequestHandler {
    return (_request, response, next) => {
      const role = stateOf(response).actor?.role;
      if (role && mayAct(role, needed)) return next();
      metrics.refused('role');
      next(
        new Problem('role_required', `This needs the role ${needed}; the API key has the role ${role ?? 'none'}.`, {
          headers: { 'WWW-Authenticate': `${CHALLENGE}, error="insufficient_scope"` },
        })
      );
    };
  }

  return {
    authenticate,
    authorise,
    /** Has every key looked up anew, because one may have been revoked. */
    forget: (): void => known.forget(),
  };
}

export type Authentication = ReturnType<typeof authentication>;
