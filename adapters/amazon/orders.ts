import { z } from 'zod';
import { OutsideError } from '../../domain/errors';
import { fulfilledByOf, orderStatusOf, type OrderItem, type OrderSighting } from '../../domain/orders/order';
import type { AmazonAccount } from '../../domain/ports/amazon';
import type { AmazonOrders } from '../../domain/ports/orders';
import { systemClock } from '../http/clock';
import { confirmShipment } from './orders-shipment';
import { filled, moment, moneyOf, recipientOf, text } from './orders-values';
import type { Transport } from './transport';

const ORDERS = '/orders/2026-01-01/orders';

/** What an order is beyond its lines. Nothing of it is personal. */
const FACTS = ['FULFILLMENT', 'CANCELLATION'] as const;
/** What placing it takes besides; this is personal. */
const TO_PLACE = [...FACTS, 'BUYER', 'RECIPIENT', 'PROCEEDS'] as const;
/** What is left to ask for where a region refuses the first. */
const WITHOUT_FULFILLMENT = ['CANCELLATION'] as const;

/** How long a refusal of FULFILLMENT is believed, in milliseconds; asking again costs one search. */
const REFUSAL_BELIEVED_MS = 24 * 3600 * 1000;

const money = z.object({ amount: text, currencyCode: text }).nullish();

const item = z.object({
  orderItemId: z.string(),
  quantityOrdered: z.int().nonnegative(),
  product: z.object({ sellerSku: text, price: z.object({ unitPrice: money }).nullish() }),
  cancellation: z.object({ cancellationExecution: z.unknown().nullish() }).nullish(),
  fulfillment: z
    .object({
      quantityFulfilled: z.int().nonnegative().nullish(),
      quantityUnfulfilled: z.int().nonnegative().nullish(),
    })
    .nullish(),
});
type WireItem = z.infer<typeof item>;

const order = z.object({
  orderId: z.string(),
  createdTime: moment,
  lastUpdatedTime: moment,
  programs: z.array(z.string()).nullish(),
  salesChannel: z.object({ marketplaceId: text }),
  fulfillment: z.object({ fulfillmentStatus: z.string(), fulfilledBy: text }).nullish(),
  orderItems: z.array(item),
});
type WireOrder = z.infer<typeof order>;

const searchAnswer = z.object({
  orders: z.array(order),
  pagination: z.object({ nextToken: text }).nullish(),
  lastUpdatedBefore: moment.nullish(),
});

const orderAnswer = z.object({ order });

const orderToPlaceAnswer = z.object({
  order: order.extend({
    buyer: z.object({ buyerName: text, buyerEmail: text }).nullish(),
    recipient: z
      .object({
        deliveryAddress: z
          .object({
            name: text,
            addressLine1: text,
            addressLine2: text,
            addressLine3: text,
            city: text,
            districtOrCounty: text,
            stateOrRegion: text,
            postalCode: text,
            countryCode: text,
            phone: text,
          })
          .nullish(),
      })
      .nullish(),
    proceeds: z.object({ grandTotal: money }).nullish(),
  }),
});

/**
 * Orders 2026-01-01. Where a region refuses FULFILLMENT in a search (400, seen in the far east since 2026-08-26), the orders come
 * without status, shipper and lines' counts: each is then completed by `get`.
 */
export function createAmazonOrders(transport: Transport): AmazonOrders {
  /** By host: when a search with FULFILLMENT was refused, epoch ms. */
  const refusedAt = new Map<string, number>();

  function search(
    account: AmazonAccount,
    params: Record<string, string | undefined>,
    includedData: readonly string[],
    signal: AbortSignal
  ) {
    return transport.call({
      account,
      operation: 'searchOrders',
      about: 'account',
      answer: searchAnswer,
      signal,
      send: (options) =>
        transport.http.get(transport.baseUrl(account) + ORDERS, {
          ...options,
          params: { ...params, includedData: includedData.join(',') },
        }),
    });
  }

  /** Pages may differ in the data asked for, so a refusal in the middle does no harm. */
  async function searchAsAllowed(
    account: AmazonAccount,
    params: Record<string, string | undefined>,
    signal: AbortSignal
  ) {
    const host = transport.baseUrl(account);
    const isRefused = systemClock.now() - (refusedAt.get(host) ?? -Infinity) < REFUSAL_BELIEVED_MS;
    if (isRefused) return search(account, params, WITHOUT_FULFILLMENT, signal);
    try {
      return await search(account, params, FACTS, signal);
    } catch (error) {
      if (!wasAnswered(error, 400)) throw error;
      // Known before the second search is over: it may have to wait for its turn in another call.
      refusedAt.set(host, systemClock.now());
      return search(account, params, WITHOUT_FULFILLMENT, signal).catch((second: unknown) => {
        if (wasAnswered(second, 400)) refusedAt.delete(host);
        throw second;
      });
    }
  }

  function read<T>(
    account: AmazonAccount,
    amazonOrderId: string,
    includedData: readonly string[],
    answer: z.ZodType<T>,
    signal: AbortSignal
  ): Promise<T | undefined> {
    return unlessUnknown(
      transport.call({
        account,
        operation: 'getOrder',
        about: 'account',
        answer,
        signal,
        send: (options) =>
          transport.http.get(`${transport.baseUrl(account)}${ORDERS}/${encodeURIComponent(amazonOrderId)}`, {
            ...options,
            params: { includedData: includedData.join(',') },
          }),
      })
    );
  }

  return {
    async search(account, { updatedAfter, updatedBefore, marketplaceIds }, page, signal) {
      const params = {
        lastUpdatedAfter: updatedAfter,
        lastUpdatedBefore: updatedBefore,
        marketplaceIds: marketplaceIds.join(','),
        paginationToken: page ?? undefined,
      };
      const found = await searchAsAllowed(account, params, signal);
      return {
        orders: found.orders.map((each) => sightingOf(each, 'poll')),
        nextPage: found.pagination?.nextToken || null,
        completeBefore: found.lastUpdatedBefore ?? null,
      };
    },

    async get(account, amazonOrderId, signal) {
      const found = await read(account, amazonOrderId, FACTS, orderAnswer, signal);
      return found && sightingOf(found.order, 'order');
    },

    async getToPlace(account, amazonOrderId, signal) {
      const found = await read(account, amazonOrderId, TO_PLACE, orderToPlaceAnswer, signal);
      if (!found) return undefined;
      const { buyer, recipient, proceeds } = found.order;
      const { deliveryAddress: to } = recipient ?? {};
      const address = to && {
        ...to,
        lines: [to.addressLine1, to.addressLine2, to.addressLine3],
        district: to.districtOrCounty,
      };
      const total = moneyOf(proceeds?.grandTotal?.amount, proceeds?.grandTotal?.currencyCode);
      return {
        sighting: sightingOf(found.order, 'order'),
        ...(total && { total }),
        recipient: recipientOf('getOrder', address, { name: buyer?.buyerName, email: buyer?.buyerEmail }),
      };
    },

    confirmShipment: (account, amazonOrderId, marketplaceId, shipment, signal) =>
      confirmShipment(transport, account, amazonOrderId, marketplaceId, shipment, signal),
  };
}

/** Undefined for a 404. */
export async function unlessUnknown<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (wasAnswered(error, 404)) return undefined;
    throw error;
  }
}

function wasAnswered(error: unknown, status: number): boolean {
  return error instanceof OutsideError && error.facts.status === status;
}

/** Without FULFILLMENT Amazon tells neither the status nor what of a line is cancelled: such lines are left out as well. */
function sightingOf(found: WireOrder, from: 'poll' | 'order'): OrderSighting {
  const { fulfillment, salesChannel, programs } = found;
  const status = fulfillment ? orderStatusOf(fulfillment.fulfillmentStatus) : undefined;
  const fulfilledBy = fulfilledByOf(fulfillment?.fulfilledBy ?? '');
  return {
    amazonOrderId: found.orderId,
    from,
    updatedAt: found.lastUpdatedTime,
    orderedAt: found.createdTime,
    ...filled({ marketplaceId: salesChannel.marketplaceId }),
    ...(status && { status }),
    ...(fulfilledBy && { fulfilledBy }),
    ...(programs && { programs }),
    ...(status && { items: found.orderItems.map((each) => itemOf(each, status)) }),
  };
}

/**
 * What is neither shipped nor to be shipped is cancelled. Amazon does not document what a pending order says is to be shipped (v0
 * says 0): there, only what is marked as cancelled is.
 */
function itemOf(found: WireItem, status: NonNullable<OrderSighting['status']>): OrderItem {
  const { quantityOrdered: ordered, fulfillment, cancellation, product } = found;
  const shipped = Math.min(ordered, fulfillment?.quantityFulfilled ?? 0);
  const open = fulfillment?.quantityUnfulfilled ?? undefined;
  const isPending = status === 'pending' || status === 'pending_availability';
  const isTold = !isPending || Boolean(cancellation?.cancellationExecution);
  const unitPrice = moneyOf(product.price?.unitPrice?.amount, product.price?.unitPrice?.currencyCode);
  return {
    orderItemId: found.orderItemId,
    ...filled({ sku: product.sellerSku }),
    ordered,
    canceled: open === undefined || !isTold ? 0 : Math.max(0, ordered - shipped - open),
    shipped,
    ...(unitPrice && { unitPrice }),
  };
}
