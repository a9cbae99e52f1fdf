import { createVtexOrders } from '../../adapters/vtex/orders';
import { stateOf } from '../../models/orders';
import { OrdersUnderTest } from './orders-under-test';

describe('an order that does not stay, or is not, as one expects', () => {
  let test: OrdersUnderTest;
  let worlds = 0;
  beforeAll(async () => {
    test = await OrdersUnderTest.start();
  });
  afterAll(async () => {
    await test.stop();
  });
  beforeEach(async () => {
    await test.connect(`changes-${(worlds += 1)}`);
  });

  const shirts = (quantity: number, price = 20) => ({ sku: 'SKU-0001', quantity, price });
  const second = { sku: 'SKU-0002', quantity: 1, price: 20 };

  /** Waits until the store holds just this for the order. */
  const holds = (units: Record<string, number>) =>
    test.rig.until(
      async () => {
        const { reservations } = await test.store();
        const live = Object.values(reservations).filter(({ status }) => status === 1);
        return live.length === 1 && JSON.stringify(live[0]!.units) === JSON.stringify(units);
      },
      `one hold of ${JSON.stringify(units)}`
    );

  it('has its hold made anew when items are cancelled, and again when there are more; it is placed as it is then', async () => {
    const orderId = await test.order({ items: [shirts(3), second] });
    await test.watch();
    await test.reaches(orderId, 'held');
    await holds({ '1': 3, '2': 1 });
    await test.change(orderId, { items: { 'SKU-0001': { cancelled: 2 }, 'SKU-0002': { cancelled: 1 } } });
    await test.watch();
    await holds({ '1': 1 });
    await test.change(orderId, { items: { 'SKU-0001': { ordered: 6 } } });
    await test.watch();
    await holds({ '1': 4 });
    await test.change(orderId, { status: 'UNSHIPPED' });
    await test.watch();
    await test.reaches(orderId, 'integrated');
    const { skus, orders } = await test.store();
    expect(orders[`MZN-${orderId}`]).toMatchObject({ units: { '1': 4 } });
    expect(skus['1']).toMatchObject({ sold: 4, held: 0, available: 6 });
    expect(skus['2']).toMatchObject({ sold: 0, held: 0, available: 10 });
  });

  it('has what is known of it held, and is not placed, where it has a SKU that nobody sells here', async () => {
    const orderId = await test.order({ items: [shirts(2), { sku: 'STRANGE', quantity: 1, price: 5 }] });
    await test.watch();
    await test.reaches(orderId, 'held');
    await holds({ '1': 2 });
    await test.change(orderId, { status: 'UNSHIPPED' });
    await test.watch();
    const kept = await test.reaches(orderId, 'failing');
    expect(kept.messages).toMatchObject([{ problem: 'unknown_sku', kind: 'notify' }]);
    expect((await test.store()).orders).toEqual({});
    await holds({ '1': 2 });
    await test.ask('POST', `${test.pathOf(orderId)}/release`);
    await test.reaches(orderId, 'released');
    await test.rig.until(async () => (await test.liveHolds()).length === 0, 'the hold to be let go');
  });

  it('keeps its hold while the store refuses its price, and is placed once that is allowed', async () => {
    const orderId = await test.order({ items: [shirts(2, 25)] });
    await test.watch();
    await test.reaches(orderId, 'held');
    await test.change(orderId, { status: 'UNSHIPPED' });
    await test.watch();
    const kept = await test.reaches(orderId, 'failing');
    expect(kept.messages).toMatchObject([{ problem: 'EOI003', kind: 'notify' }]);
    expect(await test.liveHolds()).toHaveLength(1);
    await test.control('vtex', { orders: { divergence: 'accept' } });
    await test.ask('POST', `${test.pathOf(orderId)}/retry`);
    await test.reaches(orderId, 'integrated');
    expect(await test.liveHolds()).toEqual([]);
    expect((await test.kept(orderId))!.messages.map(({ kind }) => kind)).toEqual(['notify', 'recovered']);
  });

  it('keeps its hold, and its units on sale, while nobody delivers to its address', async () => {
    const orderId = await test.order({ items: [shirts(2)], postalCode: '00000' });
    await test.watch();
    await test.reaches(orderId, 'held');
    await test.change(orderId, { status: 'UNSHIPPED' });
    await test.watch();
    const kept = await test.reaches(orderId, 'failing');
    expect(kept.messages).toMatchObject([{ problem: 'no_delivery', kind: 'notify' }]);
    expect(await test.liveHolds()).toEqual([`MZN-${orderId}`]);
    expect((await test.rig.books(test.world))['SKU-0001']?.quantity).toBe(10);
  });

  it.each([
    ['takes with HTTP 200 and does not accept', { kind: 'invalid' }],
    ['refuses', { kind: 'status', status: 400 }],
  ])('has all that it lacks taken off sale, also when the first of it is what Amazon %s', async (_, fault) => {
    const match = { operation: 'patchListingsItem', skus: ['SKU-0001'], sellerId: test.world.amazon.sellerId };
    await test.rig.control('POST', 'faults', { match, ...fault });
    const orderId = await test.order({ items: [shirts(11), { ...second, quantity: 11 }] });
    await test.watch();
    await test.reaches(orderId, 'unheld');
    const quantities = async () => {
      const books = await test.rig.books(test.world);
      return [books['SKU-0001']?.quantity, books['SKU-0002']?.quantity];
    };
    await test.rig.until(async () => (await quantities())[1] === 0, 'the second SKU to have quantity 0');
    expect(await quantities()).toEqual([10, 0]);
    // What Amazon has not taken is not noted as if it had.
    expect((await test.rig.listing(test.connectorId, 'SKU-0001')).sentHashes?.quantity).toBeDefined();
    expect((await test.rig.listing(test.connectorId, 'SKU-0002')).sentHashes?.quantity).toBeUndefined();
  });

  it('is not taken for held by a hold of its name that keeps other units', async () => {
    const { vtex } = test.world;
    const orderId = await test.order({ items: [shirts(2)] });
    const strange = createVtexOrders({
      ...vtex,
      affiliateId: 'MZN',
      urlTemplate: test.rig.config.VTEX_URL,
      pricingUrlTemplate: test.rig.config.VTEX_PRICING_URL,
      requestsInFlight: 1,
      timeoutMs: 5_000,
      connector: { name: 'Longshore', endpoint: 'http://127.0.0.1:9' },
    });
    const destination = { postalCode: '10001', country: 'USA' };
    const request = {
      lockId: `MZN-${orderId}`,
      lines: [{ sourceId: '1', units: 1 }],
      destination,
      askedSeconds: 3_600,
    };
    await strange.reservations.reserve(request, AbortSignal.timeout(5_000));
    await test.rig.control('POST', 'faults', {
      match: { operation: 'vtex.createReservation', account: vtex.account },
      kind: 'reset',
      times: 1,
    });
    await test.watch();
    const isSeen = async (): Promise<boolean> =>
      stateOf((await test.kept(orderId))!).trouble?.said === 'The store has a hold of this name and does not show it.';
    await test.reaches(orderId, 'unheld');
    await test.rig.until(isSeen, 'the hold to be seen');
    expect((await test.kept(orderId))!.stage).toBe('unheld');
  });

  it.each(['same', 'refuse'] as const)(
    'has one hold when the answer to the request for it was lost, in a store that answers a used name by "%s"',
    async (repeatedLock) => {
      await test.control('vtex', { reservations: { repeatedLock } });
      await test.rig.control('POST', 'faults', {
        match: { operation: 'vtex.createReservation', account: test.world.vtex.account },
        kind: 'reset',
        after: true,
        times: 1,
      });
      const orderId = await test.order({ items: [shirts(2)] });
      await test.watch();
      await test.reaches(orderId, 'held');
      await holds({ '1': 2 });
    }
  );

  it('is held and placed from two warehouses, and the store’s own writing of its stock leaves the books right', async () => {
    await test.control('skus/SKU-0001', { quantity: 3, elsewhere: 4, tell: 'nobody' });
    const orderId = await test.order({ items: [shirts(6)] });
    await test.watch();
    await test.reaches(orderId, 'held');
    expect((await test.store()).skus['1']).toMatchObject({ start: 7, held: 6, available: 1 });
    await test.change(orderId, { status: 'UNSHIPPED' });
    await test.watch();
    await test.reaches(orderId, 'integrated');
    expect((await test.store()).skus['1']).toMatchObject({ start: 7, sold: 6, held: 0, available: 1 });
    await test.control(`store-orders/MZN-${orderId}`, { writeDown: true });
    expect((await test.store()).skus['1']).toMatchObject({ start: 7, sold: 6, held: 0, available: 1 });
  });
});
