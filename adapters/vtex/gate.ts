/** Lets at most `width` things run at once, in the order they came. */
export function createGate(width: number): <T>(run: () => Promise<T>, signal: AbortSignal) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;

  function enter(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      if (running < width) {
        running += 1;
        return resolve();
      }
      const go = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        waiting.splice(waiting.indexOf(go), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', leave, { once: true });
      waiting.push(go);
    });
  }

  /** Hands the place on to the next one, or frees it. */
  function exit(): void {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  }

  return async (run, signal) => {
    await enter(signal);
    try {
      return await run();
    } finally {
      exit();
    }
  };
}
