import { randomBytes } from 'node:crypto';
import type { Connection } from 'mongoose';
import { decide } from '../../domain/orders/decide';
import type { OrderStatus } from '../../domain/orders/order';
import { newOrder, type OrderPolicy, type OrderState } from '../../domain/orders/order-state';
import { withDatabase } from '../../embedded/mongodb';
import { connectDatabase } from '../../models/database';
import { ensureIndexes } from '../../models/indexes';
import { messagesToSend, orderModel, orderStore, type KeptMessage } from '../../models/orders';

const DAY = 24 * 3600 * 1000;
const NOW = Date.parse('2026-03-02T08:00:00Z');
const POLICY: OrderPolicy = {
  affiliateId: 'MZN',
  reserves: true,
  integrates: true,
  destination: { postalCode: '10001', country: 'USA' },
  activatedAt: NOW - DAY,
  askedSeconds: 600,
  carriers: {},
};

let connection: Connection;
beforeAll(async () => {
  connection = await connectDatabase(
    withDatabase(process.env.TEST_MONGODB_URI!, `orders_${randomBytes(6).toString('hex')}`)
  );
  await ensureIndexes(connection);
});
afterAll(async () => {
  await connection.dropDatabase();
  await connection.close();
});

let serial = 0;

/** Keeps an order in a status that Amazon told, and shows how it is kept. */
async function keptAs(status: OrderStatus, more: { orderedAt?: number; change?: (state: OrderState) => void } = {}) {
  const { orderedAt = NOW - 60_000, change = () => undefined } = more;
  const input = { sellerId: 'A1', amazonOrderId: `701-0000000-${(serial += 1)}`, connectorId: 'con_1' };
  const store = orderStore(connection, 30);
  const { revision } = await store.open(input, POLICY);
  const { state } = decide(newOrder(input.amazonOrderId, POLICY), {
    kind: 'sighting',
    at: NOW,
    sighting: {
      amazonOrderId: input.amazonOrderId,
      from: 'order',
      updatedAt: new Date(NOW).toISOString(),
      orderedAt: new Date(orderedAt).toISOString(),
      fulfilledBy: 'merchant',
      status,
      items: [{ orderItemId: '1', sku: 'SKU.1', ordered: 2, canceled: 0, shipped: 0 }],
    },
  });
  change(state);
  const save = { revision: revision + 1, at: NOW, state, transitions: [], messages: [] };
  await store.save(input.sellerId, input.amazonOrderId, save);
  return (await store.get(input.sellerId, input.amazonOrderId))!;
}

describe('the messages of an order that are to be sent', () => {
  const message = (kind: KeptMessage['kind'], more: Partial<KeptMessage> = {}) =>
    ({ key: `no_stock:${kind}`, kind, problem: 'no_stock', state: 'waiting', ...more }) as KeptMessage;
  const refused = { state: 'not_sent', isRefused: true } as const;
  const keysOf = (...messages: KeptMessage[]) => messagesToSend({ messages }).map(({ key }) => key);

  it('are those that wait and those that the mail server has refused', () => {
    expect(keysOf(message('notify'))).toEqual(['no_stock:notify']);
    expect(keysOf(message('notify', refused))).toEqual(['no_stock:notify']);
    expect(keysOf(message('notify', { state: 'sent' }), message('recovered', refused))).toEqual(['no_stock:recovered']);
  });

  it('are none that were sent, were not to be sent, or tell of what was overcome before anybody was told', () => {
    expect(keysOf(message('notify', { state: 'sent' }))).toEqual([]);
    expect(keysOf(message('notify', { state: 'not_sent' }))).toEqual([]);
    expect(keysOf(message('notify', refused), message('recovered', { state: 'not_sent' }))).toEqual([]);
  });
});

describe('an order that is kept', () => {
  it.each([
    ['that was cancelled', 'canceled', {}],
    ['that was shipped', 'shipped', {}],
    ['that was ordered before the connector was activated', 'unshipped', { orderedAt: NOW - 2 * DAY }],
  ] as const)('is forgotten after the days that are set, as one %s', async (_case, status, more) => {
    expect((await keptAs(status, more)).forgetAt).toEqual(new Date(NOW + 30 * DAY));
  });

  it.each([
    ['that is pending', 'pending', {}],
    ['that is to be shipped', 'unshipped', {}],
    [
      'that ended and whose hold is not let go yet',
      'canceled',
      { change: (state: OrderState) => (state.wakeAt = NOW + 1000) },
    ],
  ] as const)('is not forgotten, as one %s', async (_case, status, more) => {
    expect((await keptAs(status, more)).forgetAt).toBeNull();
  });

  it('is forgotten by the database, which looks for the moment', async () => {
    const indexes = await orderModel(connection).collection.indexes();
    expect(indexes).toContainEqual(expect.objectContaining({ key: { forgetAt: 1 }, expireAfterSeconds: 0 }));
  });

  it('is found for its parcels when it is in the store, and no longer when it has ended', async () => {
    const store = orderStore(connection);
    const approve = (state: OrderState): void => void (state.placement.phase = 'approved');
    const open = await keptAs('unshipped', { change: approve });
    await keptAs('shipped', { change: approve });
    await keptAs('unshipped');
    expect((await store.awaitingParcels('con_1')).map(({ _id }) => _id)).toEqual([open._id]);
    const later = new Date(Date.now() + 1000);
    expect((await store.toAskForParcels(['con_1', 'con_2'], later, 10)).map(({ _id }) => _id)).toEqual([open._id]);
    await store.noteParcelsAsked(open._id, later);
    expect(await store.toAskForParcels(['con_1'], later, 10)).toEqual([]);
  });
});
