import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox } from '../../sandbox/index';
import { SandboxClient, US, useSandbox, type ErrorBody, type SellerClient, type WorldAnswer } from './sandbox-client';

const LONG_AGO = '2020-01-01T00:00:00Z';

interface Order {
  orderId: string;
  lastUpdatedTime: string;
  fulfillment?: { fulfillmentStatus: string; fulfilledBy: string };
  buyer?: object;
  recipient?: { deliveryAddress: { postalCode: string } };
  proceeds?: { grandTotal: { amount: string } };
  orderItems: {
    orderItemId: string;
    quantityOrdered: number;
    product: { sellerSku?: string; price?: object };
    fulfillment?: { quantityFulfilled: number; quantityUnfulfilled: number };
    cancellation?: { cancellationExecution?: object; cancellationRequest?: object };
  }[];
}
interface Search extends ErrorBody {
  orders: Order[];
  pagination?: { nextToken: string };
  lastUpdatedBefore: string;
}
interface OrderV0 {
  AmazonOrderId: string;
  OrderStatus: string;
  NumberOfItemsUnshipped: number;
  OrderTotal?: { Amount: string };
  ShippingAddress?: { PostalCode: string };
  BuyerInfo?: object;
}

const sandbox = useSandbox({ rateFactor: 1000 });
let world: WorldAnswer;
let seller: SellerClient;
let worlds = 0;

beforeEach(async () => {
  world = await sandbox().world(`orders-${(worlds += 1)}`);
  seller = await sandbox().seller(world);
  await control('amazon', { orderLagSeconds: 0 });
});

const control = async <T = never>(path: string, body?: object) =>
  (await sandbox().control<T>(body ? 'POST' : 'GET', `worlds/${world.name}/${path}`, body)).body;
const place = (order: object) => control<{ orderId: string; items: { orderItemId: string }[] }>('orders', order);
const advance = (seconds: number) => sandbox().control('POST', 'clock', { advanceSeconds: seconds });
const search = (query = '', data = 'FULFILLMENT,CANCELLATION') =>
  seller.get<Search>(`/orders/2026-01-01/orders?lastUpdatedAfter=${LONG_AGO}&includedData=${data}${query}`);
const read = async (orderId: string, data = 'FULFILLMENT,CANCELLATION,BUYER,RECIPIENT,PROCEEDS,PACKAGES') =>
  (await seller.get<{ order: Order }>(`/orders/2026-01-01/orders/${orderId}?includedData=${data}`)).body.order;
const TEE = { sku: 'TEE', quantity: 2, price: 10 };

describe('an order, by Orders 2026-01-01', () => {
  it('shows its status only to whoever asks for it, and no buyer, address or price while it is pending', async () => {
    const { orderId } = await place({ items: [TEE] });
    expect(orderId).toMatch(/^\d{3}-\d{7}-\d{7}$/);
    const [bare] = (await search('', 'BUYER')).body.orders;
    expect(bare).toMatchObject({ orderId, orderItems: [{ quantityOrdered: 2, product: { sellerSku: 'TEE' } }] });
    expect(bare?.fulfillment).toBeUndefined();
    const pending = await read(orderId);
    expect(pending.fulfillment).toMatchObject({ fulfillmentStatus: 'PENDING', fulfilledBy: 'MERCHANT' });
    for (const missing of ['buyer', 'recipient', 'proceeds']) expect(pending).not.toHaveProperty(missing);
    expect(pending.orderItems[0]?.product).not.toHaveProperty('price');
  });

  it('goes through what was planned for it, each step at its own moment', async () => {
    const { orderId } = await place({
      items: [TEE],
      postalCode: '10001',
      plan: [
        { afterSeconds: 600, status: 'UNSHIPPED' },
        { afterSeconds: 7200, items: { TEE: { shipped: 1 } } },
      ],
    });
    const placed = await read(orderId);
    await advance(601);
    const unshipped = await read(orderId);
    expect(unshipped).toMatchObject({
      fulfillment: { fulfillmentStatus: 'UNSHIPPED' },
      recipient: { deliveryAddress: { postalCode: '10001' } },
      proceeds: { grandTotal: { amount: '20.00', currencyCode: 'USD' } },
      orderItems: [{ fulfillment: { quantityFulfilled: 0, quantityUnfulfilled: 2 } }],
    });
    expect(Date.parse(unshipped.lastUpdatedTime) - Date.parse(placed.lastUpdatedTime)).toBe(600_000);
    await advance(7200);
    seller = await sandbox().seller(world);
    expect(await read(orderId)).toMatchObject({
      fulfillment: { fulfillmentStatus: 'PARTIALLY_SHIPPED' },
      orderItems: [{ fulfillment: { quantityFulfilled: 1, quantityUnfulfilled: 1 } }],
    });
  });

  it('loses items, gains units and is cancelled with its last item', async () => {
    const { orderId } = await place({ status: 'UNSHIPPED', items: [TEE, { sku: 'CAP', quantity: 1 }] });
    await control(`orders/${orderId}`, {
      items: { CAP: { cancelled: 1, cancelRequest: 'MISTAKE' }, TEE: { ordered: 3 } },
    });
    const [tee, cap] = (await read(orderId)).orderItems;
    expect(tee).toMatchObject({ quantityOrdered: 3, fulfillment: { quantityUnfulfilled: 3 } });
    expect(cap).toMatchObject({
      quantityOrdered: 1,
      fulfillment: { quantityUnfulfilled: 0 },
      cancellation: { cancellationRequest: { requester: 'BUYER' }, cancellationExecution: { cancelledBy: 'BUYER' } },
    });
    await control(`orders/${orderId}`, { items: { TEE: { cancelled: 3 } } });
    expect((await read(orderId)).fulfillment?.fulfillmentStatus).toBe('CANCELLED');
  });

  it('may be a preorder, an order of Amazon’s own stock, of an unknown SKU, or one that is cancelled when first seen', async () => {
    await place({ orderId: '111-0000000-0000001', status: 'PENDING_AVAILABILITY', items: [TEE] });
    await place({ orderId: '111-0000000-0000002', fulfilledBy: 'AMAZON', items: [{ sku: null, quantity: 1 }] });
    await place({ orderId: '111-0000000-0000003', status: 'CANCELLED', items: [TEE] });
    const found = (await search()).body.orders.map(({ orderId, fulfillment }) => [
      orderId.at(-1),
      fulfillment?.fulfillmentStatus,
      fulfillment?.fulfilledBy,
    ]);
    expect(found).toEqual([
      ['1', 'PENDING_AVAILABILITY', 'MERCHANT'],
      ['2', 'PENDING', 'AMAZON'],
      ['3', 'CANCELLED', 'MERCHANT'],
    ]);
    expect((await search('&fulfilledBy=AMAZON')).body.orders).toHaveLength(1);
    expect((await search('&fulfillmentStatuses=CANCELLED,PENDING')).body.orders).toHaveLength(2);
  });

  it('is 404 when Amazon does not know it', async () => {
    expect((await seller.get('/orders/2026-01-01/orders/111-1111111-1111111')).status).toBe(404);
  });
});

describe('searchOrders', () => {
  it('shows an update two minutes later, and says up to when it is complete', async () => {
    await control('amazon', { orderLagSeconds: 120 });
    await place({ items: [TEE] });
    const before = await search();
    expect(before.body.orders).toEqual([]);
    await advance(121);
    const after = await search();
    expect(after.body.orders).toHaveLength(1);
    expect(Date.parse(after.body.lastUpdatedBefore)).toBeGreaterThan(Date.parse(before.body.lastUpdatedBefore));
  });

  it('pages oldest first; what is updated meanwhile leaves the window', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      ids.push((await place({ items: [TEE] })).orderId);
      await advance(1);
    }
    const first = (await search('&maxResultsPerPage=2')).body;
    expect(first.orders.map(({ orderId }) => orderId)).toEqual(ids.slice(0, 2));
    await advance(1);
    await control(`orders/${ids[3]}`, { status: 'CANCELLED' });
    // The page's size and its data may change from page to page, nothing else.
    const token = `&paginationToken=${first.pagination?.nextToken}`;
    const second = (await search(`&maxResultsPerPage=100${token}`, 'FULFILLMENT')).body;
    expect(second.orders.map(({ orderId }) => orderId)).toEqual([ids[2], ids[4]]);
    expect(second.pagination).toBeUndefined();
    expect(second.lastUpdatedBefore).toBe(first.lastUpdatedBefore);
    expect((await search(`&marketplaceIds=${US}${token}`)).status).toBe(400);
    await advance(24 * 3600 + 1);
    seller = await sandbox().seller(world);
    expect((await search(token)).status).toBe(400);
  });

  it.each([
    ['neither beginning', '/orders/2026-01-01/orders?includedData=FULFILLMENT'],
    ['both beginnings', `/orders/2026-01-01/orders?lastUpdatedAfter=${LONG_AGO}&createdAfter=${LONG_AGO}`],
    ['an end of the other kind', `/orders/2026-01-01/orders?lastUpdatedAfter=${LONG_AGO}&createdBefore=${LONG_AGO}`],
    [
      'an end that is too near',
      `/orders/2026-01-01/orders?createdAfter=${LONG_AGO}&createdBefore=2999-01-01T00:00:00Z`,
    ],
    ['unknown data', `/orders/2026-01-01/orders?createdAfter=${LONG_AGO}&includedData=STATUS`],
    ['v0 spelling', `/orders/2026-01-01/orders?createdAfter=${LONG_AGO}&fulfillmentStatuses=CANCELED`],
    ['a page of 101', `/orders/2026-01-01/orders?createdAfter=${LONG_AGO}&maxResultsPerPage=101`],
    ['v0 without a marketplace', `/orders/v0/orders?CreatedAfter=${LONG_AGO}`],
  ])('refuses %s', async (_, path) => {
    const reply = await seller.get<ErrorBody>(path);
    expect(reply.status).toBe(400);
    expect(reply.body.errors[0]?.code).toBe('InvalidInput');
  });

  it('may refuse FULFILLMENT, as the far east does', async () => {
    await control('amazon', { ordersRefuse: ['FULFILLMENT'] });
    const { orderId } = await place({ items: [TEE] });
    expect((await search()).status).toBe(400);
    expect((await search('', 'CANCELLATION')).body.orders).toHaveLength(1);
    expect((await read(orderId)).fulfillment?.fulfillmentStatus).toBe('PENDING');
  });
});

describe('an order, by Orders v0', () => {
  const token = async (path: string, dataElements = ['buyerInfo', 'shippingAddress']) => {
    const headers = { 'x-amz-access-token': seller.accessToken };
    const body = { restrictedResources: [{ method: 'GET', path, dataElements }] };
    const reply = await sandbox().send<{ restrictedDataToken: string } & ErrorBody>(
      'POST',
      '/tokens/2021-03-01/restrictedDataToken',
      { body, headers }
    );
    return reply.body.restrictedDataToken;
  };
  const get = async (path: string, accessToken = seller.accessToken) =>
    sandbox().send<{ payload: OrderV0 & { OrderItems: { QuantityOrdered: number; ItemPrice?: object }[] } }>(
      'GET',
      `/orders/v0/orders${path}`,
      { headers: { 'x-amz-access-token': accessToken } }
    );

  it('has 0 units unshipped while it is pending, no price, and one l in Canceled', async () => {
    const { orderId } = await place({ items: [TEE] });
    expect((await get(`/${orderId}`)).body.payload).toMatchObject({
      OrderStatus: 'Pending',
      NumberOfItemsUnshipped: 0,
    });
    expect((await get(`/${orderId}`)).body.payload).not.toHaveProperty('OrderTotal');
    const [item] = (await get(`/${orderId}/orderItems`)).body.payload.OrderItems;
    expect(item).toMatchObject({ QuantityOrdered: 2 });
    expect(item).not.toHaveProperty('ItemPrice');
    await control(`orders/${orderId}`, { status: 'CANCELLED' });
    const found = await seller.get<{ payload: { Orders: OrderV0[] } }>(
      `/orders/v0/orders?LastUpdatedAfter=${LONG_AGO}&MarketplaceIds=${US}`
    );
    expect(found.body.payload.Orders).toMatchObject([{ AmazonOrderId: orderId, OrderStatus: 'Canceled' }]);
    expect((await get(`/${orderId}/orderItems`)).body.payload.OrderItems[0]?.QuantityOrdered).toBe(0);
  });

  it('shows buyer and address by a restricted data token only, and only to the call that it is for', async () => {
    const { orderId } = await place({ status: 'UNSHIPPED', items: [TEE] });
    expect((await get(`/${orderId}`)).body.payload).not.toHaveProperty('ShippingAddress');
    const own = await token(`/orders/v0/orders/${orderId}`);
    expect((await get(`/${orderId}`, own)).body.payload).toMatchObject({
      ShippingAddress: { PostalCode: '98109', CountryCode: 'US' },
      BuyerInfo: { BuyerName: expect.any(String) },
    });
    expect((await get(`/${orderId}/address`, own)).status).toBe(403);
    const any = await token('/orders/v0/orders/{orderId}/address');
    expect((await get(`/${orderId}/address`, any)).body.payload).toHaveProperty('ShippingAddress');
    await advance(3601);
    expect((await get(`/${orderId}`, own)).status).toBe(403);
    expect(await token('/listings/2021-08-01/items/A/B')).toBeUndefined();
  });

  describe('confirmShipment', () => {
    const confirm = async (orderId: string, items: { orderItemId?: string; quantity: number }[], detail = {}) => {
      const { now } = (await sandbox().control<{ now: string }>('GET', 'clock')).body;
      const packageDetail = {
        packageReferenceId: '1',
        carrierCode: 'UPS',
        trackingNumber: '1Z',
        shipDate: now,
        orderItems: items,
        ...detail,
      };
      const headers = { 'x-amz-access-token': seller.accessToken };
      return sandbox().send('POST', `/orders/v0/orders/${orderId}/shipmentConfirmation`, {
        body: { marketplaceId: US, packageDetail },
        headers,
      });
    };

    it('ships what the package holds; the same package again corrects it', async () => {
      const { orderId, items } = await place({ status: 'UNSHIPPED', items: [TEE] });
      const orderItemId = items[0]?.orderItemId;
      expect((await confirm(orderId, [{ orderItemId, quantity: 1 }])).status).toBe(204);
      expect((await read(orderId)).fulfillment?.fulfillmentStatus).toBe('PARTIALLY_SHIPPED');
      expect((await confirm(orderId, [{ orderItemId, quantity: 2 }])).status).toBe(204);
      expect((await read(orderId)).fulfillment?.fulfillmentStatus).toBe('SHIPPED');
      expect((await confirm(orderId, [{ orderItemId, quantity: 1 }], { packageReferenceId: '2' })).status).toBe(400);
    });

    it('refuses a pending order, an unknown item and a parcel without a number', async () => {
      const pending = await place({ items: [TEE] });
      const orderItemId = pending.items[0]?.orderItemId;
      expect((await confirm(pending.orderId, [{ orderItemId, quantity: 1 }])).status).toBe(400);
      const open = await place({ status: 'UNSHIPPED', items: [TEE] });
      expect((await confirm(open.orderId, [{ orderItemId, quantity: 1 }])).status).toBe(400);
      const own = open.items[0]?.orderItemId;
      expect((await confirm(open.orderId, [{ orderItemId: own, quantity: 1 }], { trackingNumber: '' })).status).toBe(
        400
      );
      expect((await confirm('111-1111111-1111111', [])).status).toBe(404);
    });
  });
});

it('throttles searches at the documented rate, and counts the busiest hour', async () => {
  const slow = await startSandbox();
  const client = new SandboxClient(slow.url);
  const mine = await client.seller(await client.world('slow'));
  const find = () => mine.get(`/orders/2026-01-01/orders?lastUpdatedAfter=${LONG_AGO}`);
  for (let count = 0; count < 20; count += 1) expect((await find()).status).toBe(200);
  expect((await find()).status).toBe(429);
  await client.control('POST', 'clock', { advanceSeconds: 180 });
  expect((await find()).status).toBe(200);
  expect((await find()).status).toBe(429);
  await client.control('POST', 'clock', { advanceSeconds: 3500 });
  await find();
  const busiest = await client.control<{ most: number }>('GET', 'calls/busiest?operation=searchOrders');
  expect(busiest.body).toEqual({ operation: 'searchOrders', seconds: 3600, most: 23 });
  await slow.close();
});

it('keeps orders and what is planned for them over a restart', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sandbox-orders-'));
  const first = await startSandbox({ dataDir });
  const client = new SandboxClient(first.url);
  await client.world('kept');
  await client.control('POST', 'worlds/kept/orders', {
    orderId: '111-2222222-3333333',
    items: [TEE],
    plan: [{ afterSeconds: 60, status: 'CANCELLED' }],
  });
  await first.close();
  const second = await startSandbox({ dataDir });
  const again = new SandboxClient(second.url);
  await again.control('POST', 'clock', { advanceSeconds: 61 });
  const orders = await again.control<{ status: string }[]>('GET', 'worlds/kept/orders');
  expect(orders.body).toMatchObject([{ orderId: '111-2222222-3333333', status: 'CANCELLED' }]);
  await second.close();
});
