import { readNotification } from '../../../domain/notifications';
import { readOrderChange } from '../../../domain/orders/order-change';
import { UnreadableNotification } from '../../../domain/ports/notifications';

/** Shaped as the example in Amazon's schema of the notification. */
const MESSAGE = {
  NotificationVersion: '1.0',
  NotificationType: 'ORDER_CHANGE',
  PayloadVersion: '1.0',
  EventTime: '2026-03-02T08:09:53.109Z',
  Payload: {
    OrderChangeNotification: {
      NotificationLevel: 'OrderLevel',
      SellerId: 'A3TH9S8BH6GOGM',
      AmazonOrderId: '903-8868176-2219830',
      OrderChangeType: 'OrderStatusChange',
      OrderChangeTrigger: { TimeOfOrderChange: '2026-03-02T08:09:50.284Z', ChangeReason: 'Status' },
      Summary: {
        MarketplaceId: 'ATVPDKIKX0DER',
        OrderStatus: 'Unshipped',
        PurchaseDate: '2026-03-01T19:42:04.284Z',
        DestinationPostalCode: '48110',
        FulfillmentType: 'MFN',
        OrderType: 'StandardOrder',
        OrderItems: [
          { OrderItemId: 'A1', SellerSKU: 'SHIRT', SupplySourceId: null, Quantity: 3, QuantityShipped: 1 },
          { OrderItemId: 'A2', SellerSKU: 'SOCKS', OrderItemStatus: 'Canceled', Quantity: 2 },
        ],
      },
    },
  },
  NotificationMetadata: { NotificationId: 'd0e9e693' },
};

const READ = {
  sellerId: 'A3TH9S8BH6GOGM',
  sighting: {
    amazonOrderId: '903-8868176-2219830',
    from: 'notice',
    updatedAt: '2026-03-02T08:09:50.284Z',
    orderedAt: '2026-03-01T19:42:04.284Z',
    marketplaceId: 'ATVPDKIKX0DER',
    status: 'unshipped',
    fulfilledBy: 'merchant',
    items: [
      { orderItemId: 'A1', sku: 'SHIRT', ordered: 3, canceled: 0, shipped: 1 },
      { orderItemId: 'A2', sku: 'SOCKS', ordered: 2, canceled: 2, shipped: 0 },
    ],
  },
};

/** The same with every key in the casing of Amazon's newer notifications. */
function camelCased(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelCased);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, of]) => [key[0]!.toLowerCase() + key.slice(1), camelCased(of)])
  );
}

/** As the queue's message is read. */
function read(message: unknown) {
  return readOrderChange(readNotification({ body: JSON.stringify(message), messageId: 'm1', sentAt: new Date() }));
}

function changed(change: (notice: (typeof MESSAGE.Payload)['OrderChangeNotification']) => unknown): unknown {
  const copy = structuredClone(MESSAGE);
  change(copy.Payload.OrderChangeNotification);
  return copy;
}

describe('a notice of an order', () => {
  it('is read in either casing', () => {
    expect(read(MESSAGE)).toEqual(READ);
    expect(read(camelCased(MESSAGE))).toEqual(READ);
  });

  it('takes the time of the event where the change has none, and may lack status and purchase date', () => {
    const message = changed((notice) => {
      Object.assign(notice.OrderChangeTrigger, { TimeOfOrderChange: null });
      Object.assign(notice.Summary, { PurchaseDate: null, OrderStatus: 'Unheard' });
    });
    expect(read(message)).toMatchObject({
      sighting: { updatedAt: MESSAGE.EventTime, orderedAt: undefined, status: undefined },
    });
  });

  it('does not take the lines of a notice about single ones for all lines', () => {
    const message = changed((notice) => Object.assign(notice, { NotificationLevel: 'OrderItemLevel' }));
    expect(read(message)).toMatchObject({ sighting: { items: undefined } });
  });

  it.each([
    ['names no order', changed((notice) => Object.assign(notice, { AmazonOrderId: null }))],
    ['names no seller', changed((notice) => Object.assign(notice, { SellerId: '' }))],
    ['says nothing', { ...MESSAGE, Payload: {} }],
  ])('is unreadable when it %s', (_, message) => {
    expect(() => read(message)).toThrow(UnreadableNotification);
  });
});
