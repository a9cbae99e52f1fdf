import { randomBytes } from 'node:crypto';
import { connectDatabase } from '../../models/database';
import { withDatabase } from '../../embedded/mongodb';
import { ensureIndexes } from '../../models/indexes';
import { FREE_TRIES, lockOutSeconds } from '../../domain/lock-out';
import { ApiUnderTest, type Answer } from './api-under-test';
import { freshAffiliate, vtexConnector } from './samples';

const guess = (): string => `lsk_${randomBytes(32).toString('base64url')}`;
const from = (address: string): Record<string, string> => ({ 'x-forwarded-for': address });

let now = new Date('2027-03-01T00:00:00Z');
const later = (seconds: number): void => void (now = new Date(now.getTime() + seconds * 1000));

/** Behind a proxy that is trusted, so that a test can come from anywhere. */
async function behindProxy(more: Parameters<typeof ApiUnderTest.start>[0] = {}): Promise<ApiUnderTest> {
  return ApiUnderTest.start({ clock: () => now, trustedProxies: ['loopback'], ...more });
}

async function guesses(api: ApiUnderTest, address: string, count: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let n = 0; n < count; n++)
    answers.push(await api.get('/v1/connectors', { key: guess(), headers: from(address) }));
  return answers;
}

it.each([
  [0, 0],
  [FREE_TRIES - 1, 0],
  [FREE_TRIES, 60],
  [FREE_TRIES + 1, 120],
  [FREE_TRIES + 5, 1920],
  [FREE_TRIES + 6, 3600],
  [5000, 3600],
])('after %i wrong keys an address waits %i s', (tries, seconds) => expect(lockOutSeconds(tries)).toBe(seconds));

describe('an address that guesses keys', () => {
  let api: ApiUnderTest;
  beforeAll(async () => {
    api = await behindProxy();
  });
  afterAll(() => api.stop());

  it('is locked out for longer and longer, notes it once each time, and tells it in the metrics', async () => {
    const address = '198.51.100.7';
    const statuses = (await guesses(api, address, FREE_TRIES)).map(({ status }) => status);
    expect(statuses).toEqual([...Array<number>(FREE_TRIES - 1).fill(401), 429]);
    for (const seconds of [60, 120, 240]) {
      const [refused] = await guesses(api, address, 1);
      expect([refused!.status, refused!.body.code]).toEqual([429, 'too_many_failed_logins']);
      expect(refused!.headers.get('retry-after')).toBe(String(seconds));
      later(seconds);
      const [again] = await guesses(api, address, 1);
      expect([again!.status, again!.headers.get('retry-after')]).toEqual([429, String(seconds * 2)]);
    }
    const { items } = (await api.get('/v1/audit?limit=50')).body;
    const noted = items.filter(({ action }) => action === 'access.locked_out');
    expect(noted).toHaveLength(4);
    expect(noted.at(-1)).toMatchObject({
      actor: { id: 'nobody', role: 'none' },
      target: { type: 'address', id: address },
      changes: [
        { field: 'wrongKeys', before: null, after: String(FREE_TRIES) },
        { field: 'lockedUntil', before: null },
      ],
    });
    const { text } = await api.get('/metrics', { key: null });
    expect(text).toMatch(/^access_lock_outs_total 4$/m);
    expect(text).toMatch(/^access_refused_total\{reason="unknown_key"\} 9$/m);
    expect(text).toMatch(/^access_refused_total\{reason="locked_out"\} 7$/m);
  });

  it('begins anew after a day of quiet', async () => {
    const address = '198.51.100.8';
    await guesses(api, address, FREE_TRIES + 3);
    later(24 * 3600 + 1);
    expect((await guesses(api, address, 1))[0]!.status).toBe(401);
  });

  it('locks out nobody elsewhere: right keys pass from every other address, new ones too', async () => {
    await guesses(api, '198.51.100.9', FREE_TRIES + 1);
    const key = await api.keyFor('viewer');
    expect((await api.get('/v1/connectors', { key, headers: from('198.51.100.10') })).status).toBe(200);
    expect((await api.get('/v1/connectors', { headers: from('203.0.113.5') })).status).toBe(200);
  });

  it('does not lock out keys that were right there before, and learns nothing of keys that were not', async () => {
    const address = '198.51.100.11';
    const [known, unseen] = [await api.keyFor('viewer'), await api.keyFor('viewer')];
    const read = (key: string) => api.get('/v1/connectors', { key, headers: from(address) });
    expect((await read(known)).status).toBe(200);
    await guesses(api, address, FREE_TRIES);
    later(30);
    expect((await read(known)).status).toBe(200);
    const [right, wrong] = [await read(unseen), await read(guess())];
    expect([right.status, right.body.detail]).toEqual([wrong.status, wrong.body.detail]);
    expect(right.status).toBe(429);
    later(60);
    expect((await read(unseen)).status).toBe(200);
  });

  it('is not a client that repeats one wrong key, such as one that was revoked', async () => {
    const headers = from('198.51.100.12');
    const key = guess();
    for (let n = 0; n < 3 * FREE_TRIES; n++)
      expect((await api.get('/v1/connectors', { key, headers })).status).toBe(401);
    const fresh = await api.keyFor('viewer');
    expect((await api.get('/v1/connectors', { key: fresh, headers })).status).toBe(200);
  });

  it('counts also what cannot be a key, and not a request without one', async () => {
    const headers = from('198.51.100.13');
    for (let n = 0; n < 3 * FREE_TRIES; n++)
      expect((await api.get('/v1/connectors', { key: null, headers })).status).toBe(401);
    for (let n = 1; n < FREE_TRIES; n++)
      expect((await api.get('/v1/connectors', { key: `guess-${n}`, headers })).status).toBe(401);
    expect((await api.get('/v1/connectors', { key: 'guess-x', headers })).status).toBe(429);
  });

  it('is told by its network where it has IPv6, so that it does not gain by changing addresses in it', async () => {
    for (let n = 1; n < FREE_TRIES; n++) await guesses(api, `2001:db8:1:2::${n}`, 1);
    expect((await guesses(api, '2001:db8:1:2:ffff::1', 1))[0]!.status).toBe(429);
    expect((await guesses(api, '2001:db8:ffff::1', 1))[0]!.status).toBe(401);
  });

  it('counts all of many guesses at once', async () => {
    await Promise.all(Array.from({ length: 30 }, () => guesses(api, '198.51.100.14', 1)));
    const [refused] = await guesses(api, '198.51.100.14', 1);
    expect(refused!.status).toBe(429);
    expect(Number(refused!.headers.get('retry-after'))).toBeGreaterThanOrEqual(60);
  });

  it('guesses tokens of hooks at the same price, and no right token is held up by it', async () => {
    const address = '198.51.100.15';
    const affiliateId = freshAffiliate();
    const connectorId = await api.connector('active', vtexConnector({ source: { affiliateId } }));
    const { body } = await api.get(`/v1/connectors/${connectorId}/hook`);
    const right = new URL(body.endpoint as string).pathname;
    const call = (path: string) =>
      api.post(path, { IdSku: '1', An: 'luma', IdAffiliate: affiliateId }, { key: null, headers: from(address) });
    const wrong = () => call(`/hooks/vtex/${connectorId}/hook_${randomBytes(32).toString('base64url')}`);
    for (let n = 1; n < FREE_TRIES; n++) expect((await wrong()).status).toBe(404);
    const refused = await wrong();
    expect([refused.status, refused.body.code, refused.headers.get('retry-after')]).toEqual([
      429,
      'too_many_failed_logins',
      '60',
    ]);
    expect((await guesses(api, address, 1))[0]!.status).toBe(429);
    expect((await call(right)).status).toBe(202);
  });
});

it('is locked out by all processes at once', async () => {
  const connection = await connectDatabase(
    withDatabase(process.env.TEST_MONGODB_URI!, `api_${randomBytes(6).toString('hex')}`)
  );
  await ensureIndexes(connection);
  const processes = [await behindProxy({ connection }), await behindProxy({ connection })];
  for (let n = 0; n < FREE_TRIES; n++) await guesses(processes[n % 2]!, '198.51.100.20', 1);
  for (const each of processes) expect((await guesses(each, '198.51.100.20', 1))[0]!.status).toBe(429);
  await connection.dropDatabase();
  await connection.close();
  for (const each of processes) await each.stop();
});

it('is told by its connection, whatever X-Forwarded-For says, unless a proxy is trusted', async () => {
  const api = await ApiUnderTest.start({ clock: () => now });
  for (let n = 1; n < FREE_TRIES; n++) await guesses(api, `203.0.113.${n}`, 1);
  expect((await guesses(api, '203.0.113.200', 1))[0]!.status).toBe(429);
  await api.stop();
});

it('cannot put words in front of what a trusted proxy says', async () => {
  const api = await behindProxy();
  for (let n = 1; n < FREE_TRIES; n++) await guesses(api, `203.0.113.${n}, 198.51.100.30`, 1);
  expect((await guesses(api, '203.0.113.200, 198.51.100.30', 1))[0]!.status).toBe(429);
  expect((await guesses(api, '198.51.100.31', 1))[0]!.status).toBe(401);
  await api.stop();
});
