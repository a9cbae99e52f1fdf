import { z } from 'zod';
import { fulfilledByOf, orderStatusOf, type OrderItem, type OrderSighting } from '../../domain/orders/order';
import type { AmazonAccount } from '../../domain/ports/amazon';
import type { AmazonOrders } from '../../domain/ports/orders';
import { unlessUnknown } from './orders';
import { confirmShipment } from './orders-shipment';
import { filled, moment, moneyOf, recipientOf, shareOf, text } from './orders-values';
import type { RequestOptions, Transport } from './transport';

const ORDERS = '/orders/v0/orders';

const money = z.object({ Amount: text, CurrencyCode: text }).nullish();

const order = z.object({
  AmazonOrderId: z.string(),
  PurchaseDate: moment,
  LastUpdateDate: moment,
  OrderStatus: z.string(),
  FulfillmentChannel: text,
  MarketplaceId: text,
  IsPrime: z.boolean().nullish(),
  IsBusinessOrder: z.boolean().nullish(),
  IsPremiumOrder: z.boolean().nullish(),
});
type WireOrder = z.infer<typeof order>;

const orderToPlace = order.extend({
  OrderTotal: money,
  BuyerInfo: z.object({ BuyerName: text, BuyerEmail: text }).nullish(),
  ShippingAddress: z
    .object({
      Name: text,
      AddressLine1: text,
      AddressLine2: text,
      AddressLine3: text,
      City: text,
      District: text,
      StateOrRegion: text,
      PostalCode: text,
      CountryCode: text,
      Phone: text,
    })
    .nullish(),
});

const ordersAnswer = z.object({
  payload: z.object({ Orders: z.array(order), NextToken: text, LastUpdatedBefore: text }),
});

const item = z.object({
  OrderItemId: z.string(),
  SellerSKU: text,
  QuantityOrdered: z.int().nonnegative(),
  QuantityShipped: z.int().nonnegative().nullish(),
  ItemPrice: money,
});
type WireItem = z.infer<typeof item>;

const itemsAnswer = z.object({ payload: z.object({ OrderItems: z.array(item), NextToken: text }) });

const tokenAnswer = z.object({ restrictedDataToken: z.string().min(1) });

/** Orders v0, deprecated: Amazon drops its reading operations on 2027-03-27. For where 2026-01-01 does not serve. */
export function createAmazonOrdersV0(transport: Transport): AmazonOrders {
  function get<T>(
    account: AmazonAccount,
    operation: string,
    path: string,
    params: Record<string, string | undefined>,
    answer: z.ZodType<T>,
    signal: AbortSignal,
    token?: string
  ): Promise<T> {
    return transport.call({
      account,
      operation,
      about: 'account',
      answer,
      signal,
      send: (options) =>
        transport.http.get(transport.baseUrl(account) + path, { ...withToken(options, token), params }),
    });
  }

  /** The order of a path, with what `token` shows besides. */
  function readOrder<T>(
    account: AmazonAccount,
    path: string,
    answer: z.ZodType<T>,
    signal: AbortSignal,
    token?: string
  ): Promise<{ payload: T } | undefined> {
    return unlessUnknown(get(account, 'getOrderV0', path, {}, z.object({ payload: answer }), signal, token));
  }

  async function readItems(account: AmazonAccount, path: string, signal: AbortSignal): Promise<OrderItem[]> {
    const items: OrderItem[] = [];
    let next: string | undefined;
    do {
      const { payload } = await get(
        account,
        'getOrderItems',
        `${path}/orderItems`,
        { NextToken: next },
        itemsAnswer,
        signal
      );
      items.push(...payload.OrderItems.map(itemOf));
      next = payload.NextToken || undefined;
    } while (next !== undefined);
    return items;
  }

  /** A token that shows the buyer and the address of one order, for an hour. */
  async function restrictedToken(account: AmazonAccount, path: string, signal: AbortSignal): Promise<string> {
    const dataElements = ['buyerInfo', 'shippingAddress'];
    const { restrictedDataToken } = await transport.call({
      account,
      operation: 'createRestrictedDataToken',
      about: 'account',
      answer: tokenAnswer,
      signal,
      send: (options) =>
        transport.http.post(
          `${transport.baseUrl(account)}/tokens/2021-03-01/restrictedDataToken`,
          { restrictedResources: [{ method: 'GET', path, dataElements }] },
          options
        ),
    });
    return restrictedDataToken;
  }

  return {
    async search(account, { updatedAfter, updatedBefore, marketplaceIds }, page, signal) {
      const params = {
        LastUpdatedAfter: updatedAfter,
        LastUpdatedBefore: updatedBefore,
        MarketplaceIds: marketplaceIds.join(','),
        NextToken: page ?? undefined,
      };
      const { payload } = await get(account, 'getOrders', ORDERS, params, ordersAnswer, signal);
      return {
        orders: payload.Orders.map((each) => sightingOf(each, 'poll')),
        nextPage: payload.NextToken || null,
        completeBefore: isoOf(payload.LastUpdatedBefore),
      };
    },

    async get(account, amazonOrderId, signal) {
      const path = `${ORDERS}/${encodeURIComponent(amazonOrderId)}`;
      const found = await readOrder(account, path, order, signal);
      return found && { ...sightingOf(found.payload, 'order'), items: await readItems(account, path, signal) };
    },

    async getToPlace(account, amazonOrderId, signal) {
      const path = `${ORDERS}/${encodeURIComponent(amazonOrderId)}`;
      const token = await restrictedToken(account, path, signal);
      const found = await readOrder(account, path, orderToPlace, signal, token);
      if (!found) return undefined;
      const { OrderTotal, BuyerInfo: buyer, ShippingAddress: to } = found.payload;
      const total = moneyOf(OrderTotal?.Amount, OrderTotal?.CurrencyCode);
      const address = to && {
        name: to.Name,
        lines: [to.AddressLine1, to.AddressLine2, to.AddressLine3],
        city: to.City,
        district: to.District,
        stateOrRegion: to.StateOrRegion,
        postalCode: to.PostalCode,
        countryCode: to.CountryCode,
        phone: to.Phone,
      };
      return {
        recipient: recipientOf('getOrderV0', address, { name: buyer?.BuyerName, email: buyer?.BuyerEmail }),
        sighting: { ...sightingOf(found.payload, 'order'), items: await readItems(account, path, signal) },
        ...(total && { total }),
      };
    },

    confirmShipment: (account, amazonOrderId, marketplaceId, shipment, signal) =>
      confirmShipment(transport, account, amazonOrderId, marketplaceId, shipment, signal),
  };
}

function withToken(options: RequestOptions, token: string | undefined): RequestOptions {
  return token === undefined ? options : { ...options, headers: { ...options.headers, 'x-amz-access-token': token } };
}

/** v0's list holds no lines: `get` reads them. */
function sightingOf(found: WireOrder, from: 'poll' | 'order'): OrderSighting {
  const status = orderStatusOf(found.OrderStatus);
  const fulfilledBy = fulfilledByOf(found.FulfillmentChannel ?? '');
  return {
    amazonOrderId: found.AmazonOrderId,
    from,
    updatedAt: found.LastUpdateDate,
    orderedAt: found.PurchaseDate,
    ...filled({ marketplaceId: found.MarketplaceId }),
    ...(status && { status }),
    ...(fulfilledBy && { fulfilledBy }),
    programs: [
      ...(found.IsPrime ? ['PRIME'] : []),
      ...(found.IsBusinessOrder ? ['AMAZON_BUSINESS'] : []),
      ...(found.IsPremiumOrder ? ['PREMIUM'] : []),
    ],
  };
}

/** v0 takes what is cancelled off what was ordered, and its price is that of all units. */
function itemOf(found: WireItem): OrderItem {
  const unitPrice = shareOf(moneyOf(found.ItemPrice?.Amount, found.ItemPrice?.CurrencyCode), found.QuantityOrdered);
  return {
    orderItemId: found.OrderItemId,
    ...filled({ sku: found.SellerSKU }),
    ordered: found.QuantityOrdered,
    canceled: 0,
    shipped: Math.min(found.QuantityOrdered, found.QuantityShipped ?? 0),
    ...(unitPrice && { unitPrice }),
  };
}

/** ISO 8601; null for what is missing or none: v0's own example writes seconds with an exponent. */
function isoOf(moment: string | null | undefined): string | null {
  const at = /^\d{4}-/.test(moment ?? '') ? Date.parse(moment ?? '') : NaN;
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}
