import { createHash } from 'node:crypto';
import type { Request } from 'express';
import type { AnswerError } from '../answer';
import { queryList, queryText } from '../query';
import { marketplace } from './marketplaces';
import { invalidInput } from './errors';
import type { AmazonOrder } from './orders-book';

/** Amazon shows orders as they were two minutes ago at the latest. */
const LAG_MS = 2 * 60_000;
const TOKEN_LIFE_MS = 24 * 3600 * 1000;
const MAX_RESULTS = 100;
const MAX_MARKETPLACES = 50;

/** How one of the two versions of the Orders API spells the parameters of its search. */
export interface WindowNames {
  createdAfter: string;
  createdBefore: string;
  lastUpdatedAfter: string;
  lastUpdatedBefore: string;
  marketplaceIds: string;
  maxResults: string;
  token: string;
  /** Parameters that may differ from one page to the next. */
  free: string[];
}

/** One page of a search. */
export interface WindowPage {
  orders: AmazonOrder[];
  /** Which of its moments the window is about. */
  field: 'createdAt' | 'updatedAt';
  /** Epoch ms: the window's end. */
  before: number;
  nextToken?: string;
}

interface Token {
  /** Of the parameters that must stay the same. */
  query: string;
  issuedAt: number;
  before: number;
  /** The last order shown. */
  at: number;
  orderId: string;
}

/**
 * The page of a window that a request asks for, oldest first. An order that is updated between two pages leaves the window: it
 * is in the next one.
 *
 * @param lagMs - how old an update must be at least to be shown when no end is asked for; {@link LAG_MS} unless said.
 * @throws AnswerError 400
 */
export function windowPage(
  request: Request,
  names: WindowNames,
  orders: readonly AmazonOrder[],
  now: number,
  lagMs = LAG_MS
): WindowPage {
  const created = moment(request, names.createdAfter);
  const updated = moment(request, names.lastUpdatedAfter);
  if ((created === undefined) === (updated === undefined))
    throw invalidInput(`Exactly one of '${names.createdAfter}' and '${names.lastUpdatedAfter}' is required.`);
  const isUpdated = updated !== undefined;
  if (moment(request, isUpdated ? names.createdBefore : names.lastUpdatedBefore) !== undefined)
    throw invalidInput('Parameters of creation and of update exclude each other.');
  const field = isUpdated ? 'updatedAt' : 'createdAt';
  const after = updated ?? created ?? 0;
  const token = tokenOf(request, names, now);
  const before =
    token?.before ?? endOf(request, isUpdated ? names.lastUpdatedBefore : names.createdBefore, after, now, lagMs);
  const found = orders
    .filter((order) => order[field] >= after && order[field] <= before && isIn(request, names, order))
    .filter(
      (order) => !token || order[field] > token.at || (order[field] === token.at && order.orderId > token.orderId)
    )
    .sort((one, other) => one[field] - other[field] || (one.orderId < other.orderId ? -1 : 1));
  const shown = found.slice(0, pageSize(request, names));
  const last = shown.at(-1);
  const hasMore = last !== undefined && shown.length < found.length;
  return {
    orders: shown,
    field,
    before,
    ...(hasMore && {
      nextToken: written({
        query: digestOf(request, names),
        issuedAt: now,
        before,
        at: last[field],
        orderId: last.orderId,
      }),
    }),
  };
}

function endOf(request: Request, name: string, after: number, now: number, lagMs: number): number {
  const asked = moment(request, name);
  if (asked === undefined) return Math.max(after, now - lagMs);
  if (asked < after) throw invalidInput(`'${name}' must not be before the window's beginning.`);
  if (asked > now - LAG_MS)
    throw invalidInput(`'${name}' must be at least two minutes before the time of the request.`);
  return asked;
}

function isIn(request: Request, { marketplaceIds }: WindowNames, order: AmazonOrder): boolean {
  const ids = queryList(request, marketplaceIds);
  if (ids && ids.length > MAX_MARKETPLACES)
    throw invalidInput(`'${marketplaceIds}' takes ${MAX_MARKETPLACES} at most.`);
  const unknown = ids?.find((id) => !marketplace(id));
  if (unknown !== undefined) throw invalidInput(`'${unknown}' is not a marketplace.`);
  return !ids || ids.includes(order.marketplaceId);
}

function moment(request: Request, name: string): number | undefined {
  const text = queryText(request, name);
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(at)) throw invalidInput(`'${name}' must be an ISO 8601 date.`);
  return at;
}

function pageSize(request: Request, { maxResults }: WindowNames): number {
  const size = Number(queryText(request, maxResults) ?? MAX_RESULTS);
  if (!Number.isInteger(size) || size < 1 || size > MAX_RESULTS)
    throw invalidInput(`'${maxResults}' must be 1 to ${MAX_RESULTS}.`);
  return size;
}

function tokenOf(request: Request, names: WindowNames, now: number): Token | undefined {
  const text = queryText(request, names.token);
  if (text === undefined) return undefined;
  const token = read(text);
  if (!token || token.query !== digestOf(request, names)) throw brokenToken(names);
  if (now > token.issuedAt + TOKEN_LIFE_MS) throw brokenToken(names);
  return token;
}

function brokenToken({ token }: WindowNames): AnswerError {
  return invalidInput(`'${token}' is invalid, has expired, or comes with other parameters than before.`);
}

function digestOf(request: Request, { token, free }: WindowNames): string {
  const kept = Object.entries(request.query)
    .filter(([name]) => name !== token && !free.includes(name))
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(kept)).digest('base64url').slice(0, 12);
}

function written(token: Token): string {
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

function read(text: string): Token | undefined {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as Token;
  } catch {
    return undefined;
  }
}
