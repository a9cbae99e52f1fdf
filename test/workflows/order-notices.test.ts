import pino from 'pino';
import { connectorModel } from '../../models/connectors';
import { deadLetterStore } from '../../models/dead-letters';
import { orderModel } from '../../models/orders';
import { startNotifications } from '../../worker/notifications';
import type { Listener } from '../../worker/queue-listener';
import { startElasticMq, type QueueServer } from '../elasticmq/server';
import { OrdersUnderTest } from './orders-under-test';

describe('orders that Amazon’s notifications tell of', () => {
  let server: QueueServer;
  let test: OrdersUnderTest;
  let url: string;
  let listeners: Listener[];
  let worlds = 0;

  beforeAll(async () => {
    server = await startElasticMq();
    url = await server.createQueue('orders');
    test = await OrdersUnderTest.start({
      SQS_QUEUE_URLS: url,
      SQS_REGION: server.region,
      SQS_ENDPOINT: server.endpoint,
    });
    const { config, database: connection, orchestrator } = test.rig;
    const logger = pino({ level: 'silent' });
    // As two workers do.
    listeners = [1, 2].map(() => startNotifications({ config, connection, orchestrator, logger }));
  }, 420_000);
  afterAll(async () => {
    await Promise.all((listeners ?? []).map((each) => each.stop(5_000)));
    await test?.stop();
    await server?.stop();
  });
  beforeEach(async () => {
    await test.connect(`notices-${(worlds += 1)}`);
  });

  const tellBy = (manners: object = {}): Promise<unknown> =>
    test.control('notification-queue', { url, endpoint: server.endpoint, region: server.region, ...manners });
  const readings = async () =>
    (await test.rig.calls('getOrder')).filter(({ sellerId }) => sellerId === test.world.amazon.sellerId).length;
  const allIsTaken = (): Promise<void> =>
    test.rig.until(async () => {
      const sent = await test.control<{ state: string }[]>('amazon-notifications');
      const { waiting, inFlight } = await server.count(url);
      return sent.length > 0 && sent.every(({ state }) => state === 'sent') && waiting + inFlight === 0;
    }, 'every notification to be taken');

  it('hold their stock at once, in either casing and however often it is told, and nothing is read for it', async () => {
    await tellBy({ casing: 'mixed', copies: 3, spreadMs: 300 });
    const orders = [await test.order(), await test.order()];
    for (const orderId of orders) await test.reaches(orderId, 'held');
    await allIsTaken();
    expect(await test.liveHolds()).toHaveLength(2);
    expect(await readings()).toBe(0);
  });

  it('hold their stock far below two seconds after they were made', async () => {
    await tellBy();
    const took: number[] = [];
    for (let count = 0; count < 5; count += 1) {
      const begun = performance.now();
      const orderId = await test.order({ items: [{ sku: 'SKU-0001', quantity: 1 }] });
      await test.reaches(orderId, 'held');
      took.push(performance.now() - begun);
    }
    const [, , median = Infinity] = took.sort((one, other) => one - other);
    expect(median).toBeLessThan(1_000);
  });

  it('come to the same end in whichever order their notifications come', async () => {
    await tellBy({ copies: 2, spreadMs: 1_500 });
    const canceled = await test.order();
    await test.change(canceled, { status: 'CANCELLED' });
    const paid = await test.order();
    await test.change(paid, { status: 'UNSHIPPED' });
    await test.reaches(paid, 'integrated');
    await test.reaches(canceled, 'closed');
    await allIsTaken();
    await test.rig.until(async () => (await test.liveHolds()).length === 0, 'no hold to be left');
    expect(Object.values((await test.store()).orders)).toHaveLength(1);
  });

  it('are read before an end is believed', async () => {
    await tellBy();
    const orderId = await test.order();
    await test.reaches(orderId, 'held');
    const before = await readings();
    await test.control('amazon-notifications', {
      type: 'ORDER_CHANGE',
      payload: {
        OrderChangeNotification: {
          NotificationLevel: 'OrderLevel',
          SellerId: test.world.amazon.sellerId,
          AmazonOrderId: orderId,
          OrderChangeTrigger: { TimeOfOrderChange: new Date().toISOString(), ChangeReason: 'none' },
          Summary: { MarketplaceId: 'ATVPDKIKX0DER', OrderStatus: 'Canceled', FulfillmentType: 'MFN' },
        },
      },
    });
    await test.rig.until(async () => (await readings()) > before, 'the order to be read');
    await allIsTaken();
    expect((await test.kept(orderId))!.stage).toBe('held');
    expect(await test.liveHolds()).toHaveLength(1);
  });

  it('are left alone where Amazon ships them, where they are from before the activation, and in other marketplaces', async () => {
    await tellBy();
    await test.order({ fulfilledBy: 'AMAZON' });
    await test.order({ marketplace: 'A2EUQ1WTGCTBG2' });
    await connectorModel(test.rig.database).updateOne(
      { _id: test.connectorId },
      { $set: { activatedAt: new Date(Date.now() + 3_600_000) } }
    );
    await test.order();
    await allIsTaken();
    expect(await orderModel(test.rig.database).countDocuments({ connectorId: test.connectorId })).toBe(0);
    expect(await test.liveHolds()).toEqual([]);
  });

  it('of a seller that nobody knows are dead letters, until there is a connector', async () => {
    await tellBy();
    const { database } = test.rig;
    const { sellerId } = test.world.amazon;
    await connectorModel(database).updateOne(
      { _id: test.connectorId },
      { $set: { 'config.amazon.sellerId': 'ANOBODY' } }
    );
    const orderId = await test.order();
    const letters = deadLetterStore(database);
    await test.rig.until(async () => (await letters.count()) === 1, 'the dead letter');
    const [letter] = await letters.page(undefined, 1);
    expect(letter).toMatchObject({ type: 'ORDER_CHANGE', state: 'dead', queue: 'orders' });
    expect(letter!.reason).toContain(sellerId);
    await connectorModel(database).updateOne(
      { _id: test.connectorId },
      { $set: { 'config.amazon.sellerId': sellerId } }
    );
    await letters.wantRetry(letter!._id);
    await test.reaches(orderId, 'held');
    await test.rig.until(async () => (await letters.count()) === 0, 'the dead letter to be gone');
  });

  it('are no matter of the other notifications, which are taken and left', async () => {
    await tellBy();
    for (const type of [
      'LISTINGS_ITEM_STATUS_CHANGE',
      'LISTINGS_ITEM_STATUS_CHANGED',
      'LISTINGS_ITEM_ISSUES_CHANGE',
      'LISTINGS_ITEM_MFN_QUANTITY_CHANGE',
      'PRODUCT_TYPE_DEFINITIONS_CHANGE',
      'FEED_PROCESSING_FINISHED',
    ])
      await test.control('amazon-notifications', { type, payload: { SellerId: test.world.amazon.sellerId } });
    await allIsTaken();
    expect(await deadLetterStore(test.rig.database).count()).toBe(0);
  });
});
