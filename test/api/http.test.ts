import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { brokenAt } from '../../api/json-position';
import { PROBLEMS } from '../../api/errors';
import { mergePatch, patchedPaths } from '../../api/merge-patch';
import { ApiUnderTest } from './api-under-test';

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

describe('every answer', () => {
  it.each(['/healthz', '/v1/nowhere', '/v1/connectors', '/docs'])('carries a request id: %s', async (path) => {
    const { headers } = await api.get(path);
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('takes over a request id that is sane, and no other', async () => {
    const withId = (id: string) => api.get('/v1/nowhere', { headers: { 'x-request-id': id } });
    const sane = await withId('trace-42.a_B');
    expect([sane.headers.get('x-request-id'), sane.body.requestId]).toEqual(['trace-42.a_B', 'trace-42.a_B']);
    for (const id of ['', 'a'.repeat(65), 'two words', '<script>', '-begins-with-a-dash'])
      expect((await withId(id)).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is logged with its request id and path, without query and headers', async () => {
    await api.get('/v1/connectors?limit=7', { headers: { 'x-request-id': 'logged-1', cookie: 'session=abc123' } });
    const line = api.logs.find((each) => each.includes('"logged-1"'))!;
    expect(JSON.parse(line)).toMatchObject({
      req: { id: 'logged-1', method: 'GET', path: '/v1/connectors' },
      res: { statusCode: 200 },
    });
    expect(line).not.toMatch(/limit=7|abc123|authorization/i);
  });

  it('is never 304, because a state may change under one ETag', async () => {
    const id = await api.connector();
    const { status } = await api.get(`/v1/connectors/${id}`, { headers: { 'if-none-match': '"1"' } });
    expect(status).toBe(200);
  });
});

describe('methods', () => {
  it.each([
    ['PUT', '/v1/connectors', 405, 'GET, HEAD, OPTIONS, POST'],
    ['DELETE', '/healthz', 405, 'GET, HEAD, OPTIONS'],
    ['OPTIONS', '/v1/connectors/x', 204, 'DELETE, GET, HEAD, OPTIONS, PATCH'],
    ['HEAD', '/healthz', 200, null],
  ])('%s %s', async (method, path, status, allow) => {
    const answer = await api.request(method, path);
    expect([answer.status, answer.headers.get('allow')]).toEqual([status, allow]);
  });
});

describe('operations', () => {
  it('/healthz says that the process runs, /readyz which part is away', async () => {
    expect((await api.get('/healthz', { key: null })).body).toEqual({ status: 'ok' });
    const up = await api.get('/readyz', { key: null });
    expect([up.status, up.body]).toEqual([200, { ready: true, parts: { database: 'up', workflows: 'up' } }]);
    for (const mood of ['away', 'silent'] as const) {
      api.orchestrator.mood = mood;
      const begun = Date.now();
      const down = await api.get('/readyz', { key: null });
      expect([down.status, down.body]).toEqual([503, { ready: false, parts: { database: 'up', workflows: 'down' } }]);
      expect(Date.now() - begun).toBeLessThan(2_500);
    }
  });

  it('/metrics measures by route template', async () => {
    const id = await api.connector();
    await api.get(`/v1/connectors/${id}`);
    await api.get('/v1/nowhere-at-all');
    const { text, headers } = await api.get('/metrics', { key: null });
    expect(headers.get('content-type')).toMatch(/^text\/plain/);
    expect(text).toContain(
      'http_request_duration_seconds_count{method="GET",route="/v1/connectors/{connectorId}",status="200"}'
    );
    expect(text).toContain('process_cpu_seconds_total');
    expect(text).not.toContain(id);
    expect(text).not.toContain('nowhere-at-all');
  });
});

describe('while the database is away', () => {
  it('answers 503 at once, and says so in /readyz', async () => {
    const own = await ApiUnderTest.start({ connection: mongoose.createConnection() });
    const begun = Date.now();
    const { status, body, headers } = await own.get('/v1/connectors');
    expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'database_unavailable', '5']);
    expect((await own.get('/healthz')).status).toBe(200);
    const ready = await own.get('/readyz');
    expect([ready.status, ready.body]).toEqual([503, { ready: false, parts: { database: 'down', workflows: 'up' } }]);
    expect(Date.now() - begun).toBeLessThan(3_000);
    await own.stop();
  });
});

describe('what nobody foresaw', () => {
  it('is 500 without a word of its own, and is logged', async () => {
    const own = await ApiUnderTest.start({
      secretBox: {
        seal: () => {
          throw new TypeError('inner text with a detail');
        },
        open: () => '',
      },
    });
    const { status, body } = await own.post(
      '/v1/api-keys',
      { name: 'x', role: 'viewer' },
      {
        headers: { 'idempotency-key': 'k' },
      }
    );
    expect([status, body.code, body.detail]).toEqual([
      500,
      'internal',
      'Something went wrong inside Longshore. Report it with the request id.',
    ]);
    const line = own.logs.find((each) => each.includes('inner text with a detail'))!;
    expect(line).toContain(body.requestId as string);
    await own.stop();
  });
});

describe('docs/errors.md', () => {
  it('documents each problem one to one', () => {
    const text = readFileSync(join(__dirname, '../../docs/errors.md'), 'utf8');
    const rows = [...text.matchAll(/^\| `(\w+)` +\| +(\d{3}) +\| ([^|]+) \| ([^|]+) \|$/gm)];
    const documented = rows.map(([, code, status, title]) => [code, Number(status), title!.trim()]);
    expect(documented).toEqual(Object.entries(PROBLEMS).map(([code, { status, title }]) => [code, status, title]));
  });
});

describe('the place where JSON is broken', () => {
  it.each([
    ['{"a": 1,}', 1, 9],
    ['{"a": }', 1, 7],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3],
    ['[1, 2', 1, 6],
    ['{"a": "unfinished', 1, 18],
    ['{"a": tru}', 1, 10],
    ['{"a": "tab\there"}', 1, 11],
    ['{"a": "\\x"}', 1, 9],
    ['{"a": 01}', 1, 8],
    ['{} {}', 1, 4],
    ["{'a': 1}", 1, 2],
    ['x', 1, 1],
  ])('%j', (text, line, column) => {
    expect(brokenAt(text)).toEqual({ line, column });
  });
});

describe('merge patch (RFC 7396, appendix A)', () => {
  it.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result);
  });

  it('does not reach the prototype', () => {
    const merged = mergePatch({}, JSON.parse('{"__proto__": {"admin": true}}')) as { admin?: boolean };
    expect(merged.admin).toBeUndefined();
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('names the paths it writes', () => {
    expect(patchedPaths({ a: { b: 1, c: null }, d: [1] })).toEqual(['a.b', 'a.c', 'd']);
  });
});
