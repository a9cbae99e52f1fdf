import { AnswerError, json, type Answer } from '../answer';
import type { SandboxClock } from '../clock';
import { bodyJson, headerText, pathParameter, queryList, queryText } from '../query';
import type { SpApiCall } from './call';
import { accessDenied, spApiFault } from './errors';
import { PROCESSING_STATUSES, type Feed, type ProcessingStatus } from './feeds-book';
import { linkTo } from './feeds-storage';
import { marketplace } from './marketplaces';

const MAX_MARKETPLACES = 25;
const MAX_LISTED = 10;
const RETENTION_MS = 90 * 24 * 3600 * 1000;

/** createFeedDocument: a document to fill, by a link that dies after five minutes. */
export function createFeedDocument({ request, world }: SpApiCall, clock: SandboxClock): Answer {
  const { contentType } = jsonBody({ request });
  if (typeof contentType !== 'string' || contentType === '') throw invalid("'contentType' is required.");
  const document = world.feeds.addDocument(contentType);
  return json(201, { feedDocumentId: document.id, url: linkTo(world, document, 'PUT', { request, clock }) });
}

/** createFeed: only with a document that was uploaded. */
export function createFeed({ request, world }: SpApiCall): Answer {
  const { feedType, marketplaceIds, inputFeedDocumentId } = jsonBody({ request });
  if (typeof feedType !== 'string' || feedType === '') throw invalid("'feedType' is required.");
  if (!isTexts(marketplaceIds) || marketplaceIds.length === 0 || marketplaceIds.length > MAX_MARKETPLACES)
    throw invalid(`'marketplaceIds' must hold 1 to ${MAX_MARKETPLACES} marketplaces.`);
  const unknown = marketplaceIds.find((id) => !marketplace(id));
  if (unknown !== undefined) throw invalid(`'${unknown}' is not a marketplace.`);
  if (marketplaceIds.some((id) => !world.settings.participatingIn.includes(id))) throw accessDenied();
  const document = typeof inputFeedDocumentId === 'string' ? world.feeds.document(inputFeedDocumentId) : undefined;
  if (!document) throw invalid("'inputFeedDocumentId' is not known.");
  if (document.content === undefined) throw invalid('The feed document has no contents: upload them first.');
  return json(202, { feedId: world.feeds.add(feedType, marketplaceIds, document.id).id });
}

/** getFeed */
export function getFeed(call: SpApiCall, clock: SandboxClock): Answer {
  return json(200, viewOf(feedOf(call), clock));
}

/** getFeeds: a filter by feed types, or the token of the next page and nothing else. */
export function getFeeds({ request, world }: SpApiCall, clock: SandboxClock): Answer {
  const token = queryText(request, 'nextToken');
  if (token !== undefined && Object.keys(request.query).length > 1)
    throw invalid("'nextToken' must be the only parameter.");
  const { filter, from } = token === undefined ? { filter: filterOf(request, clock), from: 0 } : pageOf(token);
  const found = world.feeds.all().filter((feed) => isWithin(feed, filter));
  const page = found.slice(from, from + filter.pageSize);
  const next = from + page.length;
  return json(200, {
    feeds: page.map((feed) => viewOf(feed, clock)),
    ...(next < found.length
      ? { nextToken: Buffer.from(JSON.stringify({ filter, from: next })).toString('base64') }
      : {}),
  });
}

/** cancelFeed: only while it is in the queue. */
export function cancelFeed(call: SpApiCall, clock: SandboxClock): Answer {
  const feed = feedOf(call);
  if (feed.status !== 'IN_QUEUE') throw invalid(`The feed is ${feed.status}; only a feed IN_QUEUE can be cancelled.`);
  feed.status = 'CANCELLED';
  feed.endedAt = clock.now();
  call.world.feeds.save(feed);
  return { status: 200 };
}

/** getFeedDocument: a link that dies after five minutes; reports are gzipped. */
export function getFeedDocument({ request, world }: SpApiCall, clock: SandboxClock): Answer {
  const document = world.feeds.document(pathParameter(request, 'feedDocumentId'));
  if (!document) throw unknownResource();
  const contentEncoding = queryText(request, 'enableContentEncodingUrlHeader') === 'true' ? 'gzip' : 'identity';
  return json(200, {
    feedDocumentId: document.id,
    url: linkTo(world, document, 'GET', { request, clock, contentEncoding }),
    ...(document.content === undefined ? {} : { compressionAlgorithm: 'GZIP' }),
  });
}

interface Filter {
  types: string[];
  marketplaceIds?: string[];
  statuses?: string[];
  since: number;
  until: number;
  pageSize: number;
}

function filterOf(request: SpApiCall['request'], clock: SandboxClock): Filter {
  const types = queryList(request, 'feedTypes');
  if (!types || types.length === 0 || types.length > MAX_LISTED)
    throw invalid(`'feedTypes' must hold 1 to ${MAX_LISTED} feed types, or 'nextToken' be given.`);
  const statuses = queryList(request, 'processingStatuses');
  if (statuses?.some((status) => !PROCESSING_STATUSES.includes(status as ProcessingStatus)))
    throw invalid(`'processingStatuses' must be of ${PROCESSING_STATUSES.join(', ')}.`);
  const pageSize = Number(queryText(request, 'pageSize') ?? 10);
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > 100) throw invalid("'pageSize' must be 1 to 100.");
  return {
    types,
    marketplaceIds: queryList(request, 'marketplaceIds'),
    statuses,
    since: timeOf(queryText(request, 'createdSince'), 'createdSince') ?? clock.now() - RETENTION_MS,
    until: timeOf(queryText(request, 'createdUntil'), 'createdUntil') ?? clock.now(),
    pageSize,
  };
}

function pageOf(token: string): { filter: Filter; from: number } {
  try {
    return JSON.parse(Buffer.from(token, 'base64').toString()) as { filter: Filter; from: number };
  } catch {
    throw invalid("'nextToken' is invalid.");
  }
}

function isWithin(feed: Feed, { types, marketplaceIds, statuses, since, until }: Filter): boolean {
  return (
    types.includes(feed.type) &&
    (!marketplaceIds || feed.marketplaceIds.some((id) => marketplaceIds.includes(id))) &&
    (!statuses || statuses.includes(feed.status)) &&
    feed.createdAt >= since &&
    feed.createdAt <= until
  );
}

function viewOf(feed: Feed, clock: SandboxClock): object {
  const hasStarted = feed.status !== 'IN_QUEUE' && feed.status !== 'CANCELLED';
  return {
    feedId: feed.id,
    feedType: feed.type,
    marketplaceIds: feed.marketplaceIds,
    createdTime: clock.iso(feed.createdAt),
    processingStatus: feed.status,
    ...(hasStarted ? { processingStartTime: clock.iso(feed.startsAt) } : {}),
    ...(feed.endedAt === undefined ? {} : { processingEndTime: clock.iso(feed.endedAt) }),
    ...(feed.resultDocumentId ? { resultFeedDocumentId: feed.resultDocumentId } : {}),
  };
}

function feedOf({ request, world }: SpApiCall): Feed {
  const feed = world.feeds.find(pathParameter(request, 'feedId'));
  if (!feed) throw unknownResource();
  return feed;
}

function jsonBody({ request }: Pick<SpApiCall, 'request'>): Record<string, unknown> {
  if (!/^application\/json\b/i.test(headerText(request, 'content-type'))) throw new AnswerError(spApiFault(415));
  try {
    const body = bodyJson(request);
    if (typeof body === 'object' && body !== null) return body as Record<string, unknown>;
  } catch {
    // No JSON at all is answered as JSON of another kind is.
  }
  throw invalid('The request body must be a JSON object.');
}

function timeOf(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw invalid(`'${name}' must be an ISO 8601 date and time.`);
  return at;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

/** Feeds spells its codes as the status, unlike Listings. */
function invalid(details: string): AnswerError {
  return feedsError(400, 'Invalid input', details);
}

function unknownResource(): AnswerError {
  return feedsError(404, 'The specified resource does not exist.', '');
}

function feedsError(status: number, message: string, details: string): AnswerError {
  return new AnswerError(json(status, { errors: [{ code: String(status), message, details }] }));
}
