import { createAlertSender } from '../../adapters/alerts';
import { evaluate } from '../../domain/alerts/evaluate';
import { alertChannelModel } from '../../models/alert-channels';
import { alertDeliveryStore } from '../../models/alert-deliveries';
import { alertStore } from '../../models/alerts';
import { channel, condition } from '../domain/alerts/alert-world';
import { HookReceiver, verified } from '../hook-receiver';
import { MailServer } from '../mail-server';
import { ApiUnderTest } from './api-under-test';

let api: ApiUnderTest;
let mail: MailServer;
let receiver: HookReceiver;
const OPERATORS = ['Ops <ops@example.com>'];
beforeAll(async () => {
  [mail, receiver] = await Promise.all([MailServer.start(), HookReceiver.start()]);
  api = await ApiUnderTest.start({ alerts: alertsWith(mail.url, OPERATORS) });
});
afterEach(() => {
  receiver.hooks.length = 0;
  receiver.answer = () => ({ status: 200, body: 'ok' });
});
afterAll(async () => {
  await api.stop();
  await Promise.all([mail.stop(), receiver.stop()]);
});

function alertsWith(smtpUrl: string | undefined, operators: string[], allowPrivate = true) {
  const from = 'Longshore <ls@example.com>';
  const sender = createAlertSender({
    smtpUrl,
    from,
    allowPrivate,
    timeoutMs: 2_000,
    publicUrl: 'http://127.0.0.1:3000',
  });
  return { sender, operators, allowPrivate };
}

const wanted = (parts: object = {}) => ({ name: 'On call', kind: 'webhook', target: receiver.url, ...parts });

describe('alert channels', () => {
  it('are made, listed, shown, changed and removed; their address and secret are kept sealed', async () => {
    const quietHours = { from: '22:00', to: '07:00' };
    const { status, body, headers } = await api.post(
      '/v1/alert-channels',
      wanted({ quietHours, timeZone: 'Europe/Madrid' })
    );
    expect([status, headers.get('cache-control')]).toEqual([201, 'no-store']);
    const secret = String(body.secret);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(body).toMatchObject({
      kind: 'webhook',
      target: `http://127.0.0.1:${receiver.port}/…`,
      isBuiltIn: false,
      isEnabled: true,
      minimumSeverity: 'warning',
      quietHours,
      digestHour: null,
    });
    const path = `/v1/alert-channels/${body.id}`;
    const kept = JSON.stringify(await alertChannelModel(api.connection).find().lean());
    expect(kept).not.toMatch(/of-the-receiver|whsec_/);
    const shown = await api.get(path);
    const { secret: _secret, ...without } = body;
    expect(shown.body).toEqual(without);
    expect(shown.text).not.toMatch(/of-the-receiver|whsec_/);

    const changed = await api.patch(path, {
      quietHours: null,
      digestHour: 8,
      name: 'Night',
      thresholdMinutes: { run_failed: 5 },
    });
    expect(changed.body).toMatchObject({
      name: 'Night',
      quietHours: null,
      digestHour: 8,
      thresholdMinutes: { run_failed: 5 },
    });
    const { body: list } = await api.get('/v1/alert-channels');
    expect(list.items).toContainEqual(changed.body);
    expect((await api.delete(path)).status).toBe(204);
    expect((await api.get(path)).status).toBe(404);
    expect((await api.delete(path)).status).toBe(404);

    const { body: trail, text } = await api.get('/v1/audit?limit=3');
    expect(trail.items.map(({ action }) => action)).toEqual([
      'alert-channel.removed',
      'alert-channel.changed',
      'alert-channel.created',
    ]);
    expect(text).not.toMatch(/of-the-receiver|whsec_/);
  });

  it('go on with the same secret when they are given another address', async () => {
    const { body } = await api.post('/v1/alert-channels', wanted({ target: 'http://127.0.0.1:9/first' }));
    expect((await api.patch(`/v1/alert-channels/${body.id}`, { target: receiver.url })).status).toBe(200);
    expect((await api.post(`/v1/alert-channels/${body.id}/test`)).body).toEqual({
      outcome: 'taken',
      said: 'HTTP 200: ok',
    });
    expect(verified(receiver.hooks[0]!, String(body.secret))).toMatchObject({
      type: 'alert.test',
      data: { alerts: [] },
    });
  });

  it.each([
    ['name', { name: ' ' }],
    ['kind', { kind: 'pager' }],
    ['target', { target: 'ftp://example.com' }],
    ['target', { target: 'http://user:pass@example.com' }],
    ['target', { kind: 'email', target: 'nobody' }],
    ['events.0', { events: ['lost'] }],
    ['minimumSeverity', { minimumSeverity: 'loud' }],
    ['thresholdMinutes.run_failed', { thresholdMinutes: { run_failed: -1 } }],
    ['timeZone', { timeZone: 'Mars/Olympus' }],
    ['quietHours.from', { quietHours: { from: '25:00', to: '07:00' } }],
    ['quietHours', { quietHours: { from: '07:00', to: '07:00' } }],
    ['digestHour', { digestHour: 24 }],
    ['secret', { secret: 'mine' }],
  ])('whose %s is not right are refused', async (field, parts) => {
    const { status, body } = await api.post('/v1/alert-channels', wanted(parts));
    expect([status, body.errors?.map((each) => each.field)]).toEqual([422, [field]]);
  });

  it('may not lead into the own network, but where that is allowed', async () => {
    const own = await ApiUnderTest.start({ alerts: alertsWith(undefined, [], false) });
    for (const target of [receiver.url, 'https://127.0.0.1/x', 'https://localhost/x', 'http://example.com/x'])
      expect((await own.post('/v1/alert-channels', wanted({ target }))).status).toBe(422);
    expect((await own.post('/v1/alert-channels', wanted({ target: 'https://hooks.example.com/x' }))).status).toBe(201);
    const mailed = await own.post('/v1/alert-channels', wanted({ kind: 'email', target: 'a@example.com' }));
    expect([mailed.status, mailed.body.errors?.[0]?.code]).toEqual([422, 'no_mail']);
    expect((await own.get('/v1/alert-channels')).body.items.map(({ isBuiltIn }) => isBuiltIn)).toEqual([false]);
    await own.stop();
  });

  it('are tested by a message that really goes, and the answer says what the other side said', async () => {
    const test = async (parts: object) => {
      const { body } = await api.post('/v1/alert-channels', wanted({ isEnabled: false, ...parts }));
      return (await api.post(`/v1/alert-channels/${body.id}/test`)).body;
    };
    expect(await test({ kind: 'slack' })).toEqual({ outcome: 'taken', said: 'HTTP 200: ok' });
    expect(receiver.hooks[0]!.body).toMatchObject({ text: 'Longshore: A test: alerts reach you here' });
    receiver.answer = () => ({ status: 403, body: 'invalid_token' });
    expect(await test({ kind: 'slack' })).toEqual({ outcome: 'refused', said: 'HTTP 403: invalid_token' });
    expect(await test({ kind: 'email', target: 'one@example.com, Two <two@example.com>' })).toMatchObject({
      outcome: 'taken',
    });
    expect(mail.mails.at(-1)!.to).toEqual(['one@example.com', 'two@example.com']);
    expect((await api.post('/v1/alert-channels/ach_none/test')).status).toBe(404);
  });

  it('have one that is built in, of ALERT_TO: it can be changed and silenced, and not removed', async () => {
    const { body } = await api.get('/v1/alert-channels');
    const builtIn = body.items.find(({ isBuiltIn }) => isBuiltIn);
    expect(builtIn).toMatchObject({ id: 'ach_operators', kind: 'email', target: 'Ops <ops@example.com>' });
    const path = '/v1/alert-channels/ach_operators';
    expect(await api.delete(path)).toMatchObject({ status: 409, body: { code: 'built_in' } });
    expect((await api.patch(path, { target: 'x@example.com' })).status).toBe(422);
    expect((await api.patch(path, { isEnabled: false, digestHour: 7 })).body).toMatchObject({ isEnabled: false });
    expect((await api.get(path)).body).toMatchObject({ isEnabled: false, digestHour: 7 });
  });
});

describe('alerts', () => {
  it('are listed page by page, by state, event and connector, with who was told', async () => {
    const now = new Date('2026-03-02T10:00:00Z');
    const own = channel({ id: 'ach_own' });
    const conditions = [1, 2, 3].map((n) =>
      condition({ key: `run_failed:con_${n}`, connectorId: `con_${n}`, since: new Date(now.getTime() - n * 3_600_000) })
    );
    const store = alertStore(api.connection);
    const look = async (revision: number, at: Date, standing: typeof conditions): Promise<void> =>
      store.write(evaluate(await store.known(at), standing, [own], at).alerts, revision);
    const later = new Date(now.getTime() + 1_200_000);
    await look(1, now, conditions);
    await look(2, now, conditions.slice(0, 2));
    await look(3, later, conditions.slice(0, 2));

    const list = async (query: string) => (await api.get(`/v1/alerts?${query}`)).body.items;
    expect((await list('')).map(({ id, state }) => [id, state])).toEqual([
      ['run_failed:con_1', 'firing'],
      ['run_failed:con_2', 'firing'],
      ['run_failed:con_3', 'recovered'],
    ]);
    expect((await list('state=firing')).length).toBe(2);
    expect(await list('state=recovered')).toMatchObject([
      { id: 'run_failed:con_3', since: '2026-03-02T07:00:00.000Z', endedAt: later.toISOString() },
    ]);
    expect((await list('connectorId=con_2')).length).toBe(1);
    expect(await list('event=run_stuck')).toEqual([]);
    expect((await list('state=firing'))[0]!.told).toEqual([
      { channelId: 'ach_own', lastToldAt: now.toISOString(), heldBackSince: null },
    ]);
    const pages: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await api.get(`/v1/alerts?limit=1${cursor && `&cursor=${cursor}`}`);
      pages.push(...body.items.map(({ id }) => id));
      cursor = body.nextCursor;
    }
    expect(pages).toEqual(['run_failed:con_1', 'run_failed:con_2', 'run_failed:con_3']);
    expect((await api.get('/v1/alerts?state=lost')).status).toBe(422);
  });

  it('that are written by an older look do not replace those of a newer one', async () => {
    const store = alertStore(api.connection);
    const [alert] = evaluate([], [condition({ key: 'run_failed:con_9' })], [], new Date()).alerts;
    await store.write([{ ...alert!, message: 'newer' }], 5);
    await store.write([{ ...alert!, message: 'older' }], 4);
    await store.write([{ ...alert!, message: 'again' }], 5);
    const { body } = await api.get('/v1/alerts?event=run_failed');
    expect(body.items.find(({ id }) => id === 'run_failed:con_9')).toMatchObject({ message: 'newer' });
  });
});

describe('deliveries', () => {
  const at = new Date('2026-03-02T10:00:00Z');
  const idOf = (n: number): string => `adl_${String(n).padStart(32, '0')}`;
  beforeAll(async () => {
    const store = alertDeliveryStore(api.connection);
    const message = (n: number) => ({
      id: idOf(n),
      channelId: 'ach_1',
      kind: 'digest' as const,
      to: [],
      items: [],
      at,
    });
    await store.add([1, 2, 3].map(message));
    await store.noteTry(idOf(1), { at, outcome: 'taken', said: 'HTTP 204' }, { state: 'delivered', nextAt: null });
    await store.noteTry(idOf(2), { at, outcome: 'gone', said: 'HTTP 410' }, { state: 'dead', nextAt: null });
    await store.noteTry(idOf(2), { at, outcome: 'gone', said: 'HTTP 410' }, { state: 'dead', nextAt: null });
  });

  it('are listed, the newest first, by state and channel', async () => {
    const { body } = await api.get('/v1/alert-deliveries?channelId=ach_1');
    expect(body.items.map(({ id, state }) => [id, state])).toEqual([
      [idOf(3), 'waiting'],
      [idOf(2), 'dead'],
      [idOf(1), 'delivered'],
    ]);
    const { body: dead } = await api.get('/v1/alert-deliveries?state=dead');
    expect(dead.items).toMatchObject([{ attempts: [{ outcome: 'gone', said: 'HTTP 410' }], nextAttemptAt: null }]);
    const { body: page } = await api.get('/v1/alert-deliveries?channelId=ach_1&limit=2');
    const next = await api.get(`/v1/alert-deliveries?channelId=ach_1&limit=2&cursor=${page.nextCursor}`);
    expect([...page.items, ...next.body.items].map(({ id }) => id)).toEqual([idOf(3), idOf(2), idOf(1)]);
  });

  it('are sent again when they were given up or wait, and not when they have arrived', async () => {
    const retry = (n: number) => api.post(`/v1/alert-deliveries/${idOf(n)}/retry`);
    expect(await retry(1)).toMatchObject({ status: 409, body: { code: 'delivery_ended' } });
    expect((await retry(2)).status).toBe(202);
    expect((await retry(3)).status).toBe(202);
    expect((await retry(4)).status).toBe(404);
    const woken = api.orchestrator.calls.filter(({ name }) => name === 'wakeAlertDelivery');
    expect(woken.map(({ args }) => args[0])).toEqual([idOf(2), idOf(3)]);
    const { body } = await api.get('/v1/alert-deliveries?state=dead');
    expect(body.items).toEqual([]);
    const [entry] = (await api.get('/v1/audit?limit=1')).body.items;
    expect(entry).toMatchObject({ action: 'alert-delivery.retried', target: { type: 'alert-delivery', id: idOf(3) } });
  });
});
