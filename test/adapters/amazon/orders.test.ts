import type { AmazonOrders, OrdersPage } from '../../../domain/ports/orders';
import { answerJson, startOddServer } from '../odd-server';
import { failureOf, never, SandboxWorld } from '../sandbox-world';
import { ordersAt } from './orders-under-test';

const LONG_AGO = '2020-01-01T00:00:00.000Z';
const US = 'ATVPDKIKX0DER';
const WINDOW = { updatedAfter: LONG_AGO, marketplaceIds: [US] };

interface Placed {
  orderId: string;
  items: { orderItemId: string }[];
}

let world: SandboxWorld;
beforeAll(async () => {
  world = await SandboxWorld.start();
});
afterAll(() => world.sandbox.close());
beforeEach(async () => {
  await world.control('POST', '/reset');
  await world.control('PUT', '/worlds/w', { generate: 20, seed: 1 });
  await world.control('POST', '/worlds/w/amazon', { orderLagSeconds: 0 });
});

const place = (order: object) => world.control<Placed>('POST', '/worlds/w/orders', order);
const change = (orderId: string, what: object) => world.control('POST', `/worlds/w/orders/${orderId}`, what);
const TEE = { sku: 'TEE', quantity: 3, price: 19.9 };

describe.each(['2026-01-01', 'v0'] as const)("a seller's orders by version %s, against the sandbox", (version) => {
  const isV0 = version === 'v0';
  let orders: AmazonOrders;
  beforeEach(() => {
    orders = ordersAt(world.sandbox.url, world.facts.amazon, version);
  });
  const get = (orderId: string) => orders.get(world.account, orderId, never);

  it('reads a pending order with its lines, and nothing about the buyer', async () => {
    const { orderId, items } = await place({ items: [TEE] });
    const sighting = await get(orderId);
    expect(sighting).toEqual({
      amazonOrderId: orderId,
      from: 'order',
      updatedAt: expect.stringMatching(/Z$/),
      orderedAt: sighting?.updatedAt,
      marketplaceId: US,
      status: 'pending',
      fulfilledBy: 'merchant',
      ...(isV0 && { programs: [] }),
      items: [{ orderItemId: items[0]!.orderItemId, sku: 'TEE', ordered: 3, canceled: 0, shipped: 0 }],
    });
  });

  it.each([
    ['PENDING_AVAILABILITY', 'pending_availability'],
    ['UNSHIPPED', 'unshipped'],
    ['SHIPPED', 'shipped'],
    ['CANCELLED', 'canceled'],
    ['UNFULFILLABLE', 'unfulfillable'],
  ])('knows the status %s', async (spelling, status) => {
    const { orderId } = await place({ status: spelling, fulfilledBy: 'AMAZON', items: [TEE] });
    expect(await get(orderId)).toMatchObject({ status, fulfilledBy: 'amazon' });
    const { orders: found } = await orders.search(world.account, WINDOW, null, never);
    expect(found).toMatchObject([{ amazonOrderId: orderId, from: 'poll', status, fulfilledBy: 'amazon' }]);
  });

  it('tells what is left of an order of which a part is cancelled and a part shipped', async () => {
    const { orderId } = await place({ status: 'UNSHIPPED', items: [TEE, { sku: null, quantity: 1 }] });
    await change(orderId, { items: { TEE: { cancelled: 1, shipped: 1 } } });
    const [tee, unknown] = (await get(orderId))!.items!;
    expect(tee).toMatchObject({ shipped: 1, unitPrice: { minorUnits: 1990, currency: 'USD' } });
    expect(tee!.ordered - tee!.canceled - tee!.shipped).toBe(1);
    expect(unknown).not.toHaveProperty('sku');
  });

  it('goes through a window page by page, and says up to when it is complete', async () => {
    for (let count = 0; count < 3; count += 1) await place({ items: [TEE] });
    await world.control('POST', '/clock', { frozen: true });
    const first = await orders.search(world.account, WINDOW, null, never);
    expect(first.orders).toHaveLength(3);
    expect(first.nextPage).toBeNull();
    const { now } = await world.control<{ now: string }>('GET', '/clock');
    expect(first.completeBefore).toBe(now);
    const later = { ...WINDOW, updatedAfter: '2999-01-01T00:00:00.000Z' };
    expect((await orders.search(world.account, later, null, never)).orders).toEqual([]);
  });

  it('ends a window where it is told to', async () => {
    await place({ items: [TEE] });
    const updatedBefore = new Date(Date.now() - 3_600_000).toISOString();
    const found = await orders.search(world.account, { ...WINDOW, updatedBefore }, null, never);
    expect(found).toEqual({ orders: [], nextPage: null, completeBefore: updatedBefore });
  });

  it('takes page after page of more than a hundred orders', async () => {
    const placed = await Promise.all(Array.from({ length: 120 }, () => place({ items: [TEE] })));
    const pages: OrdersPage[] = [];
    for (let page: string | null = null; ;) {
      const found: OrdersPage = await orders.search(world.account, WINDOW, page, never);
      pages.push(found);
      if (found.nextPage === null) break;
      page = found.nextPage;
    }
    expect(pages.map((each) => each.orders.length)).toEqual([100, 20]);
    const ids = pages.flatMap((each) => each.orders.map(({ amazonOrderId }) => amazonOrderId));
    expect(new Set(ids)).toEqual(new Set(placed.map(({ orderId }) => orderId)));
    expect(new Set(pages.map(({ completeBefore }) => completeBefore)).size).toBe(1);
  });

  it('knows no order of a strange number', async () => {
    expect(await get('111-1111111-1111111')).toBeUndefined();
    expect(await orders.getToPlace(world.account, '111-1111111-1111111', never)).toBeUndefined();
  });

  it('reads to whom an order goes once it may be placed', async () => {
    const { orderId } = await place({ status: 'UNSHIPPED', items: [TEE], postalCode: 'SW1A 1AA', country: 'GB' });
    expect(await orders.getToPlace(world.account, orderId, never)).toEqual({
      sighting: await get(orderId),
      total: { minorUnits: 5970, currency: 'USD' },
      recipient: {
        buyerName: expect.stringMatching(/^Buyer /),
        buyerEmail: expect.stringContaining('@'),
        name: expect.stringMatching(/^Buyer /),
        phone: '+1 555 0100',
        addressLines: [expect.stringContaining('Sandbox Street')],
        city: 'Springfield',
        stateOrRegion: 'ST',
        postalCode: 'SW1A 1AA',
        country: 'GBR',
      },
    });
  });

  it('fails for a while where the address of an order is not there yet', async () => {
    const { orderId } = await place({ items: [TEE] });
    expect(await failureOf(orders.getToPlace(world.account, orderId, never))).toMatchObject({
      code: 'transient',
      message: expect.stringContaining('address'),
    });
  });

  it('tells Amazon of a parcel, once or twice', async () => {
    const { orderId, items } = await place({ status: 'UNSHIPPED', items: [TEE] });
    const { now } = await world.control<{ now: string }>('GET', '/clock');
    const shipment = {
      packageReferenceId: '1',
      carrierCode: 'UPS',
      trackingNumber: '1Z999',
      shippedAt: now,
      items: [{ orderItemId: items[0]!.orderItemId, units: 3 }],
    };
    await orders.confirmShipment(world.account, orderId, US, shipment, never);
    await orders.confirmShipment(world.account, orderId, US, shipment, never);
    expect(await get(orderId)).toMatchObject({ status: 'shipped' });
    const other = { ...shipment, packageReferenceId: '2' };
    expect(await failureOf(orders.confirmShipment(world.account, orderId, US, other, never))).toMatchObject({
      code: 'config',
      message: expect.stringContaining('left to be shipped'),
    });
  });

  it('names what a refusal means', async () => {
    await world.fault({ match: { operation: isV0 ? 'getOrders' : 'searchOrders' }, kind: 'status', status: 403 });
    expect(await failureOf(orders.search(world.account, WINDOW, null, never))).toMatchObject({
      code: 'auth.forbidden',
    });
  });
});

describe('a region that refuses FULFILLMENT in a search', () => {
  let orders: AmazonOrders;
  beforeEach(async () => {
    orders = ordersAt(world.sandbox.url, world.facts.amazon);
    await world.control('POST', '/worlds/w/amazon', { ordersRefuse: ['FULFILLMENT'] });
  });

  it('is asked without, from then on at once; each order is completed by reading it', async () => {
    const { orderId } = await place({ items: [TEE] });
    await world.heal();
    const { orders: found } = await orders.search(world.account, WINDOW, null, never);
    expect(found).toEqual([
      {
        amazonOrderId: orderId,
        from: 'poll',
        updatedAt: expect.any(String),
        orderedAt: expect.any(String),
        marketplaceId: US,
      },
    ]);
    expect(await orders.get(world.account, orderId, never)).toMatchObject({
      status: 'pending',
      items: [{ ordered: 3 }],
    });
    await orders.search(world.account, WINDOW, null, never);
    expect(await world.calls('searchOrders')).toEqual({ count: 3, byStatus: { 200: 2, 400: 1 } });
  });

  it('is told apart from a search that is wrong in itself', async () => {
    await world.control('POST', '/worlds/w/amazon', { ordersRefuse: [] });
    await world.heal();
    const wrong = { updatedAfter: 'yesterday', marketplaceIds: [US] };
    expect(await failureOf(orders.search(world.account, wrong, null, never))).toMatchObject({ code: 'config' });
    expect((await orders.search(world.account, WINDOW, null, never)).orders).toEqual([]);
    expect(await world.calls('searchOrders')).toEqual({ count: 3, byStatus: { 400: 2, 200: 1 } });
  });
});

describe('what the sandbox never answers', () => {
  const odd = async (order: object): Promise<[AmazonOrders, () => Promise<void>]> => {
    const server = await startOddServer((request, response) =>
      answerJson(
        response,
        200,
        request.url.includes('/auth/') ? { access_token: 'Atza|x', expires_in: 3600 } : { order }
      )
    );
    return [ordersAt(server.url, world.facts.amazon), () => server.close()];
  };
  const ORDER = {
    orderId: '1',
    createdTime: '2026-11-01T10:00:00+01:00',
    lastUpdatedTime: '2026-11-01T10:00:00Z',
    salesChannel: { channelName: 'AMAZON' },
  };

  it('does not take a pending line without open units for a cancelled one', async () => {
    const [orders, close] = await odd({
      ...ORDER,
      fulfillment: { fulfillmentStatus: 'PENDING' },
      orderItems: [
        {
          orderItemId: 'i',
          quantityOrdered: 2,
          product: {},
          fulfillment: { quantityFulfilled: 0, quantityUnfulfilled: 0 },
        },
      ],
    });
    const sighting = await orders.get(world.account, '1', never);
    expect(sighting).toMatchObject({
      status: 'pending',
      orderedAt: '2026-11-01T09:00:00.000Z',
      items: [{ orderItemId: 'i', ordered: 2, canceled: 0, shipped: 0 }],
    });
    expect(sighting).not.toHaveProperty('fulfilledBy');
    await close();
  });

  it('leaves a status out that Amazon has thought up since', async () => {
    const [orders, close] = await odd({ ...ORDER, fulfillment: { fulfillmentStatus: 'TELEPORTED' }, orderItems: [] });
    expect(await orders.get(world.account, '1', never)).not.toHaveProperty('status');
    await close();
  });

  it('names the field of an answer that cannot be read, and nothing of its content', async () => {
    const [orders, close] = await odd({ ...ORDER, lastUpdatedTime: 'Jane Doe', orderItems: [] });
    const failure = await failureOf(orders.get(world.account, '1', never));
    expect(failure).toMatchObject({ code: 'transient', message: expect.stringContaining('order.lastUpdatedTime') });
    expect(String(failure)).not.toContain('Jane');
    await close();
  });
});
