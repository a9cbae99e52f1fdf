import type { Clock } from '../../../adapters/http/clock';

/** A clock that stands still until it is moved. */
export class VirtualClock implements Clock {
  private time = 0;
  private sleepers: { at: number; wake: () => void }[] = [];

  now(): number {
    return this.time;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const stop = (): void => {
        this.sleepers = this.sleepers.filter((each) => each !== sleeper);
        reject(signal.reason as Error);
      };
      const wake = (): void => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const sleeper = { at: this.time + ms, wake };
      this.sleepers.push(sleeper);
      signal.addEventListener('abort', stop, { once: true });
    });
  }

  /** Timers that are set now. */
  get timers(): number {
    return this.sleepers.length;
  }

  /** Moves on, waking every sleeper at its own moment. */
  async advance(ms: number): Promise<void> {
    const until = this.time + ms;
    await settled();
    for (;;) {
      const next = this.sleepers.reduce<number>((first, { at }) => Math.min(first, at), Infinity);
      if (next > until) break;
      this.time = Math.max(this.time, next);
      const awake = this.sleepers.filter(({ at }) => at <= this.time);
      this.sleepers = this.sleepers.filter(({ at }) => at > this.time);
      awake.forEach(({ wake }) => wake());
      await settled();
    }
    this.time = until;
  }
}

/** Lets everything that is ready run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
