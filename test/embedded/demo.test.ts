import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { runDemo, type DemoOptions } from '../../embedded/demo';
import { summaryOf } from '../../embedded/sync-progress';
import { startSandbox } from '../../embedded/sandbox';
import { clearScratch, scratch } from './scratch';

afterEach(clearScratch);

type Asked = { method: string; url: string; body: { listing: { skuLimit?: number } }; idempotencyKey?: string };

/**
 * The public API as the demo sees it, without anything behind: connectors onboard at the second look and syncs end at the
 * third. The real one is tested end to end with `npm start -- --once`.
 */
async function standInApi({ waitsFor, syncRuns }: { waitsFor?: string; syncRuns?: boolean } = {}) {
  const asked: Asked[] = [];
  const connectors = new Map<string, { state: string; skuLimit: number; syncs: number }>();
  const looks = new Map<string, number>();
  const look = (key: string) => looks.set(key, (looks.get(key) ?? 0) + 1).get(key)!;
  const answer = ({ method, url, body, idempotencyKey }: Asked): [number, unknown] => {
    const [, , collection, id = '', action] = url.split('/');
    if (collection === 'syncs') return [200, sync(id, look(url))];
    if (method === 'POST' && !id) {
      const made = `c-${idempotencyKey}`;
      if (!connectors.has(made))
        connectors.set(made, { state: 'inactive', skuLimit: body.listing.skuLimit ?? 1000, syncs: 0 });
      return [202, { id: made, state: 'onboarding' }];
    }
    const connector = connectors.get(id);
    if (!connector) return [404, { code: 'not_found', detail: 'There is no such connector.' }];
    if (action === 'onboarding') {
      if (waitsFor) return [200, { state: 'failed', steps: [], waitingFor: { message: waitsFor } }];
      return [
        200,
        { state: look(url) > 1 ? 'ready' : 'running', steps: [{ name: 'source', state: 'running', detail: null }] },
      ];
    }
    if (action === 'activate') Object.assign(connector, { state: 'active', syncs: 1 });
    if (action === 'syncs' && syncRuns)
      return [409, { code: 'sync_running', detail: 'One runs.', syncId: 'running-1' }];
    if (action === 'syncs') return [202, { id: `s-${(connector.syncs += 1)}` }];
    if (action === 'problems') return [200, { items: [{ code: 'kit', message: 'A kit.', count: 1 }] }];
    if (method === 'PATCH') connector.skuLimit = body.listing.skuLimit ?? 0;
    const lastSync = connector.syncs > 0 ? { id: `s-${connector.syncs}` } : null;
    return [
      200,
      {
        id,
        state: connector.state,
        config: { listing: { skuLimit: connector.skuLimit } },
        currentSync: null,
        lastSync,
      },
    ];
  };
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const one: Asked = {
      method: request.method ?? '',
      url: request.url ?? '',
      body: chunks.length > 0 ? (JSON.parse(Buffer.concat(chunks).toString()) as Asked['body']) : { listing: {} },
      idempotencyKey: request.headers['idempotency-key'] as string | undefined,
    };
    asked.push(one);
    const [status, body] =
      request.headers.authorization === 'Bearer the-key' ? answer(one) : [401, { code: 'unauthorized' }];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked, connectors, close: () => server.close() };
}

function sync(id: string, looks: number) {
  const ended = looks > 2;
  return {
    id,
    phase: ended ? 'done' : 'publish',
    outcome: ended ? 'completed' : null,
    total: 300,
    counts: ended ? { live: 299, blocked: 1 } : { pending: 300 },
    ratePerSecond: null,
    etaSeconds: null,
    waitingFor: null,
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: ended ? '2026-01-01T00:00:12.300Z' : null,
  };
}

async function demo(apiUrl: string, more: Partial<DemoOptions> = {}) {
  const made = scratch();
  const sandbox = await startSandbox({ ...made, ports: { sandbox: 0 }, options: {} });
  const options: DemoOptions = {
    apiUrl,
    adminApiKey: 'the-key',
    sandboxUrl: sandbox.url,
    dataDir: made.dataDir,
    log: made.log,
    onProgress: () => {},
    signal: new AbortController().signal,
    ...more,
  };
  return { options, made };
}

describe('the demo of npm start', () => {
  it('onboards, activates and follows the first sync; a second start syncs the same connector', async () => {
    const api = await standInApi();
    const { options } = await demo(api.url);
    const first = await runDemo(options);
    expect(first).toMatchObject({
      syncId: 's-1',
      seconds: 12.3,
      total: 300,
      counts: { live: 299, blocked: 1 },
      amazonRequests: 0,
    });
    const post = api.asked.find(({ method, url }) => method === 'POST' && url === '/v1/connectors')!;
    expect(post.body).toMatchObject({ source: { type: 'vtex', affiliateId: 'MZN' }, offer: { minimumStock: 3 } });

    const second = await runDemo({ ...options, skuLimit: 50 });
    expect(second.connectorId).toBe(first.connectorId);
    expect(second.syncId).toBe('s-2');
    expect(api.connectors.get(first.connectorId)?.skuLimit).toBe(50);
    expect(summaryOf(second)).toContainEqual('  live           299  seen at Amazon, for sale');
    api.close();
  });

  it('makes another connector for a catalogue, and a new one when it was deleted', async () => {
    const api = await standInApi();
    const { options, made } = await demo(api.url);
    const generated = await runDemo(options);
    const catalog = path.join(made.dataDir, 'My catalogue.jsonl');
    const world = 'my-catalogue-';
    const product = { productId: 1, name: 'Tee', skus: [{ skuId: 1, refId: 'T-1', name: 'Tee S' }] };
    fs.writeFileSync(catalog, JSON.stringify(product));
    const own = await runDemo({ ...options, catalog });
    expect(own.connectorId).not.toBe(generated.connectorId);
    const posts = api.asked.filter(({ method, url }) => method === 'POST' && url === '/v1/connectors');
    expect(posts[1]?.body).toMatchObject({ name: expect.stringContaining(world), offer: { minimumStock: 1 } });
    api.connectors.delete(own.connectorId);
    expect((await runDemo({ ...options, catalog })).connectorId).not.toBe(own.connectorId);
    api.close();
  });

  it('follows the sync that runs already', async () => {
    const api = await standInApi({ syncRuns: true });
    const { options } = await demo(api.url);
    await runDemo(options);
    expect((await runDemo(options)).syncId).toBe('running-1');
    api.close();
  });

  it('fails with what onboarding waits for', async () => {
    const api = await standInApi({ waitsFor: 'the affiliate MZN is missing in the store' });
    const { options } = await demo(api.url);
    await expect(runDemo(options)).rejects.toThrow('onboarding failed: the affiliate MZN is missing in the store');
    api.close();
  });

  it('says what the API refused', async () => {
    const api = await standInApi();
    const { options } = await demo(api.url, { adminApiKey: 'another' });
    await expect(runDemo(options)).rejects.toThrow('POST /v1/connectors answered 401 (unauthorized)');
    api.close();
  });
});
