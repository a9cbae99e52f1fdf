import type { Request } from 'express';
import { queryList, queryText } from '../query';
import { badRequest } from './errors';
import type { Listing, ListingBook } from './listing-book';
import { issuesOfListing, isVisible, parentSkuOf, statusOf } from './listing-view';

const IDENTIFIER_TYPES = ['ASIN', 'EAN', 'FNSKU', 'GTIN', 'ISBN', 'JAN', 'MINSAN', 'SKU', 'UPC'];
const SORT_FIELDS = ['sku', 'createdDate', 'lastUpdatedDate'] as const;
const MAX_IDENTIFIERS = 20;
const MAX_PAGE_SIZE = 20;
/** Amazon pages through no more than the first 1,000 results. */
const MAX_PAGEABLE = 1000;

interface SearchQuery {
  identifiers?: string[];
  identifiersType?: string;
  variationParentSku?: string;
  packageHierarchySku?: string;
  /** Epoch milliseconds. */
  createdAfter?: number;
  createdBefore?: number;
  lastUpdatedAfter?: number;
  lastUpdatedBefore?: number;
  withIssueSeverity?: string[];
  withStatus?: string[];
  withoutStatus?: string[];
  sortBy: (typeof SORT_FIELDS)[number];
  descending: boolean;
  pageSize: number;
  offset: number;
}

/** @throws AnswerError 400 for what the model or the documentation forbids */
export function searchQuery(request: Request): SearchQuery {
  const identifiers = queryList(request, 'identifiers');
  const identifiersType = queryText(request, 'identifiersType');
  const variationParentSku = queryText(request, 'variationParentSku');
  const packageHierarchySku = queryText(request, 'packageHierarchySku');
  if ((identifiers === undefined) !== (identifiersType === undefined)) {
    throw badRequest("'identifiers' and 'identifiersType' require each other.");
  }
  if ([identifiers, variationParentSku, packageHierarchySku].filter((given) => given !== undefined).length > 1) {
    throw badRequest("'identifiers', 'variationParentSku' and 'packageHierarchySku' exclude each other.");
  }
  if (identifiers && (identifiers.length > MAX_IDENTIFIERS || identifiers.length === 0)) {
    throw badRequest(`'identifiers' must hold 1 to ${MAX_IDENTIFIERS} values.`);
  }
  if (identifiersType && !IDENTIFIER_TYPES.includes(identifiersType)) {
    throw badRequest(`'identifiersType' must be one of ${IDENTIFIER_TYPES.join(', ')}.`);
  }
  const sortBy = queryText(request, 'sortBy') ?? 'lastUpdatedDate';
  if (!SORT_FIELDS.includes(sortBy as SearchQuery['sortBy']))
    throw badRequest(`'sortBy' must be one of ${SORT_FIELDS.join(', ')}.`);
  const sortOrder = queryText(request, 'sortOrder') ?? 'DESC';
  if (sortOrder !== 'ASC' && sortOrder !== 'DESC') throw badRequest("'sortOrder' must be ASC or DESC.");
  const pageSize = Number(queryText(request, 'pageSize') ?? 10);
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > MAX_PAGE_SIZE) {
    throw badRequest(`'pageSize' must be 1 to ${MAX_PAGE_SIZE}.`);
  }
  return {
    identifiers,
    identifiersType,
    variationParentSku,
    packageHierarchySku,
    createdAfter: queryDate(request, 'createdAfter'),
    createdBefore: queryDate(request, 'createdBefore'),
    lastUpdatedAfter: queryDate(request, 'lastUpdatedAfter'),
    lastUpdatedBefore: queryDate(request, 'lastUpdatedBefore'),
    withIssueSeverity: queryOf(request, 'withIssueSeverity', ['WARNING', 'ERROR']),
    withStatus: queryOf(request, 'withStatus', ['BUYABLE', 'DISCOVERABLE']),
    withoutStatus: queryOf(request, 'withoutStatus', ['BUYABLE', 'DISCOVERABLE']),
    sortBy: sortBy as SearchQuery['sortBy'],
    descending: sortOrder === 'DESC',
    pageSize,
    offset: offsetOf(queryText(request, 'pageToken')),
  };
}

/** The listings found, one group a SKU over the marketplaces asked for. */
export function searchMatches(book: ListingBook, marketplaceIds: string[], query: SearchQuery): Listing[][] {
  const candidates =
    query.identifiersType === 'SKU'
      ? marketplaceIds.flatMap((id) => (query.identifiers ?? []).flatMap((sku) => book.find(id, sku) ?? []))
      : book.all().filter((listing) => marketplaceIds.includes(listing.marketplaceId));
  const groups = new Map<string, Listing[]>();
  for (const listing of candidates) {
    if (!isVisible(listing) || !isFound(listing, query, book)) continue;
    const group = groups.get(listing.sku) ?? [];
    if (!group.includes(listing)) group.push(listing);
    groups.set(listing.sku, group);
  }
  return [...groups.values()];
}

function isFound(listing: Listing, query: SearchQuery, book: ListingBook): boolean {
  const createdAt = listing.createdAt ?? 0;
  const status = statusOf(listing, book);
  return (
    hasIdentifier(listing, query) &&
    (!query.variationParentSku || parentSkuOf(listing) === query.variationParentSku) &&
    !query.packageHierarchySku &&
    (query.createdAfter === undefined || createdAt > query.createdAfter) &&
    (query.createdBefore === undefined || createdAt < query.createdBefore) &&
    (query.lastUpdatedAfter === undefined || listing.updatedAt > query.lastUpdatedAfter) &&
    (query.lastUpdatedBefore === undefined || listing.updatedAt < query.lastUpdatedBefore) &&
    (!query.withIssueSeverity ||
      issuesOfListing(listing).some((issue) => query.withIssueSeverity?.includes(issue.severity))) &&
    (!query.withStatus || query.withStatus.some((wanted) => status.some((one) => one === wanted))) &&
    (!query.withoutStatus || !query.withoutStatus.some((unwanted) => status.some((one) => one === unwanted)))
  );
}

function hasIdentifier(listing: Listing, { identifiers, identifiersType }: SearchQuery): boolean {
  if (!identifiers || !identifiersType) return true;
  if (identifiersType === 'SKU') return identifiers.includes(listing.sku);
  if (identifiersType === 'ASIN') return listing.hasContent && identifiers.includes(listing.asin);
  return (listing.attributes.externally_assigned_product_identifier ?? []).some(
    (instance) =>
      String(instance.type).toUpperCase() === identifiersType && identifiers.includes(String(instance.value))
  );
}

interface SearchPage {
  page: Listing[][];
  pagination: { nextToken?: string; previousToken?: string };
  total: number;
}

export function sortAndPage(groups: Listing[][], query: SearchQuery): SearchPage {
  const valueOf = ([listing]: Listing[]): string | number => {
    if (query.sortBy === 'sku') return listing?.sku ?? '';
    return (query.sortBy === 'createdDate' ? listing?.createdAt : listing?.updatedAt) ?? 0;
  };
  const direction = query.descending ? -1 : 1;
  const sorted = [...groups].sort((one, other) => {
    const [a, b] = [valueOf(one), valueOf(other)];
    if (a === b) return (one[0]?.sku ?? '') < (other[0]?.sku ?? '') ? -1 : 1;
    return a < b ? -direction : direction;
  });
  const { offset, pageSize } = query;
  const pageable = Math.min(sorted.length, MAX_PAGEABLE);
  return {
    page: sorted.slice(offset, Math.min(offset + pageSize, pageable)),
    pagination: {
      ...(offset + pageSize < pageable ? { nextToken: tokenOf(offset + pageSize) } : {}),
      ...(offset > 0 ? { previousToken: tokenOf(Math.max(0, offset - pageSize)) } : {}),
    },
    total: sorted.length,
  };
}

function tokenOf(offset: number): string {
  return Buffer.from(`page:${offset}`).toString('base64url');
}

function offsetOf(token: string | undefined): number {
  if (token === undefined) return 0;
  const [, offset] = /^page:(\d+)$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (offset === undefined) throw badRequest("'pageToken' is invalid.");
  return Number(offset);
}

function queryDate(request: Request, name: string): number | undefined {
  const text = queryText(request, name);
  if (text === undefined) return undefined;
  const at = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(at)) throw badRequest(`'${name}' must be an ISO 8601 date and time.`);
  return at;
}

function queryOf(request: Request, name: string, allowed: string[]): string[] | undefined {
  const values = queryList(request, name);
  if (values?.some((value) => !allowed.includes(value)))
    throw badRequest(`'${name}' must be of ${allowed.join(', ')}.`);
  return values;
}
