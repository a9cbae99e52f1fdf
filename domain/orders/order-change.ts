import { UnreadableNotification, type Notice } from '../ports/notifications';
import { fulfilledByOf, orderStatusOf, type OrderItem, type OrderSighting } from './order';

type Loose = Record<string, unknown>;

/**
 * Reads an ORDER_CHANGE. What it does not need it does not look at, so that a field more or less is no error.
 *
 * @throws UnreadableNotification where it does not say which order of whom has changed.
 */
export function readOrderChange({ payload, eventTime }: Pick<Notice, 'payload' | 'eventTime'>): {
  sellerId: string;
  sighting: OrderSighting;
} {
  const change = at(payload, 'orderChangeNotification');
  const summary = at(change, 'summary');
  const sellerId = text(at(change, 'sellerId'));
  const amazonOrderId = text(at(change, 'amazonOrderId'));
  if (!sellerId || !amazonOrderId)
    throw new UnreadableNotification('The notification of a changed order lacks its seller or its number.');
  return {
    sellerId,
    sighting: {
      amazonOrderId,
      from: 'notice',
      updatedAt: moment(at(at(change, 'orderChangeTrigger'), 'timeOfOrderChange')) ?? eventTime.toISOString(),
      orderedAt: moment(at(summary, 'purchaseDate')),
      marketplaceId: text(at(summary, 'marketplaceId')),
      status: orderStatusOf(text(at(summary, 'orderStatus')) ?? ''),
      fulfilledBy: fulfilledByOf(text(at(summary, 'fulfillmentType')) ?? ''),
      // About single lines it may name these alone.
      items:
        text(at(change, 'notificationLevel')) === 'OrderItemLevel' ? undefined : itemsOf(at(summary, 'orderItems')),
    },
  };
}

/** Undefined unless every line can be read. */
function itemsOf(items: unknown): OrderItem[] | undefined {
  if (!Array.isArray(items) || items.length === 0) return undefined;
  const read = items.map((item: unknown): OrderItem | undefined => {
    const orderItemId = text(at(item, 'orderItemId'));
    const ordered = units(at(item, 'quantity'));
    if (!orderItemId || ordered === undefined) return undefined;
    const isCanceled = orderStatusOf(text(at(item, 'orderItemStatus')) ?? '') === 'canceled';
    return {
      orderItemId,
      sku: text(at(item, 'sellerSku')),
      ordered,
      canceled: isCanceled ? ordered : 0,
      shipped: units(at(item, 'quantityShipped')) ?? 0,
    };
  });
  return read.every((item) => item !== undefined) ? read : undefined;
}

/** A field, however Amazon writes its name: `SellerSKU`, `sellerSku`, `sellerSKU`. */
function at(value: unknown, name: string): unknown {
  if (value === null || typeof value !== 'object') return undefined;
  const wanted = name.toLowerCase();
  const key = Object.keys(value).find((each) => each.toLowerCase() === wanted);
  return key === undefined ? undefined : (value as Loose)[key];
}

function units(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** ISO 8601; undefined for what is no time. */
function moment(value: unknown): string | undefined {
  const at = Date.parse(text(value) ?? '');
  return Number.isNaN(at) ? undefined : new Date(at).toISOString();
}
