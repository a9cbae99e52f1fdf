import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { formatCatalog, parseCatalog } from '../../sandbox/catalog';
import { generateCatalog, makeup, MAKEUP, type Kind } from '../../sandbox/catalog-generator';
import { startSandbox } from '../../sandbox/index';
import { describeWithLuma, lumaCatalog } from './amazon-models';
import { SandboxClient, shirt, useSandbox, type WorldAnswer } from './sandbox-client';

const sandbox = useSandbox({ rateFactor: 1000 });

describe('a generated catalogue', () => {
  it.each([1, 12, 39, 40, 300, 1000])(
    'of %i SKUs has exactly that many, each with its own id and reference',
    (count) => {
      const skus = generateCatalog(count).flatMap((product) => product.skus);
      expect(skus).toHaveLength(count);
      expect(new Set(skus.map((sku) => sku.skuId)).size).toBe(count);
      expect(new Set(skus.map((sku) => sku.refId)).size).toBe(count);
    }
  );

  it('is the same for the same seed and another for another', () => {
    expect(generateCatalog(300, 7)).toEqual(generateCatalog(300, 7));
    expect(generateCatalog(300, 7)).not.toEqual(generateCatalog(300, 8));
  });

  it('survives being written and read', () => {
    const products = generateCatalog(300);
    expect(parseCatalog(formatCatalog(products))).toEqual(products);
  });

  it('of 300 SKUs has the makeup it promises', () => {
    const products = generateCatalog(300);
    const skus = products.flatMap((product) => product.skus.map((sku) => ({ ...sku, product })));
    const count = (is: (sku: (typeof skus)[number]) => boolean) => skus.filter(is).length;
    const expected: Record<Kind, number> = makeup(300);
    const actual: Record<Kind, number> = {
      kit: count((sku) => sku.isKit && sku.kitItems.length === 2),
      outOfStock: count((sku) => !sku.isKit && sku.quantity === 0),
      lowStock: count((sku) => sku.quantity === 1 || sku.quantity === 2),
      unlimited: count((sku) => sku.unlimited),
      inactiveSku: count((sku) => !sku.active),
      inactiveProduct: count((sku) => !sku.product.active),
      otherChannel: count((sku) => !sku.product.salesChannels.includes(1)),
      unpriced: count((sku) => sku.price === null && !sku.isKit),
      noBrand: count((sku) => sku.product.brand === ''),
      noImage: count((sku) => sku.images.length === 0),
      longTitle: count((sku) => sku.name.length <= 200 && Buffer.byteLength(sku.name) > 200),
      noDescription: count((sku) => sku.product.descriptionHtml === ''),
      amazonInvalid: count((sku) => sku.mood === 'invalid'),
      amazonRefuse: count((sku) => sku.mood === 'refuse'),
      amazonRefuseLate: count((sku) => sku.mood === 'refuse-late'),
      amazonNeverVisible: count((sku) => sku.mood === 'never-visible'),
      plain: expected.plain,
    };
    expect(actual).toEqual(expected);
    expect(Object.keys(MAKEUP)).toHaveLength(Object.keys(expected).length - 1);
    expect(skus.some((sku) => sku.refId.includes('/'))).toBe(true);
  });
});

describe('a world', () => {
  it('keeps everything when it is put again with the same catalogue', async () => {
    const world = await sandbox().world('again', { generate: 20, seed: 3 });
    await sandbox().control('POST', 'worlds/again/skus/1', { price: 1.23 });
    expect(await sandbox().world('again', { generate: 20, seed: 3 })).toEqual(world);
    const books = await sandbox().control<{ vtex: { again: { skus: Record<string, { price: number }> } } }>(
      'GET',
      `books?account=again`
    );
    expect(books.body.vtex.again.skus['1']?.price).toBe(1.23);
  });

  it('changes its store and keeps its Amazon side when it is put with another catalogue', async () => {
    const world = await sandbox().world('replaced', { generate: 20, seed: 3 });
    const seller = await sandbox().seller(world);
    await seller.put('KEPT', shirt());
    await sandbox().world('replaced', { generate: 30, seed: 3 });
    const books = await sandbox().control<{ amazon: Record<string, object>; vtex: { replaced: { skus: object } } }>(
      'GET',
      'books'
    );
    expect(Object.keys(books.body.vtex.replaced.skus)).toHaveLength(30);
    expect(books.body.amazon[world.amazon.sellerId]).toHaveProperty('KEPT');
  });

  it('has credentials that follow from its name and belong to it alone', async () => {
    const one = await sandbox().world('one');
    const other = await sandbox().world('o-ne');
    expect(one.amazon).toMatchObject({
      clientId: expect.stringMatching(/^amzn1\.application-oa2-client\.[0-9a-f]{32}$/),
      clientSecret: expect.stringMatching(/^amzn1\.oa2-cs\.v1\.[0-9a-f]{64}$/),
      refreshToken: expect.stringMatching(/^Atzr\|/),
      sellerId: expect.stringMatching(/^A[0-9A-Z]{13}$/),
    });
    expect(one.vtex.appKey).toMatch(/^vtexappkey-one-[A-Z0-9]{6}$/);
    expect(other.vtex.account).not.toBe(one.vtex.account);
    await sandbox().control('POST', 'reset');
    expect(await sandbox().world('one')).toEqual(one);
  });

  it('names the line of a catalogue it cannot read', async () => {
    const headers = { 'content-type': 'application/x-ndjson' };
    const body = '{"productId":1,"name":"A","skus":[{"skuId":1,"refId":"a","name":"a"}]}\n{"productId":2}';
    const reply = await sandbox().send<{ error: string }>('PUT', '/__sandbox/worlds/broken', { body, headers });
    expect(reply.status).toBe(400);
    expect(reply.body.error).toContain('line 2');
  });

  it('forgets a SKU that the merchant removes', async () => {
    await sandbox().world('removal', { generate: 5 });
    await sandbox().control('POST', 'worlds/removal/skus/3', { remove: true });
    const books = await sandbox().control<{ vtex: { removal: { skus: object } } }>('GET', 'books?account=removal');
    expect(Object.keys(books.body.vtex.removal.skus)).toEqual(['1', '2', '4', '5']);
  });
});

describe('a product that the merchant adds', () => {
  const sku = (skuId: number, refId: string) => ({ skuId, refId, name: refId, price: 9, quantity: 4 });
  const add = (world: string, line: object) =>
    sandbox().control<{ error: string; skus: object[] }>('POST', `worlds/${world}/products`, line);
  const skusOf = async (world: string): Promise<Record<string, { refId: string; quantity: number }>> => {
    const path = `books?account=${world}`;
    const { body } = await sandbox().control<{ vtex: Record<string, { skus: never }> }>('GET', path);
    return body.vtex[world]!.skus;
  };

  it('is in the store at once, and so is a SKU that joins a product', async () => {
    const world = await sandbox().world('added', { generate: 5 });
    const first = await add('added', { productId: 900, refId: 'CAP', name: 'Cap', skus: [sku(901, 'CAP-1')] });
    expect([first.status, first.body]).toEqual([201, { skus: [{ skuId: 901, refId: 'CAP-1' }] }]);
    expect((await add('added', { productId: 900, name: 'Another name', skus: [sku(902, 'CAP-2')] })).status).toBe(201);
    expect((await skusOf('added'))['902']).toMatchObject({ refId: 'CAP-2', quantity: 4 });
    const keys = { 'X-VTEX-API-AppKey': world.vtex.appKey, 'X-VTEX-API-AppToken': world.vtex.appToken };
    const path = '/vtex/added/api/catalog_system/pvt/sku/stockkeepingunitbyid/902';
    expect((await sandbox().send<object>('GET', path, { headers: keys })).body).toMatchObject({
      ProductName: 'Cap',
      ProductRefId: 'CAP',
      NameComplete: 'Cap CAP-2',
    });
  });

  it('must not take the id of a SKU that is there, and may be one that was removed', async () => {
    await sandbox().world('taken', { generate: 5 });
    const again = { productId: 900, name: 'Cap', skus: [sku(901, 'CAP-1'), sku(3, 'CAP-3')] };
    const refused = await add('taken', again);
    expect([refused.status, refused.body.error]).toEqual([400, 'skuId 3 is in use in world taken']);
    expect(await skusOf('taken')).not.toHaveProperty('901');
    await sandbox().control('POST', 'worlds/taken/skus/3', { remove: true });
    expect((await add('taken', again)).status).toBe(201);
    expect((await skusOf('taken'))['3']).toMatchObject({ refId: 'CAP-3' });
  });
});

describeWithLuma("Luma's catalogue", () => {
  it('loads whole: 192 products, 1,892 SKUs, one kit that its components price and stock', async () => {
    const world = await sandbox().world('luma', { catalogPath: lumaCatalog });
    expect(world.catalog).toMatchObject({ products: 192, skus: 1892 });
    const headers = { 'X-VTEX-API-AppKey': world.vtex.appKey, 'X-VTEX-API-AppToken': world.vtex.appToken };
    const ids: number[] = [];
    for (const page of [1, 2]) {
      const path = `/vtex/luma/api/catalog_system/pvt/sku/stockkeepingunitids?page=${page}&pagesize=1000`;
      ids.push(...(await sandbox().send<number[]>('GET', path, { headers })).body);
    }
    const contexts: { body: { IsKit: boolean; AlternateIds: { RefId: string } } }[] = [];
    // As many at once as a connector would; more than a listening socket queues are reset on a busy machine.
    for (let at = 0; at < ids.length; at += 50)
      contexts.push(
        ...(await Promise.all(
          ids
            .slice(at, at + 50)
            .map((id) =>
              sandbox().send<{ IsKit: boolean; AlternateIds: { RefId: string } }>(
                'GET',
                `/vtex/luma/api/catalog_system/pvt/sku/stockkeepingunitbyid/${id}`,
                { headers }
              )
            )
        ))
      );
    const kits = contexts.filter(({ body }) => body.IsKit);
    expect(kits.map(({ body }) => body.AlternateIds.RefId)).toEqual(['24-WG080']);
    const simulation = await sandbox().send('POST', '/vtex/luma/api/checkout/pub/orderForms/simulation', {
      body: { items: [{ id: '1892', quantity: 1, seller: '1' }] },
    });
    expect(simulation.body).toMatchObject({ items: [{ price: 6100 }], logisticsInfo: [{ stockBalance: 100 }] });
  });
});

describe('a data folder', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'longshore-sandbox-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  /** Changes something of every kind, through the front door. */
  async function live(client: SandboxClient): Promise<WorldAnswer> {
    const world = await client.world('memory', { generate: 50 });
    const seller = await client.seller(world);
    await seller.put('DONE', shirt());
    await new Promise((resolve) => setTimeout(resolve, 20));
    await seller.item('DONE');
    await client.control('POST', 'worlds/memory/skus/1', { price: 77 });
    for (const id of [2, 3]) await client.control('POST', `worlds/memory/skus/${id}`, { remove: true });
    for (const skuId of [3, 901]) {
      const line = { productId: 900, name: 'Cap', skus: [{ skuId, refId: `CAP-${skuId}`, name: 'Cap', quantity: 4 }] };
      await client.control('POST', 'worlds/memory/products', line);
    }
    await client.control('POST', 'worlds/memory/skus/901', { quantity: 2 });
    await client.control('POST', 'worlds/memory/amazon', { newClientSecret: true });
    await client.control('POST', 'clock', { advanceSeconds: 60 });
    return world;
  }

  const stateOf = async (client: SandboxClient) => ({
    books: (await client.control<object>('GET', 'books')).body,
    worlds: (await client.control<object>('GET', 'worlds')).body,
  });

  it('brings worlds, books and the clock back after a stop', async () => {
    const first = await startSandbox({ dataDir, visibleAfterMs: 10 });
    const client = new SandboxClient(first.url);
    const world = await live(client);
    const token = (await client.token(world)).body.access_token;
    const before = await stateOf(client);
    await first.close();

    const second = await startSandbox({ dataDir, visibleAfterMs: 10 });
    const again = new SandboxClient(second.url);
    expect(await stateOf(again)).toEqual(before);
    const headers = { 'x-amz-access-token': token };
    expect((await again.send('GET', '/sellers/v1/marketplaceParticipations', { headers })).status).toBe(200);
    expect((await again.control<{ aheadSeconds: number }>('GET', 'clock')).body.aheadSeconds).toBe(60);
    await second.close();
  });

  it('ignores a last line that was cut off', async () => {
    const first = await startSandbox({ dataDir, visibleAfterMs: 10 });
    const client = new SandboxClient(first.url);
    await live(client);
    const before = await stateOf(client);
    await first.close();
    appendFileSync(join(dataDir, 'books.journal'), '["world/memory",{"na');
    const second = await startSandbox({ dataDir });
    expect(await stateOf(new SandboxClient(second.url))).toEqual(before);
    await second.close();
  });

  it('survives kill -9, and the process says where it is ready and stops on SIGTERM', async () => {
    const first = await startProcess(dataDir);
    const client = new SandboxClient(first.url);
    await live(client);
    const before = await stateOf(client);
    await new Promise((resolve) => setTimeout(resolve, 800));
    first.child.kill('SIGKILL');
    await first.ended;

    const second = await startProcess(dataDir);
    expect(await stateOf(new SandboxClient(second.url))).toEqual(before);
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
  });
});

async function startProcess(
  dataDir: string
): Promise<{ child: ChildProcess; url: string; ended: Promise<number | null> }> {
  const root = resolve(__dirname, '..', '..');
  const env = { ...process.env, SANDBOX_PORT: '0', SANDBOX_DATA_DIR: dataDir, SANDBOX_VISIBLE_AFTER_MS: '10' };
  const child = spawn(process.execPath, ['--import', 'tsx', 'sandbox/main.ts'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((done) => child.once('exit', done));
  const url = await new Promise<string>((done) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      const [, found] = /sandbox ready at (\S+)/.exec(chunk.toString()) ?? [];
      if (found) done(found);
    });
  });
  return { child, url, ended };
}
