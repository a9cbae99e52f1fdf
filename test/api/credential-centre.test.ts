import { randomBytes } from 'node:crypto';
import { createKeyring } from '../../adapters/secrets/keyring';
import { clientSecretStore } from '../../models/client-secrets';
import { rotationStore } from '../../models/credential-rotations';
import { credentialIdOf, credentialModel, credentialStore } from '../../models/credentials';
import { SandboxWorld } from '../adapters/sandbox-world';
import { ApiUnderTest } from './api-under-test';

const box = createKeyring(`test:${randomBytes(32).toString('base64')}`);
const DAY = 24 * 3600_000;
const NEVER_GIVEN = 'amzn1.oa2-cs.v1.never-given';

let api: ApiUnderTest;
let world: SandboxWorld;
beforeAll(async () => {
  world = await SandboxWorld.start();
  const { accounts, applications } = world.amazon();
  api = await ApiUnderTest.start({ accounts, applications, secretBox: box });
});
afterAll(async () => {
  await world.sandbox.close();
  await api.stop();
});
beforeEach(async () => {
  await credentialModel(api.connection).deleteMany({});
  await world.control('POST', '/reset');
  Object.assign(world.facts, await world.control<typeof world.facts>('PUT', '/worlds/w', { generate: 1 }));
});

const store = () => credentialStore(api.connection);
const secrets = () => clientSecretStore(api.connection);
const idOf = (): string => credentialIdOf(world.facts.amazon.clientId);
const path = (): string => `/v1/credentials/${idOf()}`;
const lastCall = () => api.orchestrator.calls.at(-1);

/** A credential whose secrets Amazon has taken. */
async function proved(): Promise<void> {
  const { clientId, clientSecret, refreshToken, sellerId } = world.facts.amazon;
  await store().propose(clientId, sellerId, {
    clientSecret: box.seal(clientSecret),
    refreshToken: box.seal(refreshToken),
  });
  await store().promote(sellerId, (await store().newest(clientId, sellerId))!, {
    clientSecret: true,
    refreshToken: true,
  });
}

const body = (change: object = {}) => ({
  clientId: world.facts.amazon.clientId,
  clientSecret: world.facts.amazon.clientSecret,
  authorisations: [{ seller: world.facts.amazon.sellerId, refreshToken: world.facts.amazon.refreshToken }],
  ...change,
});

describe('a new credential', () => {
  it('is kept without its secrets ever being shown, is tried, and is noted in the audit trail', async () => {
    const { status, body: made, text } = await api.post('/v1/credentials', body({ autoRotate: true }));
    expect(status).toBe(201);
    expect(made).toMatchObject({
      id: idOf(),
      autoRotate: true,
      newSecret: 'saved',
      secretCreatedAt: null,
      rotation: { state: 'proving', cause: 'saved', endedAt: null },
    });
    expect(text).not.toMatch(/amzn1\.oa2-cs|Atzr/);
    expect(lastCall()).toEqual({ name: 'secretChanged', args: [idOf()] });
    const kept = (await store().get(idOf()))!;
    expect(box.open(kept.clientSecret.next!)).toBe(world.facts.amazon.clientSecret);
    const { items } = (await api.get('/v1/audit?limit=200')).body;
    expect(items[0]).toMatchObject({
      action: 'credential.created',
      fields: ['clientId', 'clientSecret', `authorisations.${world.facts.amazon.sellerId}.refreshToken`],
    });
    expect(JSON.stringify(items)).not.toMatch(/amzn1\.oa2-cs|Atzr/);
  });

  it.each([
    ['an application that is kept already', {}, 409, 'credential_exists'],
    ['a client id that is none', { clientId: 'nobody' }, 422, 'validation_failed'],
    [
      'a token of MWS',
      { authorisations: [{ seller: 'A2LUMASELLER01', refreshToken: 'amzn.mws.x' }] },
      422,
      'validation_failed',
    ],
    [
      'a seller that is none',
      { authorisations: [{ seller: '$where', refreshToken: 'Atzr|abc' }] },
      422,
      'validation_failed',
    ],
  ])('is refused for %s', async (_, change, status, code) => {
    await proved();
    const refused = await api.post('/v1/credentials', body(change));
    expect([refused.status, refused.body.code]).toEqual([status, code]);
    expect((await store().get(idOf()))!.clientSecret.next ?? null).toBeNull();
  });
});

describe('a new client secret', () => {
  it('waits beside the one in use, is tried, and is noted in the audit trail', async () => {
    await proved();
    const { status, body: shown } = await api.post(`${path()}/secret`, { clientSecret: NEVER_GIVEN });
    expect(status).toBe(202);
    expect(shown).toMatchObject({ newSecret: 'saved', rotation: { state: 'proving', cause: 'saved' } });
    expect(lastCall()).toEqual({ name: 'secretChanged', args: [idOf()] });
    const { clientSecret } = (await store().get(idOf()))!;
    expect(box.open(clientSecret.current!)).toBe(world.facts.amazon.clientSecret);
    const { items } = (await api.get('/v1/audit?limit=1')).body;
    expect(items).toMatchObject([
      {
        action: 'credential.secret_saved',
        changes: [{ field: 'clientSecret', before: '[secret]', after: '[secret]' }],
      },
    ]);
  });

  it('is for admins, and of a credential that exists', async () => {
    await proved();
    const key = await api.keyFor('operator');
    expect((await api.post(`${path()}/secret`, { clientSecret: NEVER_GIVEN }, { key })).status).toBe(403);
    expect((await api.post('/v1/credentials/cred_0/secret', { clientSecret: NEVER_GIVEN })).status).toBe(404);
    expect((await api.post(`${path()}/secret`, {})).status).toBe(422);
  });
});

describe('the test of a credential', () => {
  const test = async () => (await api.post(`${path()}/test`)).body;
  const replaced = async (): Promise<string> => {
    await world.control('POST', '/worlds/w/amazon', { rotation: { oldLivesSeconds: 0 } });
    return (await world.control<typeof world.facts>('POST', '/worlds/w/amazon', { newClientSecret: true })).amazon
      .clientSecret;
  };

  it('says that everything works, by one token request for each', async () => {
    await proved();
    await world.heal();
    expect(await test()).toMatchObject({
      works: true,
      secrets: [{ secret: 'current', verdict: 'works', action: null, owner: 'nobody' }],
      authorisations: [{ seller: world.facts.amazon.sellerId, token: 'current', verdict: 'works' }],
    });
    expect((await world.calls('lwaToken')).count).toBe(2);
  });

  it.each([
    [
      'secret_expired',
      'longshore',
      async () => {
        await replaced();
        await store().setDates(idOf(), { secretCreatedAt: new Date(Date.now() - 181 * DAY) });
      },
    ],
    ['secret_rotated', 'longshore', async () => void (await replaced())],
  ])('tells a client secret that is %s, and has %s act', async (verdict, owner, make) => {
    await proved();
    await make();
    expect(await test()).toMatchObject({
      works: false,
      secrets: [{ secret: 'current', verdict, owner, action: expect.stringMatching(/client secret/) }],
      authorisations: [{ verdict: 'unknown' }],
    });
  });

  it('tells a client secret that was mistyped from the one that works', async () => {
    await proved();
    await secrets().save(idOf(), box.seal(NEVER_GIVEN));
    expect(await test()).toMatchObject({
      works: true,
      secrets: [
        { secret: 'current', verdict: 'works' },
        { secret: 'saved', verdict: 'wrong_secret', owner: 'longshore' },
      ],
    });
  });

  it('tells a new one that Amazon does not take yet, and has one that it takes used at once', async () => {
    await proved();
    const before = api.orchestrator.calls.length;
    const told = () => api.orchestrator.calls.slice(before).filter(({ name }) => name === 'secretChanged');
    await world.control('POST', '/worlds/w/amazon', { rotation: { newDeadSeconds: 2_400 } });
    const made = await world.control<typeof world.facts>('POST', '/worlds/w/amazon', { newClientSecret: true });
    const dates = { at: new Date(), expiresAt: new Date(Date.now() + 180 * DAY), previousUntil: new Date() };
    await secrets().receive(idOf(), { secret: box.seal(made.amazon.clientSecret), ...dates });
    expect((await test()).secrets).toMatchObject([
      { secret: 'current', verdict: 'works' },
      { secret: 'received', verdict: 'secret_pending', owner: 'amazon' },
    ]);
    expect(told()).toHaveLength(0);
    await world.control('POST', '/clock', { advanceSeconds: 2_400 });
    expect((await test()).secrets).toMatchObject([{ verdict: 'works' }, { secret: 'received', verdict: 'works' }]);
    expect(told()).toHaveLength(1);
  });

  it('tells an access that the seller has withdrawn from a token of another application', async () => {
    await proved();
    const other = await world.control<typeof world.facts>('PUT', '/worlds/other', { generate: 1 });
    await store().propose(world.facts.amazon.clientId, 'A2OTHERSELLER', {
      refreshToken: box.seal(other.amazon.refreshToken),
    });
    await world.control('POST', '/worlds/w/amazon', { accessRevoked: true });
    const { works, secrets: tried, authorisations } = await test();
    expect([works, tried]).toMatchObject([false, [{ verdict: 'works' }]]);
    expect(authorisations).toMatchObject([
      { seller: world.facts.amazon.sellerId, verdict: 'access_revoked', owner: 'merchant' },
      { seller: 'A2OTHERSELLER', token: 'saved', verdict: 'unauthorized_client', owner: 'merchant' },
    ]);
  });

  it('says that it could not be told while Login with Amazon is away', async () => {
    await proved();
    await world.fault({ match: { operation: 'lwaToken' }, kind: 'status', status: 503 });
    expect(await test()).toMatchObject({
      works: false,
      secrets: [{ verdict: 'unknown', message: expect.stringContaining('503'), owner: 'amazon' }],
    });
  });

  it('tries the client secret of an application that no seller has authorised', async () => {
    await api.post('/v1/credentials', body({ authorisations: [] }));
    expect(await test()).toMatchObject({
      works: false,
      secrets: [{ secret: 'saved', verdict: 'works' }],
      authorisations: [],
    });
  });
});

describe('a rotation by hand', () => {
  it('begins once, however often it is asked for, and shows what it waits for', async () => {
    await proved();
    const { status, body: first } = await api.post(`${path()}/rotate`);
    expect([status, first.rotation]).toMatchObject([202, { state: 'requesting', cause: 'asked', requestedAt: null }]);
    expect(lastCall()).toEqual({ name: 'secretChanged', args: [idOf()] });
    const waitingFor = { code: 'new_secret_awaited', message: 'It comes.', owner: 'amazon' as const, since: 'now' };
    const at = new Date();
    expect(await rotationStore(api.connection).markRequested(idOf(), at, waitingFor)).toBe(true);
    expect(await rotationStore(api.connection).markRequested(idOf(), at, waitingFor)).toBe(false);
    const { body: second } = await api.post(`${path()}/rotate`);
    expect(second.rotation).toMatchObject({ state: 'awaiting', requestedAt: at.toISOString(), waitingFor });
    const { items } = (await api.get('/v1/audit?limit=200')).body;
    const noted = items.filter(({ action, target }) => {
      return action === 'credential.rotation_asked' && (target as { id: string }).id === idOf();
    });
    expect(noted).toHaveLength(1);
  });

  it('needs a client secret that works', async () => {
    await api.post('/v1/credentials', body());
    const refused = await api.post(`${path()}/rotate`);
    expect([refused.status, refused.body.code]).toEqual([409, 'credential_unproved']);
  });

  it('is wanted by itself where a person says so', async () => {
    await proved();
    expect((await api.patch(path(), { autoRotate: true })).body).toMatchObject({ autoRotate: true });
    expect(lastCall()).toEqual({ name: 'credentialChanged', args: [idOf()] });
    const { items } = (await api.get('/v1/audit?limit=1')).body;
    expect(items).toMatchObject([{ changes: [{ field: 'autoRotate', before: 'false', after: 'true' }] }]);
    expect((await api.patch(path(), { autoRotate: 'yes' })).status).toBe(422);
  });
});
