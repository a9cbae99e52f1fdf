import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mongoose';
import { leaseStore } from '../../models/leases';
import { Problem } from '../errors';

/** A lock of a process that died is free again after this long, in milliseconds; the work under it takes a fraction. */
const HELD_MS = 15_000;
const WAIT_MS = 5_000;
const POLL_MS = 40;

/**
 * Lets one request at a time decide about an account, whichever process it is in.
 *
 * @throws Problem `busy` when others are at work for longer than a few seconds.
 */
export function accountLocks(connection: Connection) {
  const leases = leaseStore(connection);

  async function take(id: string, holder: string): Promise<void> {
    const giveUpAt = Date.now() + WAIT_MS;
    while ((await leases.take(id, { holder, forMs: HELD_MS })).holder !== holder) {
      if (Date.now() > giveUpAt)
        throw new Problem('busy', 'Another change to the same account is under way; try again in a moment.', {
          headers: { 'Retry-After': '2' },
        });
      await sleep(POLL_MS);
    }
  }

  /** Runs `work` while holding every named lock. They are taken in one order, so that nobody waits in a circle. */
  return async function holding<T>(ids: readonly string[], work: () => Promise<T>): Promise<T> {
    const holder = `request:${randomUUID()}`;
    const taken: string[] = [];
    try {
      for (const id of [...new Set(ids)].sort()) {
        await take(id, holder);
        taken.push(id);
      }
      return await work();
    } finally {
      for (const id of taken) await leases.release(id, holder).catch(() => undefined);
    }
  };
}
