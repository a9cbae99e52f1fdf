import type { Clock } from '../http/clock';

/** Sends so many requests in any such time and no more; the rest wait their turn. */
export function createPace(most: number, windowMs: number, clock: Clock): (signal: AbortSignal) => Promise<void> {
  const sent: number[] = [];
  return async (signal) => {
    signal.throwIfAborted();
    const now = clock.now();
    const before = sent.length < most ? undefined : sent[sent.length - most];
    const at = Math.max(now, before === undefined ? now : before + windowMs);
    // The place is taken before the wait, so that those who come meanwhile line up behind it.
    sent.push(at);
    if (sent.length > most) sent.shift();
    if (at > now) await clock.sleep(at - now, signal);
  };
}
