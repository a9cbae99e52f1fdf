import { OrdersUnderTest } from './orders-under-test';

describe('orders read by Orders v0', () => {
  let test: OrdersUnderTest;
  beforeAll(async () => {
    test = await OrdersUnderTest.start({ AMAZON_ORDERS_VERSION: 'v0' });
    await test.connect('orders-v0');
  });
  afterAll(async () => {
    await test.stop();
  });

  it('are held, placed, and their parcels confirmed, as by the newer API', async () => {
    const [orderId, ofAmazon, canceled] = [
      await test.order(),
      await test.order({ fulfilledBy: 'AMAZON' }),
      await test.order(),
    ];
    await test.watch();
    await test.reaches(orderId, 'held');
    await test.reaches(canceled, 'held');
    expect(await test.kept(ofAmazon)).toBeUndefined();
    expect((await test.liveHolds()).sort()).toEqual([`MZN-${orderId}`, `MZN-${canceled}`].sort());

    await test.change(orderId, { status: 'UNSHIPPED' });
    await test.change(canceled, { status: 'CANCELLED' });
    await test.watch();
    await test.reaches(orderId, 'integrated');
    await test.reaches(canceled, 'closed');
    expect(await test.liveHolds()).toEqual([]);

    await test.control(`store-orders/MZN-${orderId}`, { invoice: { number: 'INV-1', trackingNumber: 'T1' } });
    await test.askForParcels();
    await test.rig.until(async () => {
      const orders = await test.control<{ orderId: string; status: string }[]>('orders');
      return orders.find((each) => each.orderId === orderId)?.status === 'SHIPPED';
    }, 'Amazon to know of the parcel');
    const own = async (operation: string) =>
      (await test.rig.calls(operation)).filter(({ sellerId }) => sellerId === test.world.amazon.sellerId).length;
    expect([await own('searchOrders'), await own('getOrder'), (await own('getOrders')) > 0]).toEqual([0, 0, true]);
  });
});
