import type { Request, Router } from 'express';
import { AnswerError, json, plain, type Answer } from '../answer';
import { exchange, type ApiFamily, type ExchangeContext, type Handler } from '../exchange';
import { bodyObject, headerText, pathParameter, queryText } from '../query';
import type { World } from '../world';
import type { Worlds } from '../worlds';
import { deleteAffiliate, getAffiliate, listAffiliates, putAffiliate } from './affiliates';
import type { VtexCall } from './call';
import * as catalog from './catalog';
import { getInventory, getWarehouseInventory, listDocks, listWarehouses } from './inventory';
import { cancelStoreOrder, getStoreOrder, placeOrder, updateOrderStatus } from './order-integration';
import { getComputedPrice, getFixedPrices, getPrice } from './pricing';
import {
  acknowledgeReservation,
  cancelReservation,
  confirmReservation,
  createReservation,
  getReservation,
} from './reservations';
import { getSalesChannel, listSalesChannels } from './sales-channels';
import { simulate } from './simulation';

const CATALOG = '/vtex/:account/api/catalog_system/pvt';
const RECORDS = '/vtex/:account/api/catalog/pvt';
const LOGISTICS = '/vtex/:account/api/logistics/pvt';
const AFFILIATES = '/vtex/:account/api/fulfillment/pvt/affiliates';
const RESERVATIONS = `${LOGISTICS}/inventory/reservations`;
const STORE_ORDERS = '/vtex/:account/api/oms/pvt/orders';
const ORDER_INTEGRATION = '/vtex/:account/api/order-integration/orders';
const PRICES = '/vtex-pricing/:account/pricing/prices/:skuId';

/** Requests a minute that the pricing headers show; readings are counted and never refused, as their limit is not documented. */
const PRICING_PER_MINUTE = 2000;

/** Every VTEX endpoint, under /vtex/{account} and /vtex-pricing/{account}. Bodies of errors are mostly plain text there. */
export function mountVtex(router: Router, worlds: Worlds, context: ExchangeContext): void {
  const family: ApiFamily = {
    name: 'vtex',
    subjectOf: (request) => subjectOf(request, worlds),
    faultAnswer: vtexFault,
    finish: (answer) => answer,
  };
  const pricingFamily: ApiFamily = { ...family, finish: pricingHeaders(context) };
  const handled =
    (handle: (call: VtexCall) => Answer, isPublic = false): Handler =>
    (request) => {
      const world = worlds.ofAccount(pathParameter(request, 'account'));
      if (!world) return plain(404, 'Account not found');
      if (world.settings.vtexDown) return plain(503, 'Service Unavailable');
      if (!isPublic) authenticate(request, world);
      world.settle();
      return handle({ request, world, now: context.clock.now() });
    };
  const operation = (name: string, handle: (call: VtexCall) => Answer, isPublic = false) =>
    exchange(context, family, `vtex.${name}`, handled(handle, isPublic));
  const get = (name: string, path: string, handle: (call: VtexCall) => Answer, isPublic = false) =>
    router.get(path, operation(name, handle, isPublic));
  const post = (name: string, path: string, handle: (call: VtexCall) => Answer) =>
    router.post(path, operation(name, handle));

  get('listSkuIds', `${CATALOG}/sku/stockkeepingunitids`, catalog.listSkuIds);
  get('listSkuIdsBySalesChannel', `${CATALOG}/sku/stockkeepingunitidsbysaleschannel`, catalog.listSkuIdsBySalesChannel);
  get('getSku', `${CATALOG}/sku/stockkeepingunitbyid/:skuId`, catalog.getSkuContext);
  get('getSkuIdByRefId', `${CATALOG}/sku/stockkeepingunitidbyrefid/:refId`, catalog.getSkuIdByRefId);
  get('getProductAndSkuIds', `${CATALOG}/products/GetProductAndSkuIds`, catalog.getProductAndSkuIds);
  get('getProductSpecifications', `${CATALOG}/products/:productId/specification`, catalog.getProductSpecifications);
  get('getSkuRecord', `${RECORDS}/stockkeepingunit/:skuId`, catalog.getSkuRecord);
  get('getSkuEans', `${RECORDS}/stockkeepingunit/:skuId/ean`, catalog.getSkuEans);
  get('getSkuSpecifications', `${RECORDS}/stockkeepingunit/:skuId/specification`, catalog.getSkuSpecifications);
  get('getKit', `${RECORDS}/stockkeepingunitkit`, catalog.getKit);
  get('getProduct', `${RECORDS}/product/:productId`, catalog.getProduct);
  get('getProductSalesPolicies', `${RECORDS}/product/:productId/salespolicy`, catalog.getProductSalesPolicies);
  get('listSalesChannels', `${CATALOG}/saleschannel/list`, listSalesChannels);
  get('getSalesChannel', '/vtex/:account/api/catalog_system/pub/saleschannel/:id', getSalesChannel, true);
  get('getInventory', `${LOGISTICS}/inventory/skus/:skuId`, getInventory);
  get('getWarehouseInventory', `${LOGISTICS}/inventory/items/:skuId/warehouses/:warehouseId`, getWarehouseInventory);
  get('listWarehouses', `${LOGISTICS}/configuration/warehouses`, listWarehouses);
  get('listDocks', `${LOGISTICS}/configuration/docks`, listDocks);
  get('listAffiliates', AFFILIATES, listAffiliates);
  get('getAffiliate', `${AFFILIATES}/:affiliateId`, getAffiliate);
  router.put(`${AFFILIATES}/:affiliateId`, operation('putAffiliate', putAffiliate));
  router.delete(`${AFFILIATES}/:affiliateId`, operation('deleteAffiliate', deleteAffiliate));
  router.post('/vtex/:account/api/checkout/pub/orderForms/simulation', operation('simulate', simulate, true));
  router.post('/vtex/:account/api/fulfillment/pvt/orderForms/simulation', operation('simulate', simulate));

  post('createReservation', RESERVATIONS, createReservation);
  get('getReservation', `${RESERVATIONS}/:reservationId`, getReservation);
  post('confirmReservation', `${RESERVATIONS}/:reservationId/confirm`, confirmReservation);
  post('acknowledgeReservation', `${RESERVATIONS}/:reservationId/acknowledge`, acknowledgeReservation);
  post('cancelReservation', `${RESERVATIONS}/:reservationId/cancel`, cancelReservation);
  post('placeOrder', ORDER_INTEGRATION, placeOrder);
  router.put(`${ORDER_INTEGRATION}/status`, operation('updateOrderStatus', updateOrderStatus));
  get('getStoreOrder', `${STORE_ORDERS}/:orderId`, getStoreOrder);
  post('cancelStoreOrder', `${STORE_ORDERS}/:orderId/cancel`, cancelStoreOrder);

  const price = (name: string, path: string, handle: (call: VtexCall) => Answer) =>
    router.get(path, exchange(context, pricingFamily, `vtex.${name}`, handled(handle)));
  price('getPrice', PRICES, getPrice);
  price('getComputedPrice', `${PRICES}/computed/:priceTableId`, getComputedPrice);
  price('getFixedPrices', `${PRICES}/fixed/:priceTableId`, getFixedPrices);
}

function authenticate(request: Request, world: World): void {
  const key = headerText(request, 'x-vtex-api-appkey');
  const token = headerText(request, 'x-vtex-api-apptoken');
  if (!key || !token) throw new AnswerError(plain(401, 'Unauthorized'));
  if (key !== world.identity.appKey) throw new AnswerError(plain(403, 'Forbidden'));
  if (token !== world.identity.appToken) throw new AnswerError(plain(401, 'Unauthorized'));
}

function subjectOf(request: Request, worlds: Worlds) {
  const account = pathParameter(request, 'account');
  const store = worlds.ofAccount(account)?.store;
  const named = [
    pathParameter(request, 'skuId'),
    pathParameter(request, 'refId'),
    queryText(request, 'skuId') ?? '',
    ...(request.method === 'POST' ? itemIdsIn(request) : []),
  ].filter((text) => text !== '');
  const skus = named.flatMap((text) => {
    const sku = store?.find(text);
    return sku ? [String(sku.skuId), sku.refId] : [text];
  });
  return { account, skus };
}

/** Of a simulation, a reservation or an order. */
function itemIdsIn(request: Request): string[] {
  const { items, deliveryItemOptions } = (bodyObject(request) ?? {}) as {
    items?: { id?: unknown }[];
    deliveryItemOptions?: { item?: { id?: unknown } }[];
  };
  const reserved = Array.isArray(deliveryItemOptions) ? deliveryItemOptions.map((each) => each?.item) : [];
  return [...(Array.isArray(items) ? items : []), ...reserved].map((item) => String(item?.id));
}

function vtexFault(status: number, operation: string): Answer {
  const headers: Record<string, string> | undefined = status === 429 ? { 'retry-after': '1' } : undefined;
  if (operation === 'vtex.simulate') {
    return json(status, { error: { code: '1', message: textOf(status), exception: null } }, headers);
  }
  return plain(status, textOf(status), headers);
}

function textOf(status: number): string {
  const texts: Record<number, string> = {
    400: 'Bad Request',
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'Not Found',
    423: 'Unable to acquire lock',
    429: 'Too Many Requests',
    503: 'Service Unavailable',
  };
  return texts[status] ?? 'Internal Server Error';
}

/** Ratelimit-Limit, -Remaining and -Reset (seconds) of the running minute, per account. */
function pricingHeaders({ clock }: ExchangeContext): ApiFamily['finish'] {
  const windows = new Map<string, { minute: number; used: number }>();
  return (answer, request) => {
    const account = pathParameter(request, 'account');
    const now = clock.now();
    const minute = Math.floor(now / 60_000);
    const window = windows.get(account);
    const used = window?.minute === minute ? window.used + 1 : 1;
    windows.set(account, { minute, used });
    const headers = {
      'ratelimit-limit': String(PRICING_PER_MINUTE),
      'ratelimit-remaining': String(Math.max(0, PRICING_PER_MINUTE - used)),
      'ratelimit-reset': String(Math.ceil(((minute + 1) * 60_000 - now) / 1000)),
    };
    return { ...answer, headers: { ...headers, ...answer.headers } };
  };
}
