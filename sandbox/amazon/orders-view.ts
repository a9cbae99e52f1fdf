import { createHash } from 'node:crypto';
import { marketplace } from './marketplaces';
import { openUnits, type AmazonOrder, type OrderItem } from './orders-book';

export const ORDER_DATA = [
  'BUYER',
  'RECIPIENT',
  'PROCEEDS',
  'EXPENSE',
  'PROMOTION',
  'CANCELLATION',
  'FULFILLMENT',
  'PACKAGES',
  'TAX',
  'PAYMENT',
  'FULFILLMENT_ORDERS',
] as const;
type OrderData = (typeof ORDER_DATA)[number];

/** Where the unit price is shown of orders whose payment is pending: seen in Japan, documented nowhere. */
const PRICED_WHILE_PENDING = 'A1VC38T7YXB528';
const CARRIES_NO_BUYER = ['PENDING_AVAILABILITY', 'PENDING'];

/** An order as Orders 2026-01-01 shows it; what it holds beyond its items depends on the data asked for. */
export function orderView(order: AmazonOrder, data: readonly OrderData[]): object {
  const has = (name: OrderData): boolean => data.includes(name);
  const place = marketplace(order.marketplaceId);
  const isPending = isPaymentPending(order);
  return {
    orderId: order.orderId,
    createdTime: iso(order.createdAt),
    lastUpdatedTime: iso(order.updatedAt),
    salesChannel: { channelName: 'AMAZON', marketplaceId: order.marketplaceId, marketplaceName: place?.name },
    ...(has('BUYER') && !isPending && { buyer: { buyerName: buyerOf(order), buyerEmail: emailOf(order) } }),
    ...(has('RECIPIENT') && !isPending && { recipient: { deliveryAddress: addressOf(order) } }),
    ...(has('PROCEEDS') && !isPending && { proceeds: { grandTotal: money(order, totalOf(order)) } }),
    ...(has('FULFILLMENT') && {
      fulfillment: {
        fulfillmentStatus: order.status,
        fulfilledBy: order.fulfilledBy,
        fulfillmentServiceLevel: 'STANDARD',
      },
    }),
    orderItems: order.items.map((item) => itemView(order, item, has)),
    ...(has('PACKAGES') && order.packages.length > 0 && { packages: order.packages.map(packageView) }),
  };
}

function itemView(order: AmazonOrder, item: OrderItem, has: (name: OrderData) => boolean): object {
  const isPriced = !isPaymentPending(order) || order.marketplaceId === PRICED_WHILE_PENDING;
  const cancellation = {
    ...(item.cancelRequest !== null && {
      cancellationRequest: { requester: 'BUYER', cancelReason: item.cancelRequest },
    }),
    ...(item.cancelled > 0 && {
      cancellationExecution: {
        cancelledBy: item.cancelRequest === null ? 'AMAZON' : 'BUYER',
        cancelReason: item.cancelRequest ?? 'NO_STOCK',
      },
    }),
  };
  return {
    orderItemId: item.orderItemId,
    quantityOrdered: item.ordered,
    product: {
      asin: asinOf(item),
      title: titleOf(item),
      ...(item.sku !== null && { sellerSku: item.sku }),
      ...(isPriced && { price: { unitPrice: money(order, item.unitPrice) } }),
    },
    ...(has('PROCEEDS') && isPriced && { proceeds: { proceedsTotal: money(order, item.unitPrice * unitsOf(item)) } }),
    ...(has('CANCELLATION') && Object.keys(cancellation).length > 0 && { cancellation }),
    ...(has('FULFILLMENT') && {
      fulfillment: { quantityFulfilled: item.shipped, quantityUnfulfilled: openUnits(item) },
    }),
  };
}

function packageView({ reference, carrierCode, trackingNumber, shipDate, items }: AmazonOrder['packages'][number]) {
  return {
    packageReferenceId: reference,
    carrier: carrierCode,
    shipTime: shipDate,
    trackingNumber,
    packageStatus: { status: 'SHIPPED' },
    packageItems: items,
  };
}

export function isPaymentPending({ status }: AmazonOrder): boolean {
  return CARRIES_NO_BUYER.includes(status);
}

/** Units that the order is still about. */
export function unitsOf({ ordered, cancelled }: OrderItem): number {
  return ordered - cancelled;
}

/** Currency units. */
export function totalOf({ items }: AmazonOrder): number {
  return items.reduce((sum, item) => sum + unitsOf(item) * item.unitPrice, 0);
}

/** A decimal text, as Amazon writes amounts. */
export function amountOf({ marketplaceId }: AmazonOrder, units: number): { amount: string; currency: string } {
  const currency = marketplace(marketplaceId)?.currency ?? 'USD';
  return { amount: units.toFixed(currency === 'JPY' ? 0 : 2), currency };
}

function money(order: AmazonOrder, units: number): object {
  const { amount, currency } = amountOf(order, units);
  return { amount, currencyCode: currency };
}

/** An invented address, always the same for one order. */
export function addressOf(order: AmazonOrder) {
  return {
    name: buyerOf(order),
    addressLine1: `${1 + (digest(order.orderId)[0] ?? 0)} Sandbox Street`,
    city: 'Springfield',
    stateOrRegion: 'ST',
    ...order.destination,
    phone: '+1 555 0100',
    addressType: 'RESIDENTIAL',
  };
}

export function buyerOf({ orderId }: AmazonOrder): string {
  return `Buyer ${digest(orderId).toString('hex').slice(0, 6)}`;
}

export function emailOf({ orderId }: AmazonOrder): string {
  return `${digest(orderId).toString('hex').slice(0, 14)}@marketplace.example.com`;
}

export function asinOf({ sku, orderItemId }: OrderItem): string {
  return `B0${digest(sku ?? orderItemId)
    .toString('hex')
    .slice(0, 8)
    .toUpperCase()}`;
}

export function titleOf({ sku }: OrderItem): string {
  return sku === null ? 'An item' : `Item ${sku}`;
}

export function iso(at: number): string {
  return new Date(at).toISOString();
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
