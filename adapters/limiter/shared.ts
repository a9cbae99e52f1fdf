import { randomUUID } from 'node:crypto';
import { OutsideError } from '../../domain/errors';
import {
  PURPOSES,
  type Asker,
  type Limiter,
  type LimitKey,
  type LimitObservation,
  type RateBuckets,
  type WaitingGroup,
} from '../../domain/ports/limiter';
import { systemClock, type Clock } from '../http/clock';
import { DatabaseTime } from './database-time';
import { documentedLimit, type Plan } from './documented-limits';
import { took, turnsOf, whoseTurn, type Turns } from './fair-order';
import { AHEAD_MS } from './lease';
import { LEAST_SLEEP_MS, Pool, type Demand, type BucketFacts } from './pool';
import { WaitingLine, type Waiter } from './waiting-line';

/** After everybody who waits already. */
const RANK_OF_EXPECTED = PURPOSES.length;

/** A connector that asked for something in this time is expected to ask again. */
const RECENT_MS = 2000;

/**
 * Token buckets that any number of processes share. Each process leases the permits of the next second in blocks, and those
 * who wait in it go in the order of `fair-order.ts`; a request takes from the seller's bucket and from the application's at
 * one moment, or waits.
 */
export function createSharedLimiter({
  buckets,
  clock = systemClock,
}: {
  buckets: RateBuckets;
  clock?: Clock;
}): Limiter {
  const holder = randomUUID();
  const time = new DatabaseTime(clock, () => buckets.time());
  const facts = { holder, clock, time, buckets };
  const lanes = new Map<string, Lane>();
  const applications = new Map<string, Application>();

  function laneOf({ sellerId, clientId, operation, isPreview = false }: LimitKey): Lane {
    const asked = isPreview ? `${operation}:preview` : operation;
    const id = idOf(sellerId, clientId, asked);
    let lane = lanes.get(id);
    if (!lane) {
      const { perApplication, ...plan } = documentedLimit(operation, isPreview);
      const application = perApplication && applicationOf(idOf(clientId, asked), perApplication);
      lane = new Lane({ ...facts, id, plan, sellerId, operation, application });
      application?.lanes.push(lane);
      lanes.set(id, lane);
    }
    return lane;
  }

  function applicationOf(id: string, plan: Plan): Application {
    const application = applications.get(id) ?? new Application({ ...facts, id, plan });
    applications.set(id, application);
    return application;
  }

  return {
    acquire: async (key, signal, asker) =>
      laneOf(key).acquire(signal, asker ?? { connectorId: key.sellerId, purpose: 'details' }),
    observe: (key, seen) => laneOf(key).observe(seen),
    async outlook({ sellerId, clientId, operation, isPreview = false }) {
      const { rate, burst } = documentedLimit(operation, isPreview);
      const found = await buckets.read(idOf(sellerId, clientId, isPreview ? `${operation}:preview` : operation));
      if (!found) return { ratePerSecond: rate, waiting: [], nextInSeconds: 0 };
      await time.known();
      const { announcedRate, share, lastSlot, claims } = found.bucket;
      const ratePerSecond = announcedRate * share;
      const waiting = claims.filter(({ until }) => until > time.now()).map(({ flow }) => flow);
      // A bucket that was left alone for long lets its burst through at once.
      const dueAt = burst > 1 ? lastSlot : lastSlot + 1000 / ratePerSecond;
      return {
        ratePerSecond,
        waiting: [...new Set(waiting)],
        nextInSeconds: Math.max(0, (dueAt - time.now()) / 1000),
      };
    },
  };
}

function idOf(...parts: string[]): string {
  return parts.map(encodeURIComponent).join('/');
}

/** Everybody in this process who waits to make one kind of request for one seller. */
class Lane {
  readonly sellerId: string;
  readonly own: Pool;
  private readonly line = new WaitingLine();
  private readonly application: Application | undefined;
  private readonly operation: string;
  private readonly clock: Clock;
  private readonly time: DatabaseTime;
  private alarm: AbortController | undefined;

  constructor(facts: BucketFacts & { sellerId: string; operation: string; application: Application | undefined }) {
    const { sellerId, operation, application, clock, time } = facts;
    this.sellerId = sellerId;
    this.operation = operation;
    this.application = application;
    this.clock = clock;
    this.time = time;
    this.own = new Pool({
      ...facts,
      demand: (pool) => this.demand(pool),
      onLease: () => this.proceed(),
      onSilence: () => this.giveUp(),
    });
  }

  acquire(signal: AbortSignal, { connectorId, purpose }: Asker): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const end = (settle: () => void): void => {
        signal.removeEventListener('abort', leave);
        settle();
      };
      const waiter: Waiter = {
        flow: connectorId,
        rank: PURPOSES.indexOf(purpose),
        since: this.clock.now(),
        go: () => end(resolve),
        fail: (reason) => end(() => reject(reason)),
      };
      const leave = (): void => {
        this.line.remove(waiter);
        reject(signal.reason as Error);
        this.proceed();
      };
      signal.addEventListener('abort', leave, { once: true });
      this.line.add(waiter);
      this.proceed();
    });
  }

  observe(seen: LimitObservation): void {
    if (seen.status === 429 && seen.isOfApplication && this.application) this.application.pool.learn(seen);
    else this.own.learn(seen);
    this.application?.pool.learnLeast(seen.ratePerSecond);
  }

  /** Lets go whoever may go now and sets one alarm for the next; without anybody waiting there is no alarm. */
  proceed(): void {
    const { own, application } = this;
    this.alarm?.abort();
    this.alarm = undefined;
    if (application) application.serve();
    else while (this.isReady) this.letGo();
    if (this.line.size > 0) {
      const wait = Math.max(own.dueIn(), application?.pool.dueIn() ?? 0);
      this.setAlarm(wait < Infinity ? wait : own.dueIn() - (application?.leadMs ?? 0));
    }
    own.refill();
    application?.pool.refill();
  }

  /** Somebody waits, and the seller's bucket has a permit for it. */
  get isReady(): boolean {
    return this.line.size > 0 && this.own.dueIn() === 0;
  }

  letGo(): void {
    this.own.take();
    this.line.next(this.clock.now())?.go();
    if (this.line.size === 0) this.own.rest();
    this.own.refill();
  }

  giveUp(): void {
    for (const { fail } of this.line.removeAll())
      fail(
        new OutsideError(
          'transient',
          'The database that keeps the rate limits does not answer, and nothing is sent without them.',
          { system: 'mongodb', operation: this.operation }
        )
      );
    this.proceed();
  }

  /** The most urgent who waits here, as the application's bucket sees it. */
  get foremost(): { rank: number; since: number } {
    const [first] = this.line.waiting().sort((one, other) => one.rank - other.rank);
    return { rank: first?.rank ?? RANK_OF_EXPECTED, since: this.time.toShared(first?.since ?? this.clock.now()) };
  }

  private demand(pool: Pool): Demand {
    const { held } = pool;
    const expected = this.recent().length > 0 ? pool.expected : 0;
    const waiting = this.line.size;
    const spare = Math.max(0, held - waiting);
    return {
      isNeeded: waiting > held || spare < expected / 2,
      groups: () => [
        ...this.line.waitingAfter(held).map((group) => ({ ...group, since: this.time.toShared(group.since) })),
        ...this.expectedGroups(expected - spare),
      ],
    };
  }

  /** Requests that are yet to come, of those connectors that were here lately. */
  private expectedGroups(count: number): WaitingGroup[] {
    if (count <= 0) return [];
    const flows = this.recent();
    const since = this.time.now();
    return flows.map((flow) => ({ flow, rank: RANK_OF_EXPECTED, since, waiting: Math.ceil(count / flows.length) }));
  }

  private recent(): string[] {
    return this.line.recent(this.clock.now() - RECENT_MS);
  }

  private setAlarm(ms: number): void {
    // Without permits, or with a lease on its way, the lease wakes those who wait.
    if (ms <= 0 || ms === Infinity) return;
    const alarm = new AbortController();
    this.alarm = alarm;
    this.clock.sleep(Math.max(ms, LEAST_SLEEP_MS), alarm.signal).then(
      () => this.proceed(),
      () => undefined
    );
  }
}

/** The bucket that all sellers of an application share. Permits are fetched for those of the sellers that are due soon. */
class Application {
  readonly lanes: Lane[] = [];
  readonly pool: Pool;
  private turns: Turns = new Map();
  private served = 0;

  constructor(facts: BucketFacts) {
    this.pool = new Pool({
      ...facts,
      demand: () => this.demand(),
      onLease: () => this.lanes.forEach((lane) => lane.proceed()),
      onSilence: () => this.lanes.forEach((lane) => lane.giveUp()),
    });
  }

  /** A permit of a seller is matched so long before it is due; others that follow come along. */
  get leadMs(): number {
    return this.pool.toleranceMs / 4;
  }

  /** Lets go who is ready, one seller after the other, while there are permits. */
  serve(): void {
    while (this.pool.dueIn() === 0) {
      const ready = this.lanes
        .filter(({ isReady }) => isReady)
        .map((lane) => ({ lane, flow: lane.sellerId, waiting: 1, ...lane.foremost }));
      this.turns = turnsOf(ready, this.turns);
      const next = whoseTurn(ready, this.turns, this.served);
      if (!next) return;
      this.served += 1;
      took(this.turns, next.flow);
      this.pool.take();
      next.lane.letGo();
    }
  }

  private demand(): Demand {
    const { held, isLittleUsed } = this.pool;
    // Of a seller's permits that are many more than are used, few need to be matched at any time.
    const enough = isLittleUsed ? 2 * held : held;
    return { isNeeded: this.dueWithin(this.leadMs) > enough, groups: () => this.groups(this.aheadMs(), held) };
  }

  private dueWithin(ms: number): number {
    return this.lanes.reduce((sum, { own }) => sum + own.dueWithin(ms), 0);
  }

  /** How far ahead permits are matched: so far that those of the application do not wait for longer than they are good. */
  private aheadMs(): number {
    const { spacingMs, toleranceMs } = this.pool;
    const isInTime = (ms: number): boolean => ms <= this.dueWithin(ms) * spacingMs + toleranceMs / 2;
    return [AHEAD_MS, AHEAD_MS / 2].find(isInTime) ?? toleranceMs / 2;
  }

  private groups(aheadMs: number, held: number): WaitingGroup[] {
    const groups: WaitingGroup[] = [];
    for (const lane of this.lanes) {
      const due = lane.own.dueWithin(aheadMs);
      const covered = Math.min(due, held);
      held -= covered;
      if (due > covered) groups.push({ flow: lane.sellerId, ...lane.foremost, waiting: due - covered });
    }
    return groups;
  }
}
