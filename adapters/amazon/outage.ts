import type { AmazonOutage } from '../../domain/ports/amazon';
import { jittered, systemClock, withDeadline, type Clock } from '../http/clock';
import type { Answer, Silence } from '../http/exchange';

/** How an outage is told, and how its end is looked for. Times in milliseconds. */
export interface OutageLimits {
  /** So many requests in a row without a proper answer make it worth a look. */
  failures: number;
  /** Between two looks; doubles up to the longest one. */
  firstPauseMs: number;
  longestPauseMs: number;
  /** How long a look is waited for: with its place under the limit, and less than the patience. */
  lookMs: number;
  /** How long a call waits for the end of an outage; beyond it, its caller should know. */
  patienceMs: number;
}

type Outage = Omit<AmazonOutage, 'host'>;

/** A request that changes nothing and asks no more than whether the host answers. */
export interface Look {
  operation: string;
  /** Throws where it cannot be made. */
  ask: (signal: AbortSignal) => Promise<Answer | Silence>;
}

/**
 * Knows of one host whether it answers anybody, so that not everybody has to find out. After a row of requests without a
 * proper answer (silence and 5xx; a 429 and every 4xx is one) nothing goes out but one look at a time, for as long as
 * somebody waits. The look is a request of its own, not one of those that wait: some items answer 500 for ever, and a row of
 * them is no outage.
 */
export interface Breaker {
  /** Nothing may go out now. */
  readonly isOut: boolean;
  /** What the looks have found; undefined while the host answers, as far as anybody has asked. */
  outage(): Outage | undefined;
  /**
   * Waits until the host may be asked: not at all, or for the first proper answer after an outage.
   *
   * @returns the outage when the patience ended first. Rejects with the signal's reason.
   */
  waitOut(signal: AbortSignal, patienceMs: number, look: Look): Promise<Outage | undefined>;
  /** Sends a request and learns from what comes of it. */
  watch(operation: string, send: () => Promise<Answer | Silence>): Promise<Answer | Silence>;
}

interface Waiter {
  look: Look;
  go: () => void;
}

/** Breakers by the host's address. */
export interface Breakers {
  of(url: string): Breaker;
  outages(): AmazonOutage[];
}

export function createBreakers(limits: OutageLimits): Breakers {
  const byHost = new Map<string, Breaker>();
  return {
    of(url) {
      const host = url.replace(/^https?:\/\//, '');
      const breaker = byHost.get(host) ?? createBreaker(limits);
      byHost.set(host, breaker);
      return breaker;
    },

    outages: () =>
      [...byHost].flatMap(([host, breaker]) => {
        const outage = breaker.outage();
        return outage ? [{ host, ...outage }] : [];
      }),
  };
}

export function createBreaker(limits: OutageLimits, clock: Clock = systemClock): Breaker {
  /** Failures since the last proper answer. */
  let row: (Outage & { length: number }) | undefined;
  /** Nothing goes out. Only a look that fails makes it certain that it is the host. */
  let out: { isCertain: boolean; lookAt: number; pauseMs: number } | undefined;
  /** Grows with the end of an outage: what was sent before it tells nothing of the time after it. */
  let era = 0;
  const waiting = new Set<Waiter>();
  /** One look at a time; between two of them, the pause. */
  let isLooking = false;
  let pause: AbortController | undefined;

  function learn(operation: string, got: Answer | Silence, sentIn: number): void {
    if (isProper(got)) return endOutage();
    if (sentIn !== era || (got.kind === 'silence' && !got.sendable)) return;
    const lastFailure = `${operation}: ${got.kind === 'silence' ? got.reason : got.status}`;
    row = { length: (row?.length ?? 0) + 1, since: row?.since ?? new Date(), lastFailure };
    if (!out && row.length >= limits.failures)
      out = { isCertain: false, lookAt: clock.now(), pauseMs: limits.firstPauseMs };
  }

  function told(): Outage | undefined {
    return out && row && { since: row.since, lastFailure: row.lastFailure };
  }

  function endOutage(): void {
    row = undefined;
    if (!out) return;
    out = undefined;
    era += 1;
    pause?.abort();
    for (const { go } of waiting) go();
  }

  async function keepLooking(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    while (out && waiting.size > 0) if (await paused(out.lookAt - clock.now())) await lookOnce();
    isLooking = false;
  }

  /** @returns false when the pause was cut short: nobody waits any more. */
  async function paused(ms: number): Promise<boolean> {
    if (ms <= 0) return true;
    pause = new AbortController();
    return clock.sleep(ms, pause.signal).then(
      () => true,
      () => false
    );
  }

  async function lookOnce(): Promise<void> {
    const [first] = waiting;
    const [asked, sentIn] = [out, era];
    if (!first || !asked) return;
    // To the end: an account that cannot look must not stand in the way of the others.
    waiting.delete(first);
    waiting.add(first);
    const { operation, ask } = first.look;
    try {
      const looked = await withDeadline(new AbortController().signal, limits.lookMs, ask, clock);
      const late: Silence = { kind: 'silence', reason: `no answer within ${limits.lookMs / 1000} s`, sendable: true };
      learn(operation, looked.late ? late : looked.value, sentIn);
      asked.isCertain = true;
    } catch {
      // It could not be made, and nothing is known of the host.
    }
    asked.lookAt = clock.now() + Math.min(jittered(asked.pauseMs), limits.longestPauseMs);
    asked.pauseMs = Math.min(asked.pauseMs * 2, limits.longestPauseMs);
  }

  return {
    get isOut() {
      return out !== undefined;
    },

    outage: () => (out?.isCertain ? told() : undefined),

    async waitOut(signal, patienceMs, look) {
      if (!out) return undefined;
      if (patienceMs <= 0) return told();
      let waiter: Waiter | undefined;
      const wait = (own: AbortSignal): Promise<void> =>
        new Promise((go, stop) => {
          waiter = { look, go };
          waiting.add(waiter);
          own.addEventListener('abort', () => stop(own.reason as Error), { once: true });
          void keepLooking();
        });
      try {
        const { late } = await withDeadline(signal, patienceMs, wait, clock);
        return late ? told() : undefined;
      } finally {
        if (waiter) waiting.delete(waiter);
        if (waiting.size === 0) pause?.abort();
      }
    },

    async watch(operation, send) {
      const sentIn = era;
      const got = await send();
      learn(operation, got, sentIn);
      return got;
    },
  };
}

function isProper(got: Answer | Silence): boolean {
  return got.kind === 'answer' && got.status < 500;
}
