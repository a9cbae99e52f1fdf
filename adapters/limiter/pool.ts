import type { LimitObservation, RateBuckets, WaitingGroup } from '../../domain/ports/limiter';
import type { Clock } from '../http/clock';
import type { DatabaseTime } from './database-time';
import type { Plan } from './documented-limits';
import { AHEAD_MS, lease, type Lease, type Lesson } from './lease';
import { paceOf, type Pace } from './pace';
import { Permits } from './permits';

/** Where the buckets are kept may be silent for this long; then those who wait are told. */
const PATIENCE_MS = 10_000;

/** First pause after a failed lease; doubles up to the longest one. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;

/** Sleeping for less would not move the clock. */
export const LEAST_SLEEP_MS = 0.01;

/** After a lease that brought nothing, in milliseconds. */
const LEAST_PAUSE_MS = 20;

/** Two processes that wrote at one moment try again within this time. */
const CONFLICT_PAUSE_MS = 20;

/** Permits used since the last lease say how many are used in a second only if it was at least so long ago. */
const LEAST_MEASURED_MS = 50;

/** Permits fetched for requests that are yet to come are to be used in this part of the time they are good for. */
const FETCHED_SHARE = 0.6;

/** Of a bucket that is used to less than this part, and by nobody else, permits are fetched whether or not they are used. */
const LITTLE_USED = 0.2;
/** The permits of so long, in milliseconds: another process that comes waits no longer behind them. */
const FETCHED_MS = 200;
/** Where fewer are used in that time, each is leased as it is needed. */
const FETCHED_AT_LEAST = 4;

/** Who wants permits beyond those that are held. */
export interface Demand {
  /** False while it is not worth a lease. */
  isNeeded: boolean;
  groups: () => WaitingGroup[];
}

/** A bucket, and this process in it. */
export interface BucketFacts {
  /** Of the bucket. */
  id: string;
  plan: Plan;
  holder: string;
  clock: Clock;
  time: DatabaseTime;
  buckets: RateBuckets;
}

export interface PoolOptions extends BucketFacts {
  demand: (pool: Pool) => Demand;
  /** There are more permits, or the rate has changed. */
  onLease: () => void;
  /** Nothing was heard of the buckets for `PATIENCE_MS`. */
  onSilence: () => void;
}

/** What one process holds of one bucket: it leases permits when they run low, and passes on what answers teach. */
export class Pool {
  private readonly permits = new Permits();
  private lesson: Lesson = { within: 0, wasThrottled: false };
  private announcedRate: number;
  private pace: Pace;
  private isLeasing = false;
  private alarm: AbortController | undefined;
  /** Milliseconds of the process's clock. */
  private notBefore = -Infinity;
  private silentSince: number | undefined;
  private pauseMs = FIRST_PAUSE_MS;

  private used = 0;
  private measuredAt: number;
  private usedPerMs = 0;
  private hadExpired = false;
  /** The bucket as this process left it, where nobody else had written it between its last leases. */
  private left: Awaited<ReturnType<RateBuckets['read']>>;
  private leftVersion: number | undefined;
  private wasAlone = false;
  /** Somebody has waited all the time since the last lease: whatever is leased will be used as it becomes due. */
  private isBacklogged = false;

  constructor(private readonly options: PoolOptions) {
    this.announcedRate = options.plan.rate;
    this.pace = paceOf(options.plan, options.plan.rate);
    this.measuredAt = options.clock.now();
  }

  get toleranceMs(): number {
    return this.pace.toleranceMs;
  }

  get spacingMs(): number {
    return this.pace.spacingMs;
  }

  get held(): number {
    return this.permits.held(this.options.time.now());
  }

  dueIn(): number {
    return this.permits.dueIn(this.options.time.now());
  }

  dueWithin(ms: number): number {
    return this.permits.dueWithin(ms, this.options.time.now());
  }

  take(): void {
    this.permits.take();
    this.used += 1;
  }

  /** To be told when nobody waits any more. */
  rest(): void {
    this.isBacklogged = false;
  }

  /** This process is alone at the bucket, and far from its limit. */
  get isLittleUsed(): boolean {
    const isFar = this.usedPerMs * this.pace.spacingMs < LITTLE_USED;
    return this.wasAlone && isFar && this.usedPerMs * FETCHED_MS > FETCHED_AT_LEAST;
  }

  /** How many permits will be used soon beside those for who waits already, by what was used lately. */
  get expected(): number {
    const twice = 2 * this.usedPerMs * AHEAD_MS;
    const slower = 1 / this.usedPerMs - this.pace.spacingMs;
    if (this.isLittleUsed) return Math.ceil(FETCHED_MS / this.pace.spacingMs);
    if ((this.isBacklogged && !this.hadExpired) || slower <= 0) return Math.ceil(twice);
    return Math.floor(Math.min(twice, (FETCHED_SHARE * this.pace.toleranceMs) / slower));
  }

  /** Follows the announced rate of the bucket. */
  learn({ status, ratePerSecond }: LimitObservation): void {
    if (isRate(ratePerSecond)) this.lesson.announcedRate = ratePerSecond;
    if (status === 429) this.lesson.wasThrottled = true;
    else if (isWithinLimit(status)) this.lesson.within += 1;
    if (this.lesson.wasThrottled) this.permits.clear();
    this.refill();
  }

  /** Of a bucket that Amazon announces no rate of. */
  learnLeast(ratePerSecond: number | undefined): void {
    if (!isRate(ratePerSecond) || ratePerSecond <= this.announcedRate) return;
    this.lesson.leastRate = Math.max(this.lesson.leastRate ?? 0, ratePerSecond);
    this.refill();
  }

  /** Leases more when what is held does not last, and sets an alarm when it is too early; without demand there is none. */
  refill(): void {
    this.alarm?.abort();
    this.alarm = undefined;
    if (this.isLeasing) return;
    const wait = this.waitMs();
    if (wait === undefined) return;
    if (wait > 0) this.setAlarm(wait);
    else void this.leaseNow();
  }

  private waitMs(): number | undefined {
    const { clock, time, demand } = this.options;
    const pause = Math.max(0, this.notBefore - clock.now());
    // While the database is away, what was learned waits for somebody who waits.
    if (this.changesRate() && this.silentSince === undefined) return 0;
    if (!demand(this).isNeeded) return undefined;
    return Math.max(pause, this.permits.lastSlot - AHEAD_MS / 2 - time.now());
  }

  private changesRate(): boolean {
    const { wasThrottled, announcedRate = this.announcedRate, leastRate = 0 } = this.lesson;
    return wasThrottled || announcedRate !== this.announcedRate || leastRate > this.announcedRate;
  }

  private setAlarm(ms: number): void {
    const alarm = new AbortController();
    this.alarm = alarm;
    this.options.clock.sleep(Math.max(ms, LEAST_SLEEP_MS), alarm.signal).then(
      () => this.refill(),
      () => undefined
    );
  }

  private async leaseNow(): Promise<void> {
    const { clock, time, onLease } = this.options;
    this.isLeasing = true;
    this.measure();
    const lesson = this.lesson;
    const changesRate = this.changesRate();
    this.lesson = { within: 0, wasThrottled: false };
    const notDue = changesRate ? this.permits.cutNotDue(time.now()) : undefined;
    const watch = this.watch();
    try {
      const got = await this.ask({ lesson, notDue });
      if (notDue && !got.wasTakenBack && got.pace.spacingMs <= notDue.spacingMs) this.permits.add(notDue);
      this.accept(got, changesRate);
    } catch {
      this.lesson = { ...lesson, ...this.lesson, within: lesson.within + this.lesson.within };
      this.lesson.wasThrottled ||= lesson.wasThrottled;
      this.silentSince ??= clock.now();
      this.notBefore = clock.now() + this.pauseMs;
      this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
      if (clock.now() - this.silentSince >= PATIENCE_MS) this.options.onSilence();
    } finally {
      watch.abort();
      this.isLeasing = false;
    }
    onLease();
    this.refill();
  }

  private async ask(facts: { lesson: Lesson; notDue: ReturnType<Permits['cutNotDue']> }): Promise<Lease> {
    const { id, plan, holder, clock, time, buckets, demand } = this.options;
    for (;;) {
      await time.known();
      // What is as it was left need not be read: the comparison of versions tells.
      const left = this.left;
      this.left = undefined;
      const found = left ?? (await buckets.read(id));
      const isAlone = found?.version === this.leftVersion;
      this.wasAlone = isAlone;
      const got = lease(plan, found?.bucket, {
        ...facts,
        holder,
        groups: demand(this).groups(),
        now: time.now(),
      });
      if (!got.isNews && left) continue;
      if (!got.isNews) {
        if (isAlone) this.left = found;
        return got;
      }
      if (await buckets.write(id, found?.version, got.bucket)) {
        this.leftVersion = (found?.version ?? 0) + 1;
        if (isAlone) this.left = { version: this.leftVersion, bucket: got.bucket };
        return got;
      }
      if (!left) await clock.sleep(Math.random() * CONFLICT_PAUSE_MS, NEVER_ENDS);
    }
  }

  private accept({ bucket, pace, block, nextAt }: Lease, changesRate: boolean): void {
    const { clock, time } = this.options;
    if (pace.spacingMs > this.pace.spacingMs * 1.001) this.permits.clear();
    if (block) this.permits.add(block);
    this.pace = pace;
    this.announcedRate = bucket.announcedRate;
    this.isBacklogged = true;
    this.silentSince = undefined;
    this.pauseMs = FIRST_PAUSE_MS;
    const pauseMs = block || changesRate ? 0 : LEAST_PAUSE_MS;
    this.notBefore = clock.now() + Math.max(pauseMs, nextAt - time.now());
  }

  private measure(): void {
    const now = this.options.clock.now();
    const tookMs = now - this.measuredAt;
    if (tookMs < LEAST_MEASURED_MS) return;
    this.usedPerMs = this.used / tookMs;
    this.hadExpired = this.permits.expired > 0;
    this.used = this.permits.expired = 0;
    this.measuredAt = now;
  }

  /** A database that takes the question and never answers is as good as none. */
  private watch(): AbortController {
    const { clock, onSilence } = this.options;
    const watch = new AbortController();
    const look = (): void =>
      void clock.sleep(PATIENCE_MS, watch.signal).then(
        () => {
          onSilence();
          look();
        },
        () => undefined
      );
    look();
    return watch;
  }
}

const NEVER_ENDS = new AbortController().signal;

function isRate(rate: number | undefined): rate is number {
  return rate !== undefined && rate > 0 && Number.isFinite(rate);
}

/** Amazon counted the request and let it pass; other statuses say nothing about the limit. */
function isWithinLimit(status: number): boolean {
  return (status >= 200 && status < 300) || status === 400 || status === 404;
}
