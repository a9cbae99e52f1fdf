import { fulfilledByOf, orderStatusOf, type OrderItem, type OrderSighting } from './order';

/** What a message of a notification queue turns out to be. */
export type ReadNotice =
  | { kind: 'order-change'; notificationId: string; sellerId: string; sighting: OrderSighting }
  /** Another notification; `type` as Amazon writes it. */
  | { kind: 'other'; type: string }
  /** Nothing that can be worked with; `why` holds nothing of the message itself. */
  | { kind: 'unreadable'; why: string };

type Loose = Record<string, unknown>;

/**
 * Reads an ORDER_CHANGE in either of Amazon's casings. What it does not need it does not look at, so that a field more or less is no
 * error.
 *
 * @param body - the text of the message.
 */
export function readOrderChange(body: string): ReadNotice {
  let message: unknown;
  try {
    message = JSON.parse(body);
  } catch {
    return { kind: 'unreadable', why: 'It is not JSON.' };
  }
  const type = text(at(message, 'NotificationType'));
  if (!type) return { kind: 'unreadable', why: 'It has no NotificationType.' };
  if (type !== 'ORDER_CHANGE') return { kind: 'other', type };
  const change = at(at(message, 'Payload'), 'OrderChangeNotification');
  const summary = at(change, 'Summary');
  const sellerId = text(at(change, 'SellerId'));
  const amazonOrderId = text(at(change, 'AmazonOrderId'));
  const updatedAt = text(at(at(change, 'OrderChangeTrigger'), 'TimeOfOrderChange')) ?? text(at(message, 'EventTime'));
  const notificationId = text(at(at(message, 'NotificationMetadata'), 'NotificationId'));
  const missing = Object.entries({ SellerId: sellerId, AmazonOrderId: amazonOrderId, EventTime: updatedAt })
    .filter(([, value]) => value === undefined)
    .map(([name]) => name);
  if (missing.length > 0) return { kind: 'unreadable', why: `It has no ${missing.join(', ')}.` };
  return {
    kind: 'order-change',
    // Without an id of its own, the order and the moment tell a repetition.
    notificationId: notificationId ?? `${amazonOrderId}:${updatedAt}`,
    sellerId: sellerId!,
    sighting: {
      amazonOrderId: amazonOrderId!,
      from: 'notice',
      updatedAt: updatedAt!,
      orderedAt: text(at(summary, 'PurchaseDate')),
      marketplaceId: text(at(summary, 'MarketplaceId')),
      status: orderStatusOf(text(at(summary, 'OrderStatus')) ?? ''),
      fulfilledBy: fulfilledByOf(text(at(summary, 'FulfillmentType')) ?? ''),
      // About single lines it may name these alone.
      items:
        text(at(change, 'NotificationLevel')) === 'OrderItemLevel' ? undefined : itemsOf(at(summary, 'OrderItems')),
    },
  };
}

/** Undefined unless every line can be read. */
function itemsOf(items: unknown): OrderItem[] | undefined {
  if (!Array.isArray(items) || items.length === 0) return undefined;
  const read = items.map((item: unknown): OrderItem | undefined => {
    const orderItemId = text(at(item, 'OrderItemId'));
    const ordered = units(at(item, 'Quantity'));
    if (!orderItemId || ordered === undefined) return undefined;
    const isCanceled = orderStatusOf(text(at(item, 'OrderItemStatus')) ?? '') === 'canceled';
    return {
      orderItemId,
      sku: text(at(item, 'SellerSKU')),
      ordered,
      canceled: isCanceled ? ordered : 0,
      shipped: units(at(item, 'QuantityShipped')) ?? 0,
    };
  });
  return read.every((item) => item !== undefined) ? read : undefined;
}

/** A field, whatever the casing of its first letters: `SellerSKU`, `sellerSku`, `sellerSKU`. */
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
