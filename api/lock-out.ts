import type { Request } from 'express';
import { ipKeyGenerator } from 'express-rate-limit';
import type { Connection } from 'mongoose';
import { lockOutStore } from '../models/lock-outs';
import { Problem } from './errors';
import { Kept } from './kept';
import type { Metrics } from './metrics';
import { requestIdOf } from './request-state';
import { auditService } from './services/audit';
import { hashOfKey } from './services/api-keys';

/** For so long a key that was right from an address needs no other look there, in milliseconds. */
const ADMITTED_MS = 60_000;
const ADMITTED_AT_MOST = 1_000;

/** Which request it is, and from where. */
export interface Origin {
  /** The network address; of IPv6 its network. */
  address: string;
  requestId: string;
}

/** Where a request comes from: what stands behind the proxies that are trusted, and nothing that anybody could write. */
export function originOf(request: Request): Origin {
  const address = (request.ip ?? '').replace(/^::ffff:(?=\d+\.)/, '');
  return { address: ipKeyGenerator(address), requestId: requestIdOf(request) };
}

interface LockOutDeps {
  connection: Connection;
  clock: () => Date;
  metrics: Metrics;
}

/**
 * Locks addresses out that guess keys, for all processes of the API. A key that was right from an address before passes there also
 * meanwhile, and everywhere else nothing changes; any other key is refused unseen, so that a lock-out tells nothing about it.
 */
export function lockOut({ connection, clock, metrics }: LockOutDeps) {
  const store = lockOutStore(connection);
  const audit = auditService({ connection, clock });
  const admitted = new Kept<true>({ forMs: ADMITTED_MS, atMost: ADMITTED_AT_MOST });

  function locked(until: Date): Problem {
    metrics.refused('locked_out');
    const seconds = Math.max(1, Math.ceil((until.getTime() - clock().getTime()) / 1000));
    return new Problem(
      'too_many_failed_logins',
      'Too many wrong keys came from this address; wait as Retry-After says.',
      {
        headers: { 'Retry-After': String(seconds) },
      }
    );
  }

  return {
    /**
     * Counts a key or a hook's token that is nobody's.
     *
     * @throws Problem `too_many_failed_logins` when the address is locked out, or is from now on.
     */
    async wrongKey({ address, requestId }: Origin, key: string): Promise<void> {
      const { lockedUntil, begunAfter } = await store.wrongKey(address, hashOfKey(key).slice(0, 16), clock());
      if (begunAfter !== null && lockedUntil) {
        metrics.lockedOut();
        await audit.note(
          { actor: { id: 'nobody', name: 'nobody', role: 'none' }, requestId },
          {
            action: 'access.locked_out',
            target: { type: 'address', id: address },
            changes: [
              { field: 'wrongKeys', before: null, after: String(begunAfter) },
              { field: 'lockedUntil', before: null, after: lockedUntil.toISOString() },
            ],
          }
        );
      }
      if (lockedUntil) throw locked(lockedUntil);
    },

    /**
     * Lets a right key pass.
     *
     * @param onFirst - runs when the key has not been admitted from here for a minute.
     * @throws Problem `too_many_failed_logins` when the address is locked out and the key was never used there.
     */
    async rightKey({ address }: Origin, keyId: string, onFirst: (now: Date) => Promise<void>): Promise<void> {
      await admitted.get(`${keyId}@${address}`, async () => {
        const now = clock();
        const until = await store.lockedUntil(address, now);
        if (until && !(await store.wasUsed(keyId, address))) throw locked(until);
        await Promise.all([store.used(keyId, address, now), onFirst(now)]);
        return true;
      });
    },
  };
}

export type LockOut = ReturnType<typeof lockOut>;
