import { Client, Connection } from '@temporalio/client';
import type { World } from '../workflows/rig';
import {
  connectorInput,
  countsOf,
  disagreements,
  type ListingShown,
  type ProblemShown,
  type StreamedEvent,
} from './public-api';
import { newIdempotencyKey, RealStack, until } from './real-stack';

jest.setTimeout(120_000);

const SIZE = 200;

/** Rows of a CSV, its head included; line ends inside quotes belong to their row. */
function csvRows(text: string): string[] {
  return text
    .replaceAll(/"[^"]*"/g, (quoted) => quoted.replaceAll(/\s/g, ' '))
    .trim()
    .split('\n');
}

describe('the whole story, through the public API', () => {
  let stack: RealStack;
  let world: World;
  let connectorId: string;
  let syncId: string;
  let temporal: Connection;
  let client: Client;

  beforeAll(async () => {
    stack = await RealStack.start({ env: { LOG_LEVEL: 'trace', VERIFY_AFTER_SECONDS: '1,2,3,4,5' } });
    await stack.startWorker();
    temporal = await Connection.connect({ address: stack.temporalAddress });
    client = new Client({ connection: temporal, namespace: stack.settings.TEMPORAL_NAMESPACE });
    world = await stack.sandbox.ask<World>('PUT', 'worlds/story', { generate: SIZE, seed: 7 });
  });
  afterAll(async () => {
    await temporal?.close();
    await stack?.stop();
  });

  it('creates a connector once, however often the same request comes', async () => {
    const body = { ...connectorInput(world), offer: { minimumStock: 3 } };
    const headers = { 'idempotency-key': newIdempotencyKey() };
    const create = () => stack.api.call<{ id: string }>('/v1/connectors', { method: 'POST', body, headers });
    const first = await create();
    const second = await create();
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.body).toEqual(first.body);
    connectorId = first.body.id;
    expect(first.headers.get('location')).toBe(`/v1/connectors/${connectorId}`);
    expect((await stack.api.ask<{ items: unknown[] }>('/v1/connectors')).items).toHaveLength(1);
    const other = await stack.api.call<ProblemShown>('/v1/connectors', {
      method: 'POST',
      body: { ...body, name: 'Another' },
      headers,
    });
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } });
  });

  it('shows the onboarding until it is through, and that the connector may be activated', async () => {
    await stack.api.whenOnboarded(connectorId);
    const { steps } = await stack.api.ask<{ steps: { state: string; endedAt: string | null }[] }>(
      `/v1/connectors/${connectorId}/onboarding`
    );
    expect(steps.filter(({ state, endedAt }) => !['done', 'skipped'].includes(state) || endedAt === null)).toEqual([]);
    const { state, activationChecklist } = await stack.api.connector(connectorId);
    expect(state).toBe('inactive');
    expect(activationChecklist.length).toBeGreaterThan(0);
    expect(activationChecklist.filter(({ done }) => !done)).toEqual([]);
    expect(await stack.sandbox.affiliates(world)).toEqual(['MZN']);
  });

  it('tells the progress of the first sync until it is done', async () => {
    syncId = await stack.api.activate(connectorId);
    const events: StreamedEvent[] = [];
    for await (const event of stack.api.events(syncId)) events.push(event);
    expect(events.length).toBeGreaterThan(2);
    expect(events.slice(0, -1).every(({ event }) => event === 'progress')).toBe(true);
    expect(events.at(-1)).toMatchObject({ event: 'done', data: { id: syncId, outcome: 'completed', phase: 'done' } });
    expect(await stack.api.connector(connectorId)).toMatchObject({ state: 'active', lastSync: { id: syncId } });
  });

  it('lists every SKU in its state with a reason, and the counts add up', async () => {
    const { total, counts } = await stack.api.sync(syncId);
    const all = await stack.api.listings(connectorId);
    expect(total).toBe(all.length);
    expect(new Set(all.map(({ sku }) => sku)).size).toBe(total);
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(total);
    for (const [state, count] of Object.entries(counts)) {
      const those = await stack.api.listings(connectorId, `&state=${state}`);
      expect([state, those.length]).toEqual([state, count]);
    }
    for (const state of ['live', 'paused', 'rejected', 'not_visible', 'blocked'])
      expect(countsOf(all)[state]).toBeGreaterThan(0);
    expect(disagreements(all, await stack.sandbox.amazonBooks(world))).toEqual([]);
  });

  it('gives the ledger as CSV, a row for each SKU', async () => {
    const { body, headers } = await stack.api.call<string>(`/v1/connectors/${connectorId}/listings.csv`);
    expect(headers.get('content-type')).toMatch('text/csv');
    expect(csvRows(body)).toHaveLength(1 + (await stack.api.sync(syncId)).total);
  });

  it('groups the problems, counted as in the ledger', async () => {
    const { items } = await stack.api.ask<{ items: { code: string; count: number; action: string }[] }>(
      `/v1/connectors/${connectorId}/problems`
    );
    const skusByCode: Record<string, Set<string>> = {};
    for (const { sku, problems } of await stack.api.listings(connectorId))
      for (const { code } of problems) (skusByCode[code] ??= new Set()).add(sku);
    const counted = Object.fromEntries(Object.entries(skusByCode).map(([code, skus]) => [code, skus.size]));
    expect(Object.fromEntries(items.map(({ code, count }) => [code, count]))).toEqual(counted);
    expect(items.filter(({ action }) => action === '')).toEqual([]);
  });

  it('lets only an admin raise the SKU limit', async () => {
    const made = await stack.api.ask<{ key: string }>('/v1/api-keys', {
      method: 'POST',
      body: { name: 'operator', role: 'operator' },
    });
    const path = `/v1/connectors/${connectorId}`;
    const raise = (key?: string) =>
      stack.api.call<ProblemShown>(path, { method: 'PATCH', body: { listing: { skuLimit: 5000 } }, key });
    expect(await raise(made.key)).toMatchObject({ status: 403 });
    expect(await raise()).toMatchObject({ status: 200, body: { config: { listing: { skuLimit: 5000 } } } });
    await stack.api.whenOnboarded(connectorId);
  });

  it('undoes the affiliate and the schedule when the connector is deleted', async () => {
    const before = await stack.sandbox.amazonBooks(world);
    const { status, body } = await stack.api.call(`/v1/connectors/${connectorId}`, { method: 'DELETE' });
    expect([status, body]).toMatchObject([202, { id: connectorId, state: 'removing' }]);
    await until(
      async () => (await stack.api.call(`/v1/connectors/${connectorId}`)).status === 404,
      'the connector to be gone'
    );
    expect(await stack.sandbox.affiliates(world)).toEqual([]);
    const isScheduled = async (): Promise<boolean> => {
      for await (const { scheduleId } of client.schedule.list()) if (scheduleId.includes(connectorId)) return true;
      return false;
    };
    await until(async () => !(await isScheduled()), 'the schedule to be gone');
    for (const path of ['listings', 'listings.csv', 'problems', 'onboarding'])
      expect((await stack.api.call(`/v1/connectors/${connectorId}/${path}`)).status).toBe(404);
    expect(await stack.api.ask<{ items: ListingShown[] }>('/v1/connectors')).toMatchObject({ items: [] });
    expect(await stack.sandbox.amazonBooks(world)).toEqual(before);
  });
});
