import { setMaxListeners } from 'node:events';
import fc from 'fast-check';
import type { Limiter, LimitKey } from '../../../domain/ports/limiter';
import { DOCUMENTED_LIMITS } from '../../../adapters/limiter/documented-limits';
import { createInProcessLimiter } from '../../../adapters/limiter/in-process';
import { settled, VirtualClock } from './virtual-clock';

const KEY: LimitKey = { sellerId: 'A1', clientId: 'app', operation: 'putListingsItem' };
const RATE = 5;
const BURST = 5;
const never = new AbortController().signal;
setMaxListeners(0, never);

/** Asks `count` times at once and notes when each was let through. */
function ask(limiter: Limiter, clock: VirtualClock, count: number, key = KEY): number[] {
  const times: number[] = [];
  for (let each = 0; each < count; each += 1) void limiter.acquire(key, never).then(() => times.push(clock.now()));
  return times;
}

/** The most requests, over all windows, beyond what `burst + rate × length` allows. */
function excess(times: readonly number[], rate: number, burst: number): number {
  let worst = -Infinity;
  times.forEach((from, first) =>
    times.slice(first).forEach((to, more) => {
      worst = Math.max(worst, more + 1 - burst - (rate * (to - from)) / 1000);
    })
  );
  return worst;
}

describe('the limiter in one process', () => {
  let clock: VirtualClock;
  let limiter: Limiter;

  beforeEach(() => {
    clock = new VirtualClock();
    limiter = createInProcessLimiter({ clock });
  });

  it('never lets more than burst + rate × t through in any window, whatever is asked and learned', async () => {
    const step = fc.record({
      ask: fc.integer({ min: 0, max: 12 }),
      wait: fc.integer({ min: 0, max: 3000 }),
      seen: fc.option(
        fc.record({
          status: fc.constantFrom(200, 400, 429, 500),
          ratePerSecond: fc.option(fc.double({ min: 0.5, max: 10, noNaN: true }), { nil: undefined }),
        })
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const ownClock = new VirtualClock();
        const own = createInProcessLimiter({ clock: ownClock });
        const times: number[] = [];
        let highest = RATE;
        for (const { ask: count, wait, seen } of steps) {
          for (let each = 0; each < count; each += 1)
            void own.acquire(KEY, never).then(() => times.push(ownClock.now()));
          await ownClock.advance(wait);
          if (seen) own.observe(KEY, { status: seen.status, ratePerSecond: seen.ratePerSecond });
          highest = Math.max(highest, seen?.ratePerSecond ?? 0);
        }
        await ownClock.advance(3_600_000);
        expect(times).toHaveLength(steps.reduce((sum, each) => sum + each.ask, 0));
        expect(excess(times, highest, BURST)).toBeLessThanOrEqual(1e-6);
        expect(ownClock.timers).toBe(0);
      }),
      { numRuns: 40 }
    );
  });

  it('uses what is allowed: a hundred requests take no longer than the limit asks for', async () => {
    const times = ask(limiter, clock, 100);
    await clock.advance(60_000);
    expect(times).toHaveLength(100);
    expect(times.at(-1)).toBeLessThanOrEqual(((100 - BURST + 3) / RATE) * 1000);
  });

  it('starts with two fifths of the lower documented burst; the rest is for requests that leave late', async () => {
    const times = ask(limiter, clock, 20);
    await clock.advance(0);
    expect(times).toHaveLength(2);
  });

  it('lets waiters go in the order they came', async () => {
    const order: number[] = [];
    for (let each = 0; each < 30; each += 1) void limiter.acquire(KEY, never).then(() => order.push(each));
    await clock.advance(10_000);
    expect(order).toEqual(Array.from({ length: 30 }, (_, index) => index));
  });

  it('keeps sellers and operations apart', async () => {
    ask(limiter, clock, 20);
    const otherSeller = ask(limiter, clock, 2, { ...KEY, sellerId: 'A2' });
    const otherOperation = ask(limiter, clock, 2, { ...KEY, operation: 'patchListingsItem' });
    await clock.advance(0);
    expect(otherSeller).toHaveLength(2);
    expect(otherOperation).toHaveLength(2);
  });

  it('holds all sellers of one application together under the application limit', async () => {
    const all = Array.from({ length: 24 }, (_, seller) => ask(limiter, clock, 20, { ...KEY, sellerId: `A${seller}` }));
    await clock.advance(20_000);
    const times = all.flat().sort((one, two) => one - two);
    const { rate, burst } = DOCUMENTED_LIMITS.putListingsItem!.perApplication!;
    expect(times).toHaveLength(480);
    expect(excess(times, rate, burst)).toBeLessThanOrEqual(1e-6);
    for (const one of all) expect(excess(one, RATE, BURST)).toBeLessThanOrEqual(1e-6);
  });

  it('follows the announced rate up and down', async () => {
    limiter.observe(KEY, { status: 200, ratePerSecond: 50 });
    const fast = ask(limiter, clock, 102);
    await clock.advance(2_000);
    expect(fast).toHaveLength(102);

    limiter.observe(KEY, { status: 200, ratePerSecond: 0.5 });
    const slow = ask(limiter, clock, 100);
    await clock.advance(20_000);
    expect(slow.length).toBeGreaterThanOrEqual(9);
    expect(slow.length).toBeLessThanOrEqual(11);
  });

  it('takes a rate above the documented one of the application as proof that the application has more', async () => {
    limiter.observe(KEY, { status: 200, ratePerSecond: 400 });
    const times = ask(limiter, clock, 1000);
    await clock.advance(2_600);
    expect(times).toHaveLength(1000);
  });

  it('wakes who waits already when the rate rises', async () => {
    limiter.observe(KEY, { status: 200, ratePerSecond: 0.01 });
    const times = ask(limiter, clock, 3);
    await clock.advance(1_000);
    expect(times).toHaveLength(1);
    limiter.observe(KEY, { status: 200, ratePerSecond: 10 });
    await clock.advance(1_000);
    expect(times).toHaveLength(3);
  });

  it('halves the rate on a 429, counts the 429s of one burst once, and recovers gradually', async () => {
    const throughput = async (): Promise<number> => {
      const signal = new AbortController();
      setMaxListeners(0, signal.signal);
      let count = 0;
      for (let each = 0; each < 100; each += 1)
        void limiter.acquire(KEY, signal.signal).then(
          () => (count += 1),
          () => undefined
        );
      await clock.advance(10_000);
      signal.abort(new Error('enough'));
      await settled();
      return count;
    };
    ask(limiter, clock, 4);
    await clock.advance(0);
    for (let each = 0; each < 8; each += 1) limiter.observe(KEY, { status: 429 });
    const halved = await throughput();
    expect(halved).toBeGreaterThanOrEqual(22);
    expect(halved).toBeLessThanOrEqual(26);

    for (let each = 0; each < 8; each += 1) limiter.observe(KEY, { status: 200, ratePerSecond: RATE });
    const between = await throughput();
    expect(between).toBeGreaterThan(halved);
    expect(between).toBeLessThan(46);

    for (let each = 0; each < 20; each += 1) limiter.observe(KEY, { status: 200, ratePerSecond: RATE });
    expect(await throughput()).toBeGreaterThanOrEqual(49);
  });

  it('ends a wait with the reason of its signal, passes the place on and leaves no timer', async () => {
    ask(limiter, clock, 3);
    const leaving = new AbortController();
    const left = limiter.acquire(KEY, leaving.signal);
    const stayed = ask(limiter, clock, 1);
    await settled();
    leaving.abort(new Error('cancelled by the run'));
    await expect(left).rejects.toThrow('cancelled by the run');
    await clock.advance(2_000);
    expect(stayed).toHaveLength(1);
    expect(stayed[0]).toBeLessThanOrEqual(400);
    expect(clock.timers).toBe(0);
  });

  it('refuses a signal that is aborted already', async () => {
    await expect(limiter.acquire(KEY, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
  });

  it('refuses an operation without a documented limit', async () => {
    await expect(limiter.acquire({ ...KEY, operation: 'launchRocket' }, never)).rejects.toThrow(RangeError);
  });

  it('keeps to its rate on the real clock too', async () => {
    const real = createInProcessLimiter();
    real.observe(KEY, { status: 200, ratePerSecond: 100 });
    const began = performance.now();
    await Promise.all(Array.from({ length: 44 }, () => real.acquire(KEY, never)));
    expect(performance.now() - began).toBeGreaterThanOrEqual(340);
  });

  it('tells what one who would begin to ask now may expect', async () => {
    expect(await limiter.outlook(KEY)).toEqual({ ratePerSecond: RATE, waiting: [], nextInSeconds: 0 });
    ask(limiter, clock, BURST + 5);
    await settled();
    limiter.observe(KEY, { status: 200, ratePerSecond: 4 });
    await clock.advance(1_000);
    const outlook = await limiter.outlook(KEY);
    expect(outlook).toMatchObject({ ratePerSecond: 4, waiting: ['A1'] });
    expect(outlook.nextInSeconds).toBeGreaterThan(0);
    await expect(limiter.outlook({ ...KEY, operation: 'unknown' })).rejects.toThrow(RangeError);
  });
});
