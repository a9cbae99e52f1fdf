import type { Limiter, LimitKey, LimitObservation } from '../../domain/ports/limiter';
import { systemClock, type Clock } from '../http/clock';
import { documentedLimit, type Plan } from './documented-limits';

/**
 * Part of a request that is kept back from each burst: requests that left at the right moments may arrive closer together,
 * and Amazon counts arrivals. Half a request absorbs 100 ms of that at 5 requests/s and costs 100 ms once.
 */
const HEADROOM = 0.5;

/** At high rates a burst holds at least this much of the flow, because timers have no finer grain. */
const TIMER_GRAIN_SECONDS = 0.02;

/** A 429 halves the rate; a second one within this time belongs to the same burst. */
const SAME_BURST_MS = 2000;

/** The rate never falls below this part of the announced one. */
const LOWEST_SHARE = 1 / 16;

/** Every answer within the limit gives back this much: fifteen of them make up for one halving. */
const RECOVERY = 1.05;

/**
 * Token buckets in the memory of one process. Each key starts at the documented plan; waiters of one key go in the order
 * they came; a request takes from its own bucket and from the application's at one moment, or waits.
 */
export function createInProcessLimiter({ clock = systemClock }: { clock?: Clock } = {}): Limiter {
  const lanes = new Map<string, Lane>();
  const shared = new Map<string, Bucket>();

  function laneOf({ sellerId, clientId, operation }: LimitKey): Lane {
    const name = JSON.stringify([sellerId, clientId, operation]);
    let lane = lanes.get(name);
    if (!lane) {
      const { perApplication, ...own } = documentedLimit(operation);
      lane = new Lane(clock, new Bucket(own, clock.now()), applicationBucket(clientId, operation, perApplication));
      lanes.set(name, lane);
    }
    return lane;
  }

  function applicationBucket(clientId: string, operation: string, plan?: Plan): Bucket | undefined {
    if (!plan) return undefined;
    const name = JSON.stringify([clientId, operation]);
    const bucket = shared.get(name) ?? new Bucket(plan, clock.now());
    shared.set(name, bucket);
    return bucket;
  }

  return {
    acquire: async (key, signal) => laneOf(key).acquire(signal),
    observe: (key, seen) => laneOf(key).observe(seen),
  };
}

/** Everybody who waits to make one kind of request for one seller. */
class Lane {
  private readonly waiting: { go: () => void }[] = [];
  private alarm: AbortController | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly own: Bucket,
    private readonly application: Bucket | undefined
  ) {}

  acquire(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const waiter = {
        go: (): void => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      const leave = (): void => {
        this.waiting.splice(this.waiting.indexOf(waiter), 1);
        reject(signal.reason as Error);
        this.proceed();
      };
      signal.addEventListener('abort', leave, { once: true });
      this.waiting.push(waiter);
      if (this.waiting.length === 1) this.proceed();
    });
  }

  observe(seen: LimitObservation): void {
    const now = this.clock.now();
    this.own.learn(seen, now);
    if (seen.ratePerSecond !== undefined) this.application?.allowAtLeast(seen.ratePerSecond, now);
    this.proceed();
  }

  /** Lets go whoever may go now and sets one alarm for the next; without anybody waiting there is no alarm. */
  private proceed(): void {
    this.alarm?.abort();
    this.alarm = undefined;
    while (this.waiting.length > 0) {
      const wait = this.waitMs();
      if (wait > 0) return this.setAlarm(wait);
      this.own.take();
      this.application?.take();
      this.waiting.shift()!.go();
    }
  }

  private waitMs(): number {
    const now = this.clock.now();
    return Math.max(this.own.waitMs(now), this.application?.waitMs(now) ?? 0);
  }

  private setAlarm(ms: number): void {
    const alarm = new AbortController();
    this.alarm = alarm;
    this.clock.sleep(ms, alarm.signal).then(
      () => this.proceed(),
      () => undefined
    );
  }
}

class Bucket {
  private announcedRate: number;
  /** Part of the announced rate that is used: 1, less after a 429. */
  private share = 1;
  private tokens: number;
  private halvedAt = -Infinity;

  constructor(
    private readonly plan: Plan,
    private filledAt: number
  ) {
    this.announcedRate = plan.rate;
    this.tokens = this.capacity;
  }

  /** Milliseconds until one request may be made; 0 for now. */
  waitMs(now: number): number {
    this.fill(now);
    return this.tokens >= 1 - 1e-9 ? 0 : ((1 - this.tokens) / this.rate) * 1000;
  }

  take(): void {
    this.tokens -= 1;
  }

  learn({ status, ratePerSecond }: LimitObservation, now: number): void {
    this.fill(now);
    if (ratePerSecond !== undefined && ratePerSecond > 0 && Number.isFinite(ratePerSecond))
      this.announcedRate = ratePerSecond;
    if (status === 429) this.slowDown(now);
    else if (isWithinLimit(status)) this.share = Math.min(1, this.share * RECOVERY);
    this.tokens = Math.min(this.tokens, this.capacity);
  }

  /** Amazon announces no application's rate, but one seller's share of it is never more than the whole. */
  allowAtLeast(ratePerSecond: number, now: number): void {
    if (!(ratePerSecond > this.announcedRate) || !Number.isFinite(ratePerSecond)) return;
    this.fill(now);
    this.announcedRate = ratePerSecond;
  }

  private slowDown(now: number): void {
    this.tokens = Math.min(this.tokens, 0);
    if (now - this.halvedAt < Math.max(SAME_BURST_MS, 1000 / this.rate)) return;
    this.halvedAt = now;
    this.share = Math.max(LOWEST_SHARE, this.share / 2);
  }

  private fill(now: number): void {
    const seconds = Math.max(0, now - this.filledAt) / 1000;
    this.tokens = Math.min(this.capacity, this.tokens + seconds * this.rate);
    this.filledAt = now;
  }

  private get rate(): number {
    return this.announcedRate * this.share;
  }

  /** A lower rate comes with a burst that is lower in proportion; a higher rate says nothing about the burst. */
  private get capacity(): number {
    const burst = this.plan.burst * Math.min(1, this.rate / this.plan.rate);
    return Math.max(1, burst - HEADROOM, this.rate * TIMER_GRAIN_SECONDS);
  }
}

/** Amazon counted the request and let it pass; other statuses say nothing about the limit. */
function isWithinLimit(status: number): boolean {
  return (status >= 200 && status < 300) || status === 400 || status === 404;
}
