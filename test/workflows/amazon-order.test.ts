import { stateOf } from '../../models/orders';
import { OrdersUnderTest } from './orders-under-test';

describe('an order of Amazon’s', () => {
  let test: OrdersUnderTest;
  let worlds = 0;
  beforeAll(async () => {
    test = await OrdersUnderTest.start();
  });
  afterAll(async () => {
    await test.stop();
  });
  beforeEach(async () => {
    await test.connect(`orders-${(worlds += 1)}`);
  });

  it('is held while it is pending, then placed and approved in the store, and its hold let go', async () => {
    const orderId = await test.order();
    await test.watch();
    const held = await test.reaches(orderId, 'held');
    expect(held.holds).toMatchObject([
      { lockId: `MZN-${orderId}`, isCertain: true, units: [{ sourceId: '1', units: 2 }] },
    ]);
    expect(await test.liveHolds()).toEqual([`MZN-${orderId}`]);

    await test.change(orderId, { status: 'UNSHIPPED' });
    await test.watch();
    const kept = await test.reaches(orderId, 'integrated');
    expect(await test.liveHolds()).toEqual([]);
    const { orders, skus } = await test.store();
    expect(orders).toMatchObject({ [`MZN-${orderId}`]: { state: 'ready-for-handling', units: { '1': 2 } } });
    expect(skus['1']).toMatchObject({ start: 10, sold: 2, held: 0, available: 8 });
    expect(kept.transitions.map(({ stage }) => stage).filter((stage, at, all) => stage !== all[at - 1])).toEqual([
      'reserving',
      'held',
      'integrating',
      'integrated',
    ]);
    expect(kept.messages).toEqual([]);
    await test.ended(orderId);

    const { status, body } = await test.ask('GET', test.pathOf(orderId));
    expect(status).toBe(200);
    expect(body).toMatchObject({ state: 'integrated', storeOrderId: `MZN-${orderId}`, store: { phase: 'approved' } });
  });

  it('lets its hold go when it is cancelled', async () => {
    const orderId = await test.order();
    await test.watch();
    await test.reaches(orderId, 'held');
    await test.change(orderId, { status: 'CANCELLED' });
    await test.watch();
    await test.reaches(orderId, 'closed');
    await test.ended(orderId);
    expect(await test.liveHolds()).toEqual([]);
    expect((await test.store()).skus['1']).toMatchObject({ held: 0, available: 10 });
  });

  it('has one hold when the request for it timed out after it had succeeded', async () => {
    await test.rig.control('POST', 'faults', {
      match: { operation: 'vtex.createReservation', account: test.world.vtex.account },
      kind: 'reset',
      after: true,
      times: 1,
    });
    const orderId = await test.order();
    await test.watch();
    await test.reaches(orderId, 'held');
    expect(await test.liveHolds()).toEqual([`MZN-${orderId}`]);
    expect((await test.store()).skus['1']).toMatchObject({ held: 2, available: 8 });
    const created = await test.rig.calls('vtex.createReservation');
    expect(created.filter(({ account }) => account === test.world.vtex.account)).toHaveLength(1);
  });

  it('is held without a gap for as long as it is pending, by holds that live 20 seconds', async () => {
    await test.control('vtex', { reservations: { seconds: 20 } });
    const orderId = await test.order();
    await test.watch();
    await test.reaches(orderId, 'held');
    const { historyLength: first } = await test.workflow(orderId).describe();
    const held: number[] = [];
    const live = new Set<string>();
    for (const end = Date.now() + 36_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 250))) {
      held.push((await test.store()).skus['1']!.held);
      for (const lockId of await test.liveHolds()) live.add(lockId);
    }
    expect(Math.min(...held)).toBe(2);
    // Both at once for a moment, never more.
    expect(Math.max(...held)).toBeLessThanOrEqual(4);
    expect(held.filter((units) => units === 2).length).toBeGreaterThan(held.length * 0.9);
    expect([...live]).toEqual([`MZN-${orderId}`, `MZN-${orderId}-2`, `MZN-${orderId}-3`]);
    // Two renewals, the timer of the third, and what was still to be written of the hold itself.
    expect((await test.workflow(orderId).describe()).historyLength - first).toBeLessThanOrEqual(2 * 17 + 1 + 3);
  });

  it('is integrated once when the store tells every result late and twice', async () => {
    await test.control('vtex', { orders: { tellAfterMs: 1_500, tellTimes: 2 } });
    const orderId = await test.order({ status: 'UNSHIPPED' });
    await test.watch();
    await test.reaches(orderId, 'integrated');
    await test.rig.until(async () => {
      const { waiting, told } = await test.control<{ waiting: number; told: unknown[] }>('order-results');
      return waiting === 0 && told.length === 4;
    }, 'every result to be told');
    await test.rig.until(async () => (await test.results()).every(({ isDone }) => isDone), 'every result to be taken');
    expect((await test.results()).map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    expect(Object.keys((await test.store()).orders)).toEqual([`MZN-${orderId}`]);
    expect(
      (await test.rig.calls('vtex.placeOrder')).filter((each) => each.account === test.world.vtex.account)
    ).toHaveLength(1);
    expect((await test.store()).skus['1']).toMatchObject({ sold: 2, held: 0, available: 8 });
    expect((await test.kept(orderId))!.stage).toBe('integrated');
  });

  it('is taken back in the store when its result comes after it was cancelled at Amazon', async () => {
    await test.control('vtex', { orders: { tellAfterMs: 4_000 } });
    const orderId = await test.order({ status: 'UNSHIPPED' });
    await test.watch();
    await test.rig.until(
      async () => (await test.store()).orders[`MZN-${orderId}`] !== undefined,
      'the order to be in the store'
    );
    await test.change(orderId, { status: 'CANCELLED' });
    await test.watch();
    await test.reaches(orderId, 'closed');
    await test.ended(orderId);
    const { orders, skus } = await test.store();
    expect(orders[`MZN-${orderId}`]).toMatchObject({ state: 'canceled' });
    expect(skus['1']).toMatchObject({ sold: 0, held: 0, available: 10 });
  });

  it('goes on where it was when its worker is stopped in the middle of a step', async () => {
    await test.rig.control('POST', 'faults', {
      match: { operation: 'vtex.createReservation', account: test.world.vtex.account },
      kind: 'slow',
      delayMs: 4_000,
      times: 1,
    });
    const orderId = await test.order();
    await test.watch();
    await test.rig.until(
      async () => (await test.kept(orderId))?.holds.some(({ isCertain }) => !isCertain) === true,
      'the hold to be asked for'
    );
    await test.rig.stopWorker();
    await test.rig.startWorker();
    await test.reaches(orderId, 'held', 60);
    await test.change(orderId, { status: 'UNSHIPPED' });
    await test.watch();
    await test.reaches(orderId, 'integrated');
    expect(await test.liveHolds()).toEqual([]);
    expect((await test.store()).skus['1']).toMatchObject({ sold: 2, held: 0, available: 8 });
  });

  it('looks before it sends when its workflow was lost in the middle of a step', async () => {
    await test.rig.control('POST', 'faults', {
      match: { operation: 'vtex.createReservation', account: test.world.vtex.account },
      kind: 'timeout',
      after: true,
      delayMs: 2_000,
      times: 1,
    });
    const orderId = await test.order();
    await test.watch();
    await test.rig.until(async () => (await test.liveHolds()).length === 1, 'the store to hold');
    await test.workflow(orderId).terminate();
    // Any news starts it again from what was kept.
    await test.ask('POST', `${test.pathOf(orderId)}/retry`);
    await test.reaches(orderId, 'held');
    expect(await test.liveHolds()).toEqual([`MZN-${orderId}`]);
    expect((await test.store()).skus['1']).toMatchObject({ held: 2 });
  });

  it('begins a new history before the old one is long, and loses nothing by it', async () => {
    const orderId = await test.order();
    await test.watch();
    await test.reaches(orderId, 'held');
    const { runId } = await test.workflow(orderId).describe();
    const first = stateOf((await test.kept(orderId))!).facts;
    let second = 0;
    while ((await test.workflow(orderId).describe()).runId === runId) {
      expect((second += 1)).toBeLessThan(2_000);
      await test.rig.orchestrator.tellOrder(test.input(orderId), {
        kind: 'sighting',
        sighting: {
          amazonOrderId: orderId,
          from: 'poll',
          updatedAt: new Date(first.updatedAt + second * 1000).toISOString(),
          status: 'pending',
          fulfilledBy: 'merchant',
          items: first.items,
        },
      });
    }
    await test.rig.until(
      async () => stateOf((await test.kept(orderId))!).facts.updatedAt === first.updatedAt + second * 1000,
      'the last news to be kept'
    );
    expect(await test.liveHolds()).toEqual([`MZN-${orderId}`]);
    await test.ask('POST', `${test.pathOf(orderId)}/release`);
    await test.reaches(orderId, 'released');
    await test.rig.until(async () => (await test.liveHolds()).length === 0, 'the hold to be let go');
  });

  it('lets its stock go when a person presses release, and holds it again after retry', async () => {
    const orderId = await test.order();
    await test.watch();
    await test.reaches(orderId, 'held');
    expect(await test.ask('POST', `${test.pathOf(orderId)}/release`)).toMatchObject({ status: 202 });
    await test.reaches(orderId, 'released');
    await test.rig.until(async () => (await test.liveHolds()).length === 0, 'the hold to be let go');
    await test.ended(orderId);

    expect(await test.ask('POST', `${test.pathOf(orderId)}/retry`)).toMatchObject({ status: 202 });
    await test.reaches(orderId, 'held');
    expect(await test.liveHolds()).toEqual([`MZN-${orderId}-2`]);
    const { body } = await test.ask('GET', `/v1/audit?connectorId=${test.connectorId}`);
    expect(body.items).toMatchObject([
      { action: 'order.retry-requested', target: { type: 'order', id: orderId } },
      { action: 'order.release-requested', target: { type: 'order', id: orderId } },
    ]);
  });

  it('holds the parts of a kit, and is placed as the kit', async () => {
    const items = [
      { sku: 'SKU-0004', quantity: 2, price: 20 },
      { sku: 'SKU-0003', quantity: 1, price: 20 },
    ];
    const orderId = await test.order({ items });
    await test.watch();
    await test.reaches(orderId, 'held');
    expect((await test.store()).reservations[`MZN-${orderId}`]).toMatchObject({ units: { '3': 5 } });
    await test.change(orderId, { status: 'UNSHIPPED' });
    await test.watch();
    await test.reaches(orderId, 'integrated');
    expect(await test.liveHolds()).toEqual([]);
    expect((await test.store()).skus['3']).toMatchObject({ sold: 5, held: 0, available: 5 });
  });

  it('is not placed when Amazon says right before that it was cancelled', async () => {
    const orderId = await test.order({ status: 'CANCELLED' });
    await test.rig.orchestrator.tellOrder(test.input(orderId), {
      kind: 'sighting',
      sighting: {
        amazonOrderId: orderId,
        from: 'poll',
        updatedAt: new Date(Date.now() - 60_000).toISOString(),
        orderedAt: new Date().toISOString(),
        status: 'unshipped',
        fulfilledBy: 'merchant',
        items: [{ orderItemId: '1', sku: 'SKU-0001', ordered: 2, canceled: 0, shipped: 0 }],
      },
    });
    await test.reaches(orderId, 'closed');
    await test.ended(orderId);
    expect((await test.store()).orders).toEqual({});
    const placed = (await test.rig.calls('vtex.placeOrder')).filter(
      ({ account }) => account === test.world.vtex.account
    );
    expect(placed).toEqual([]);
  });

  it('waits, without a hold, while its store is away, and is held when it is back', async () => {
    await test.control('vtex', { down: true });
    const orderId = await test.order();
    await test.watch();
    await test.reaches(orderId, 'unheld');
    await test.control('vtex', { down: false });
    await test.reaches(orderId, 'held', 60);
    expect((await test.kept(orderId))!.messages).toEqual([]);
  });

  it('without enough stock takes the SKU off sale at Amazon first, and is held when stock has come', async () => {
    const orderId = await test.order({ items: [{ sku: 'SKU-0002', quantity: 11, price: 20 }] });
    await test.watch();
    const kept = await test.reaches(orderId, 'unheld');
    expect(kept.messages).toMatchObject([{ problem: 'no_stock', kind: 'notify' }]);
    await test.rig.until(
      async () => (await test.rig.books(test.world))['SKU-0002']?.quantity === 0,
      'the listing to have quantity 0'
    );
    await test.control('skus/SKU-0002', { quantity: 21, tell: 'nobody' });
    await test.ask('POST', `${test.pathOf(orderId)}/retry`);
    await test.reaches(orderId, 'held');
    expect((await test.store()).skus['2']).toMatchObject({ held: 11, available: 10 });
    // As many are for sale as were sent before, and Amazon has none of them.
    await test.rig.sync(test.connectorId);
    expect((await test.rig.books(test.world))['SKU-0002']?.quantity).toBe(10);
  });

  it('has its stock let go when its connector has no ZIP code any more', async () => {
    const orderId = await test.order();
    await test.watch();
    await test.reaches(orderId, 'held');
    await test.rig.patch(test.connectorId, { orders: {} });
    await test.rig.until(async () => (await test.liveHolds()).length === 0, 'the hold to be let go');
    await test.reaches(orderId, 'watched');
    expect(await test.watched()).toBe(false);
  });

  it('has its stock let go when its connector is removed, and is forgotten', async () => {
    const orderId = await test.order();
    await test.watch();
    await test.reaches(orderId, 'held');
    await test.rig.startRemoval(test.connectorId);
    await test.rig.removed(test.connectorId);
    expect(await test.liveHolds()).toEqual([]);
    expect(await test.kept(orderId)).toBeUndefined();
    expect(await test.watched()).toBe(false);
  });
});
