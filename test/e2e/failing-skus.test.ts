import { LISTING_STATES } from '../../domain/listing';
import { plainProducts, type ProductLine } from '../workflows/rig';
import { countsOf, disagreements } from './public-api';
import { RealStack, until } from './real-stack';
import { sentAgain } from './sandbox-control';

jest.setTimeout(120_000);

/** A product line whose seller SKU has a mood at Amazon. */
function moody(line: ProductLine, mood: string): ProductLine {
  return { ...line, skus: line.skus.map((sku) => ({ ...sku, sandbox: { amazon: mood } })) };
}

const skuOf = (number: number): string => `SKU-${String(number).padStart(4, '0')}`;

describe('a sync of two workers', () => {
  let stack: RealStack;
  beforeAll(async () => {
    stack = await RealStack.start({
      env: { RETRY_INITIAL_SECONDS: '1', RETRY_MAXIMUM_SECONDS: '4', HTTP_TIMEOUT_SECONDS: '5' },
    });
    await Promise.all([stack.startWorker('worker'), stack.startWorker('worker-2')]);
  });
  afterAll(async () => {
    await stack.stop();
  });
  afterEach(async () => {
    await stack.sandbox.liftFaults();
  });

  it('sends nothing twice', async () => {
    const world = await stack.sandbox.world('two', plainProducts(300));
    const connectorId = await stack.api.onboard(world);
    const sync = await stack.api.ended(await stack.api.activate(connectorId));
    expect(sync).toMatchObject({ outcome: 'completed', total: 300, counts: { live: 300 } });
    const books = await stack.sandbox.amazonBooks(world);
    expect(disagreements(await stack.api.listings(connectorId), books)).toEqual([]);
    expect(sentAgain(books)).toBe(0);
  });

  it('is done with the others while 20 SKUs answer 500 five times each, and each of their attempts can be seen', async () => {
    const world = await stack.sandbox.world('flaky', plainProducts(200));
    const connectorId = await stack.api.onboard(world);
    const bad = Array.from({ length: 20 }, (_, index) => skuOf(index * 9 + 1));
    const match = { operation: 'putListingsItem', skus: bad };
    await stack.sandbox.fault({ match, kind: 'status', status: 500, timesPerSku: 5 });
    const syncId = await stack.api.activate(connectorId);
    const early = await until(async () => {
      const counts = countsOf(await stack.api.listings(connectorId));
      return counts.live === 180 && counts;
    }, 'the others to be live');
    expect(early).toEqual({ live: 180, retrying: 20 });
    expect(await stack.api.ended(syncId)).toMatchObject({ outcome: 'completed', counts: { live: 200, retrying: 0 } });
    for (const sku of bad) {
      const { state, attempts } = await stack.api.listing(connectorId, sku);
      expect(state).toBe('live');
      expect(attempts.map(({ outcome }) => outcome)).toEqual([...Array<string>(5).fill('transient'), 'accepted']);
      expect(attempts.every(({ at }) => Date.parse(at) <= Date.now())).toBe(true);
    }
    const books = await stack.sandbox.amazonBooks(world);
    expect(Object.values(books).map(({ puts }) => puts)).toEqual(Array<number>(200).fill(1));
  });

  it('says why Amazon refuses a SKU, and does not try it again', async () => {
    const [first, second, third, ...others] = plainProducts(10);
    const lines = [moody(first!, 'invalid'), moody(second!, 'refuse'), moody(third!, 'refuse-late'), ...others];
    const world = await stack.sandbox.world('refused', lines);
    const connectorId = await stack.api.onboard(world);
    expect(await stack.api.ended(await stack.api.activate(connectorId))).toMatchObject({
      outcome: 'completed',
      counts: { live: 7, rejected: 3 },
    });
    expect(await stack.api.ended(await stack.api.startSync(connectorId))).toMatchObject({ counts: { rejected: 3 } });
    const books = await stack.sandbox.amazonBooks(world);
    for (const number of [1, 2, 3]) {
      const { state, reason, problems, attempts } = await stack.api.listing(connectorId, skuOf(number));
      expect(state).toBe('rejected');
      expect(problems.filter(({ severity }) => severity === 'error').map(({ message }) => message)).toContain(reason);
      expect(problems[0]!.code).toMatch(/^amazon\./);
      expect(attempts).toHaveLength(1);
      expect(books[skuOf(number)]?.submissions ?? 1).toBe(1);
    }
  });

  it('ends live when answers are lost, and sends those SKUs at most once more', async () => {
    const world = await stack.sandbox.world('unheard', plainProducts(60));
    const connectorId = await stack.api.onboard(world);
    const unheard = { reset: [1, 11, 21], timeout: [2, 12], status: [3, 13, 23] };
    for (const [kind, numbers] of Object.entries(unheard))
      await stack.sandbox.fault({
        match: { operation: 'putListingsItem', skus: numbers.map(skuOf) },
        kind,
        ...(kind === 'status' && { status: 503 }),
        timesPerSku: 1,
        after: true,
      });
    const sync = await stack.api.ended(await stack.api.activate(connectorId));
    expect(sync).toMatchObject({ outcome: 'completed', counts: { live: 60 } });
    expect(Object.keys(sync.counts).sort()).toEqual([...LISTING_STATES].sort());
    const books = await stack.sandbox.amazonBooks(world);
    expect(disagreements(await stack.api.listings(connectorId), books)).toEqual([]);
    const lost = Object.values(unheard).flat().map(skuOf);
    for (const [sku, { puts }] of Object.entries(books)) expect([sku, puts]).toEqual([sku, lost.includes(sku) ? 2 : 1]);
  });
});
