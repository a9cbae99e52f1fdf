import type { Request } from 'express';
import { AnswerError, json, type Answer } from '../answer';
import type { SandboxClock } from '../clock';
import { headerText, pathParameter } from '../query';
import type { SalesLayerAccount, SalesLayerAccounts } from './accounts';
import { filterOf } from './odata-filter';
import { tablesOf, type Row, type TableName } from './tables';

const MOST_ITEMS = 100;
const WINDOW_MS = 10_000;
const REQUESTS_PER_WINDOW = 50;

interface Entity {
  table: TableName;
  /** What its fields begin with. */
  prefix: string;
  /** The field that names what it belongs to, by reference, and the table of that. */
  join: [field: string, table: TableName];
}

const ENTITIES: Record<string, Entity> = {
  Categories: { table: 'catalogue', prefix: 'cat', join: ['cat_parent_ref', 'catalogue'] },
  Products: { table: 'products', prefix: 'prod', join: ['cat_ref', 'catalogue'] },
  Variants: { table: 'product_formats', prefix: 'frmt', join: ['prod_ref', 'products'] },
};

type Item = Record<string, unknown>;

/** The Catalog REST API: OData over products, variants and categories. */
export class RestApi {
  constructor(
    private readonly accounts: SalesLayerAccounts,
    private readonly clock: SandboxClock
  ) {}

  list(request: Request): Answer {
    const account = this.authorised(request);
    const entity = entityOf(request);
    const query = new URL(request.originalUrl, 'http://sandbox').searchParams;
    const top = countOf(query, '$top', MOST_ITEMS);
    const skip = countOf(query, '$skip', 0);
    if (query.has('$skipToken') && query.has('$orderby')) throw failure(400, '$skipToken excludes $orderby');
    const all = sorted(itemsOf(account, entity), query.get('$orderby')).filter(filtered(query.get('$filter')));
    // More than a page may hold is no error there: it is an answer without a single item.
    const value = top > MOST_ITEMS ? [] : all.slice(skip, skip + top).map(chosen(query.get('$select')));
    const more = top <= MOST_ITEMS && skip + top < all.length;
    return json(200, {
      value,
      '@count': all.length,
      '@readLink': linkOf(request, query, skip),
      ...(more && { '@nextLink': linkOf(request, query, skip + top) }),
    });
  }

  metadata(request: Request): Answer {
    const account = this.authorised(request);
    const { table, prefix } = entityOf(request);
    const { languages } = account.settings;
    const properties = tablesOf(account)[table].columns.map(({ name, basename, language }) => [
      nameOf(language ? basename : name, prefix),
      language
        ? { type: 'array', items: { properties: { culture: { enum: languages, default: languages[0] } } } }
        : { type: ['string', 'null'] },
    ]);
    return json(200, {
      value: [
        { type: 'object', default: { culture: languages[0] }, properties: Object.fromEntries(properties) as object },
      ],
    });
  }

  private authorised(request: Request): SalesLayerAccount {
    const account = this.accounts.ofApiKey(headerText(request, 'x-api-key'));
    if (!account) throw failure(401, 'Invalid API key');
    if (account.settings.down) throw failure(503, 'Service Unavailable');
    if (account.settings.keyForbidden) throw failure(403, 'The API key has no access to the catalog');
    const now = this.clock.now();
    account.requests = account.requests.filter((at) => at > now - WINDOW_MS);
    if (account.requests.length >= REQUESTS_PER_WINDOW) throw failure(429, 'Too many requests');
    account.requests.push(now);
    return account;
  }
}

function entityOf(request: Request): Entity {
  const name = pathParameter(request, 'entity');
  const entity = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
  if (!entity) throw failure(404, `There is no entity ${name}`);
  return entity;
}

function itemsOf(account: SalesLayerAccount, { table, prefix, join: [joinField, joinTable] }: Entity): Item[] {
  const tables = tablesOf(account);
  const references = new Map(tables[joinTable].rows.map(({ id, reference }) => [id, reference]));
  return tables[table].rows.map((row) => {
    const joined = row.parents.flatMap((id) => references.get(id) ?? []);
    return {
      [`${prefix}_id`]: row.id,
      [`${prefix}_ref`]: row.reference,
      ...(table !== 'catalogue' && { [`${prefix}_stat`]: row.status, [`${prefix}_image`]: imagesOf(row) }),
      [joinField]: joined.length > 1 ? joined : (joined[0] ?? null),
      ...valuesOf(row, tables[table].columns, prefix),
    };
  });
}

/** Texts of several languages are objects by language. */
function valuesOf({ values }: Row, columns: ReturnType<typeof tablesOf>[TableName]['columns'], prefix: string): Item {
  const item: Record<string, unknown> = {};
  for (const { name, basename, language } of columns) {
    const value = values[name] ?? null;
    if (!language) item[nameOf(name, prefix)] = value;
    else if (value !== null)
      item[nameOf(basename, prefix)] = { ...(item[nameOf(basename, prefix)] as object | undefined), [language]: value };
  }
  return item;
}

/** `product_name` of the connector is `prod_title` here; the merchant's own attributes keep their names. */
function nameOf(basename: string, prefix: string): string {
  const own = /^(?:product|format|section)_(.*)$/.exec(basename)?.[1];
  if (!own) return basename;
  return `${prefix}_${own === 'name' ? 'title' : own}`;
}

function imagesOf({ id, images }: Row): object[] {
  return images.map((url, index) => ({ id: `${id}_${index}`, THM: `${url}?size=300`, ORG: url }));
}

function sorted(items: Item[], order: string | null): Item[] {
  const [, field, direction] = /^(\w+)(?: (asc|desc))?$/.exec(order ?? '') ?? [];
  if (!field) return items;
  const sign = direction === 'desc' ? -1 : 1;
  const text = (item: Item): string => String(item[field] ?? '');
  return items.toSorted(
    (one, other) => sign * text(one).localeCompare(text(other), 'en', { numeric: typeof one[field] === 'number' })
  );
}

function filtered(expression: string | null): (item: Item) => boolean {
  if (expression === null) return () => true;
  const isMatch = filterOf(expression);
  if (!isMatch) throw failure(400, `$filter cannot be understood: ${expression}`);
  return isMatch;
}

function chosen(select: string | null): (item: Item) => Item {
  if (select === null) return (item) => item;
  const names = new Set(select.split(',').map((name) => name.trim()));
  return (item) => Object.fromEntries(Object.entries(item).filter(([name]) => names.has(name)));
}

function countOf(query: URLSearchParams, name: string, otherwise: number): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  if (!/^\d+$/.test(text)) throw failure(400, `${name} must be a number`);
  return Number(text);
}

function linkOf(request: Request, query: URLSearchParams, skip: number): string {
  const link = new URLSearchParams(query);
  if (skip > 0) link.set('$skip', String(skip));
  return `http://${headerText(request, 'host')}${request.path}?${link}`;
}

function failure(status: number, message: string): AnswerError {
  return new AnswerError(json(status, { error: { code: status, message } }));
}
