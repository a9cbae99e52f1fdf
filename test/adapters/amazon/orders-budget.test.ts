import { setMaxListeners } from 'node:events';
import { bucketsInMemory } from '../../../adapters/limiter/buckets-in-memory';
import { createSharedLimiter } from '../../../adapters/limiter/shared';
import type { AmazonOrders } from '../../../domain/ports/orders';
import { settled, VirtualClock } from '../limiter/virtual-clock';
import { SandboxWorld } from '../sandbox-world';

const US = 'ATVPDKIKX0DER';
const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
/** How long a call waits for its turn, and how often the watch runs. */
const PATIENCE = 30 * SECOND;
const RUN_EVERY = 180 * SECOND;
const STEP = 15 * SECOND;

describe('the searches for orders of one account', () => {
  let world: SandboxWorld;
  beforeAll(async () => {
    world = await SandboxWorld.start({ rateFactor: 1 });
    await world.control('POST', '/clock', { frozen: true });
  });
  afterAll(async () => {
    await world.sandbox.close();
  });

  it('are never more in any hour than Amazon’s rate gives, whoever asks: connectors, workers, restarts', async () => {
    const clock = new VirtualClock();
    // What all processes share outlives each of them.
    const buckets = bucketsInMemory(clock);
    const process = (): AmazonOrders =>
      world.amazon({ limiter: createSharedLimiter({ buckets, clock }), maxWaitMs: 60_000 }).orders;
    let workers = [process(), process()];
    let waiting: { until: number; end: AbortController }[] = [];
    const asked = { served: 0, lost: 0 };

    function search(orders: AmazonOrders, connectorId: string): void {
      const end = new AbortController();
      setMaxListeners(0, end.signal);
      waiting.push({ until: clock.now() + PATIENCE, end });
      const window = { updatedAfter: '2026-01-01T00:00:00Z', marketplaceIds: [US] };
      orders.search({ ...world.account, connectorId }, window, null, end.signal).then(
        () => (asked.served += 1),
        () => (asked.lost += 1)
      );
    }

    for (let at = 0; at < 4 * HOUR; at += STEP) {
      // Of three connectors, one in each worker and one that is new: as if each had a watch of its own.
      if (at % RUN_EVERY === 0) ['con_1', 'con_2', 'con_3'].forEach((id, nth) => search(workers[nth % 2]!, id));
      // Both are killed now and then, and what comes up asks at once. Tokens live an hour.
      if (at % (HOUR / 2) === 10 * STEP) {
        for (const { end } of waiting) end.abort();
        workers = [process(), process()];
        for (const worker of workers) search(worker, 'con_1');
      }
      await settled();
      await world.control('POST', '/clock', { advanceSeconds: STEP / SECOND });
      await clock.advance(STEP);
      await settled();
      for (const each of waiting) if (each.until <= clock.now()) each.end.abort();
      waiting = waiting.filter(({ until }) => until > clock.now());
    }
    for (const { end } of waiting) end.abort();

    const { byStatus } = await world.calls('searchOrders');
    expect(Object.keys(byStatus)).toEqual(['200']);
    const { most } = await world.control<{ most: number }>('GET', '/calls/busiest?operation=searchOrders&seconds=3600');
    expect(most).toBeLessThanOrEqual(21);
    // And what Amazon gives is used.
    expect(byStatus[200]).toBeGreaterThan(4 * 12);
  });
});
