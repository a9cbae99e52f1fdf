import type { Request, Router } from 'express';
import type { Answer } from '../answer';
import type { SandboxClock } from '../clock';
import { exchange, type ApiFamily, type ExchangeContext } from '../exchange';
import { bodyJson, bodyText, headerText, pathParameter, queryList } from '../query';
import type { World } from '../world';
import type { Worlds } from '../worlds';
import { rotateClientSecret, type GrantlessCall } from './applications';
import type { SpApiCall } from './call';
import { getProductType, searchProductTypes } from './definitions';
import { accessDenied, badRequest, lwaFault, quotaExceeded, spApiFault } from './errors';
import { cancelFeed, createFeed, createFeedDocument, getFeed, getFeedDocument, getFeeds } from './feeds';
import { processFeeds } from './feeds-processing';
import { mountFeedStorage } from './feeds-storage';
import { deleteListing, getListing, patchListing, putListing, searchListings } from './listings';
import { lwaToken } from './lwa';
import { marketplace } from './marketplaces';
import { getOrder, searchOrders } from './orders';
import { createRestrictedDataToken } from './orders-restricted-data';
import { confirmShipment, getOrderAddress, getOrderItems, getOrders, getOrderV0 } from './orders-v0';
import { bucketsOf, sellerPlan, type RateLimits, type SpApiOperation } from './rate-limits';
import { getMarketplaceParticipations } from './sellers';
import { readToken, type RestrictedResource } from './tokens';

const ITEMS = '/listings/2021-08-01/items/:sellerId';
const PRODUCT_TYPES = '/definitions/2020-09-01/productTypes';
const FEEDS = '/feeds/2021-06-30';
const ORDERS = '/orders/2026-01-01/orders';
const ORDERS_V0 = '/orders/v0/orders';

interface AmazonOptions {
  worlds: Worlds;
  rateLimits: RateLimits;
  context: ExchangeContext;
}

/** LWA and every SP-API operation. Checks run in Amazon's order: the token (403), the limits (429), the request (400, 403). */
export function mountAmazon(router: Router, { worlds, rateLimits, context }: AmazonOptions): void {
  const { clock } = context;
  const lwa: ApiFamily = {
    name: 'lwa',
    subjectOf: () => ({ skus: [] }),
    faultAnswer: lwaFault,
    finish: (answer, _request, requestId) =>
      withHeaders(answer, { 'x-amzn-RequestId': requestId, 'cache-control': 'no-store' }),
  };
  router.post(
    '/auth/o2/token',
    exchange(context, lwa, 'lwaToken', (request) =>
      lwaToken(worlds, clock, headerText(request, 'content-type'), bodyText(request))
    )
  );

  const spApi: ApiFamily = {
    name: 'amazon',
    subjectOf: (request) => subjectOf(request, (token) => readToken(token, worlds, clock.now())),
    faultAnswer: spApiFault,
    finish: (answer, request, requestId, operation) => {
      const plan = sellerPlan({ operation: operation as SpApiOperation, preview: isPreview(request) });
      const showsRate = answer.status < 300 || answer.status === 400 || answer.status === 404;
      return withHeaders(answer, {
        'x-amzn-RequestId': requestId,
        ...(showsRate ? { 'x-amzn-RateLimit-Limit': rateLimits.headerFor(plan) } : {}),
      });
    },
  };
  const operation = (
    name: SpApiOperation,
    handle: (call: SpApiCall) => Answer,
    options: { marketplaces: boolean } = { marketplaces: true }
  ) =>
    exchange(context, spApi, name, (request) => {
      const { world, resources } = authorise(request, worlds, clock.now());
      const empty = rateLimits.take(
        bucketsOf({
          operation: name,
          sellerId: world.identity.sellerId,
          clientId: world.identity.clientId,
          preview: isPreview(request),
          attributeNames: attributeNamesIn(request),
        })
      );
      if (empty) return quotaExceeded(empty.message);
      const sellerId = pathParameter(request, 'sellerId');
      if (sellerId && sellerId !== world.identity.sellerId) throw accessDenied();
      processFeeds(world, clock);
      return handle({
        request,
        world,
        marketplaceIds: options.marketplaces ? marketplacesOf(request, world) : [],
        dataElements: dataElementsOf(request, resources),
      });
    });

  const grantless = (name: SpApiOperation, handle: (call: GrantlessCall, now: SandboxClock) => Answer) =>
    exchange(context, spApi, name, (request) => {
      const call = authoriseGrantless(request, worlds, clock.now());
      const { clientId } = call.world.identity;
      const drawn = { operation: name, sellerId: '', clientId, preview: false, attributeNames: [] };
      const empty = rateLimits.take(bucketsOf(drawn));
      return empty ? quotaExceeded(empty.message) : handle(call, clock);
    });

  router.put(`${ITEMS}/:sku`, operation('putListingsItem', putListing));
  router.patch(`${ITEMS}/:sku`, operation('patchListingsItem', patchListing));
  router.get(`${ITEMS}/:sku`, operation('getListingsItem', getListing));
  router.delete(`${ITEMS}/:sku`, operation('deleteListingsItem', deleteListing));
  router.get(ITEMS, operation('searchListingsItems', searchListings));
  router.get(
    PRODUCT_TYPES,
    operation('searchDefinitionsProductTypes', ({ request, marketplaceIds }) =>
      searchProductTypes(request, marketplaceIds)
    )
  );
  router.get(
    `${PRODUCT_TYPES}/:productType`,
    operation('getDefinitionsProductType', ({ request, marketplaceIds }) =>
      getProductType(request, marketplaceIds, clock)
    )
  );
  router.get(
    '/sellers/v1/marketplaceParticipations',
    operation('getMarketplaceParticipations', ({ world }) => getMarketplaceParticipations(world), {
      marketplaces: false,
    })
  );
  const withClock = (name: SpApiOperation, handle: (call: SpApiCall, now: SandboxClock) => Answer) =>
    operation(name, (call) => handle(call, clock), { marketplaces: false });
  router.post(`${FEEDS}/documents`, withClock('createFeedDocument', createFeedDocument));
  router.get(`${FEEDS}/documents/:feedDocumentId`, withClock('getFeedDocument', getFeedDocument));
  router.post(`${FEEDS}/feeds`, withClock('createFeed', createFeed));
  router.get(`${FEEDS}/feeds`, withClock('getFeeds', getFeeds));
  router.get(`${FEEDS}/feeds/:feedId`, withClock('getFeed', getFeed));
  router.delete(`${FEEDS}/feeds/:feedId`, withClock('cancelFeed', cancelFeed));
  router.get(ORDERS, withClock('searchOrders', searchOrders));
  router.get(`${ORDERS}/:orderId`, withClock('getOrder', getOrder));
  router.get(ORDERS_V0, withClock('getOrders', getOrders));
  router.get(`${ORDERS_V0}/:orderId`, withClock('getOrderV0', getOrderV0));
  router.get(`${ORDERS_V0}/:orderId/orderItems`, withClock('getOrderItems', getOrderItems));
  router.get(`${ORDERS_V0}/:orderId/address`, withClock('getOrderAddress', getOrderAddress));
  router.post(`${ORDERS_V0}/:orderId/shipmentConfirmation`, withClock('confirmShipment', confirmShipment));
  router.post(
    '/tokens/2021-03-01/restrictedDataToken',
    withClock('createRestrictedDataToken', createRestrictedDataToken)
  );
  router.post('/applications/2023-11-30/clientSecret', grantless('rotateApplicationClientSecret', rotateClientSecret));
  mountFeedStorage(router, worlds, context);
}

function authoriseGrantless(request: Request, worlds: Worlds, now: number): GrantlessCall {
  const verdict = verdictOf(request, worlds, now);
  if (verdict.kind !== 'grantless') throw accessDenied();
  return verdict;
}

function authorise(
  request: Request,
  worlds: Worlds,
  now: number
): { world: World; resources?: readonly RestrictedResource[] } {
  const verdict = verdictOf(request, worlds, now);
  if (verdict.kind === 'grantless') throw accessDenied();
  return verdict;
}

/** @throws AnswerError 403 for a token that is missing, has expired or is none. */
function verdictOf(request: Request, worlds: Worlds, now: number): GoodToken {
  const token = headerText(request, 'x-amz-access-token');
  if (!token) throw accessDenied('Access token is missing in the request header.');
  const verdict = readToken(token, worlds, now);
  if (verdict.kind === 'expired') throw accessDenied('The access token you provided has expired.');
  if (verdict.kind === 'invalid') throw accessDenied('The access token you provided is revoked, malformed or invalid.');
  return verdict;
}

type GoodToken = Exclude<ReturnType<typeof readToken>, { kind: 'expired' | 'invalid' }>;

/** What a restricted data token shows of this call. @throws AnswerError 403 when it is for other calls. */
function dataElementsOf(request: Request, resources: readonly RestrictedResource[] | undefined): string[] {
  if (!resources) return [];
  const orderId = pathParameter(request, 'orderId');
  const own = resources.find(
    ({ method, path }) => method === request.method && path.replace('{orderId}', orderId) === request.path
  );
  if (!own) throw accessDenied();
  // The address is one as a whole; its data elements need not be named.
  return request.path.endsWith('/address') ? ['shippingAddress'] : own.dataElements;
}

function marketplacesOf(request: Request, world: World): string[] {
  const ids = queryList(request, 'marketplaceIds') ?? [];
  if (ids.length === 0) throw badRequest("'marketplaceIds' is required.");
  const unknown = ids.find((id) => !marketplace(id));
  if (unknown) throw badRequest(`'${unknown}' is not a marketplace.`);
  if (ids.some((id) => !world.settings.participatingIn.includes(id))) throw accessDenied();
  return ids;
}

function subjectOf(request: Request, read: (token: string) => ReturnType<typeof readToken>) {
  const sku = pathParameter(request, 'sku');
  const verdict = read(headerText(request, 'x-amz-access-token'));
  const sought = request.query.identifiersType === 'SKU' ? (queryList(request, 'identifiers') ?? []) : [];
  const sellerId =
    pathParameter(request, 'sellerId') || ('world' in verdict ? verdict.world.identity.sellerId : undefined);
  return { skus: sku ? [sku] : sought, sellerId };
}

function isPreview(request: Request): boolean {
  return request.query.mode === 'VALIDATION_PREVIEW';
}

/** What a PUT or PATCH touches, read leniently: limits come before the request is looked at closely. */
function attributeNamesIn(request: Request): string[] {
  if (request.method !== 'PUT' && request.method !== 'PATCH') return [];
  try {
    const body = bodyJson(request) as { attributes?: object; patches?: { path?: unknown }[] };
    if (body.attributes) return Object.keys(body.attributes);
    return (body.patches ?? []).map((patch) => String(patch.path).replace('/attributes/', ''));
  } catch {
    return [];
  }
}

function withHeaders(answer: Answer, headers: Record<string, string>): Answer {
  return { ...answer, headers: { ...headers, ...answer.headers } };
}
