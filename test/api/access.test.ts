import { ENDPOINTS } from '../../api/endpoints';
import { FAILED_LOGINS_PER_MINUTE } from '../../api/rate-limits';
import { mayAct, ROLES, type Role } from '../../api/roles';
import { apiKeyModel } from '../../models/api-keys';
import { ApiUnderTest } from './api-under-test';

let api: ApiUnderTest;
/** Asked without a key by strangers, who are shut out after a while. */
let guardedApi: ApiUnderTest;
const keys: Partial<Record<Role, string>> = {};
beforeAll(async () => {
  [api, guardedApi] = await Promise.all([ApiUnderTest.start(), ApiUnderTest.start()]);
  for (const role of ROLES) keys[role] = await api.keyFor(role);
});
afterAll(async () => {
  await Promise.all([api.stop(), guardedApi.stop()]);
});

const NOWHERE = {
  connectorId: 'con_00000000000000000000',
  syncId: 'syn_00000000000000000000',
  keyId: 'key_0',
  sku: 'x',
};
const pathOf = (template: string) =>
  template.replace(/\{(\w+)\}/g, (_all, name: string) => NOWHERE[name as keyof typeof NOWHERE]);

describe('roles', () => {
  const guarded = ENDPOINTS.filter(({ role }) => role !== 'public');
  const matrix = guarded.flatMap((endpoint) => ROLES.map((role) => [endpoint, role] as const));

  it.each(
    matrix.map(([endpoint, role]) => [`${endpoint.method.toUpperCase()} ${endpoint.path}`, role, endpoint] as const)
  )('%s as %s', async (_name, role, endpoint) => {
    const ask = { key: keys[role]!, ...(endpoint.body && { body: {} }) };
    const { status, body } = await api.request(endpoint.method.toUpperCase(), pathOf(endpoint.path), ask);
    if (mayAct(role, endpoint.role as Role)) expect(['role_required', 'unauthenticated']).not.toContain(body.code);
    else
      expect([status, body.code, body.detail]).toEqual([
        403,
        'role_required',
        `This needs the role ${endpoint.role}; the API key has the role ${role}.`,
      ]);
  });

  it.each(guarded.map((endpoint) => [`${endpoint.method.toUpperCase()} ${endpoint.path}`, endpoint] as const))(
    '%s without a key',
    async (_name, endpoint) => {
      const own = await guardedApi.request(endpoint.method.toUpperCase(), pathOf(endpoint.path), { key: null });
      expect([401, 429]).toContain(own.status);
    }
  );

  it('lets viewers read, operators act, and only admins configure', () => {
    const needs = Object.fromEntries(guarded.map(({ method, path, role }) => [`${method} ${path}`, role]));
    for (const [what, role] of Object.entries(needs)) {
      const isConfiguring = /^(post|patch|delete) \/v1\/(connectors|connectors\/\{connectorId\}|api-keys.*)$/.test(
        what
      );
      // It shows the token of the hook.
      const isSecret = what === 'get /v1/connectors/{connectorId}/hook';
      const expected =
        isConfiguring || what === 'get /v1/api-keys'
          ? 'admin'
          : what.startsWith('get ') && !isSecret
            ? 'viewer'
            : 'operator';
      expect([what, role]).toEqual([what, expected]);
    }
  });
});

describe('API keys', () => {
  it('shows a key once, keeps its hash only, lists it, and refuses it once revoked', async () => {
    const { status, body, headers } = await api.post('/v1/api-keys', { name: 'console', role: 'viewer' });
    expect(status).toBe(201);
    expect(headers.get('cache-control')).toBe('no-store');
    const key = body.key as string;
    expect(key).toMatch(/^lsk_[A-Za-z0-9_-]{43}$/);
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
    expect(trail.items.map(({ action, target }) => [action, target])).toEqual([
      ['api-key.revoked', { type: 'api-key', id: body.id }],
      ['api-key.created', { type: 'api-key', id: body.id }],
    ]);
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
    for (let n = 0; n < 3; n++) expect((await api.get('/v1/audit?limit=1', { key })).status).toBe(200);
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

  it('limits wrong keys per address, and lets right ones pass meanwhile', async () => {
    const own = await ApiUnderTest.start();
    const statuses: number[] = [];
    for (let n = 0; n < FAILED_LOGINS_PER_MINUTE + 2; n++)
      statuses.push((await own.get('/v1/connectors', { key: `lsk_${'x'.repeat(43)}` })).status);
    expect(statuses.slice(0, FAILED_LOGINS_PER_MINUTE).every((status) => status === 401)).toBe(true);
    const { status, body, headers } = await own.get('/v1/connectors', { key: 'wrong' });
    expect([status, body.code]).toEqual([429, 'too_many_failed_logins']);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await own.get('/v1/connectors')).status).toBe(200);
    await own.stop();
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
