import { setTimeout as sleep } from 'node:timers/promises';
import { connectorModel } from '../../models/connectors';
import { idempotencyModel } from '../../models/idempotency-keys';
import { ApiUnderTest } from './api-under-test';
import { vtexConnector } from './samples';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start();
});
afterAll(async () => {
  await api.stop();
});
afterEach(() => {
  api.orchestrator.mood = 'there';
});

const under = (key: string, apiKey?: string) => ({
  headers: { 'idempotency-key': key },
  ...(apiKey && { key: apiKey }),
});

describe('Idempotency-Key', () => {
  it('answers a repeat as it answered the first time, and creates nothing more', async () => {
    const wanted = vtexConnector();
    const first = await api.post('/v1/connectors', wanted, under('once'));
    const { source, name, ...rest } = wanted;
    const again = await api.post('/v1/connectors', { ...rest, source, name }, under('once'));

    expect([again.status, again.body]).toEqual([202, first.body]);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(api.orchestrator.namesOf(first.body.id)).toEqual(['startOnboarding']);
  });

  it('refuses the key with another body', async () => {
    await api.post('/v1/connectors', vtexConnector(), under('reused'));
    const { status, body } = await api.post('/v1/connectors', vtexConnector(), under('reused'));
    expect([status, body.code]).toEqual([422, 'idempotency_key_reused']);
  });

  it('is a key of its own for each API key and each path', async () => {
    const other = await api.keyFor('admin');
    const one = await api.post('/v1/connectors', vtexConnector(), under('shared'));
    const two = await api.post('/v1/connectors', vtexConnector(), under('shared', other));
    const three = await api.post('/v1/api-keys', { name: 'x', role: 'viewer' }, under('shared'));
    expect([one.status, two.status, three.status]).toEqual([202, 202, 201]);
    expect(one.body.id).not.toBe(two.body.id);
  });

  it('lets one of two at once do the work, and tells the other to come again', async () => {
    const wanted = vtexConnector();
    const answers = await Promise.all([1, 2, 3, 4].map(() => api.post('/v1/connectors', wanted, under('at-once'))));
    const done = answers.filter(({ status }) => status === 202);
    const early = answers.filter(({ status }) => status !== 202);
    expect(done.length).toBeGreaterThanOrEqual(1);
    for (const { status, body, headers } of early)
      expect([status, body.code, headers.get('retry-after')]).toEqual([409, 'in_progress', '1']);
    expect(new Set(done.map(({ body }) => body.id)).size).toBe(1);
    const later = await api.post('/v1/connectors', wanted, under('at-once'));
    expect(later.body).toEqual(done[0]!.body);
    expect(
      await connectorModel(api.connection).countDocuments({ 'config.amazon.sellerId': wanted.amazon.sellerId })
    ).toBe(1);
  });

  it('completes the same connector after a failure in the middle', async () => {
    const wanted = vtexConnector();
    api.orchestrator.mood = 'away';
    expect((await api.post('/v1/connectors', wanted, under('broken-off'))).status).toBe(503);
    const sent = { 'config.amazon.sellerId': wanted.amazon.sellerId };
    const half = await connectorModel(api.connection).findOne(sent).lean();

    api.orchestrator.mood = 'there';
    const { status, body } = await api.post('/v1/connectors', wanted, under('broken-off'));

    expect([status, body.id]).toEqual([202, half!._id]);
    expect(await connectorModel(api.connection).countDocuments(sent)).toBe(1);
    const { body: trail } = await api.get(`/v1/audit?connectorId=${body.id}`);
    expect(trail.items.map(({ action }) => action)).toEqual(['connector.created']);
  });

  it('completes the same connector after the process died in the middle', async () => {
    const wanted = vtexConnector();
    api.orchestrator.mood = 'silent';
    const dying = api.post('/v1/connectors', wanted, under('died'));
    const sent = { 'config.amazon.sellerId': wanted.amazon.sellerId };
    while (!(await connectorModel(api.connection).exists(sent))) await sleep(20);
    const half = await connectorModel(api.connection).findOne(sent).lean();
    await idempotencyModel(api.connection).updateMany({ state: 'running' }, { $set: { lockedUntil: new Date(0) } });

    api.orchestrator.mood = 'there';
    const { status, body } = await api.post('/v1/connectors', wanted, under('died'));

    expect([status, body.id]).toEqual([202, half!._id]);
    // The one that was taken for dead ends late, and does not spoil the answer that is kept.
    await dying;
    expect((await api.post('/v1/connectors', wanted, under('died'))).body).toEqual(body);
  });

  it('does not keep a refusal: the corrected request may come under the same key', async () => {
    const wanted = vtexConnector();
    const taken = await api.connector('draft');
    const { body: other } = await api.get(`/v1/connectors/${taken}`);
    const { sellerId } = (other.config as { amazon: { sellerId: string } }).amazon;
    const refused = await api.post(
      '/v1/connectors',
      { ...wanted, amazon: { ...wanted.amazon, sellerId } },
      under('fix')
    );
    expect(refused.status).toBe(409);
    expect((await api.post('/v1/connectors', wanted, under('fix'))).status).toBe(202);
  });

  it('replays a key that is shown once, and keeps it encrypted meanwhile', async () => {
    const first = await api.post('/v1/api-keys', { name: 'shown', role: 'viewer' }, under('shown'));
    const again = await api.post('/v1/api-keys', { name: 'shown', role: 'viewer' }, under('shown'));
    expect(again.body).toEqual(first.body);
    const kept = JSON.stringify(await idempotencyModel(api.connection).find().lean());
    expect(kept).not.toContain(first.body.key);
  });

  it('forgets after seven days', async () => {
    const wanted = { name: 'again', role: 'viewer' };
    const first = await api.post('/v1/api-keys', wanted, under('old'));
    await idempotencyModel(api.connection).updateMany({}, { $set: { expiresAt: new Date(0) } });
    const again = await api.post('/v1/api-keys', wanted, under('old'));
    expect(again.body.id).not.toBe(first.body.id);
  });

  it.each(['with space', 'x'.repeat(256), 'tab\there'])('refuses the malformed key %j', async (key) => {
    const { status, body } = await api.post('/v1/api-keys', { name: 'a', role: 'viewer' }, under(key));
    expect(status).toBe(422);
    expect(body.errors).toEqual([
      {
        field: 'header.Idempotency-Key',
        code: 'format',
        message: 'An Idempotency-Key has 1 to 255 visible ASCII characters, for example a UUID.',
      },
    ]);
  });
});
