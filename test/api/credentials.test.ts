import { randomBytes } from 'node:crypto';
import { createKeyring } from '../../adapters/secrets/keyring';
import { credentialIdOf, credentialStore } from '../../models/credentials';
import { ApiUnderTest } from './api-under-test';
import { freshSeller, SECRETS, vtexConnector } from './samples';

const DAY = 24 * 3600_000;
const NOW = new Date('2026-06-01T12:00:00.000Z');
const ago = (days: number): Date => new Date(NOW.getTime() - days * DAY);
const iso = (daysFromNow: number): string => ago(-daysFromNow).toISOString();

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start({ clock: () => NOW });
});
afterAll(async () => {
  await api.stop();
});

/** A credential with a connector. It is proved so many days ago, if at all. */
async function credential({ provedDaysAgo }: { provedDaysAgo?: number } = {}) {
  const clientId = `amzn1.application-oa2-client.${randomBytes(6).toString('hex')}`;
  const seller = freshSeller();
  const connectorId = await api.connector('active', vtexConnector({ amazon: { clientId, sellerId: seller } }));
  const store = credentialStore(api.connection);
  const id = credentialIdOf(clientId);
  if (provedDaysAgo !== undefined) {
    const pair = (await store.newest(clientId, seller))!;
    await store.promote(seller, pair, { clientSecret: true, refreshToken: true });
    const at = ago(provedDaysAgo);
    await store.setDates(id, { secretCreatedAt: at, authorisedAt: { [seller]: at } });
  }
  return { id, clientId, seller, connectorId, store, path: `/v1/credentials/${id}` };
}

describe('a credential', () => {
  it('shows the days that are left, the next reminder, and who uses it, without a secret', async () => {
    const { id, clientId, seller, connectorId, path } = await credential({ provedDaysAgo: 60 });
    const { status, body } = await api.get(path);
    expect(status).toBe(200);
    expect(body).toEqual({
      id,
      clientId,
      connectors: [{ id: connectorId, name: 'Luma US' }],
      secretCreatedAt: iso(-60),
      dueAtFrom: 'creation',
      dueAt: iso(120),
      daysLeft: 120,
      nextReminderAt: iso(30),
      reminders: [],
      autoRotate: false,
      newSecret: null,
      previousUntil: null,
      usesPrevious: false,
      rotation: null,
      authorisations: [
        {
          seller,
          authorisedAt: iso(-60),
          dueAt: iso(305),
          daysLeft: 305,
          nextReminderAt: iso(215),
          reminders: [],
        },
      ],
    });
  });

  it('that was not proved yet has no dates', async () => {
    const { path } = await credential();
    expect((await api.get(path)).body).toMatchObject({
      secretCreatedAt: null,
      dueAtFrom: null,
      dueAt: null,
      daysLeft: null,
      nextReminderAt: null,
      authorisations: [],
    });
  });

  it('shows what was sent, what could not be sent and why, and that it is overdue', async () => {
    const { id, store, path } = await credential({ provedDaysAgo: 181.5 });
    const reminder = { credentialId: id, of: 'client-secret' as const, dueAt: iso(-1.5) };
    await store.noteReminder({ ...reminder, day: 1 }, { state: 'sent', reason: null }, ago(2.5));
    for (const hours of [2, 1])
      await store.noteReminder({ ...reminder, day: -1 }, { state: 'not_sent', reason: '$no server' }, ago(hours / 24));
    expect((await api.get(path)).body).toMatchObject({
      daysLeft: -1,
      nextReminderAt: NOW.toISOString(),
      reminders: [
        { day: -1, dueAt: iso(-1.5), state: 'not_sent', reason: '$no server', at: iso(-1 / 24) },
        { day: 1, dueAt: iso(-1.5), state: 'sent', reason: null, at: iso(-2.5) },
      ],
    });
  });

  it('counts to the date that Amazon gives, unless the notice is older than the secret', async () => {
    const { id, store, path } = await credential({ provedDaysAgo: 60 });
    await store.noteExpiry(id, { expiresAt: ago(-10), noticedAt: ago(61) });
    expect((await api.get(path)).body).toMatchObject({ dueAtFrom: 'creation', daysLeft: 120 });
    await store.noteExpiry(id, { expiresAt: ago(-100), noticedAt: ago(1) });
    expect((await api.get(path)).body).toMatchObject({ dueAtFrom: 'notice', daysLeft: 100, dueAt: iso(100) });
  });

  it('is not found under an id that is none', async () => {
    expect((await api.get('/v1/credentials/cred_00000000000000000000')).status).toBe(404);
    expect((await api.patch('/v1/credentials/cred_0', { secretCreatedAt: iso(-1) })).status).toBe(404);
  });
});

describe('the dates of a credential', () => {
  it('are set by a person, replace what Amazon said, reach the clock and the audit trail', async () => {
    const { id, seller, store, path } = await credential({ provedDaysAgo: 60 });
    await store.noteExpiry(id, { expiresAt: ago(-100), noticedAt: ago(1) });
    const { status, body } = await api.patch(path, {
      secretCreatedAt: '2026-05-02T14:00:00+02:00',
      authorisations: [{ seller, authorisedAt: iso(-200) }],
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ secretCreatedAt: iso(-30), dueAtFrom: 'creation', daysLeft: 150 });
    expect(body.authorisations).toMatchObject([{ seller, authorisedAt: iso(-200), daysLeft: 165 }]);
    expect(api.orchestrator.calls.at(-1)).toEqual({ name: 'credentialChanged', args: [id] });
    const { items } = (await api.get('/v1/audit?limit=200')).body;
    const entry = items.find(({ action }) => action === 'credential.dates_set');
    expect(entry).toMatchObject({
      action: 'credential.dates_set',
      target: { type: 'credential', id },
      changes: [
        { field: 'secretCreatedAt', before: iso(-60), after: iso(-30) },
        { field: `authorisations.${seller}.authorisedAt`, before: iso(-60), after: iso(-200) },
      ],
    });
  });

  it.each([
    ['nothing', {}, ''],
    ['a date that is none', { secretCreatedAt: '1 May' }, 'secretCreatedAt'],
    ['a date to come', { secretCreatedAt: iso(1) }, 'secretCreatedAt'],
    ['an unknown field', { secretCreatedAt: iso(-1), secretDueAt: iso(-1) }, 'secretDueAt'],
    [
      'an unknown seller',
      { authorisations: [{ seller: 'constructor', authorisedAt: iso(-1) }] },
      'authorisations.0.seller',
    ],
  ])('are refused: %s', async (_what, body, field) => {
    const { path } = await credential({ provedDaysAgo: 60 });
    const { status, body: problem } = await api.patch(path, body);
    expect([status, problem.code, problem.errors!.map((each) => each.field)]).toEqual([
      422,
      'validation_failed',
      [field],
    ]);
    expect((await api.get(path)).body.secretCreatedAt).toBe(iso(-60));
  });

  it('are refused for a secret that was not proved yet, and for operators only', async () => {
    const { path } = await credential();
    const refused = await api.patch(path, { secretCreatedAt: iso(-1) });
    expect(refused.body.errors).toMatchObject([{ field: 'secretCreatedAt', code: 'not_proved' }]);
    const key = await api.keyFor('viewer');
    expect((await api.patch(path, { secretCreatedAt: iso(-1) }, { key })).status).toBe(403);
    expect((await api.get(path, { key })).status).toBe(200);
  });

  it('are written, and told to the clock by a repeat, while the workflow engine is away', async () => {
    const { path } = await credential({ provedDaysAgo: 60 });
    api.orchestrator.mood = 'away';
    const { status, body } = await api.patch(path, { secretCreatedAt: iso(-30) });
    expect([status, body.code]).toEqual([503, 'workflows_unavailable']);
    api.orchestrator.mood = 'there';
    expect((await api.patch(path, { secretCreatedAt: iso(-30) })).status).toBe(200);
  });
});

describe('the list of credentials', () => {
  it('is paged without gaps or repeats', async () => {
    for (let n = 0; n < 3; n += 1) await credential({ provedDaysAgo: 10 });
    const whole = (await api.get('/v1/credentials?limit=200')).body.items.map(({ id }) => id);
    expect(whole.length).toBeGreaterThan(2);
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const { body } = await api.get(`/v1/credentials?limit=2${cursor ? `&cursor=${cursor}` : ''}`);
      seen.push(...body.items.map(({ id }) => id));
      cursor = body.nextCursor;
    }
    expect(seen).toEqual(whole);
  });
});

describe('a secret', () => {
  it('begins its time anew when it is another one, and not when it is written again', async () => {
    const { clientId, seller, id, store } = await credential({ provedDaysAgo: 60 });
    await store.noteExpiry(id, { expiresAt: ago(-100), noticedAt: ago(1) });
    const box = createKeyring(`test:${randomBytes(32).toString('base64')}`);
    const write = async (isNew: boolean) => {
      await store.propose(clientId, seller, { clientSecret: box.seal(SECRETS.clientSecret) });
      await store.promote(seller, (await store.newest(clientId, seller))!, {
        clientSecret: isNew,
        refreshToken: isNew,
      });
      return (await store.get(id))!;
    };
    const again = await write(false);
    expect([again.secretCreatedAt, again.secretExpiresAt]).toEqual([ago(60), ago(-100)]);
    const other = await write(true);
    expect(Date.now() - other.secretCreatedAt!.getTime()).toBeLessThan(60_000);
    expect(other.secretExpiresAt).toBeNull();
    expect(other.authorisedAt[seller]).toEqual(ago(60));
  });
});
