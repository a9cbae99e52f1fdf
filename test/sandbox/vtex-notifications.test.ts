import { startOddServer, type OddServer } from '../adapters/odd-server';
import { useSandbox, type WorldAnswer } from './sandbox-client';

const sandbox = useSandbox();

const CATALOG = [
  {
    productId: 1,
    refId: 'TEE',
    name: 'Harbour Tee',
    skus: [
      { skuId: 1, refId: 'TEE-S', name: 'S', price: 20, quantity: 5 },
      { skuId: 2, refId: 'TEE-M', name: 'M', price: 20, quantity: 5 },
      { skuId: 3, refId: 'TEE-L', name: 'L', price: 20, quantity: 5 },
    ],
  },
  {
    productId: 2,
    refId: 'B2B',
    name: 'Elsewhere',
    salesChannels: [2],
    skus: [{ skuId: 4, refId: 'B2B-1', name: 'Elsewhere', price: 5, quantity: 5 }],
  },
];

interface Told {
  waiting: number;
  sent: {
    seq: number;
    skuId: number;
    casing: string;
    isRemoved: boolean;
    tries: number;
    status: number;
    isDone: boolean;
  }[];
}

let world: WorldAnswer;
let hook: OddServer;
/** What the hook answers, in turn; 202 when there is none left. */
let statuses: number[];

beforeEach(async () => {
  statuses = [];
  hook = await startOddServer((_request, response) => void response.writeHead(statuses.shift() ?? 202).end());
  await sandbox().control('POST', 'reset');
  const headers = { 'content-type': 'application/x-ndjson' };
  const body = CATALOG.map((product) => JSON.stringify(product)).join('\n');
  world = (await sandbox().send<WorldAnswer>('PUT', '/__sandbox/worlds/shop', { body, headers })).body;
  await affiliate('MZN', `${hook.url}/hook`);
});
afterEach(() => hook.close());

async function affiliate(id: string, searchURIEndpoint: string): Promise<void> {
  const headers = { 'X-VTEX-API-AppKey': world.vtex.appKey, 'X-VTEX-API-AppToken': world.vtex.appToken };
  const body = { name: id, salesChannel: '1', searchURIEndpoint, searchURIEndpointVersion: '1.x.x' };
  await sandbox().send('PUT', `/vtex/shop/api/fulfillment/pvt/affiliates/${id}`, { headers, body });
}

const change = (sku: string, body: object) => sandbox().control('POST', `worlds/shop/skus/${sku}`, body);

/** What was told, once all of it is done with. */
async function told(): Promise<Told['sent']> {
  for (;;) {
    const { body } = await sandbox().control<Told>('GET', 'worlds/shop/notifications');
    if (body.waiting === 0) return body.sent;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Bodies received, with names in lower case. */
const received = (): Record<string, unknown>[] =>
  hook.seen.map(({ body }) =>
    Object.fromEntries(
      Object.entries(JSON.parse(body) as object).map(([name, value]: [string, unknown]) => [name.toLowerCase(), value])
    )
  );

describe('change notifications', () => {
  it('go to the affiliate for every SKU of the product, one twice, out of order, in both casings', async () => {
    await change('TEE-S', { quantity: 3 });
    const sent = await told();
    expect(sent.map(({ skuId, status, tries }) => [skuId, status, tries])).toEqual([
      [1, 202, 1],
      [3, 202, 1],
      [2, 202, 1],
      [1, 202, 1],
    ]);
    expect(new Set(sent.map(({ casing }) => casing))).toEqual(new Set(['pascal', 'camel']));
    const names = hook.seen.map(({ body }) => Object.keys(JSON.parse(body) as object)[0]);
    expect(names.sort()).toEqual(['IdSku', 'IdSku', 'idSKU', 'idSKU']);
    for (const each of received()) {
      expect(each).toMatchObject({ an: 'shop', idaffiliate: 'MZN', stockmodified: true, pricemodified: false });
      expect(each.hasstockkeepingunitremovedfromaffiliate).toBe(false);
      expect(each.datemodified).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
    }
    expect(new Set(received().map((each) => typeof each.idsku))).toEqual(new Set(['string', 'number']));
    // The moments rise with the SKUs as they changed, not as they were sent.
    const momentOf = (id: number) => received().find((each) => Number(each.idsku) === id)!.datemodified as string;
    expect([momentOf(1) < momentOf(2), momentOf(2) < momentOf(3)]).toEqual([true, true]);
  });

  it.each([
    [{ price: 21 }, { pricemodified: true, stockmodified: false, hasstockkeepingunitmodified: false }],
    [{ name: 'Small' }, { pricemodified: false, hasstockkeepingunitmodified: true, isactive: true }],
    [{ active: false }, { hasstockkeepingunitmodified: true, isactive: false }],
    [{ remove: true }, { hasstockkeepingunitremovedfromaffiliate: true }],
    [{ salesChannels: [2] }, { hasstockkeepingunitremovedfromaffiliate: true }],
  ])('say of %j what it was, and of one SKU only where that is asked for', async (what, said) => {
    await change('TEE-S', { ...what, tell: 'sku' });
    expect(await told()).toHaveLength(1);
    expect(received()).toEqual([expect.objectContaining(said)]);
  });

  it('tell of a SKU that enters the assortment, and nothing of one that is and was elsewhere', async () => {
    await change('B2B-1', { quantity: 9 });
    expect(await told()).toEqual([]);
    await change('B2B-1', { salesChannels: [1, 2], tell: 'sku' });
    expect(await told()).toMatchObject([{ skuId: 4, isRemoved: false }]);
  });

  it('tell of SKUs that are added, each once, and not of those of another trade policy', async () => {
    const add = (line: object, query = '') => sandbox().control('POST', `worlds/shop/products${query}`, line);
    const skus = [
      { skuId: 5, refId: 'CAP-1', name: 'One', price: 9, quantity: 2 },
      { skuId: 6, refId: 'CAP-2', name: 'Two', price: 9, quantity: 2 },
    ];
    expect((await add({ productId: 3, refId: 'CAP', name: 'Cap', skus })).status).toBe(201);
    expect((await told()).map(({ skuId, isRemoved }) => [skuId, isRemoved])).toEqual([
      [5, false],
      [6, false],
    ]);
    expect(received()[0]).toMatchObject({ hasstockkeepingunitmodified: true, stockmodified: true, isactive: true });
    const late = { skuId: 7, refId: 'B2B-2', name: 'Late', price: 9, quantity: 2 };
    await add({ productId: 2, name: 'Elsewhere', skus: [late] });
    await add({ productId: 4, name: 'Hat', skus: [{ ...late, skuId: 8, refId: 'HAT' }] }, '?tell=nobody');
    expect(await told()).toHaveLength(2);
    expect((await add({ productId: 5, name: 'Cap', skus }, '?tell=everybody')).status).toBe(400);
  });

  it('keep quiet where that is asked for', async () => {
    await change('TEE-S', { quantity: 3, tell: 'nobody' });
    expect(await told()).toEqual([]);
  });

  it('go to every affiliate of the trade policy', async () => {
    await affiliate('SPT', `${hook.url}/other`);
    await change('TEE-S', { quantity: 3, tell: 'sku' });
    await told();
    expect(hook.seen.map(({ url }) => url).sort()).toEqual(['/hook', '/other']);
  });

  it('are tried three times at most, and not again after a refusal', async () => {
    statuses = [500, 429, 503];
    await change('TEE-S', { quantity: 3, tell: 'sku' });
    expect(await told()).toMatchObject([{ tries: 3, status: 503 }]);
    statuses = [404];
    await change('TEE-S', { quantity: 4, tell: 'sku' });
    expect((await told())[1]).toMatchObject({ tries: 1, status: 404 });
    await affiliate('MZN', 'http://127.0.0.1:1/nobody');
    await change('TEE-S', { quantity: 5, tell: 'sku' });
    expect((await told())[2]).toMatchObject({ tries: 3, status: 0 });
  });

  it('refuse a telling that there is not', async () => {
    expect((await change('TEE-S', { quantity: 3, tell: 'everybody' })).status).toBe(400);
    expect((await change('TEE-S', { salesChannels: ['one'] })).status).toBe(400);
  });
});
