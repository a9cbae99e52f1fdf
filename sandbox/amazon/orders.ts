import type { Request } from 'express';
import { json, type Answer } from '../answer';
import type { SandboxClock } from '../clock';
import { pathParameter, queryList } from '../query';
import type { SpApiCall } from './call';
import { invalidInput, notFound } from './errors';
import { FULFILLERS, FULFILLMENT_STATUSES, type AmazonOrder } from './orders-book';
import { iso, ORDER_DATA, orderView } from './orders-view';
import { windowPage, type WindowNames } from './orders-window';

const NAMES: WindowNames = {
  createdAfter: 'createdAfter',
  createdBefore: 'createdBefore',
  lastUpdatedAfter: 'lastUpdatedAfter',
  lastUpdatedBefore: 'lastUpdatedBefore',
  marketplaceIds: 'marketplaceIds',
  maxResults: 'maxResultsPerPage',
  token: 'paginationToken',
  free: ['maxResultsPerPage', 'includedData'],
};

/**
 * searchOrders 2026-01-01. What an order is, its status too, comes only with the data asked for. A world may refuse FULFILLMENT,
 * as Amazon's far-eastern region has done since 2026-08-26.
 */
export function searchOrders({ request, world }: SpApiCall, clock: SandboxClock): Answer {
  const data = includedData(request);
  const refused = data.find((name) => (world.settings.ordersRefuse ?? []).includes(name));
  if (refused) throw invalidInput(`'${refused}' is not supported in 'includedData'.`);
  const statuses = oneOfEach(request, 'fulfillmentStatuses', FULFILLMENT_STATUSES);
  const fulfillers = oneOfEach(request, 'fulfilledBy', FULFILLERS);
  const isAskedFor = ({ status, fulfilledBy }: AmazonOrder): boolean =>
    (!statuses || statuses.includes(status)) && (!fulfillers || fulfillers.includes(fulfilledBy));
  const orders = world.orders.all().filter(isAskedFor);
  const page = windowPage(request, NAMES, orders, clock.now(), lagOf(world.settings.orderLagSeconds));
  return json(200, {
    orders: page.orders.map((order) => orderView(order, data)),
    ...(page.nextToken && { pagination: { nextToken: page.nextToken } }),
    [page.field === 'updatedAt' ? 'lastUpdatedBefore' : 'createdBefore']: iso(page.before),
  });
}

/** getOrder 2026-01-01. */
export function getOrder({ request, world }: SpApiCall): Answer {
  const data = includedData(request);
  return json(200, { order: orderView(orderOf(request, world), data) });
}

/** @throws AnswerError 404 */
export function orderOf(request: Request, world: SpApiCall['world']): AmazonOrder {
  const orderId = pathParameter(request, 'orderId');
  const order = world.orders.find(orderId);
  if (!order) throw notFound(`Order '${orderId}' not found.`);
  return order;
}

/** Milliseconds; undefined: Amazon's own. */
export function lagOf(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

function includedData(request: Request): (typeof ORDER_DATA)[number][] {
  return oneOfEach(request, 'includedData', ORDER_DATA) ?? [];
}

function oneOfEach<T extends string>(request: Request, name: string, allowed: readonly T[]): T[] | undefined {
  const values = queryList(request, name);
  const stranger = values?.find((value) => !allowed.includes(value as T));
  if (stranger !== undefined) throw invalidInput(`'${stranger}' is not allowed in '${name}'.`);
  return values as T[] | undefined;
}
