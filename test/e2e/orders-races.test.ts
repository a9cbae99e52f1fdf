import { OrdersUnderTest } from '../workflows/orders-under-test';

jest.setTimeout(120_000);

/** Moments at which several are at work on one order, and answers that are lost. */
describe('an order', () => {
  let test: OrdersUnderTest;
  let worlds = 0;
  beforeAll(async () => {
    test = await OrdersUnderTest.start();
  });
  afterAll(async () => {
    await test.stop();
  });
  beforeEach(async () => {
    await test.connect(`races-${(worlds += 1)}`);
  });
  afterEach(async () => {
    await test.rig.control('DELETE', 'faults');
  });

  const fault = (operation: string, more: object): Promise<unknown> =>
    test.rig.control('POST', 'faults', { match: { operation, account: test.world.vtex.account }, ...more });

  const reachesStore = (orderId: string): Promise<void> =>
    test.rig.until(
      async () => (await test.store()).orders[`MZN-${orderId}`] !== undefined,
      'the order to be in the store'
    );

  it.each([0, 300, 1_500])(
    'that is cancelled %i ms after its approval has begun is cancelled in the store, and nothing is held or sold',
    async (afterMs) => {
      await fault('vtex.updateOrderStatus', { kind: 'slow', delayMs: 1_000, times: 1 });
      const orderId = await test.order({ status: 'UNSHIPPED' });
      await test.watch();
      await reachesStore(orderId);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await test.change(orderId, { status: 'CANCELLED' });
      await test.watch();
      await test.reaches(orderId, 'closed', 60);
      const { orders, skus } = await test.store();
      expect(orders).toMatchObject({ [`MZN-${orderId}`]: { state: 'canceled' } });
      expect(skus['1']).toMatchObject({ sold: 0, held: 0, available: 10 });
    }
  );

  it('that is paid and cancelled while its hold is being made is neither held nor sold', async () => {
    await fault('vtex.createReservation', { kind: 'slow', delayMs: 1_500, times: 1 });
    const orderId = await test.order();
    await test.watch();
    await test.change(orderId, { status: 'UNSHIPPED' });
    await test.watch();
    await test.change(orderId, { status: 'CANCELLED' });
    await test.watch();
    await test.reaches(orderId, 'closed', 60);
    expect(await test.liveHolds()).toEqual([]);
    const { orders, skus } = await test.store();
    expect(Object.values(orders).filter(({ state }) => state !== 'canceled')).toEqual([]);
    expect(skus['1']).toMatchObject({ sold: 0, held: 0, available: 10 });
  });

  it('is placed once when the request for it timed out after it had succeeded', async () => {
    await fault('vtex.placeOrder', { kind: 'reset', after: true, times: 1 });
    const orderId = await test.order({ status: 'UNSHIPPED' });
    await test.watch();
    await test.reaches(orderId, 'integrated', 60);
    expect((await test.results()).map(({ code }) => code)).not.toContain('EOI007');
    expect((await test.store()).skus['1']).toMatchObject({ sold: 2, held: 0, available: 8 });
  });

  it('that is seen by three looks at once has one hold', async () => {
    const orderId = await test.order();
    await Promise.all([test.watch(), test.watch(), test.watch()]);
    await test.reaches(orderId, 'held');
    expect(await test.liveHolds()).toEqual([`MZN-${orderId}`]);
    expect((await test.store()).skus['1']).toMatchObject({ held: 2, available: 8 });
  });
});
