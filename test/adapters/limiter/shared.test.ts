import { setMaxListeners } from 'node:events';
import { bucketsInMemory } from '../../../adapters/limiter/buckets-in-memory';
import { createSharedLimiter } from '../../../adapters/limiter/shared';
import type { Clock } from '../../../adapters/http/clock';
import type { Asker, Limiter, LimitKey, Purpose, RateBuckets } from '../../../domain/ports/limiter';
import { settled, VirtualClock } from './virtual-clock';

const KEY: LimitKey = { sellerId: 'A1', clientId: 'app', operation: 'putListingsItem' };
const RATE = 5;
const BURST = 5;
const never = new AbortController().signal;
setMaxListeners(0, never);

interface Passed {
  at: number;
  who: string;
}

/** Several processes whose clocks differ, around one database whose answers take a while. */
class Machines {
  readonly clock = new VirtualClock();
  readonly passed: Passed[] = [];
  reads = 0;
  writes = 0;
  /** What the database does with a question. */
  mood: 'answers' | 'refuses' | 'is silent' = 'answers';
  setBackMs = 0;
  private readonly kept = bucketsInMemory(this.clock);

  /**
   * @param aheadMs - of this machine's clock
   * @param standsStillMs - its process does something once in so long, and nothing between
   */
  limiter(aheadMs = 0, latencyMs = 4, standsStillMs = 0): Limiter {
    const away = async (): Promise<void> => {
      await this.clock.sleep(latencyMs / 2, never);
      if (this.mood === 'refuses') throw new Error('no database');
      while (this.mood === 'is silent') await this.clock.sleep(500, never);
    };
    const buckets: RateBuckets = {
      time: async () => {
        await away();
        const time = await this.kept.time();
        await this.clock.sleep(latencyMs / 2, never);
        return time - this.setBackMs;
      },
      read: async (id) => {
        await away();
        this.reads += 1;
        const found = await this.kept.read(id);
        await this.clock.sleep(latencyMs / 2, never);
        return found;
      },
      write: async (id, version, bucket) => {
        await away();
        const isDone = await this.kept.write(id, version, bucket);
        if (isDone) this.writes += 1;
        await this.clock.sleep(latencyMs / 2, never);
        return isDone;
      },
    };
    const late = (ms: number): number => {
      if (standsStillMs === 0) return ms;
      return Math.ceil((this.clock.now() + ms) / standsStillMs) * standsStillMs - this.clock.now();
    };
    const own: Clock = {
      now: () => this.clock.now() + aheadMs,
      sleep: (ms, signal) => this.clock.sleep(late(ms), signal),
    };
    return createSharedLimiter({ buckets, clock: own });
  }

  /** A page activity: some requests at a time, each answered after a while, until it is stopped. */
  page(limiter: Limiter, asker: Asker, { atOnce = 8, answerMs = 100, key = KEY, signal = never } = {}): void {
    const one = async (): Promise<void> => {
      while (!signal.aborted) {
        await limiter.acquire(key, signal, asker);
        this.passed.push({ at: this.clock.now(), who: `${asker.connectorId} ${asker.purpose}` });
        await this.clock.sleep(answerMs, never);
        limiter.observe(key, { status: 200 });
      }
    };
    for (let each = 0; each < atOnce; each += 1) void one().catch(() => undefined);
  }

  count(who: string, from = 0, to = Infinity): number {
    return this.passed.filter((each) => each.who.startsWith(who) && each.at >= from && each.at < to).length;
  }

  /** The most requests, over all windows, beyond what `burst + rate × length` allows. */
  excess(rate = RATE, burst = BURST): number {
    const times = this.passed.map(({ at }) => at);
    let worst = -Infinity;
    times.forEach((from, first) =>
      times.slice(first).forEach((to, more) => {
        worst = Math.max(worst, more + 1 - burst - (rate * (to - from)) / 1000);
      })
    );
    return worst;
  }
}

const details = (connectorId: string): Asker => ({ connectorId, purpose: 'details' });

describe('a limiter that processes share', () => {
  let machines: Machines;
  beforeEach(() => {
    machines = new Machines();
  });

  it('keeps four processes with three connectors each under one limit and uses it, whatever their clocks say', async () => {
    [0, 3_600_000, -7_000, 250].forEach((ahead) => {
      const limiter = machines.limiter(ahead);
      for (const connector of ['one', 'two', 'three']) machines.page(limiter, details(connector));
    });
    await machines.clock.advance(60_000);
    expect(machines.excess()).toBeLessThanOrEqual(0);
    expect(machines.passed.length).toBeGreaterThanOrEqual(0.97 * RATE * 60);
    expect(machines.passed.length).toBeLessThanOrEqual(1.02 * RATE * 60);
  });

  it('keeps to the limit with processes that stand still for a while and then have it all to do', async () => {
    for (const standsStillMs of [600, 1_500, 4_000, 0])
      machines.page(machines.limiter(0, 4, standsStillMs), details(`every ${standsStillMs} ms`));
    await machines.clock.advance(120_000);
    expect(machines.excess()).toBeLessThanOrEqual(0);
    expect(machines.passed.length).toBeGreaterThanOrEqual(0.5 * RATE * 120);
  });

  it('asks the database a few times a second, not once for each request', async () => {
    const limiter = machines.limiter();
    machines.page(limiter, details('one'));
    await machines.clock.advance(20_000);
    expect(machines.passed.length).toBeGreaterThanOrEqual(97);
    expect(machines.writes / 20).toBeLessThanOrEqual(6);

    limiter.observe(KEY, { status: 200, ratePerSecond: 1000 });
    machines.page(limiter, details('two'), { atOnce: 200 });
    await machines.clock.advance(1_500);
    const [before, had] = [machines.writes, machines.passed.length];
    await machines.clock.advance(2_000);
    expect(machines.passed.length - had).toBeGreaterThanOrEqual(1_940);
    expect(machines.passed.length - had).toBeLessThanOrEqual(2_040);
    expect((machines.writes - before) / 2).toBeLessThanOrEqual(20);
  });

  it('gives the connectors of one seller even shares, also where one has a process of its own', async () => {
    const shared = machines.limiter();
    machines.page(shared, details('one'), { atOnce: 40 });
    machines.page(shared, details('two'));
    machines.page(machines.limiter(), details('three'));
    await machines.clock.advance(60_000);
    for (const connector of ['one', 'two', 'three']) {
      expect(machines.count(connector)).toBeGreaterThanOrEqual(90);
      expect(machines.count(connector)).toBeLessThanOrEqual(110);
    }
  });

  it('lets what stops a sale overtake everything, in its own process and in others', async () => {
    const busy = machines.limiter();
    machines.page(busy, details('one'), { atOnce: 100 });
    await machines.clock.advance(10_000);
    const asked = machines.clock.now();
    for (const limiter of [busy, machines.limiter()])
      void limiter
        .acquire(KEY, never, { connectorId: 'two', purpose: 'stop-selling' })
        .then(() => machines.passed.push({ at: machines.clock.now(), who: 'stop' }));
    await machines.clock.advance(3_000);
    const [inside, outside] = machines.passed.filter(({ who }) => who === 'stop').map(({ at }) => at - asked);
    expect(inside).toBeLessThanOrEqual(400);
    expect(outside).toBeLessThanOrEqual(2_000);
  });

  it.each([
    ['one process', 1],
    ['two processes', 2],
  ])('starves nobody: in %s an eighth is left to what is least urgent', async (_, processes) => {
    const first = machines.limiter();
    const other = processes === 1 ? first : machines.limiter();
    machines.page(first, { connectorId: 'one', purpose: 'stop-selling' }, { atOnce: 30 });
    machines.page(other, { connectorId: 'two', purpose: 'test' });
    await machines.clock.advance(80_000);
    expect(machines.count('two')).toBeGreaterThanOrEqual(0.9 * (400 / 8));
    expect(machines.count('two')).toBeLessThanOrEqual(1.3 * (400 / 8));
  });

  it('goes by urgency among what waits', async () => {
    const limiter = machines.limiter();
    const order: Purpose[] = [];
    const purposes: Purpose[] = ['test', 'read-back', 'details', 'price', 'quantity', 'stop-selling'];
    for (const purpose of purposes)
      void limiter.acquire(KEY, never, { connectorId: 'one', purpose }).then(() => order.push(purpose));
    await machines.clock.advance(5_000);
    expect(order).toEqual([...purposes].reverse());
  });

  it('loses no more than a second of permits with a process that dies, and does not wait for it', async () => {
    const dying = new AbortController();
    setMaxListeners(0, dying.signal);
    machines.page(machines.limiter(), details('one'), { signal: dying.signal });
    machines.page(machines.limiter(), details('two'));
    await machines.clock.advance(20_000);
    dying.abort(new Error('killed'));
    await machines.clock.advance(20_000);
    expect(machines.excess()).toBeLessThanOrEqual(0);
    expect(machines.count('', 20_000)).toBeGreaterThanOrEqual(RATE * 19);
    expect(machines.count('two', 22_500)).toBeGreaterThanOrEqual(0.97 * RATE * 17.5);
  });

  it('tells every process of an announced rate and of a 429, and all recover together', async () => {
    const [one, two] = [machines.limiter(), machines.limiter()];
    machines.page(one, details('one'));
    machines.page(two, details('two'));
    await machines.clock.advance(10_000);
    one.observe(KEY, { status: 200, ratePerSecond: 10 });
    await machines.clock.advance(22_000);
    expect(machines.count('', 12_000, 32_000)).toBeGreaterThanOrEqual(194);

    for (let each = 0; each < 6; each += 1) one.observe(KEY, { status: 429 });
    await machines.clock.advance(2_000);
    const slow = machines.count('', 32_000, 34_000);
    expect(slow).toBeLessThanOrEqual(12);
    expect(machines.count('one', 32_000, 34_000)).toBeGreaterThan(0);
    await machines.clock.advance(18_000);
    expect(machines.count('', 42_000, 52_000)).toBeGreaterThanOrEqual(97);
  });

  it('slows the bucket of the application where Amazon says that it was that one', async () => {
    const limiter = machines.limiter();
    limiter.observe(KEY, { status: 200, ratePerSecond: 200 });
    await machines.clock.advance(100);
    machines.page(limiter, details('one'), { atOnce: 60 });
    await machines.clock.advance(3_000);
    expect(machines.count('one', 2_100, 3_100)).toBeGreaterThanOrEqual(190);
    limiter.observe(KEY, { status: 429, isOfApplication: true });
    machines.page(limiter, details('two'), { key: { ...KEY, sellerId: 'A2' } });
    await machines.clock.advance(2_000);
    expect(machines.count('one', 3_100, 4_100)).toBeLessThanOrEqual(115);
    expect(machines.count('two')).toBeGreaterThanOrEqual(8);
  });

  it('keeps previews at one a second, apart from what is sent', async () => {
    const preview = { ...KEY, isPreview: true };
    const [one, two] = [machines.limiter(), machines.limiter()];
    machines.page(one, { connectorId: 'one', purpose: 'test' }, { key: preview });
    machines.page(two, { connectorId: 'two', purpose: 'test' }, { key: preview });
    await machines.clock.advance(30_000);
    expect(machines.excess(1, 1)).toBeLessThanOrEqual(0.1);
    expect(machines.passed.length).toBeGreaterThanOrEqual(29);

    machines.page(one, details('three'));
    await machines.clock.advance(10_000);
    expect(machines.count('three')).toBeGreaterThanOrEqual(49);
  });

  it.each(['refuses', 'is silent'] as const)(
    'sends nothing while the database %s, says so after ten seconds, and goes on',
    async (mood) => {
      const limiter = machines.limiter();
      await Promise.all([limiter.acquire(KEY, never), machines.clock.advance(1_000)]);
      await machines.clock.advance(5_000);
      machines.mood = mood;
      const failed: unknown[] = [];
      const asked = machines.clock.now();
      let failedAt = 0;
      for (let each = 0; each < 20; each += 1)
        void limiter.acquire(KEY, never).then(
          () => failed.push('let through'),
          (error: unknown) => {
            failed.push(error);
            failedAt = machines.clock.now();
          }
        );
      await machines.clock.advance(30_000);
      expect(failed).toHaveLength(20);
      for (const error of failed) expect(error).toMatchObject({ code: 'transient', facts: { system: 'mongodb' } });
      expect(failedAt - asked).toBeGreaterThanOrEqual(10_000);
      expect(failedAt - asked).toBeLessThanOrEqual(15_000);

      machines.mood = 'answers';
      let isThrough = false;
      void limiter.acquire(KEY, never).then(() => (isThrough = true));
      await machines.clock.advance(5_000);
      expect(isThrough).toBe(true);
      await settled();
      expect(machines.clock.timers).toBe(0);
    }
  );

  it('goes on when the clock of the database is set back', async () => {
    machines.page(machines.limiter(), details('one'));
    await machines.clock.advance(20_000);
    machines.setBackMs = 3_600_000;
    machines.page(machines.limiter(), details('two'));
    await machines.clock.advance(50_000);
    for (const from of [20_000, 30_000, 40_000, 50_000, 60_000])
      expect(machines.count('', from, from + 10_000)).toBeGreaterThanOrEqual(45);
    expect(machines.count('', 55_000, 70_000)).toBeLessThanOrEqual(15 * RATE + 2);
    expect(machines.count('one', 55_000, 70_000)).toBeGreaterThanOrEqual(30);
  });
});
