import { setTimeout as sleep } from 'node:timers/promises';
import { plainProducts } from '../workflows/rig';
import { countsOf, disagreements, type ProblemShown } from './public-api';
import { RealStack, until } from './real-stack';
import { sentAgain } from './sandbox-control';

jest.setTimeout(180_000);

const IN_FLIGHT = 8;
/** Longer than the heartbeat timeout of a page, in milliseconds. */
const LONG_OUTAGE_MS = 17_000;

describe('a sync that loses Temporal', () => {
  let stack: RealStack;
  beforeAll(async () => {
    stack = await RealStack.start({ env: { AMAZON_REQUESTS_IN_FLIGHT: String(IN_FLIGHT) } });
    await stack.startWorker();
  });
  afterAll(async () => {
    await stack.stop();
  });
  afterEach(async () => {
    await stack.sandbox.liftFaults();
  });

  it.each([
    ['for a moment, twice', 'moment', 200, 150, [0, 0]],
    ['for longer than a page may be silent', 'long', 100, 3000, [LONG_OUTAGE_MS]],
  ])('%s, goes on by itself and sends again at most what was in flight', async (_, name, size, delayMs, outages) => {
    const world = await stack.sandbox.world(name, plainProducts(size));
    const connectorId = await stack.api.onboard(world);
    await stack.sandbox.fault({ match: { operation: 'putListingsItem' }, kind: 'slow', delayMs });
    const syncId = await stack.api.activate(connectorId);
    for (const [index, outageMs] of outages.entries()) {
      await stack.api.whenIn(syncId, 'publish', 20 + index * 60);
      await stack.kill('temporal', index === 0 ? 'SIGKILL' : 'SIGTERM');
      expect(await stack.api.sync(syncId)).toMatchObject({ id: syncId, live: false });
      const refused = await stack.api.call<ProblemShown>(`/v1/connectors/${connectorId}/pause`, { method: 'POST' });
      expect(refused).toMatchObject({ status: 503, body: { code: 'workflows_unavailable' } });
      await sleep(outageMs);
      await stack.startAgain('temporal');
    }
    await until(async () => (await fetch(`${stack.api.url}/readyz`)).ok, 'the API to reach Temporal again', 20);
    const sync = await stack.api.ended(syncId);
    expect(sync).toMatchObject({ outcome: 'completed', total: size, counts: { live: size } });
    const [listings, books] = [await stack.api.listings(connectorId), await stack.sandbox.amazonBooks(world)];
    expect(countsOf(listings)).toEqual({ live: size });
    expect(disagreements(listings, books)).toEqual([]);
    expect(sentAgain(books)).toBeLessThanOrEqual(outages.length * IN_FLIGHT);
  });
});
