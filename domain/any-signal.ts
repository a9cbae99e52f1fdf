const held = (): void => undefined;

/**
 * `AbortSignal.any`, of signals that are kept for as long as they may abort. Node.js collects a deadline (`AbortSignal.timeout`)
 * that nobody holds but the signal made of it, and then that one never aborts. Source: nodejs/node#57736.
 */
export function anySignal(signals: readonly AbortSignal[]): AbortSignal {
  // A deadline with a listener is kept. One and the same listener is added once, however often a signal is given.
  for (const signal of signals) signal.addEventListener('abort', held, { once: true });
  return AbortSignal.any([...signals]);
}
