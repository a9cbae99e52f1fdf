import type { ListingState } from '../../domain/listing';
import { syncRunStore } from '../../models/sync-runs';
import { testResultStore, type TestResultDocument } from '../../models/test-results';
import { ApiUnderTest } from './api-under-test';
import { listing, putListings, putRun } from './samples';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start();
});
afterAll(async () => {
  await api.stop();
});

const at = new Date('2026-02-01T00:00:00.000Z');
const SYNC = 'syn_00000000000000000009';
const refusal = {
  code: 'amazon.90220',
  message: "'brand' is required.",
  severity: 'error' as const,
  owner: 'merchant' as const,
};

/** Writes results as a test would. */
async function putResults(connectorId: string, parts: Record<string, Partial<TestResultDocument>>): Promise<void> {
  const blank = { outcome: 'passed' as const, reason: 'Amazon would take it.', at, testedIn: SYNC, lastRun: SYNC };
  const about = { sourceId: '1', title: 'Shirt', isParent: false, hash: 'd1:p1:q1' };
  const writes = Object.entries(parts).map(([sku, change]) => ({ sku, change: { ...blank, ...about, ...change } }));
  await testResultStore(api.connection).put(connectorId, writes);
}

const failed: Partial<TestResultDocument> = { outcome: 'failed', reason: refusal.message, problems: [refusal] };

describe('POST …/syncs with mode test (S10)', () => {
  it.each(['inactive', 'active', 'paused'] as const)('begins for a connector that is %s', async (state) => {
    const id = await api.connector(state);
    const { status, body } = await api.post(`/v1/connectors/${id}/syncs`, { mode: 'test', sample: 200, fresh: true });
    expect(status).toBe(202);
    expect(await syncRunStore(api.connection).get(body.id)).toMatchObject({ mode: 'test', sample: 200, fresh: true });
  });

  it('is refused for a connector that is not onboarded, and while another test runs', async () => {
    const draft = await api.connector('draft');
    expect((await api.post(`/v1/connectors/${draft}/syncs`, { mode: 'test' })).body.code).toBe('not_active');
    const active = await api.connector('active');
    const first = await api.post(`/v1/connectors/${active}/syncs`, { mode: 'test' });
    expect((await api.post(`/v1/connectors/${active}/syncs`, { mode: 'test' })).body).toMatchObject({
      code: 'sync_running',
      syncId: first.body.id,
      detail: `Test ${first.body.id} of this connector is running; wait for it or cancel it.`,
    });
  });

  it('leaves room for a sync beside it', async () => {
    const id = await api.connector('active');
    expect((await api.post(`/v1/connectors/${id}/syncs`, { mode: 'test' })).status).toBe(202);
    expect((await api.post(`/v1/connectors/${id}/syncs`, {})).status).toBe(202);
  });

  it('shows how far it is, and says how long it takes before its first answer', async () => {
    const connectorId = await api.connector('active');
    const testCounts = { passed: 3, failed: 1, blocked: 2, error: 0, untested: 596 };
    const _id = 'syn_000000000000000000aa';
    const publishStartedAt = new Date();
    const run = { _id, connectorId, mode: 'test' as const, phase: 'test' as const, startedAt: new Date() };
    await putRun(api.connection, { ...run, sample: 600, toSend: 600, testCounts, publishStartedAt });
    expect((await api.get(`/v1/syncs/${_id}`)).body).toMatchObject({
      mode: 'test',
      phase: 'test',
      sample: 600,
      testCounts,
      etaSeconds: 600,
    });
  });
});

describe('GET …/test-results', () => {
  it('lists them by SKU, by outcome, problem and the beginning of the SKU, page by page', async () => {
    const id = await api.connector();
    await putResults(id, { 'a-1': {}, 'A-2': failed, b: { outcome: 'blocked' }, p: { isParent: true } });
    const { status, body } = await api.get(`/v1/connectors/${id}/test-results`);
    expect(status).toBe(200);
    expect(body.counts).toEqual({ passed: 1, failed: 1, blocked: 1, error: 0, untested: 0 });
    expect(body.items.map(({ sku }) => sku)).toEqual(['A-2', 'a-1', 'b', 'p']);
    expect(body.items[0]).toEqual({
      sku: 'A-2',
      title: 'Shirt',
      isParent: false,
      parentSku: null,
      outcome: 'failed',
      reason: "'brand' is required.",
      problems: [refusal],
      productType: null,
      at: at.toISOString(),
      syncId: SYNC,
      isWaiting: false,
    });
    const skus = async (query: string) =>
      (await api.get(`/v1/connectors/${id}/test-results?${query}`)).body.items.map(({ sku }) => sku);
    expect(await skus('outcome=blocked')).toEqual(['b']);
    expect(await skus('problem=amazon.90220')).toEqual(['A-2']);
    expect(await skus('q=a-')).toEqual(['A-2', 'a-1']);
    const first = await api.get(`/v1/connectors/${id}/test-results?limit=3`);
    expect(await skus(`limit=3&cursor=${first.body.nextCursor}`)).toEqual(['p']);
  });

  it('gives them as CSV', async () => {
    const id = await api.connector();
    await putResults(id, { a: {}, b: failed });
    const { text, headers } = await api.get(`/v1/connectors/${id}/test-results.csv?outcome=failed`);
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(text.trim().split('\n')).toEqual([
      'sku,title,parentSku,outcome,reason,productType,problemCodes,problems,at',
      `b,Shirt,,failed,'brand' is required.,,amazon.90220,'brand' is required.,${at.toISOString()}`,
    ]);
  });

  it('knows no connector that is not there', async () => {
    for (const path of ['test-results', 'test-results.csv', 'test-results/comparison'])
      expect((await api.get(`/v1/connectors/con_00000000000000000000/${path}`)).status).toBe(404);
  });
});

describe('GET …/test-results/comparison (B10)', () => {
  const state = (id: string, sku: string, is: ListingState, details = 'd1') =>
    listing(id, sku, { state: is, reason: `It is ${is}.`, wantedHashes: { details, price: 'p1', quantity: 'q1' } });

  it('counts and lists what passed and was refused, and what failed and was accepted', async () => {
    const id = await api.connector();
    await putResults(id, { a: {}, b: {}, c: {}, d: failed, e: failed, f: failed, g: { outcome: 'blocked' } });
    await putListings(api.connection, [
      state(id, 'a', 'rejected'),
      state(id, 'b', 'rejected', 'changed'),
      state(id, 'c', 'live'),
      state(id, 'd', 'live'),
      state(id, 'e', 'rejected'),
      state(id, 'f', 'pending'),
      state(id, 'g', 'rejected'),
    ]);
    const { body } = await api.get(`/v1/connectors/${id}/test-results/comparison`);
    expect(body.counts).toEqual({ passedAndRefused: 2, failedAndAccepted: 1 });
    expect(body.items.map(({ sku, isSamePayload }) => [sku, isSamePayload])).toEqual([
      ['a', true],
      ['b', false],
    ]);
    expect(body.items[0]).toMatchObject({
      test: { outcome: 'passed', at: at.toISOString() },
      live: { state: 'rejected', reason: 'It is rejected.', at: '2026-01-01T00:00:00.000Z' },
    });
    const reverse = await api.get(`/v1/connectors/${id}/test-results/comparison?difference=failed-and-accepted`);
    expect(reverse.body.items.map(({ sku }) => sku)).toEqual(['d']);
  });

  it('goes page by page, however many SKUs lie between', async () => {
    const id = await api.connector();
    const skus = Array.from({ length: 1100 }, (_, at) => `s${String(at).padStart(4, '0')}`);
    await putResults(id, Object.fromEntries(skus.map((sku, at) => [sku, at % 500 === 0 ? {} : failed])));
    await putListings(
      api.connection,
      skus.map((sku) => state(id, sku, 'rejected'))
    );
    const path = `/v1/connectors/${id}/test-results/comparison?limit=2`;
    const first = await api.get(path);
    const second = await api.get(`${path}&cursor=${first.body.nextCursor}`);
    expect([first, second].map(({ body }) => body.items.map(({ sku }) => sku))).toEqual([
      ['s0000', 's0500'],
      ['s1000'],
    ]);
    expect([first.body.counts, second.body.nextCursor]).toEqual([{ passedAndRefused: 3, failedAndAccepted: 0 }, null]);
  });
});
