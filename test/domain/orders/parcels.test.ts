import type { StoreParcel } from '../../../domain/ports/order-integration';
import type { OrderLine, OrderPolicy } from '../../../domain/orders/order-state';
import { awaitsParcels, isNewsOfStore } from '../../../domain/orders/parcels';
import { isAtRest } from '../../../domain/orders/order-view';
import { Driver, line } from './driver';
import { HOUR, MINUTE, SECOND, START } from './model-world';

const LINES: OrderLine[] = [
  { sku: 'SHIRT', sourceId: '11' },
  { sku: 'SHIRT-OLD-CODE', sourceId: '11' },
  { sku: 'SET', sourceId: '12', parts: [{ sourceId: '11', units: 2 }] },
];

function parcel(invoiceNumber: string, more: Partial<StoreParcel> = {}): StoreParcel {
  return {
    invoiceNumber,
    carrier: 'UPS',
    trackingNumber: `1Z-${invoiceNumber}`,
    shippedAt: new Date(START).toISOString(),
    units: [{ sourceId: '11', units: 2 }],
    ...more,
  };
}

/** An order that the store has approved. */
function approved(items = [line('SHIRT', 2)], policy: Partial<OrderPolicy> = {}): Driver {
  return new Driver({ reserves: false, ...policy })
    .see({ status: 'unshipped', items, marketplaceId: 'ATVPDKIKX0DER' })
    .resolve(LINES.filter(({ sku }) => items.some((item) => item.sku === sku)))
    .answer({ kind: 'placed', answer: { kind: 'accepted' } })
    .result('SOI001')
    .answer({ kind: 'approved', answer: { kind: 'accepted' } })
    .result('SOI002');
}

function storeSays(order: Driver, ...parcels: StoreParcel[]): Driver {
  return order.feed({ kind: 'store', order: { storeOrderId: 'MKP-1', state: 'invoiced', parcels } });
}

/** What Amazon is told of, in short. */
function shipmentOf(order: Driver) {
  const step = order.state.underWay;
  return step?.kind === 'confirm-shipment' ? step.shipment : undefined;
}

const confirm = (order: Driver): Driver => order.answer({ kind: 'confirmed' });

describe('an order in the store', () => {
  it('has its parcels awaited until all of its units have left', () => {
    const order = approved();
    expect([awaitsParcels(order.state), isAtRest(order.state)]).toEqual([true, true]);
    confirm(storeSays(order, parcel('A')));
    expect([awaitsParcels(order.state), isAtRest(order.state)]).toEqual([false, true]);
    expect(order.view).toMatchObject({
      stage: 'integrated',
      reason: expect.stringContaining('1 of 1 parcels') as string,
    });
  });

  it('is confirmed with carrier, number, moment and lines, under a number of Amazon’s', () => {
    const order = approved();
    order.now = START + HOUR;
    storeSays(order, parcel('A', { shippedAt: new Date(START + MINUTE).toISOString() }));
    expect(order.step).toEqual({
      kind: 'confirm-shipment',
      marketplaceId: 'ATVPDKIKX0DER',
      shipment: {
        packageReferenceId: '1',
        carrierCode: 'UPS',
        trackingNumber: '1Z-A',
        shippedAt: new Date(START + MINUTE).toISOString(),
        items: [{ orderItemId: 'line-SHIRT', units: 2 }],
      },
    });
  });

  it.each([
    ['before the order', -HOUR, -MINUTE],
    ['in the future', HOUR, 0],
  ])('is said to have left at a moment that Amazon takes, where the invoice is %s', (_case, given, told) => {
    const order = approved();
    storeSays(order, parcel('A', { shippedAt: new Date(START + given).toISOString() }));
    expect(shipmentOf(order)!.shippedAt).toBe(new Date(START + told).toISOString());
  });

  it('is confirmed parcel by parcel, each with its part of the lines', () => {
    const order = approved([line('SHIRT', 3), line('SHIRT-OLD-CODE', 1)]);
    storeSays(order, parcel('A'));
    expect(shipmentOf(order)).toMatchObject({
      packageReferenceId: '1',
      items: [{ orderItemId: 'line-SHIRT', units: 2 }],
    });
    confirm(order);
    expect(awaitsParcels(order.state)).toBe(true);
    storeSays(order, parcel('A'), parcel('B'));
    expect(shipmentOf(order)).toMatchObject({
      packageReferenceId: '2',
      items: [
        { orderItemId: 'line-SHIRT', units: 1 },
        { orderItemId: 'line-SHIRT-OLD-CODE', units: 1 },
      ],
    });
    confirm(order);
    expect([awaitsParcels(order.state), isAtRest(order.state)]).toEqual([false, true]);
  });

  it('is confirmed as the kit, where it holds the kit', () => {
    const order = approved([line('SET', 2)]);
    storeSays(order, parcel('A', { units: [{ sourceId: '12', units: 2 }] }));
    expect(shipmentOf(order)!.items).toEqual([{ orderItemId: 'line-SET', units: 2 }]);
  });

  it('is confirmed whole where the invoice names no items', () => {
    const order = approved([line('SHIRT', 3), line('SET', 1)]);
    storeSays(order, parcel('A', { units: [] }));
    expect(shipmentOf(order)!.items).toEqual([
      { orderItemId: 'line-SHIRT', units: 3 },
      { orderItemId: 'line-SET', units: 1 },
    ]);
  });

  it('is never confirmed for more than Amazon still wants', () => {
    const order = approved([line('SHIRT', 3, { canceled: 2 })]);
    storeSays(order, parcel('A', { units: [{ sourceId: '11', units: 3 }] }));
    expect(shipmentOf(order)!.items).toEqual([{ orderItemId: 'line-SHIRT', units: 1 }]);
  });

  it('leaves out what a person has confirmed at Amazon', () => {
    const order = approved([line('SHIRT', 3)]);
    order.see({ status: 'partially_shipped', items: [line('SHIRT', 3, { shipped: 2 })] });
    storeSays(order, parcel('A', { units: [{ sourceId: '11', units: 3 }] }));
    expect(shipmentOf(order)!.items).toEqual([{ orderItemId: 'line-SHIRT', units: 1 }]);
  });

  it('does not count its own parcels as somebody else’s when Amazon shows them', () => {
    const order = approved([line('SHIRT', 3)]);
    confirm(storeSays(order, parcel('A')));
    order.see({ status: 'partially_shipped', items: [line('SHIRT', 3, { shipped: 2 })] });
    storeSays(order, parcel('A'), parcel('B', { units: [{ sourceId: '11', units: 1 }] }));
    expect(shipmentOf(order)).toMatchObject({
      packageReferenceId: '2',
      items: [{ orderItemId: 'line-SHIRT', units: 1 }],
    });
  });

  it('is said once, whatever the store repeats', () => {
    const order = confirm(storeSays(approved(), parcel('A')));
    expect(
      isNewsOfStore(order.state, { storeOrderId: 'MKP-1', state: 'invoiced', parcels: [parcel('A')] }, order.now)
    ).toBe(false);
    expect(storeSays(order, parcel('A')).step).toBeUndefined();
    expect(order.state.parcels).toHaveLength(1);
  });

  it('is told apart where two parcels have one invoice', () => {
    const order = approved([line('SHIRT', 4)]);
    confirm(storeSays(order, parcel('A'), parcel('A', { trackingNumber: '1Z-other' })));
    expect(shipmentOf(order)).toMatchObject({ packageReferenceId: '2', trackingNumber: '1Z-other' });
  });

  it('is corrected under the same number when the store corrects the tracking number', () => {
    const order = confirm(storeSays(approved([line('SHIRT', 4)]), parcel('A')));
    storeSays(order, parcel('A', { trackingNumber: '1Z-right' }));
    expect(shipmentOf(order)).toMatchObject({ packageReferenceId: '1', trackingNumber: '1Z-right' });
    // Corrected again while this is under way.
    storeSays(order, parcel('A', { trackingNumber: '1Z-at-last' }));
    confirm(order);
    expect(shipmentOf(order)).toMatchObject({ packageReferenceId: '1', trackingNumber: '1Z-at-last' });
  });

  it('waits for a tracking number, tells people after a day, and says when it has come', () => {
    const order = approved();
    storeSays(order, parcel('A', { trackingNumber: undefined }));
    expect(order.step).toBeUndefined();
    expect([awaitsParcels(order.state), order.state.wakeAt]).toEqual([true, START + 24 * HOUR]);
    expect(order.wait(24 * HOUR).kinds).toEqual(['notify no_tracking']);
    expect(isAtRest(order.state)).toBe(true);
    storeSays(order, parcel('A'));
    expect(order.kinds).toEqual(['recovered no_tracking', 'confirm-shipment']);
  });

  it('says the same again, and no more, when the answer was lost', () => {
    const order = storeSays(approved(), parcel('A'));
    const first = shipmentOf(order);
    order.fail(true);
    expect(order.step).toBeUndefined();
    order.wait(5 * SECOND);
    expect(shipmentOf(order)).toMatchObject({ ...first, shippedAt: first!.shippedAt });
    expect(confirm(order).state.parcels).toMatchObject([{ state: 'confirmed', reference: 1 }]);
  });

  it('has arrived when the answer was lost and Amazon says that all of the order has left', () => {
    const order = storeSays(approved(), parcel('A'));
    order.answer({ kind: 'failed', code: 'transient', said: 'no answer', sent: true });
    order.see({ status: 'shipped', items: [{ ...line('SHIRT', 2), shipped: 2 }], marketplaceId: 'ATVPDKIKX0DER' });
    expect(order.state.parcels).toMatchObject([{ state: 'confirmed', failingSince: null }]);
    expect([shipmentOf(order), isAtRest(order.state)]).toEqual([undefined, true]);
  });

  it('says the same again when its worker was lost', () => {
    const order = storeSays(approved(), parcel('A'));
    const first = shipmentOf(order);
    order.feed({ kind: 'restart' });
    expect(shipmentOf(order)).toEqual(first);
  });

  it('tells people once that Amazon refuses a parcel, tries again ever rarer, and at once after retry', () => {
    const order = storeSays(approved(), parcel('A'));
    order.answer({ kind: 'failed', code: 'config', said: 'Tracking number is not valid.', sent: true });
    expect(order.kinds).toEqual(['notify shipment_refused']);
    expect(order.view).toMatchObject({ stage: 'failing', reason: expect.stringContaining('not valid') as string });
    expect(order.state.wakeAt).toBe(order.now + 5 * MINUTE);
    order.wait(5 * MINUTE);
    order.answer({ kind: 'failed', code: 'config', said: 'Tracking number is not valid.', sent: true });
    expect(order.kinds).toEqual([]);
    expect(order.state.wakeAt).toBe(order.now + 10 * MINUTE);
    order.feed({ kind: 'retry' });
    expect(confirm(order).kinds).toEqual(['recovered shipment_refused']);
    expect(order.view.stage).toBe('integrated');
  });

  it('tells people that Amazon does not answer when that has lasted half an hour', () => {
    const order = storeSays(approved(), parcel('A'));
    const told: string[] = [];
    for (const start = order.now; order.now - start < HOUR; order.wait(order.state.wakeAt! - order.now)) {
      order.fail(true);
      told.push(...order.kinds.filter((kind) => kind.startsWith('notify')));
      if (told.length > 0) expect(order.now - start).toBeGreaterThanOrEqual(30 * MINUTE);
    }
    expect(told).toEqual(['notify shipment_failed']);
    expect(confirm(order).kinds).toEqual(['recovered shipment_failed']);
  });

  it('tells people of a parcel with nothing in it that Amazon waits for', () => {
    const order = storeSays(approved(), parcel('A', { units: [{ sourceId: '99', units: 1 }] }));
    expect(order.kinds).toEqual(['notify strange_parcel']);
    expect(order.view.stage).toBe('attention');
    // The invoice is corrected.
    storeSays(order, parcel('A'));
    expect(order.kinds).toEqual(['recovered strange_parcel', 'confirm-shipment']);
  });

  it('forgets one that certainly never left for Amazon, too', () => {
    const order = storeSays(approved(), parcel('A'));
    order.answer({ kind: 'failed', code: 'auth.forbidden', said: 'no', sent: false });
    storeSays(order, parcel('B'));
    expect(order.state.parcels).toMatchObject([{ invoiceNumber: 'B', items: [{ units: 2 }] }]);
  });

  it('says a carrier again that was corrected while it was being told', () => {
    const order = storeSays(approved(), parcel('A'));
    storeSays(order, parcel('A', { carrier: 'FedEx' }));
    confirm(order);
    expect(shipmentOf(order)).toMatchObject({ packageReferenceId: '1', carrierCode: 'FedEx' });
  });

  it('forgets a parcel that the store takes back before Amazon was told of it', () => {
    const order = storeSays(approved([line('SHIRT', 4)]), parcel('A', { trackingNumber: undefined }));
    storeSays(order, parcel('B'));
    expect(order.state.parcels).toMatchObject([{ invoiceNumber: 'B' }]);
  });

  it('uses the connector’s table of carriers, also when it changes after a refusal', () => {
    const order = storeSays(approved(), parcel('A', { carrier: 'Loggi' }));
    expect(shipmentOf(order)).toMatchObject({ carrierCode: 'Other', carrierName: 'Loggi' });
    order.answer({ kind: 'failed', code: 'config', said: 'Carrier.', sent: true });
    order.feed({ kind: 'policy', policy: { ...order.state.policy, carriers: { Loggi: 'LOGGI' } } });
    expect(shipmentOf(order.wait(5 * MINUTE))).toMatchObject({ carrierCode: 'LOGGI' });
  });
});

describe('an order whose parcels are nobody’s business', () => {
  const parcels = [parcel('A')];
  const step = (order: Driver) => storeSays(order, ...parcels).state.underWay;

  it('is one that the store has not approved', () => {
    expect(step(new Driver().see({ status: 'unshipped', marketplaceId: 'A' }).resolve())).toMatchObject({
      kind: 'place',
    });
  });

  it('is one of Amazon’s own warehouse', () => {
    const order = new Driver().see({ status: 'unshipped', fulfilledBy: 'amazon' });
    expect([step(order), awaitsParcels(order.state)]).toEqual([null, false]);
  });

  it.each(['shipped', 'canceled'] as const)('is one that is %s at Amazon', (status) => {
    const order = approved().see({ status, items: [line('SHIRT', 2)] });
    const before = order.state.underWay?.kind;
    expect(storeSays(order, ...parcels).state.underWay?.kind).toBe(before);
    expect(awaitsParcels(order.state)).toBe(false);
  });
});

it('tells people of an order that the store cancels after it has approved it', () => {
  const order = approved();
  order.feed({ kind: 'store', order: { storeOrderId: 'MKP-1', state: 'canceled', parcels: [] } });
  expect(order.kinds).toEqual(['notify canceled_in_store']);
});
