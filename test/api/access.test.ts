import { ENDPOINTS } from '../../api/endpoints';
import { apiKeyModel } from '../../models/api-keys';
import { LEAST_ROLE, type Least } from './access-table';
import { ApiUnderTest, type Answer } from './api-under-test';

const ROLES = ['viewer', 'operator', 'admin'] as const;
const RANK: Record<Least, number> = { public: 0, viewer: 1, operator: 2, admin: 3 };

const WRONG_KEY = `lsk_${'x'.repeat(43)}`;

let api: ApiUnderTest;
/** One for each kind of caller; null for none. */
const keys: Record<string, string | null> = { nobody: null, wrong: WRONG_KEY };

beforeAll(async () => {
  let now = new Date();
  api = await ApiUnderTest.start({ clock: () => now });
  for (const role of ROLES) keys[role] = await api.keyFor(role);
  const make = (more: object) => api.post('/v1/api-keys', { name: 'was an admin', role: 'admin', ...more });
  const revoked = (await make({})).body;
  await api.delete(`/v1/api-keys/${revoked.id}`);
  keys.revoked = revoked.key as string;
  keys.expired = (await make({ expiresAt: new Date(now.getTime() + 60_000).toISOString() })).body.key as string;
  expect((await api.get('/v1/audit?limit=1', { key: keys.expired })).status).toBe(200);
  now = new Date(now.getTime() + 60_000);
});
afterAll(async () => {
  await api.stop();
});

const NOWHERE: Record<string, string> = {
  connectorId: 'con_00000000000000000000',
  syncId: 'syn_00000000000000000000',
  keyId: 'key_0',
};
const routes = ENDPOINTS.map((endpoint) => ({
  ...endpoint,
  route: `${endpoint.method.toUpperCase()} ${endpoint.path}`,
}));

function ask({ method, path, body }: (typeof routes)[number], key: string | null): Promise<Answer> {
  const there = path.replace(/\{(\w+)\}/g, (_all, name: string) => NOWHERE[name] ?? 'x');
  return api.request(method.toUpperCase(), there, { key, ...(body && { body: {} }) });
}

it('says of every route who may call it, and of no other', () => {
  expect(routes.map(({ route }) => route).sort()).toEqual([...LEAST_ROLE.keys()].sort());
});

describe.each(routes.map((each) => [each.route, each] as const))('%s', (route, endpoint) => {
  const least = LEAST_ROLE.get(route) ?? 'nobody may';

  it.each(['nobody', 'wrong', 'revoked', 'expired'])(`${least}: as %s`, async (who) => {
    const { status, body, headers } = await ask(endpoint, keys[who]!);
    if (least === 'public') return expect([401, 403, 429]).not.toContain(status);
    expect([status, body.code]).toEqual([401, 'unauthenticated']);
    expect(headers.get('www-authenticate')).toBe('Bearer realm="longshore"');
  });

  it.each(ROLES)(`${least}: as %s`, async (role) => {
    const { status, body } = await ask(endpoint, keys[role]!);
    const isAllowed = RANK[role] >= (RANK[least as Least] ?? Infinity);
    if (isAllowed) expect([401, 403]).not.toContain(status);
    else
      expect([status, body.code, body.detail]).toEqual([
        403,
        'role_required',
        `This needs the role ${least}; the API key has the role ${role}.`,
      ]);
  });
});

describe('API keys', () => {
  it('shows a key once, keeps its hash only, lists it, and refuses it once revoked', async () => {
    const { status, body, headers } = await api.post('/v1/api-keys', { name: 'console', role: 'viewer' });
    expect(status).toBe(201);
    expect(headers.get('cache-control')).toBe('no-store');
    const key = body.key as string;
    expect(key).toMatch(/^lsk_[A-Za-z0-9_-]{43}$/);
    expect(body).toMatchObject({ prefix: key.slice(0, 8), expiresAt: null, lastUsedAt: null });
    expect(JSON.stringify(await apiKeyModel(api.connection).find().lean())).not.toContain(key);

    const listed = await api.get('/v1/api-keys');
    const shown = Object.fromEntries(Object.entries(body).filter(([name]) => name !== 'key'));
    expect(listed.body.items).toContainEqual(shown);
    expect(listed.text).not.toContain(key);

    expect((await api.get('/v1/connectors', { key })).status).toBe(200);
    expect((await api.delete(`/v1/api-keys/${body.id}`)).status).toBe(204);
    expect((await api.get('/v1/connectors', { key })).status).toBe(401);
    expect((await api.delete(`/v1/api-keys/${body.id}`)).status).toBe(404);
    const { body: trail } = await api.get('/v1/audit?limit=2');
    expect(trail.items.map(({ action, target, changes }) => [action, target, changes])).toEqual([
      [
        'api-key.revoked',
        { type: 'api-key', id: body.id },
        [
          { field: 'name', before: 'console', after: null },
          { field: 'role', before: 'viewer', after: null },
        ],
      ],
      [
        'api-key.created',
        { type: 'api-key', id: body.id },
        [
          { field: 'name', before: null, after: 'console' },
          { field: 'role', before: null, after: 'viewer' },
        ],
      ],
    ]);
  });

  it('lets a key live until it expires, and says when it was used last', async () => {
    let now = new Date('2027-01-01T00:00:00Z');
    const own = await ApiUnderTest.start({ clock: () => now });
    const expiresAt = '2027-01-02T01:00:00+01:00';
    const { body } = await own.post('/v1/api-keys', { name: 'for a day', role: 'viewer', expiresAt });
    expect(body.expiresAt).toBe('2027-01-02T00:00:00.000Z');
    const key = body.key as string;
    const look = () => own.get('/v1/connectors', { key });
    const listed = async () => (await own.get('/v1/api-keys')).body.items.find(({ id }) => id === body.id);
    expect(await listed()).toMatchObject({ lastUsedAt: null });
    now = new Date('2027-01-01T12:00:00Z');
    expect((await look()).status).toBe(200);
    expect(await listed()).toMatchObject({ lastUsedAt: '2027-01-01T12:00:00.000Z' });
    now = new Date('2027-01-01T23:59:59.999Z');
    expect((await look()).status).toBe(200);
    now = new Date('2027-01-02T00:00:00Z');
    expect(await look()).toMatchObject({
      status: 401,
      body: { detail: 'This API key has expired; ask an admin for a new one.' },
    });
    await own.stop();
  });

  it.each(['2020-01-01T00:00:00Z', '2027-01-01', 'tomorrow'])('makes none that expires at %s', async (expiresAt) => {
    const { status, body } = await api.post('/v1/api-keys', { name: 'x', role: 'viewer', expiresAt });
    expect([status, body.errors?.[0]?.field]).toEqual([422, 'expiresAt']);
  });

  it('refuses a key that another process revoked: a change at once, a read within two seconds', async () => {
    const { body } = await api.post('/v1/api-keys', { name: 'elsewhere', role: 'operator' });
    const key = body.key as string;
    const read = async () => (await api.get('/v1/connectors', { key })).status;
    expect(await read()).toBe(200);
    await apiKeyModel(api.connection).deleteOne({ _id: body.id });
    const revokedAt = Date.now();
    const change = () => api.post('/v1/connectors/con_00000000000000000000/pause', undefined, { key });
    expect((await change()).status).toBe(401);
    while ((await read()) === 200) expect(Date.now() - revokedAt).toBeLessThan(3_000);
    expect(await read()).toBe(401);
  });

  it('looks a key up once for the reads of a moment', async () => {
    const key = await api.keyFor('viewer');
    const look = jest.spyOn(apiKeyModel(api.connection), 'findOne');
    for (let n = 0; n < 3; n++) expect((await api.get('/v1/connectors?limit=1', { key })).status).toBe(200);
    expect(look.mock.calls.length).toBe(1);
    look.mockRestore();
  });

  it('pages the audit trail and the keys without gaps or repeats', async () => {
    for (const path of ['/v1/audit', '/v1/api-keys']) {
      const whole = (await api.get(`${path}?limit=200`)).body.items.map(({ id }) => id);
      const seen: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const { body } = await api.get(`${path}?limit=3${cursor ? `&cursor=${cursor}` : ''}`);
        seen.push(...body.items.map(({ id }) => id));
        cursor = body.nextCursor;
      }
      expect(seen).toEqual(whole);
    }
  });

  it('limits the requests of one API key and not those of another', async () => {
    const own = await ApiUnderTest.start({ requestsPerMinute: 3 });
    const key = await own.keyFor('viewer');
    const statuses: number[] = [];
    for (let n = 0; n < 4; n++) statuses.push((await own.get('/v1/connectors', { key })).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    const { body, headers } = await own.get('/v1/connectors', { key });
    expect(body).toMatchObject({ code: 'rate_limited', status: 429 });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(headers.get('ratelimit')).toMatch(/^"requests-per-minute"; r=0; t=\d+$/);
    expect((await own.get('/v1/connectors')).status).toBe(200);
    await own.stop();
  });
});
