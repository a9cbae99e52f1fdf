import { OrdersUnderTest } from './orders-under-test';

interface AmazonBook {
  status: string;
  open: Record<string, number>;
  packages: number;
  confirmations: number;
}

describe('the parcels of an order', () => {
  let test: OrdersUnderTest;
  let worlds = 0;
  beforeAll(async () => {
    test = await OrdersUnderTest.start();
  });
  afterAll(async () => {
    await test.stop();
  });
  beforeEach(async () => {
    await test.connect(`parcels-${(worlds += 1)}`, { carriers: { Loggi: 'LOGGI' } });
  });

  async function integrated(items: object[]): Promise<string> {
    const orderId = await test.order({ status: 'UNSHIPPED', items });
    await test.watch();
    await test.reaches(orderId, 'integrated');
    return orderId;
  }

  /** Somebody in the store invoices a part of the order, or corrects an invoice. */
  const invoice = (orderId: string, of: object) => test.control(`store-orders/MZN-${orderId}`, { invoice: of });

  async function atAmazon(orderId: string): Promise<AmazonBook> {
    const { amazonOrders } = await test.rig.control<{ amazonOrders: Record<string, Record<string, AmazonBook>> }>(
      'GET',
      'books'
    );
    return amazonOrders[test.world.amazon.sellerId]![orderId]!;
  }

  const confirmed = (orderId: string, count: number) =>
    test.rig.until(async () => {
      const { parcels } = (await test.ask('GET', test.pathOf(orderId))).body as { parcels: { state: string }[] };
      return parcels.filter(({ state }) => state === 'confirmed').length === count;
    }, `${count} parcels to be confirmed`);

  const SHIRTS = [
    { sku: 'SKU-0001', quantity: 3, price: 20 },
    { sku: 'SKU-0004', quantity: 1, price: 20 },
  ];

  it('are confirmed to Amazon one by one: parts, kits, and a tracking number that comes later', async () => {
    const orderId = await integrated(SHIRTS);
    await invoice(orderId, {
      number: 'INV-1',
      courier: 'UPS Ground',
      trackingNumber: '1Z1',
      items: [{ index: 0, quantity: 2 }],
    });
    await invoice(orderId, {
      number: 'RET-1',
      type: 'Input',
      trackingNumber: 'BACK',
      items: [{ index: 0, quantity: 1 }],
    });
    await test.askForParcels();
    await confirmed(orderId, 1);
    expect(await atAmazon(orderId)).toMatchObject({
      status: 'PARTIALLY_SHIPPED',
      open: { 'SKU-0001': 1, 'SKU-0004': 1 },
    });

    const rest = {
      number: 'INV-2',
      courier: 'Loggi',
      items: [
        { index: 0, quantity: 1 },
        { index: 1, quantity: 1 },
      ],
    };
    await invoice(orderId, rest);
    await test.askForParcels();
    await test.rig.until(
      async () => (await test.kept(orderId))!.json.includes('INV-2'),
      'the second invoice to be seen'
    );
    expect(await atAmazon(orderId)).toMatchObject({ packages: 1, confirmations: 1 });

    await invoice(orderId, { ...rest, trackingNumber: 'LG-9' });
    await test.askForParcels();
    await confirmed(orderId, 2);
    expect(await atAmazon(orderId)).toMatchObject({ status: 'SHIPPED', packages: 2, confirmations: 2 });
    const { body } = await test.ask('GET', test.pathOf(orderId));
    expect(body).toMatchObject({
      state: 'integrated',
      reason: expect.stringContaining('2 of 2 parcels') as string,
      messages: [],
      parcels: [
        { reference: 1, invoiceNumber: 'INV-1', carrier: 'UPS Ground', trackingNumber: '1Z1', state: 'confirmed' },
        { reference: 2, invoiceNumber: 'INV-2', carrier: 'Loggi', trackingNumber: 'LG-9', state: 'confirmed' },
      ],
    });
    const [order] = (await test.control<{ orderId: string; packages: object[] }[]>('orders')).filter(
      (each) => each.orderId === orderId
    );
    expect(order!.packages).toMatchObject([
      { reference: '1', carrierCode: 'UPS', trackingNumber: '1Z1' },
      { reference: '2', carrierCode: 'LOGGI', trackingNumber: 'LG-9' },
    ]);
    await test.ended(orderId);

    // Nothing is asked or said any more.
    const asked = (await test.rig.calls('vtex.getStoreOrder')).length;
    await test.askForParcels();
    expect((await test.rig.calls('vtex.getStoreOrder')).length).toBe(asked);
    expect(await atAmazon(orderId)).toMatchObject({ packages: 2, confirmations: 2 });
  });

  it('are one each at Amazon when the answer to one was lost', async () => {
    const orderId = await integrated(SHIRTS);
    await test.rig.control('POST', 'faults', {
      match: { operation: 'confirmShipment', sellerId: test.world.amazon.sellerId },
      kind: 'reset',
      after: true,
      times: 1,
    });
    await invoice(orderId, { number: 'INV-1', trackingNumber: 'T1' });
    await test.askForParcels();
    await confirmed(orderId, 1);
    expect(await atAmazon(orderId)).toMatchObject({ status: 'SHIPPED', packages: 1 });
    expect((await test.kept(orderId))!.messages).toEqual([]);
  });

  it('are confirmed by the next worker when one is lost in the middle', async () => {
    const orderId = await integrated(SHIRTS);
    await test.rig.control('POST', 'faults', {
      match: { operation: 'confirmShipment', sellerId: test.world.amazon.sellerId },
      kind: 'slow',
      delayMs: 4_000,
      times: 1,
    });
    await invoice(orderId, { number: 'INV-1', trackingNumber: 'T1' });
    await test.askForParcels();
    await test.rig.until(
      async () => (await test.kept(orderId))!.json.includes('"wasSent":true'),
      'the parcel to be sent'
    );
    await test.rig.stopWorker();
    await test.rig.startWorker();
    await confirmed(orderId, 1);
    expect(await atAmazon(orderId)).toMatchObject({ status: 'SHIPPED', packages: 1 });
  });

  it('that Amazon refuses are told to people once, shown, and tried again by retry', async () => {
    const orderId = await integrated(SHIRTS);
    const match = { operation: 'confirmShipment', sellerId: test.world.amazon.sellerId };
    await test.rig.control('POST', 'faults', { match, kind: 'status', status: 400, times: 2 });
    await invoice(orderId, { number: 'INV-1', trackingNumber: 'T1' });
    await test.askForParcels();
    await test.reaches(orderId, 'failing');
    await test.ask('POST', `${test.pathOf(orderId)}/retry`);
    await test.rig.until(async () => (await test.kept(orderId))!.json.includes('"tries":2'), 'the second refusal');
    await test.reaches(orderId, 'failing');
    const { body } = await test.ask('GET', test.pathOf(orderId));
    expect(body).toMatchObject({
      state: 'failing',
      parcels: [{ state: 'refused', refusal: expect.any(String) as string }],
      messages: [{ problem: 'shipment_refused', kind: 'notify' }],
    });
    await test.ask('POST', `${test.pathOf(orderId)}/retry`);
    await confirmed(orderId, 1);
    expect((await test.kept(orderId))!.messages).toMatchObject([
      { problem: 'shipment_refused', kind: 'notify' },
      { problem: 'shipment_refused', kind: 'recovered' },
    ]);
    expect(await atAmazon(orderId)).toMatchObject({ status: 'SHIPPED', packages: 1, confirmations: 1 });
  });
});
