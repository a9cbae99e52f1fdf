import type { RateBucket, RateBuckets } from '../../domain/ports/limiter';
import type { Clock } from '../http/clock';

/** Buckets that live as long as the process, on its clock. */
export function bucketsInMemory(clock: Clock): RateBuckets {
  const kept = new Map<string, { version: number; bucket: RateBucket }>();
  return {
    time: () => Promise.resolve(clock.now()),
    read: (id) => Promise.resolve(kept.get(id)),
    write: (id, version, bucket) => {
      if (kept.get(id)?.version !== version) return Promise.resolve(false);
      kept.set(id, { version: (version ?? 0) + 1, bucket });
      return Promise.resolve(true);
    },
  };
}
