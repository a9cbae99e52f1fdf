import { useSandbox, type WorldAnswer } from './sandbox-client';

const sandbox = useSandbox();

const CATALOG = [
  {
    productId: 1,
    refId: 'TEE',
    name: 'Harbour Tee',
    brand: 'Northpier',
    descriptionHtml: '<p>Tee</p>',
    categories: ['Men/Tops/Tees'],
    attributes: { material: ['Cotton', 'Wool'] },
    skus: [
      {
        skuId: 1,
        refId: 'TEE-S',
        name: 'S',
        options: { size: 'S' },
        price: 19.99,
        quantity: 5,
        weightKg: 0.25,
        images: ['/tee.jpg'],
        ean: '2000000000015',
      },
      { skuId: 2, refId: 'TEE-M', name: 'M', price: 20, quantity: 0 },
      { skuId: 3, refId: 'TEE-L', name: 'L', price: null, quantity: 5 },
      { skuId: 4, refId: 'TEE-XL', name: 'XL', price: 20, quantity: 5, active: false },
      { skuId: 5, refId: 'TEE/2X', name: 'XXL', price: 20, quantity: 5, unlimited: true },
    ],
  },
  {
    productId: 2,
    refId: 'OLD',
    name: 'Old Tee',
    active: false,
    skus: [{ skuId: 6, refId: 'OLD-1', name: 'Old', price: 5, quantity: 5 }],
  },
  {
    productId: 3,
    refId: 'KIT',
    name: 'Kit',
    skus: [
      {
        skuId: 7,
        refId: 'KIT-1',
        name: 'Kit',
        price: null,
        quantity: null,
        kitComponents: [
          { refId: 'TEE-S', quantity: 2 },
          { refId: 'TEE/2X', quantity: 1 },
        ],
      },
    ],
  },
  {
    productId: 4,
    refId: 'B2B',
    name: 'Elsewhere',
    salesChannels: [2],
    skus: [{ skuId: 8, refId: 'B2B-1', name: 'Elsewhere', price: 5, quantity: 5 }],
  },
];

let world: WorldAnswer;
beforeAll(async () => {
  const headers = { 'content-type': 'application/x-ndjson' };
  const body = CATALOG.map((product) => JSON.stringify(product)).join('\n');
  world = (await sandbox().send<WorldAnswer>('PUT', '/__sandbox/worlds/shop', { body, headers })).body;
});

const keys = () => ({ 'X-VTEX-API-AppKey': world.vtex.appKey, 'X-VTEX-API-AppToken': world.vtex.appToken });
const get = <T = never>(path: string) => sandbox().send<T>('GET', `/vtex/shop/api/${path}`, { headers: keys() });
const price = <T = never>(path: string) =>
  sandbox().send<T>('GET', `/vtex-pricing/shop/pricing/prices/${path}`, { headers: keys() });

interface Simulation {
  items: { id: string; requestIndex: number; price: number; availability: string }[];
  logisticsInfo: { itemIndex: number; stockBalance: number; slas: { id: string }[] }[];
}

const simulate = (ids: number[], more: object = {}, query = '?sc=1') =>
  sandbox().send<Simulation>('POST', `/vtex/shop/api/checkout/pub/orderForms/simulation${query}`, {
    body: { items: ids.map((id) => ({ id: String(id), quantity: 1, seller: '1' })), ...more },
  });

describe('VTEX credentials', () => {
  it('are asked for with plain texts', async () => {
    const path = '/vtex/shop/api/catalog_system/pvt/saleschannel/list';
    const status = async (headers: Record<string, string>) => {
      const reply = await sandbox().send<string>('GET', path, { headers });
      expect(reply.headers.get('content-type')).toContain('text/plain');
      return reply.status;
    };
    expect(await status({})).toBe(401);
    expect(await status({ ...keys(), 'X-VTEX-API-AppToken': 'wrong' })).toBe(401);
    expect(await status({ ...keys(), 'X-VTEX-API-AppKey': 'vtexappkey-other-AAAAAA' })).toBe(403);
    expect(
      (await sandbox().send('GET', '/vtex/nobody/api/catalog_system/pvt/saleschannel/list', { headers: keys() })).status
    ).toBe(404);
  });
});

describe('the VTEX catalogue', () => {
  it('lists SKU ids in pages until an empty one', async () => {
    const page = async (number: number) =>
      (await get<number[]>(`catalog_system/pvt/sku/stockkeepingunitids?page=${number}&pagesize=5`)).body;
    expect([await page(1), await page(2), await page(3)]).toEqual([[1, 2, 3, 4, 5], [6, 7, 8], []]);
  });

  it('insists on the casing of each list and on 1,000 a page', async () => {
    expect((await get('catalog_system/pvt/sku/stockkeepingunitids?page=1&pageSize=5')).status).toBe(400);
    expect((await get('catalog_system/pvt/sku/stockkeepingunitids?page=1&pagesize=1001')).status).toBe(400);
    expect((await get('catalog_system/pvt/sku/stockkeepingunitidsbysaleschannel?sc=1&page=1&pagesize=5')).status).toBe(
      400
    );
    expect((await get('catalog_system/pvt/sku/stockkeepingunitidsbysaleschannel?page=1&pageSize=5')).status).toBe(400);
  });

  it('lists the SKUs of a trade policy, or also those of none', async () => {
    const list = async (query: string) =>
      (await get<number[]>(`catalog_system/pvt/sku/stockkeepingunitidsbysaleschannel?page=1&pageSize=50&${query}`))
        .body;
    expect(await list('sc=1&onlyAssigned=true')).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await list('sc=1&onlyAssigned=false')).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await list('sc=2&onlyAssigned=true')).toEqual([8]);
  });

  it('shows a SKU with its context, without price and stock', async () => {
    const { body } = await get<Record<string, unknown>>('catalog_system/pvt/sku/stockkeepingunitbyid/1?sc=1');
    expect(body).toMatchObject({
      Id: 1,
      ProductId: 1,
      NameComplete: 'Harbour Tee S',
      ProductDescription: '<p>Tee</p>',
      IsActive: true,
      IsProductActive: true,
      BrandName: 'Northpier',
      BrandId: expect.stringMatching(/^\d+$/),
      SalesChannels: [1],
      IsKit: false,
      AlternateIds: { RefId: 'TEE-S', Ean: '2000000000015' },
      Dimension: { weight: 250 },
      Images: [{ ImageUrl: 'http://shop.vteximg.com.br/arquivos/ids/tee.jpg' }],
      SkuSpecifications: [{ FieldName: 'size', FieldValues: ['S'] }],
      ProductSpecifications: [{ FieldName: 'material', FieldValues: ['Cotton', 'Wool'] }],
      ProductCategories: { 1: 'Men', 2: 'Tops', 3: 'Tees' },
      ProductCategoryIds: '/1/2/3/',
    });
    expect(JSON.stringify(body)).not.toContain('19.99');
    expect(
      (await get<{ IsProductActive: boolean }>('catalog_system/pvt/sku/stockkeepingunitbyid/6')).body.IsProductActive
    ).toBe(false);
    expect((await get('catalog_system/pvt/sku/stockkeepingunitbyid/99')).status).toBe(404);
  });

  it('has the smaller records', async () => {
    expect((await get('catalog_system/pvt/sku/stockkeepingunitidbyrefid/TEE%2F2X')).body).toBe('5');
    expect((await get('catalog/pvt/stockkeepingunit/1/ean')).body).toEqual(['2000000000015']);
    expect((await get('catalog/pvt/stockkeepingunit/1')).body).toMatchObject({ Id: 1, RefId: 'TEE-S', IsKit: false });
    expect((await get('catalog/pvt/stockkeepingunit/1/specification')).body).toMatchObject([{ SkuId: 1, Text: 'S' }]);
    expect((await get('catalog/pvt/product/1')).body).toMatchObject({ Id: 1, RefId: 'TEE', IsActive: true });
    expect((await get('catalog/pvt/product/1/salespolicy')).body).toEqual([{ ProductId: 1, StoreId: 1 }]);
    expect((await get('catalog_system/pvt/products/1/specification')).body).toMatchObject([
      { Name: 'material', Value: ['Cotton', 'Wool'] },
    ]);
    expect((await get('catalog_system/pvt/products/GetProductAndSkuIds?_from=1&_to=2')).body).toEqual({
      data: { 1: [1, 2, 3, 4, 5], 2: [6] },
      range: { total: 4, from: 1, to: 2 },
    });
    expect((await get('catalog/pvt/stockkeepingunitkit?parentSkuId=7')).body).toMatchObject([
      { StockKeepingUnitId: 1, Quantity: 2 },
      { StockKeepingUnitId: 5, Quantity: 1 },
    ]);
    expect((await get('catalog_system/pvt/saleschannel/list')).body).toMatchObject([
      { Id: 1, IsActive: true, CurrencyCode: 'USD', CountryCode: 'USA' },
      { Id: 2, IsActive: false },
    ]);
    expect((await sandbox().send('GET', '/vtex/shop/api/catalog_system/pub/saleschannel/1')).body).toMatchObject({
      Id: 1,
    });
  });
});

describe('VTEX prices and stock', () => {
  it('are currency units at pricing, with headers of the limit', async () => {
    const reply = await price('1');
    expect(reply.body).toMatchObject({ itemId: '1', basePrice: 19.99 });
    expect(reply.headers.get('ratelimit-limit')).toMatch(/^\d+$/);
    expect((await price('1/computed/1')).body).toMatchObject({ tradePolicyId: '1', sellingPrice: 19.99 });
    expect((await price('7')).body).toMatchObject({ basePrice: 59.98 });
    expect((await price('3')).status).toBe(404);
  });

  it('show what is held and what is unlimited', async () => {
    await sandbox().control('POST', 'worlds/shop/skus/TEE-S', { reserved: 1 });
    expect((await get('logistics/pvt/inventory/skus/1')).body).toMatchObject({
      skuId: '1',
      balance: [{ totalQuantity: 5, reservedQuantity: 1, hasUnlimitedQuantity: false }],
    });
    expect((await get('logistics/pvt/inventory/skus/5')).body).toMatchObject({
      balance: [{ totalQuantity: 1_000_000, hasUnlimitedQuantity: true }],
    });
    expect((await get('logistics/pvt/inventory/items/1/warehouses/1_1')).body).toMatchObject([
      { availableQuantity: 4 },
    ]);
    await sandbox().control('POST', 'worlds/shop/skus/TEE-S', { reserved: 0 });
  });
});

describe('a simulation', () => {
  it('is in cents, leaves out what cannot be sold, and counts positions in what is left', async () => {
    const { body } = await simulate([3, 1, 4, 6, 8, 99, 2, 5, 7]);
    expect(body.items.map(({ id, requestIndex }) => [id, requestIndex])).toEqual([
      ['1', 1],
      ['2', 6],
      ['5', 7],
      ['7', 8],
    ]);
    expect(body.items.map((item) => item.price)).toEqual([1999, 2000, 2000, 5998]);
    expect(body.items.map((item) => item.availability)).toEqual([
      'available',
      'withoutStock',
      'available',
      'available',
    ]);
    expect(body.logisticsInfo.map(({ itemIndex, stockBalance }) => [itemIndex, stockBalance])).toEqual([
      [0, 5],
      [1, 0],
      [2, 1_000_000],
      [3, 2],
    ]);
  });

  it('names carriers only for a postal code, and none where nobody delivers', async () => {
    const slas = async (more: object) => (await simulate([1], more)).body.logisticsInfo[0]?.slas.length;
    expect(await slas({})).toBe(0);
    expect(await slas({ postalCode: '90001', country: 'USA' })).toBe(1);
    expect(await slas({ postalCode: '00000', country: 'USA' })).toBe(0);
  });

  it('takes postal code and country only together, 300 items at most and a trade policy that exists', async () => {
    expect((await simulate([1], { postalCode: '90001' })).status).toBe(400);
    expect((await simulate(Array(301).fill(1) as number[])).status).toBe(400);
    expect((await simulate(Array(300).fill(1) as number[])).status).toBe(200);
    expect((await simulate([1], {}, '?sc=9')).status).toBe(400);
  });

  it('follows what the merchant changes', async () => {
    await sandbox().control('POST', 'worlds/shop/skus/2', { quantity: 3, price: 21.5 });
    expect((await simulate([2])).body).toMatchObject({
      items: [{ price: 2150, availability: 'available' }],
      logisticsInfo: [{ stockBalance: 3 }],
    });
    await sandbox().control('POST', 'worlds/shop/skus/2', { active: false });
    expect((await simulate([2])).body.items).toEqual([]);
    await sandbox().control('POST', 'worlds/shop/skus/2', { active: true, quantity: 0, price: 20 });
  });
});

describe('affiliates', () => {
  const path = 'fulfillment/pvt/affiliates';
  const put = (id: string, body: object) =>
    sandbox().send('PUT', `/vtex/shop/api/${path}/${id}`, { body, headers: keys() });
  const affiliate = {
    name: 'Amazon',
    followUpEmail: 'ops@example.com',
    salesChannel: '1',
    searchURIEndpoint: 'https://hooks.example.com/api/notification/',
    searchURIEndpointVersion: '1.x.x',
  };

  it('are made, read, changed and deleted', async () => {
    expect((await put('MZN', affiliate)).status).toBe(204);
    expect((await get(`${path}/MZN`)).body).toMatchObject({ id: 'MZN', ...affiliate });
    expect((await get<object[]>(path)).body).toHaveLength(1);
    expect((await sandbox().send('DELETE', `/vtex/shop/api/${path}/MZN`, { headers: keys() })).status).toBe(204);
    expect((await get(`${path}/MZN`)).status).toBe(404);
  });

  it.each(['AMZ', 'MZ', 'MZNN', 'MZ1', 'mzn'])('cannot be called %s', async (id) => {
    expect((await put(id, affiliate)).status).toBe(400);
  });

  it('cannot be made by API where the account refuses it, and still be changed', async () => {
    await put('LNG', affiliate);
    await sandbox().control('POST', 'worlds/shop/vtex', { affiliateCreation: 'refused' });
    expect((await put('CNT', affiliate)).status).toBe(403);
    expect((await put('LNG', { name: 'Renamed' })).status).toBe(204);
    await sandbox().control('POST', 'worlds/shop/vtex', { affiliateCreation: 'allowed' });
  });
});

describe('an account that is down', () => {
  it('answers 503 until it is up again', async () => {
    await sandbox().control('POST', 'worlds/shop/vtex', { down: true });
    expect((await get('catalog_system/pvt/saleschannel/list')).status).toBe(503);
    await sandbox().control('POST', 'worlds/shop/vtex', { down: false });
    expect((await get('catalog_system/pvt/saleschannel/list')).status).toBe(200);
  });
});
