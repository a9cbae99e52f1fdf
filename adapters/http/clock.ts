/** Time as the adapters see it; tests put their own in its place. */
export interface Clock {
  /** Milliseconds that only ever grow. Not the time of day. */
  now(): number;
  /** Waits at least `ms`. Rejects with the signal's reason when it aborts, and leaves no timer behind. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const until = performance.now() + ms;
      const wake = (): void => {
        const left = until - performance.now();
        if (left > 0) {
          // Timers round down to whole milliseconds and may fire early.
          timer = setTimeout(wake, Math.ceil(left));
          return;
        }
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const stop = (): void => {
        clearTimeout(timer);
        reject(signal.reason as Error);
      };
      let timer = setTimeout(wake, Math.ceil(ms));
      signal.addEventListener('abort', stop, { once: true });
    }),
};

/** Up to a quarter more or less, so that many who wait do not come back at one moment. */
export function jittered(ms: number): number {
  return ms * (0.75 + Math.random() / 2);
}

/**
 * Runs something under a deadline of its own besides the caller's signal.
 *
 * @returns what it returned, and `late: true` when the deadline passed first. Rejects with the caller's reason when the
 * caller's signal aborts, else with whatever it threw.
 */
export async function withDeadline<T>(
  signal: AbortSignal,
  ms: number,
  run: (signal: AbortSignal) => Promise<T>,
  clock: Clock = systemClock
): Promise<{ late: false; value: T } | { late: true }> {
  signal.throwIfAborted();
  const own = new AbortController();
  const timer = new AbortController();
  let late = false;
  const passOn = (): void => own.abort(signal.reason);
  const expire = (): void => {
    late = true;
    own.abort(new Error('deadline'));
  };
  clock.sleep(ms, timer.signal).then(expire, () => undefined);
  signal.addEventListener('abort', passOn, { once: true });
  try {
    return { late: false, value: await run(own.signal) };
  } catch (error) {
    signal.throwIfAborted();
    if (late) return { late: true };
    throw error;
  } finally {
    timer.abort();
    signal.removeEventListener('abort', passOn);
  }
}

/**
 * Runs something that must not be broken off lightly: its own signal aborts only so long after the caller's.
 *
 * @returns what it returned, also when the caller's signal has aborted by then. Rejects with whatever it threw; without
 * starting it, with the caller's reason when the caller's signal has aborted already.
 */
export async function withGrace<T>(
  signal: AbortSignal,
  graceMs: number,
  run: (signal: AbortSignal) => Promise<T>,
  clock: Clock = systemClock
): Promise<T> {
  signal.throwIfAborted();
  const own = new AbortController();
  const timer = new AbortController();
  const expire = (): void => own.abort(signal.reason);
  const begin = (): void => void clock.sleep(graceMs, timer.signal).then(expire, () => undefined);
  signal.addEventListener('abort', begin, { once: true });
  try {
    return await run(own.signal);
  } finally {
    timer.abort();
    signal.removeEventListener('abort', begin);
  }
}

/** Waits for something that others wait for too: the signal ends this wait, not the thing itself. */
export function waitFor<T>(shared: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      shared.catch(() => undefined);
      return reject(signal.reason as Error);
    }
    const stop = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    shared.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
