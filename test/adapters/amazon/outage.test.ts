import { createBreaker, type Breaker } from '../../../adapters/amazon/outage';
import type { Answer, Silence } from '../../../adapters/http/exchange';
import { VirtualClock } from '../limiter/virtual-clock';
import { failureOf, never, SandboxWorld } from '../sandbox-world';

const LIMITS = { failures: 3, firstPauseMs: 1_000, longestPauseMs: 30_000, lookMs: 10_000, patienceMs: 15_000 };

const answer = (status: number): Answer => ({ kind: 'answer', status, header: () => undefined, data: '' });
const silence: Silence = { kind: 'silence', reason: 'ECONNRESET', sendable: true };

describe('an outage, on a clock of its own', () => {
  let clock: VirtualClock;
  let breaker: Breaker;
  /** When somebody looked, in milliseconds. */
  let looks: number[];
  let host: Answer | Silence;

  beforeEach(() => {
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    clock = new VirtualClock();
    breaker = createBreaker(LIMITS, clock);
    looks = [];
    host = answer(503);
  });
  afterEach(() => jest.restoreAllMocks());

  const ask = async (): Promise<Answer | Silence> => {
    looks.push(clock.now());
    return host;
  };
  const waits = (signal = new AbortController().signal, patienceMs = LIMITS.patienceMs) =>
    breaker.waitOut(signal, patienceMs, { operation: 'look', ask });
  const gets = (...all: (Answer | Silence)[]) =>
    all.reduce<Promise<unknown>>((before, got) => before.then(() => breaker.watch('put', async () => got)), settled());
  const goesOut = () => gets(answer(500), silence, answer(503));

  it('is looked for by one request after a row of failures, while all others wait', async () => {
    await goesOut();
    expect([breaker.isOut, breaker.outage()]).toEqual([true, undefined]);
    const all = Promise.all(Array.from({ length: 50 }, () => waits()));
    await clock.advance(900);
    expect(looks).toEqual([0]);
    expect(breaker.outage()).toEqual({ since: expect.any(Date) as Date, lastFailure: 'look: 503' });
    host = answer(200);
    await clock.advance(100);
    expect(await all).toEqual(Array(50).fill(undefined));
    expect([breaker.isOut, breaker.outage(), looks, clock.timers]).toEqual([false, undefined, [0, 1_000], 0]);
  });

  it('is none while answers come between the failures, whatever they say', async () => {
    for (const status of [200, 400, 403, 404, 429]) await gets(silence, answer(500), answer(status));
    expect(breaker.isOut).toBe(false);
  });

  it('is none when the request could not be written', async () => {
    const unsendable = { ...silence, reason: 'ERR_INVALID_CHAR', sendable: false };
    await gets(unsendable, unsendable, unsendable, unsendable);
    expect(breaker.isOut).toBe(false);
  });

  it('is none when the look is answered', async () => {
    host = answer(200);
    await goesOut();
    expect(await waits()).toBeUndefined();
    expect([breaker.isOut, looks]).toEqual([false, [0]]);
  });

  it('is looked at ever more rarely, down to every half minute', async () => {
    await goesOut();
    const calls = Array.from({ length: 12 }, () => waits(undefined, 200_000));
    await clock.advance(125_000);
    expect(looks).toEqual([0, 1_000, 3_000, 7_000, 15_000, 31_000, 61_000, 91_000, 121_000]);
    host = answer(200);
    await clock.advance(30_000);
    await Promise.all(calls);
  });

  it('is told to those who have waited long enough, and nobody looks when nobody waits', async () => {
    await goesOut();
    const call = waits();
    await clock.advance(15_000);
    expect(await call).toEqual({ since: expect.any(Date) as Date, lastFailure: 'look: 503' });
    const { length } = looks;
    await clock.advance(3_600_000);
    expect([looks.length, clock.timers, breaker.isOut]).toEqual([length, 0, true]);
    host = answer(200);
    expect(await waits()).toBeUndefined();
    expect(looks).toHaveLength(length + 1);
  });

  it('lets go at once who is aborted', async () => {
    await goesOut();
    const stop = new AbortController();
    const call = waits(stop.signal);
    stop.abort(new Error('given up'));
    await expect(call).rejects.toThrow('given up');
    await clock.advance(0);
    expect(clock.timers).toBe(0);
  });

  it('ends with any proper answer, also a late one', async () => {
    let late: (got: Answer) => void = () => undefined;
    const request = breaker.watch('put', () => new Promise((resolve) => (late = resolve)));
    await goesOut();
    const call = waits();
    await clock.advance(500);
    late(answer(200));
    await request;
    expect(await call).toBeUndefined();
    expect(breaker.isOut).toBe(false);
  });

  it('does not begin again by what was sent before its end', async () => {
    const late: ((got: Silence) => void)[] = [];
    const requests = Array.from({ length: 5 }, () =>
      breaker.watch('put', () => new Promise((resolve) => late.push(resolve)))
    );
    await goesOut();
    host = answer(200);
    await waits();
    late.forEach((resolve) => resolve(silence));
    await Promise.all(requests);
    expect(breaker.isOut).toBe(false);
  });

  it('has the next one look when one cannot, and takes a look without an answer for one that failed', async () => {
    await goesOut();
    const asked: string[] = [];
    const looker = (name: string, look: (signal: AbortSignal) => Promise<Answer>) =>
      breaker.waitOut(never, 100_000, {
        operation: name,
        ask: (signal) => {
          asked.push(name);
          return look(signal);
        },
      });
    const unable = looker('unable', () => Promise.reject(new Error('no token')));
    const unheard = looker(
      'unheard',
      (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    );
    await clock.advance(0);
    expect([asked, breaker.outage()]).toEqual([['unable'], undefined]);
    await clock.advance(11_000);
    expect(asked).toEqual(['unable', 'unheard']);
    expect(breaker.outage()).toMatchObject({ lastFailure: 'unheard: no answer within 10 s' });
    await gets(answer(200));
    expect(await Promise.all([unable, unheard])).toEqual([undefined, undefined]);
  });

  async function settled(): Promise<void> {}
});

describe('an outage of Amazon, against the sandbox', () => {
  let world: SandboxWorld;

  beforeAll(async () => {
    world = await SandboxWorld.start({ rateFactor: 10 });
  });
  afterAll(() => world.sandbox.close());
  beforeEach(() => world.heal());

  const quick = { firstPauseMs: 100, longestPauseMs: 400, lookMs: 1_000, patienceMs: 15_000 };
  const value = [{ fulfillment_channel_code: 'DEFAULT', quantity: 3 }];
  const patches = [{ op: 'merge' as const, path: '/attributes/fulfillment_availability', value }];
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  /** An adapter that has its token and has learnt the rate. */
  async function amazonWith(options: Parameters<SandboxWorld['amazon']>[0] = {}) {
    const amazon = world.amazon({ outage: quick, ...options });
    await amazon.listings.search(world.account, ['X'], never);
    await amazon.listings.patch(world.account, 'FIRST', 'SHIRT', patches, never);
    await world.heal();
    return {
      ...amazon,
      send: (sku: string, signal = never) => amazon.listings.patch(world.account, sku, 'SHIRT', patches, signal),
    };
  }
  /** Requests for SKUs, and requests that look, since the world was healed. */
  async function requests() {
    const [sent, looks] = [await world.calls('patchListingsItem'), await world.calls('searchListingsItems')];
    return { sent: sent.count, refused: sent.byStatus[429] ?? 0, looks: looks.count };
  }
  const down = (fault: object) => world.fault({ match: { operation: 'amazon.*' }, ...fault });

  it.each([
    ['answers 503', { kind: 'status', status: 503 }, 5_000],
    ['resets connections', { kind: 'reset' }, 5_000],
    ['is silent', { kind: 'timeout' }, 2_000],
  ])(
    'is found out once for sixty calls when it %s, and no call is lost or refused after it',
    async (_, fault, timeoutMs) => {
      const amazon = await amazonWith({ timeoutMs });
      /** As a durable retry does it, only sooner. */
      const durably = async (sku: string): Promise<unknown> =>
        amazon.send(sku).catch(async (error: unknown) => {
          expect(error).toMatchObject({ code: 'transient' });
          await pause(100);
          return durably(sku);
        });
      await down(fault);
      const all = Promise.all(Array.from({ length: 60 }, (_each, index) => durably(`SKU ${index}`)));
      while (amazon.outages().length === 0) await pause(50);
      expect(amazon.outages()).toMatchObject([
        { host: world.sandbox.url.slice('http://'.length), since: expect.any(Date) as Date },
      ]);
      await pause(1_000);
      const begun = await requests();
      await pause(1_000);
      const later = await requests();
      // Sixty may be under way, and ten more be tried, before ten have failed; then only looks go out.
      expect(begun.sent).toBeLessThanOrEqual(70);
      expect(later.sent).toBe(begun.sent);
      expect(later.looks - begun.looks).toBeLessThanOrEqual(10);
      await world.heal();
      await all;
      expect(await requests()).toMatchObject({ sent: 60, refused: 0, looks: 1 });
      expect(amazon.outages()).toEqual([]);
    }
  );

  it('gives a call back as not sent when it lasts', async () => {
    const amazon = await amazonWith({ outage: { ...quick, patienceMs: 300 } });
    await down({ kind: 'status', status: 503 });
    for (let count = 0; count < 10; count += 1) await failureOf(amazon.send('X'));
    const before = await requests();
    const began = performance.now();
    const failure = await failureOf(amazon.send('Y'));
    expect(performance.now() - began).toBeLessThan(1_500);
    expect(failure).toMatchObject({
      code: 'transient',
      message: expect.stringMatching(/^Amazon has not answered since 20\d\d-.*Z; nothing was sent\.$/) as string,
      facts: { system: 'amazon', operation: 'patchListingsItem', notSent: true },
    });
    expect((await requests()).sent).toBe(before.sent);
    const stop = new AbortController();
    const waiting = amazon.send('Z', stop.signal);
    stop.abort(new Error('the run was cancelled'));
    await expect(waiting).rejects.toThrow('the run was cancelled');
    expect((await requests()).sent).toBe(before.sent);
  });

  it('is none when SKUs fail for themselves, however often', async () => {
    const amazon = await amazonWith();
    await world.fault({ match: { skus: ['BAD'] }, kind: 'status', status: 500 });
    for (let count = 0; count < 25; count += 1) {
      expect(await failureOf(amazon.send('BAD'))).toMatchObject({ code: 'transient', facts: { status: 500 } });
      expect(amazon.outages()).toEqual([]);
    }
    expect(await requests()).toEqual({ sent: 25, refused: 0, looks: 2 });
    await world.heal();
    await amazon.send('GOOD');
    expect(await requests()).toMatchObject({ sent: 1, looks: 0 });
  });

  it('of Login with Amazon is a matter of its own, and nothing goes to Amazon', async () => {
    await world.fault({ match: { operation: 'lwaToken' }, kind: 'status', status: 503 });
    const amazon = world.amazon({ outage: { ...quick, patienceMs: 500 } });
    const send = (index: number) =>
      amazon.listings.search({ ...world.account, connectorId: `con_${index}` }, ['X'], never);
    for (let index = 0; index < 10; index += 1)
      expect(await failureOf(send(index))).toMatchObject({ facts: { system: 'lwa', status: 503, notSent: true } });
    const before = (await world.calls('lwaToken')).count;
    const failures = await Promise.all(Array.from({ length: 60 }, (_, index) => failureOf(send(index))));
    for (const failure of failures)
      expect(failure).toMatchObject({
        message: expect.stringMatching(/^Login with Amazon has not answered since .*; nothing was sent\.$/) as string,
        facts: { system: 'lwa', notSent: true },
      });
    expect((await world.calls('lwaToken')).count - before).toBeLessThanOrEqual(5);
    expect(amazon.outages()).toMatchObject([
      { host: expect.stringMatching(/\/auth\/o2\/token$/), lastFailure: 'token: 503' },
    ]);
    expect((await world.calls('searchListingsItems')).count).toBe(0);
    await world.heal();
    expect(await Promise.all([1, 2, 3].map(send))).toEqual([[], [], []]);
    expect(amazon.outages()).toEqual([]);
  });
});
