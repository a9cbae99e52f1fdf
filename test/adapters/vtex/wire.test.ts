import type { ServerResponse } from 'node:http';
import { createVtexStore } from '../../../adapters/vtex';
import type { VtexStore } from '../../../domain/ports/source';
import { answerJson, startOddServer, type OddServer, type Seen } from '../odd-server';
import { failureOf, never } from '../sandbox-world';

const CONTEXT = {
  Id: 7,
  ProductId: 70,
  NameComplete: 'Harbour Tee Blue S',
  ProductName: 'Harbour Tee',
  ProductRefId: ' HT ',
  SkuName: 'Blue S',
  ProductDescription: '<p>Soft.</p>',
  IsActive: true,
  IsProductActive: true,
  BrandName: 'Northpier',
  Dimension: { weight: 180.5 },
  IsKit: false,
  Images: [{ ImageUrl: '//cdn.example.com/a.jpg' }, { ImageUrl: 'arquivos/relative.jpg' }, { ImageUrl: null }],
  SkuSpecifications: [{ FieldName: 'Size', FieldValues: ['S'] }],
  ProductSpecifications: [
    { FieldName: 'MATERIAL', FieldValues: ['Cotton', 'Wool', null] },
    { FieldName: 'Empty', FieldValues: [] },
  ],
  ProductCategories: { '1': 'Men', '10': 'Tops', '11': 'Tees', '20': 'Sale' },
  ProductCategoryIds: '/1/10/11/',
  CategoriesFullPath: ['/1/10/11/', '/1/10/', '/20/'],
  AlternateIds: { Ean: '4006381333931', RefId: ' LS-7 ' },
  KitItems: null,
  SomethingNew: { a: 1 },
};

/** What the odd store answers, by the beginning of the path. */
interface Script {
  skus?: (id: string) => object | undefined;
  simulation?: (ids: string[]) => unknown;
  inventory?: (id: string) => object;
  price?: (id: string) => object | undefined;
  before?: (request: Seen, response: ServerResponse) => boolean;
}

describe('a VTEX store, over the wire', () => {
  let server: OddServer;
  let script: Script;
  let store: VtexStore;

  beforeEach(async () => {
    script = {};
    server = await startOddServer((request, response) => {
      if (script.before?.(request, response)) return;
      const [path = ''] = request.url.split('?');
      const id = decodeURIComponent(path.split('/').at(-1)!);
      const found = (body: unknown): void =>
        body === undefined ? void response.writeHead(404).end('not found') : answerJson(response, 200, body);
      if (path.includes('stockkeepingunitbyid'))
        return found(script.skus ? script.skus(id) : { ...CONTEXT, Id: Number(id) });
      if (path.includes('simulation')) {
        const { items } = JSON.parse(request.body) as { items: { id: string }[] };
        return found(script.simulation?.(items.map((each) => each.id)) ?? { items: [], logisticsInfo: [] });
      }
      if (path.includes('inventory')) return found(script.inventory?.(id));
      if (path.includes('/computed/')) return found(script.price?.(path.split('/').at(-3)!));
      return found([]);
    });
    store = createVtexStore({
      account: 'shop',
      appKey: 'the-app-key',
      appToken: 'the-app-token',
      salesChannel: '3',
      affiliateId: 'MZN',
      urlTemplate: `${server.url}/{account}/`,
      pricingUrlTemplate: `${server.url}/pricing-of-{account}`,
      currency: 'USD',
      requestsInFlight: 4,
      timeoutMs: 2_000,
    });
  });
  afterEach(() => server.close());

  const read = async (...ids: string[]) => (await store.readItems(ids, never)).items;
  const offer = (id: string, requestIndex: number, cents: number, more: object = {}) => ({
    id,
    requestIndex,
    quantity: 1,
    sellingPrice: cents,
    availability: 'available',
    ...more,
  });

  it('maps a SKU into the words of the domain', async () => {
    script.simulation = () => ({ items: [offer('7', 0, 5200)], logisticsInfo: [{ itemIndex: 0, stockBalance: 9 }] });
    expect(await read('7')).toEqual([
      {
        sku: 'LS-7',
        sourceId: '7',
        productId: '70',
        productReference: 'HT',
        productTitle: 'Harbour Tee',
        title: 'Harbour Tee Blue S',
        brand: 'Northpier',
        descriptionHtml: '<p>Soft.</p>',
        categories: ['Sale', 'Men/Tops', 'Men/Tops/Tees'],
        options: { size: 'S' },
        attributes: { material: ['Cotton', 'Wool'] },
        images: ['https://cdn.example.com/a.jpg'],
        gtins: ['4006381333931'],
        weightGrams: 180.5,
        price: { minorUnits: 5200, currency: 'USD' },
        stock: { kind: 'units', units: 9 },
        status: 'active',
        isKit: false,
      },
    ]);
  });

  it('needs no more of a SKU than its ids', async () => {
    script.skus = (id) => ({ Id: Number(id), ProductId: 70 });
    expect(await read('7')).toEqual([
      expect.objectContaining({
        sku: '7',
        title: '',
        brand: '',
        images: [],
        gtins: [],
        status: 'inactive',
        isKit: false,
      }),
    ]);
  });

  it('asks as the API reference says', async () => {
    await store.readPage('2', 250, never);
    await store.readItems(['7'], never);
    const seen = server.seen.map(({ method, url }) => `${method} ${url}`);
    expect(seen).toEqual(
      expect.arrayContaining([
        'GET /shop/api/catalog_system/pvt/sku/stockkeepingunitidsbysaleschannel?sc=3&page=2&pageSize=250&onlyAssigned=true',
        'GET /shop/api/catalog_system/pvt/sku/stockkeepingunitbyid/7?sc=3',
        'POST /shop/api/checkout/pub/orderForms/simulation?sc=3&affiliateId=MZN',
        'GET /pricing-of-shop/pricing/prices/7/computed/3',
      ])
    );
    const simulated = server.seen.find(({ method }) => method === 'POST')!;
    expect(JSON.parse(simulated.body)).toEqual({ items: [{ id: '7', quantity: 1, seller: '1' }] });
    expect(simulated.headers).toMatchObject({
      'x-vtex-api-appkey': 'the-app-key',
      'x-vtex-api-apptoken': 'the-app-token',
      'content-type': 'application/json',
    });
  });

  it('matches prices and stock by id, whatever the order and whatever is missing', async () => {
    script.simulation = () => ({
      items: [offer('9', 2, 900), offer('gift', 5, 1), offer('7', 0, 700)],
      logisticsInfo: [
        { itemIndex: 2, stockBalance: 70 },
        { itemIndex: 0, stockBalance: 90 },
        { itemIndex: 1, stockBalance: 1 },
      ],
    });
    const found = new Map((await read('7', '8', '9')).map((each) => [each.sourceId, each]));
    expect(found.get('7')).toMatchObject({ price: { minorUnits: 700 }, stock: { units: 70 } });
    expect(found.get('9')).toMatchObject({ price: { minorUnits: 900 }, stock: { units: 90 } });
    expect(found.get('8')).toMatchObject({ stock: { kind: 'units', units: 0 } });
    expect(found.get('8')!.price).toBeUndefined();
  });

  it('reads logistics that count in the request, where items are missing', async () => {
    script.simulation = () => ({
      items: [offer('9', 2, 900)],
      logisticsInfo: [{ itemIndex: 2, stockBalance: 90 }],
    });
    const found = new Map((await read('7', '8', '9')).map((each) => [each.sourceId, each]));
    expect(found.get('9')).toMatchObject({ stock: { units: 90 } });
  });

  it('takes what one really costs where a unit multiplier rounds the selling price', async () => {
    script.simulation = () => ({
      items: [
        offer('7', 0, 333, { priceDefinition: { calculatedSellingPrice: 1000, total: 1000 }, unitMultiplier: 3 }),
      ],
      logisticsInfo: [{ itemIndex: 0, stockBalance: 1 }],
    });
    expect((await read('7'))[0]!.price).toEqual({ minorUnits: 1000, currency: 'USD' });
  });

  it.each([
    ['the selling price, which is of one', { sellingPrice: 1187, price: 4750 }, 1187],
    ['the price of a measurement unit, for as many as one holds', { sellingPrice: undefined, price: 4750 }, 1188],
  ])('takes %s, where nothing better is said', async (_, prices, minorUnits) => {
    script.simulation = () => ({
      items: [offer('7', 0, 0, { ...prices, unitMultiplier: 0.25 })],
      logisticsInfo: [{ itemIndex: 0, stockBalance: 1 }],
    });
    expect((await read('7'))[0]!.price).toEqual({ minorUnits, currency: 'USD' });
  });

  it('multiplies a price of pricing, which is of one measurement unit', async () => {
    script.skus = (id) => ({ ...CONTEXT, Id: Number(id), UnitMultiplier: 2.5 });
    script.price = () => ({ sellingPrice: 19.99 });
    expect((await read('7'))[0]!.price).toEqual({ minorUnits: 4998, currency: 'USD' });
  });

  it('asks pricing, which counts in units, where a simulation has no price', async () => {
    script.simulation = () => ({ items: [], logisticsInfo: [] });
    script.price = (id) => (id === '7' ? { sellingPrice: 19.99 } : undefined);
    const [priced, unpriced] = await read('7', '8');
    expect(priced).toMatchObject({ price: { minorUnits: 1999, currency: 'USD' }, stock: { units: 0 } });
    expect(unpriced!.price).toBeUndefined();
  });

  it('asks the inventory where a simulation says no stock: total less reserved, over all warehouses', async () => {
    script.simulation = (ids) => ({ items: ids.map((id, index) => offer(id, index, 100)) });
    script.inventory = (id) => ({
      balance:
        id === '7'
          ? [
              { totalQuantity: 10, reservedQuantity: 3, hasUnlimitedQuantity: false },
              { totalQuantity: 2, reservedQuantity: 5, hasUnlimitedQuantity: false },
              { totalQuantity: 4, reservedQuantity: null },
            ]
          : [{ totalQuantity: 2147483647, reservedQuantity: 0, hasUnlimitedQuantity: true }],
    });
    const [counted, unlimited] = await read('7', '8');
    expect(counted!.stock).toEqual({ kind: 'units', units: 11 });
    expect(unlimited!.stock).toEqual({ kind: 'unlimited' });
  });

  it.each([1_000_000, 2_147_483_647])('reads the filler %i as unlimited', async (stockBalance) => {
    script.simulation = () => ({ items: [offer('7', 0, 100)], logisticsInfo: [{ itemIndex: 0, stockBalance }] });
    expect((await read('7'))[0]!.stock).toEqual({ kind: 'unlimited' });
  });

  it('never asks for the inventory of a kit, which has none of its own', async () => {
    script.skus = (id) => ({ ...CONTEXT, Id: Number(id), IsKit: true });
    script.simulation = () => ({ items: [offer('7', 0, 100)], logisticsInfo: [{ itemIndex: 0, stockBalance: 4 }] });
    expect((await read('7'))[0]).toMatchObject({ isKit: true, stock: { units: 4 } });
    expect(server.seen.some(({ url }) => url.includes('inventory'))).toBe(false);
  });

  it('finds the one SKU that spoils a whole simulation', async () => {
    script.before = ({ url, body }, response) => {
      if (!url.includes('simulation') || !body.includes('"13"')) return false;
      answerJson(response, 400, { error: { code: 'CHK0099', message: 'Bad item' } });
      return true;
    };
    script.simulation = (ids) => ({
      items: ids.map((id, index) => offer(id, index, 100)),
      logisticsInfo: ids.map((_, itemIndex) => ({ itemIndex, stockBalance: 5 })),
    });
    const ids = Array.from({ length: 20 }, (_, index) => String(index + 1));
    const { items, unreadable } = await store.readItems(ids, never);
    expect(items).toHaveLength(19);
    expect(unreadable).toEqual([{ sourceId: '13', reason: expect.stringContaining('Bad item') }]);
  });

  it('goes on to the next page after a short one, and ends with an empty one', async () => {
    script.before = ({ url }, response) => {
      if (!url.includes('bysaleschannel')) return false;
      answerJson(response, 200, url.includes('page=3') ? [] : [7]);
      return true;
    };
    const first = await store.readPage(null, 50, never);
    expect(first.nextCursor).toBe('2');
    const second = await store.readPage('2', 50, never);
    expect(second.nextCursor).toBe('3');
    expect(await store.readPage('3', 50, never)).toEqual({ items: [], unreadable: [], nextCursor: null });
  });

  it.each(['Retry-After', 'Ratelimit-Reset'])('waits as long as %s says before it asks again', async (header) => {
    let refusals = 0;
    script.before = ({ url }, response) => {
      if (!url.includes('/computed/') || refusals > 0) return false;
      refusals += 1;
      response.writeHead(429, { [header]: '1' }).end('Too many requests');
      return true;
    };
    script.price = () => ({ sellingPrice: 5 });
    const began = performance.now();
    expect((await read('7'))[0]!.price).toEqual({ minorUnits: 500, currency: 'USD' });
    expect(performance.now() - began).toBeGreaterThanOrEqual(995);
  });

  it('gives a longer wait back to the caller, with its length', async () => {
    script.before = (_, response) => {
      response.writeHead(429, { 'Retry-After': '3600' }).end('Too many requests');
      return true;
    };
    expect(await failureOf(store.readItems(['7'], never))).toMatchObject({
      code: 'throttled',
      facts: { retryAfterMs: 3_600_000, system: 'vtex' },
    });
  });

  it.each([
    ['no JSON', '<html>'],
    ['JSON of another shape', '{"items":"none"}'],
  ])('calls an answer that is %s transient', async (_, text) => {
    script.before = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(text);
      return true;
    };
    expect(await failureOf(store.salesChannels(never))).toMatchObject({ code: 'transient' });
  });

  it('keeps what the merchant set in an affiliate that it changes', async () => {
    script.before = ({ url, method }, response) => {
      if (!url.includes('affiliates')) return false;
      if (method === 'PUT') response.writeHead(204).end();
      else answerJson(response, 200, { id: 'MZN', name: 'Old', minimumValueAccumulated: 5000, salesChannel: '1' });
      return true;
    };
    const endpoint = 'https://longshore.example.com/hook';
    await store.putAffiliate({ id: 'MZN', name: 'New', followUpEmail: 'a@b.co', salesChannel: '3', endpoint }, never);
    const { body } = server.seen.find(({ method }) => method === 'PUT')!;
    expect(JSON.parse(body)).toEqual({
      id: 'MZN',
      name: 'New',
      followUpEmail: 'a@b.co',
      salesChannel: '3',
      minimumValueAccumulated: 5000,
      searchURIEndpoint: endpoint,
      searchURIEndpointVersion: '1.x.x',
      searchURIEndpointAvailableVersions: ['1.x.x'],
    });
  });
});
