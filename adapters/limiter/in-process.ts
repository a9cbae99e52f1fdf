import type { Limiter } from '../../domain/ports/limiter';
import { systemClock, type Clock } from '../http/clock';
import { bucketsInMemory } from './buckets-in-memory';
import { createSharedLimiter } from './shared';

/** The limiter of a process that is alone: its buckets are in its memory. */
export function createInProcessLimiter({ clock = systemClock }: { clock?: Clock } = {}): Limiter {
  return createSharedLimiter({ buckets: bucketsInMemory(clock), clock });
}
