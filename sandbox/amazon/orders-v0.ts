import type { Request } from 'express';
import { json, type Answer } from '../answer';
import type { SandboxClock } from '../clock';
import { bodyObject, queryList } from '../query';
import type { SpApiCall } from './call';
import { invalidInput } from './errors';
import { lagOf, orderOf } from './orders';
import { openUnits, type AmazonOrder, type FulfillmentStatus, type OrderItem } from './orders-book';
import {
  addressOf,
  amountOf,
  asinOf,
  buyerOf,
  emailOf,
  isPaymentPending,
  iso,
  titleOf,
  totalOf,
  unitsOf,
} from './orders-view';
import { windowPage, type WindowNames } from './orders-window';

const CLOCKS_DIFFER_MS = 60_000;

const NAMES: WindowNames = {
  createdAfter: 'CreatedAfter',
  createdBefore: 'CreatedBefore',
  lastUpdatedAfter: 'LastUpdatedAfter',
  lastUpdatedBefore: 'LastUpdatedBefore',
  marketplaceIds: 'MarketplaceIds',
  maxResults: 'MaxResultsPerPage',
  token: 'NextToken',
  free: [],
};

/** v0's words for the statuses; note the one l of its Canceled. */
export const STATUSES: Record<FulfillmentStatus, string> = {
  PENDING_AVAILABILITY: 'PendingAvailability',
  PENDING: 'Pending',
  UNSHIPPED: 'Unshipped',
  PARTIALLY_SHIPPED: 'PartiallyShipped',
  SHIPPED: 'Shipped',
  CANCELLED: 'Canceled',
  UNFULFILLABLE: 'Unfulfillable',
};

/** getOrders, deprecated: its answers are wrapped in `payload`. */
export function getOrders({ request, world, dataElements = [] }: SpApiCall, clock: SandboxClock): Answer {
  if (!queryList(request, NAMES.marketplaceIds)?.length) throw invalidInput("'MarketplaceIds' is required.");
  const statuses = queryList(request, 'OrderStatuses');
  const ids = queryList(request, 'AmazonOrderIds');
  const channels = queryList(request, 'FulfillmentChannels');
  const isAskedFor = (order: AmazonOrder): boolean =>
    (!statuses || statuses.includes(STATUSES[order.status])) &&
    (!channels || channels.includes(channelOf(order))) &&
    (!ids || ids.includes(order.orderId));
  const orders = world.orders.all().filter(isAskedFor);
  const page = windowPage(request, NAMES, orders, clock.now(), lagOf(world.settings.orderLagSeconds));
  return json(200, {
    payload: {
      Orders: page.orders.map((order) => orderV0(order, dataElements)),
      ...(page.nextToken && { NextToken: page.nextToken }),
      [page.field === 'updatedAt' ? 'LastUpdatedBefore' : 'CreatedBefore']: iso(page.before),
    },
  });
}

export function getOrderV0({ request, world, dataElements = [] }: SpApiCall): Answer {
  return json(200, { payload: orderV0(orderOf(request, world), dataElements) });
}

/** getOrderItems. Of a pending order, no price; a cancelled item has a quantity of 0. */
export function getOrderItems({ request, world }: SpApiCall): Answer {
  const order = orderOf(request, world);
  return json(200, {
    payload: { AmazonOrderId: order.orderId, OrderItems: order.items.map((item) => itemV0(order, item)) },
  });
}

/** getOrderAddress. Without a restricted data token, the address is silently missing; so it is before payment. */
export function getOrderAddress({ request, world, dataElements = [] }: SpApiCall): Answer {
  const order = orderOf(request, world);
  return json(200, { payload: { AmazonOrderId: order.orderId, ...shippingAddress(order, dataElements) } });
}

/** confirmShipment: 204 without a body, for what the merchant ships. The same package again replaces what was said of it. */
export function confirmShipment({ request, world }: SpApiCall, clock: SandboxClock): Answer {
  const order = orderOf(request, world);
  const detail = packageIn(request, order);
  if (order.fulfilledBy === 'AMAZON') throw invalidInput('The order is shipped by Amazon.');
  if (Date.parse(detail.shipDate) > clock.now() + CLOCKS_DIFFER_MS) throw invalidInput("'shipDate' is in the future.");
  if (!['UNSHIPPED', 'PARTIALLY_SHIPPED', 'SHIPPED'].includes(order.status))
    throw invalidInput(`The order is ${STATUSES[order.status]} and cannot be shipped.`);
  for (const { orderItemId, quantity } of detail.items) {
    const item = order.items.find((each) => each.orderItemId === orderItemId);
    if (!item) throw invalidInput(`'${orderItemId}' is not an item of the order.`);
    const before = order.packages
      .filter(({ reference }) => reference !== detail.reference)
      .flatMap((each) => each.items);
    const others = before
      .filter((each) => each.orderItemId === orderItemId)
      .reduce((sum, each) => sum + each.quantity, 0);
    if (quantity < 1 || others + quantity > unitsOf(item))
      throw invalidInput(`The quantity of '${orderItemId}' is more than what is left to be shipped.`);
  }
  world.orders.ship(order, detail);
  return { status: 204 };
}

interface ConfirmShipmentBody {
  marketplaceId?: string;
  packageDetail?: {
    packageReferenceId?: string;
    carrierCode?: string;
    carrierName?: string;
    trackingNumber?: string;
    shipDate?: string;
    orderItems?: { orderItemId?: string; quantity?: number }[];
  };
}

function packageIn(request: Request, order: AmazonOrder): AmazonOrder['packages'][number] {
  const body: ConfirmShipmentBody | undefined = bodyObject(request);
  if (!body) throw invalidInput('The body must be a JSON object.');
  if (body.marketplaceId !== order.marketplaceId) throw invalidInput("'marketplaceId' is not that of the order.");
  const { packageReferenceId, carrierCode, carrierName, trackingNumber, shipDate, orderItems } =
    body.packageDetail ?? {};
  if (!packageReferenceId || !/^\d+$/.test(packageReferenceId))
    throw invalidInput("'packageReferenceId' must be a positive number, as text.");
  if (!carrierCode) throw invalidInput("'carrierCode' is required.");
  if (carrierCode === 'Other' && !carrierName) throw invalidInput("'carrierName' is required with the carrier Other.");
  if (!trackingNumber) throw invalidInput("'trackingNumber' is required.");
  const at = Date.parse(shipDate ?? '');
  if (!shipDate || !shipDate.includes('T') || Number.isNaN(at)) throw invalidInput("'shipDate' must be ISO 8601.");
  if (at < order.createdAt - 1000) throw invalidInput("'shipDate' is before the order.");
  if (!Array.isArray(orderItems) || orderItems.length === 0) throw invalidInput("'orderItems' is required.");
  return {
    reference: packageReferenceId,
    carrierCode,
    trackingNumber,
    shipDate,
    items: orderItems.map(({ orderItemId = '', quantity = 0 }) => ({ orderItemId, quantity })),
  };
}

function orderV0(order: AmazonOrder, dataElements: readonly string[]): object {
  const isPending = isPaymentPending(order);
  const open = order.items.reduce((sum, item) => sum + openUnits(item), 0);
  return {
    AmazonOrderId: order.orderId,
    PurchaseDate: iso(order.createdAt),
    LastUpdateDate: iso(order.updatedAt),
    OrderStatus: STATUSES[order.status],
    FulfillmentChannel: channelOf(order),
    MarketplaceId: order.marketplaceId,
    OrderType: order.status === 'PENDING_AVAILABILITY' ? 'Preorder' : 'StandardOrder',
    NumberOfItemsShipped: order.items.reduce((sum, { shipped }) => sum + shipped, 0),
    /** 0 while the payment is pending, whatever was ordered. */
    NumberOfItemsUnshipped: isPending ? 0 : open,
    ...(!isPending && { SalesChannel: 'Amazon.com', OrderTotal: money(order, totalOf(order)) }),
    ...shippingAddress(order, dataElements),
    ...(!isPending &&
      dataElements.includes('buyerInfo') && {
        BuyerInfo: { BuyerName: buyerOf(order), BuyerEmail: emailOf(order) },
      }),
  };
}

function itemV0(order: AmazonOrder, item: OrderItem): object {
  return {
    ASIN: asinOf(item),
    ...(item.sku !== null && { SellerSKU: item.sku }),
    OrderItemId: item.orderItemId,
    Title: titleOf(item),
    QuantityOrdered: unitsOf(item),
    QuantityShipped: item.shipped,
    IsGift: 'false',
    ...(!isPaymentPending(order) && { ItemPrice: money(order, item.unitPrice * unitsOf(item)) }),
    ...(item.cancelRequest !== null && {
      BuyerRequestedCancel: { IsBuyerRequestedCancel: 'true', BuyerCancelReason: item.cancelRequest },
    }),
  };
}

function shippingAddress(order: AmazonOrder, dataElements: readonly string[]): object {
  if (isPaymentPending(order) || !dataElements.includes('shippingAddress')) return {};
  const { name, addressLine1, city, stateOrRegion, postalCode, countryCode, phone } = addressOf(order);
  return {
    ShippingAddress: {
      Name: name,
      AddressLine1: addressLine1,
      City: city,
      StateOrRegion: stateOrRegion,
      PostalCode: postalCode,
      CountryCode: countryCode,
      Phone: phone,
      AddressType: 'Residential',
    },
  };
}

function channelOf({ fulfilledBy }: AmazonOrder): string {
  return fulfilledBy === 'AMAZON' ? 'AFN' : 'MFN';
}

function money(order: AmazonOrder, units: number): object {
  const { amount, currency } = amountOf(order, units);
  return { CurrencyCode: currency, Amount: amount };
}
