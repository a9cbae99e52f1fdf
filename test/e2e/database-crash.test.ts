import { setTimeout as sleep } from 'node:timers/promises';
import { plainProducts, type World } from '../workflows/rig';
import { countsOf, disagreements, type ProblemShown, type StreamedEvent } from './public-api';
import { RealStack, until } from './real-stack';
import { sentAgain } from './sandbox-control';

jest.setTimeout(180_000);

const IN_FLIGHT = 8;
const SIZE = 300;
/** How long one submission takes, in milliseconds. */
const SUBMISSION_MS = 150;
/** What may be written in the last second before a kill: SecantusDB acknowledges writes a moment before they are safe. */
const WRITTEN_IN_A_SECOND = Math.ceil((1000 / SUBMISSION_MS) * IN_FLIGHT);

describe('a sync', () => {
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

  async function publishing(name: string): Promise<{ world: World; connectorId: string; syncId: string }> {
    const world = await stack.sandbox.world(name, plainProducts(SIZE));
    const connectorId = await stack.api.onboard(world);
    await stack.sandbox.fault({ match: { operation: 'putListingsItem' }, kind: 'slow', delayMs: SUBMISSION_MS });
    const syncId = await stack.api.activate(connectorId);
    await stack.api.whenIn(syncId, 'publish', 40);
    return { world, connectorId, syncId };
  }

  async function expectAllLive(world: World, connectorId: string): Promise<number> {
    const [listings, books] = [await stack.api.listings(connectorId), await stack.sandbox.amazonBooks(world)];
    expect(countsOf(listings)).toEqual({ live: SIZE });
    expect(disagreements(listings, books)).toEqual([]);
    return sentAgain(books);
  }

  it('goes on by itself after MongoDB was stopped and started; callers are told meanwhile, and streams taken up again', async () => {
    const { world, connectorId, syncId } = await publishing('stopped');
    const path = `/v1/connectors/${connectorId}/listings`;
    const seen: StreamedEvent[] = [];
    const following = (async () => {
      for await (const event of stack.api.events(syncId)) seen.push(event);
    })().catch(() => undefined);
    await until(async () => seen.length > 0, 'the first event');

    await stack.kill('mongodb', 'SIGTERM');
    const refused = await until(async () => {
      const answer = await stack.api.call<ProblemShown>(path);
      return answer.status === 503 && answer;
    }, 'a refusal');
    expect(refused.headers.get('content-type')).toMatch('application/problem+json');
    expect(refused.body).toMatchObject({ status: 503, code: 'database_unavailable' });
    expect((await stack.api.call('/readyz')).status).toBe(503);
    expect((await stack.api.call('/healthz')).status).toBe(200);
    await sleep(3_000);
    await stack.startAgain('mongodb');
    await until(async () => (await stack.api.call(path)).status === 200, 'the API to heal');
    expect((await stack.api.call('/readyz')).status).toBe(200);

    const again = stack.api.events(syncId, seen.at(-1)?.id);
    for await (const event of again) seen.push(event);
    expect(seen.at(-1)).toMatchObject({ event: 'done', data: { outcome: 'completed', counts: { live: SIZE } } });
    await following;
    expect(await expectAllLive(world, connectorId)).toBeLessThanOrEqual(IN_FLIGHT);
  });

  it('goes on by itself after the API and MongoDB were killed, and every SKU ends as in a calm run', async () => {
    const { world, connectorId, syncId } = await publishing('killed');
    await stack.kill('api');
    await stack.startApi();
    await stack.api.whenIn(syncId, 'publish', 80);
    await stack.kill('mongodb', 'SIGKILL');
    await stack.startAgain('mongodb');
    const sync = await stack.api.ended(syncId);
    expect(sync).toMatchObject({ outcome: 'completed', total: SIZE, counts: { live: SIZE } });
    expect(await expectAllLive(world, connectorId)).toBeLessThanOrEqual(IN_FLIGHT + WRITTEN_IN_A_SECOND);
  });

  it('goes on by itself after MongoDB was killed while the source is read', async () => {
    const world = await stack.sandbox.world('read', plainProducts(SIZE));
    const connectorId = await stack.api.onboard(world);
    await stack.sandbox.fault({ match: { operation: 'vtex.*' }, kind: 'slow', delayMs: 60 });
    const syncId = await stack.api.activate(connectorId);
    await until(async () => (await stack.api.sync(syncId)).total >= 100, 'the first page to be read');
    await stack.kill('mongodb', 'SIGKILL');
    await stack.startAgain('mongodb');
    const sync = await stack.api.ended(syncId);
    expect(sync).toMatchObject({ outcome: 'completed', total: SIZE, counts: { live: SIZE } });
    expect(await expectAllLive(world, connectorId)).toBe(0);
  });
});
