import { connect, type AddressInfo } from 'node:net';
import express from 'express';
import { errorHandler } from '../../api/error-handler';
import { ENDPOINTS } from '../../api/endpoints';
import { readBody } from '../../api/request-body';
import { createApiServer } from '../../api/server';
import { ApiUnderTest } from './api-under-test';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start({ corsOrigins: ['https://console.example.com'] });
});
afterAll(() => api.stop());

/** Sends bytes as they are; gives all that comes back until the connection ends. */
async function raw(port: number, ...parts: [bytes: string, thenWaitMs?: number][]): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', async () => {
      for (const [bytes, wait = 0] of parts) {
        socket.write(bytes);
        await new Promise((done) => setTimeout(done, wait));
      }
    });
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

const portOf = (url: string): number => Number(new URL(url).port);
const bodyOf = (answer: string): unknown => JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));

describe('a page of another origin', () => {
  const page = (origin: string, headers: Record<string, string> = {}) => ({ headers: { origin, ...headers } });
  const preflight = { 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'authorization' };

  it('may call when its origin is named, and read what the API tells in headers', async () => {
    const { status, headers } = await api.get('/v1/connectors', page('https://console.example.com'));
    expect([status, headers.get('access-control-allow-origin')]).toEqual([200, 'https://console.example.com']);
    expect(headers.get('access-control-expose-headers')).toContain('ETag');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
    expect(headers.get('vary')).toContain('Origin');
  });

  it('is told before what it may send', async () => {
    const ask = { key: null, ...page('https://console.example.com', preflight) };
    const { status, headers } = await api.request('OPTIONS', '/v1/connectors/x', ask);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-methods')).toContain('PATCH');
    expect(headers.get('access-control-allow-headers')).toContain('Authorization');
  });

  it.each([
    'https://evil.example.com',
    'https://console.example.com.evil.example',
    'http://console.example.com',
    'null',
  ])('may not when it is %s', async (origin) => {
    for (const method of ['GET', 'OPTIONS']) {
      const { headers } = await api.request(method, '/v1/connectors', page(origin, preflight));
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.get('access-control-allow-methods')).toBeNull();
    }
  });

  it('may not at all unless origins are named', async () => {
    const own = await ApiUnderTest.start();
    const { headers } = await own.get('/v1/connectors', page('https://console.example.com'));
    expect(headers.get('access-control-allow-origin')).toBeNull();
    await own.stop();
  });
});

it.each(['/v1/connectors', '/docs', '/nowhere'])(
  '%s is answered with headers that keep browsers in bounds',
  async (path) => {
    const { headers } = await api.get(path);
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-security-policy': expect.stringMatching(
        /default-src 'self'.*frame-ancestors 'self'.*object-src 'none'/
      ) as string,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'strict-transport-security': expect.stringContaining('max-age=') as string,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
    });
    expect(headers.get('x-powered-by')).toBeNull();
  }
);

const paths = [...new Set(ENDPOINTS.map(({ path }) => path))];
it.each(paths)('%s says which methods it takes, and takes no other', async (template) => {
  const path = template.replace(/\{\w+\}/g, 'x');
  const those = ENDPOINTS.filter(({ path }) => path === template).map(({ method }) => method.toUpperCase());
  const takes = [...those, ...(those.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].sort().join(', ');
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((each) => !those.includes(each))) {
    const { status, body, headers } = await api.request(method, path);
    expect([method, status, body.code, headers.get('allow')]).toEqual([method, 405, 'method_not_allowed', takes]);
  }
});

const changing = ENDPOINTS.filter(({ method }) => method !== 'get').map(({ method, path, body }) => ({
  name: `${method.toUpperCase()} ${path}`,
  method: method.toUpperCase(),
  path: path.replace(/\{\w+\}/g, 'x'),
  limit: body?.limitBytes ?? 1024 * 1024,
  isStreamed: body?.isStreamed === true,
}));

it.each(changing)('$name takes no form', async ({ method, path }) => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const { status, body } = await api.request(method, path, { headers, body: 'a=1' });
  expect([status, body.code]).toEqual([415, 'unsupported_media_type']);
});

it.each(changing.filter(({ isStreamed }) => !isStreamed))(
  '$name takes no body above its bound',
  async ({ method, path, limit }) => {
    const body = `"${'x'.repeat(limit)}"`;
    const answer = await api.request(method, path, { body });
    expect([answer.status, answer.body.code]).toEqual([413, 'too_large']);
  }
);

describe('a request that is slow or none', () => {
  async function slowServer(limits: Parameters<typeof createApiServer>[1]) {
    const app = express();
    app.post('/', readBody(1024, 200), (_request, response) => void response.json({ there: true }));
    app.use(errorHandler);
    const server = createApiServer(app, limits);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return {
      port: (server.address() as AddressInfo).port,
      close: () => void (server.closeAllConnections(), server.close()),
    };
  }

  it('is ended when its headers do not come', async () => {
    const { port, close } = await slowServer({ headersMs: 200, requestMs: 400, lookEveryMs: 50 });
    const begun = Date.now();
    const answer = await raw(port, ['GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ', 0]);
    expect(Date.now() - begun).toBeLessThan(5_000);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(bodyOf(answer)).toMatchObject({ status: 408, code: 'request_timeout' });
    close();
  });

  it('is ended when its body does not come', async () => {
    const { port, close } = await slowServer({});
    const answer = await raw(port, ['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"a', 0]);
    expect(answer).toMatch(/^HTTP\/1\.1 408 [\s\S]*Connection: close/);
    close();
  });

  it('is told that its address and headers are too large', async () => {
    const answer = await raw(portOf(api.url), [`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`]);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('Content-Type: application/problem+json');
    expect(bodyOf(answer)).toMatchObject({ status: 431, code: 'headers_too_large' });
  });

  it.each([
    ['no HTTP', 'hello\r\n\r\n'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
    ['a length and chunks', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a NUL in a header', 'GET / HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n'],
  ])('is refused when it is %s', async (_what, bytes) => {
    const answer = await raw(portOf(api.url), [bytes]);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(bodyOf(answer)).toMatchObject({ status: 400, code: 'malformed_request' });
  });
});
