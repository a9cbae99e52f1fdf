import { connectorModel } from '../../models/connectors';
import { orderModel } from '../../models/orders';
import { orderWatchStore } from '../../models/order-watches';
import { OrdersUnderTest } from './orders-under-test';

const HOUR_MS = 3_600_000;

describe('the watch on an account’s orders', () => {
  let test: OrdersUnderTest;
  let worlds = 0;
  beforeAll(async () => {
    test = await OrdersUnderTest.start();
  });
  afterAll(async () => {
    await test.stop();
  });
  beforeEach(async () => {
    await test.connect(`watch-${(worlds += 1)}`);
    await test.watchByHandAlone();
  });

  const account = () => ({ sellerId: test.world.amazon.sellerId, region: 'NA' as const });
  const kept = () => orderWatchStore(test.rig.database).get(account());
  const searches = async () =>
    (await test.rig.calls('searchOrders')).filter(({ sellerId }) => sellerId === account().sellerId).length;

  it('is there from the activation of the first connector that holds stock', async () => {
    await test.rig.until(() => test.watched(), 'the watch to be there');
  });

  it('leaves alone what Amazon ships, and what was ordered before the connector was activated', async () => {
    const ofAmazon = await test.order({ fulfilledBy: 'AMAZON' });
    const ours = await test.order();
    await connectorModel(test.rig.database).updateOne(
      { _id: test.connectorId },
      { $set: { activatedAt: new Date(Date.now() + 50) } }
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    const later = await test.order();
    await test.watch();
    await test.reaches(later, 'held');
    expect([await test.kept(ofAmazon), await test.kept(ours)]).toEqual([undefined, undefined]);
  });

  it('leaves alone what was ordered before a ZIP code was set, which people have entered by hand', async () => {
    await test.connect(`late-${worlds}`, { defaultZipCode: undefined });
    const byHand = await test.order({ status: 'UNSHIPPED' });
    await test.setZipCode('10001');
    const later = await test.order({ status: 'UNSHIPPED' });
    await test.watch();
    await test.reaches(later, 'integrated');
    expect(await test.kept(byHand)).toBeUndefined();
    expect(Object.keys((await test.store()).orders)).toEqual([`MZN-${later}`]);
  });

  it('leaves alone what was ordered while the ZIP code was away, and goes on with the orders that it knew', async () => {
    const known = await test.order();
    await test.watch();
    await test.reaches(known, 'held');
    await test.setZipCode(null);
    await test.reaches(known, 'watched');
    const byHand = await test.order({ status: 'UNSHIPPED' });
    await test.setZipCode('10001');
    await test.reaches(known, 'held');
    const later = await test.order();
    await test.change(known, { status: 'UNSHIPPED' });
    await test.setZipCode('10002');
    await test.watch();
    await test.reaches(later, 'held');
    await test.reaches(known, 'integrated');
    expect(await test.kept(byHand)).toBeUndefined();
    expect(Object.keys((await test.store()).orders)).toEqual([`MZN-${known}`]);
  });

  it('reads a day of changes at a time when it has not read for long, so that each of them ends', async () => {
    const orderId = await test.order();
    const began = new Date(Date.now() - 60 * HOUR_MS);
    await connectorModel(test.rig.database).updateOne({ _id: test.connectorId }, { $set: { activatedAt: began } });
    await orderWatchStore(test.rig.database).note(account(), began.toISOString(), null);
    for (const hours of [24, 48]) {
      await test.watch();
      expect(await kept()).toMatchObject({
        watermark: new Date(began.getTime() + hours * HOUR_MS).toISOString(),
        window: null,
      });
      expect(await test.kept(orderId)).toBeUndefined();
    }
    await test.watch();
    await test.reaches(orderId, 'held');
    expect(Date.now() - Date.parse((await kept())!.watermark)).toBeLessThan(5 * 60_000);
  });

  it('handles a page a run, and moves the watermark when the last is handled', async () => {
    for (let count = 0; count < 105; count += 1) await test.order({ items: [{ sku: 'STRANGE', quantity: 1 }] });
    await test.watch();
    const { watermark: before } = (await kept())!;
    expect(await searches()).toBe(1);
    await test.watch();
    expect(await searches()).toBe(2);
    const { watermark, window } = (await kept())!;
    expect(window).toBeNull();
    expect(Date.parse(watermark)).toBeGreaterThan(Date.parse(before));
    expect(Date.now() - Date.parse(watermark)).toBeLessThan(5 * 60_000);
    await test.rig.until(
      async () => (await orderModel(test.rig.database).countDocuments({ connectorId: test.connectorId })) === 105,
      'every order to be kept'
    );
  });

  it('goes on in the next run where Amazon’s limit ended this one, with the same window', async () => {
    for (let count = 0; count < 105; count += 1) await test.order({ items: [{ sku: 'STRANGE', quantity: 1 }] });
    await test.watch();
    const match = { operation: 'searchOrders', sellerId: account().sellerId };
    await test.rig.control('POST', 'faults', { match, kind: 'throttle' });
    await test.watch();
    const waiting = (await kept())!;
    expect(waiting.window).toMatchObject({ nextPage: expect.any(String) as string });
    expect((await test.ask('GET', '/v1/order-watches')).body).toMatchObject({
      items: expect.arrayContaining([
        expect.objectContaining({ sellerId: account().sellerId, hasMore: true, problem: null }),
      ]) as object[],
    });
    await test.rig.control('DELETE', 'faults');
    await test.watch();
    const done = (await kept())!;
    expect(done.window).toBeNull();
    expect(Date.parse(done.watermark)).toBeGreaterThan(Date.parse(waiting.watermark));
  });

  it('shows what keeps orders from being read, and reads those that stock is held for all the same', async () => {
    const orderId = await test.order();
    await test.watch();
    await test.reaches(orderId, 'held');
    const match = { operation: 'searchOrders', sellerId: account().sellerId };
    await test.rig.control('POST', 'faults', { match, kind: 'status', status: 403 });
    await test.change(orderId, { status: 'CANCELLED' });
    await orderModel(test.rig.database).updateMany({}, { $set: { lookedAt: new Date(0) } });
    await test.watch();
    await test.reaches(orderId, 'closed');
    const mine = async () => {
      const { items } = (await test.ask('GET', '/v1/order-watches')).body as { items: { sellerId: string }[] };
      return items.find(({ sellerId }) => sellerId === account().sellerId);
    };
    const failing = await mine();
    expect(failing).toMatchObject({
      region: 'NA',
      connectorIds: [test.connectorId],
      problem: { code: 'auth.forbidden', action: expect.stringContaining('role') as string },
    });
    await test.rig.control('DELETE', 'faults');
    await test.watch();
    expect(await mine()).toMatchObject({ problem: null, hasMore: false, readAt: expect.any(String) as string });
  });

  it('tells an order nothing twice that overlapping windows show', async () => {
    const orderId = await test.order();
    await test.watch();
    const { revision } = await test.reaches(orderId, 'held');
    await test.watch();
    await test.watch();
    expect((await test.kept(orderId))!.revision).toBe(revision);
  });

  it('reads orders on their own that stock is held for, also when no page names them', async () => {
    const orderId = await test.order();
    await test.watch();
    await test.reaches(orderId, 'held');
    await test.change(orderId, { status: 'CANCELLED' });
    // No search shows it: Amazon is two hours behind.
    await test.control('amazon', { orderLagSeconds: 7_200 });
    await orderModel(test.rig.database).updateMany({}, { $set: { lookedAt: new Date(0) } });
    await test.watch();
    await test.reaches(orderId, 'closed');
    expect(await test.liveHolds()).toEqual([]);
  });

  it('reads each order where the region refuses to say how orders are fulfilled', async () => {
    await test.rig.control('POST', 'faults', {
      match: { operation: 'searchOrders', sellerId: account().sellerId },
      kind: 'status',
      status: 400,
      times: 1,
    });
    const ours = await test.order();
    const ofAmazon = await test.order({ fulfilledBy: 'AMAZON' });
    await test.watch();
    await test.reaches(ours, 'held');
    await test.reaches(ofAmazon, 'ignored');
  });
});
