import { createHash, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Request } from 'express';
import { plain, type Answer } from '../answer';
import type { SandboxClock } from '../clock';
import { bodyText, headerText } from '../query';
import type { SalesLayerAccount, SalesLayerAccounts } from './accounts';
import { tablesOf, type Row, type TableName, type Tables } from './tables';

/** The `error` of an answer. Source: the official PHP SDK. */
const ERRORS: Record<number, string> = {
  1: 'Validation error',
  2: 'Invalid connector code',
  3: 'Wrong unique key',
  4: 'Invalid codification key',
  5: 'Invalid date of last_update',
  6: 'API version does not exist',
  7: 'Wrong output mode',
  8: 'Invalid compression type',
  9: 'Invalid private key',
  10: 'Service temporarily blocked',
  11: 'Service temporarily unavailable',
  12: 'Incorrect date-code',
  13: 'Date-code has expired',
  14: 'Updating data. Try later',
};

const VERSIONS = ['1.17', '1.18'];
const DEFAULT_PAGE = 1000;
const LEAST_PAGE = 500;

/** How far a request's `time` may be from ours. Not documented; assumed. */
const MOST_SKEW_SECONDS = 600;

/** Readings whose further pages can still be fetched. */
const KEPT_READINGS = 50;

const TABLES: TableName[] = ['catalogue', 'products', 'product_formats'];
const IMAGE_FIELDS: Partial<Record<TableName, string>> = { products: 'product_image', product_formats: 'format_image' };
const JOINS: Record<TableName, string> = {
  catalogue: 'ID_PARENT',
  products: 'ID_catalogue',
  product_formats: 'ID_products',
};

type WireRow = [TableName, unknown[]];

interface Reading {
  account: SalesLayerAccount;
  head: object;
  rows: WireRow[];
  rowsPerPage: number;
}

/** Every failure is told at HTTP 200. */
class ApiError extends Error {
  constructor(readonly code: number) {
    super(ERRORS[code]);
  }
}

/** The connector API: everything at one address, told apart by its parameters. */
export class ConnectorApi {
  private readonly readings = new Map<string, Reading>();

  constructor(
    private readonly accounts: SalesLayerAccounts,
    private readonly clock: SandboxClock
  ) {}

  answer(request: Request): Answer {
    const given = parametersOf(request);
    const account = this.accounts.ofConnectorCode(given('code') ?? '');
    if (account?.settings.down) return plain(503, 'Service Unavailable');
    const time = Math.floor(this.clock.now() / 1000);
    const head = { version: given('ver') ?? '1.17', time };
    let body: object;
    try {
      body = this.bodyOf(account, given, head, request);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      body = { ...head, error: error.code, error_message: error.message };
    }
    return packed(body, given('compression') !== '0' && /\bgzip\b/.test(headerText(request, 'accept-encoding')), {
      hasMark: Number(given('unique')) % 2 === 1,
    });
  }

  private bodyOf(
    account: SalesLayerAccount | undefined,
    given: Given,
    head: { version: string; time: number },
    request: Request
  ): object {
    if (!account) throw new ApiError(2);
    const page = given('next_page');
    if (page !== undefined) return this.page(account, page, addressOf(request));
    this.checkSignature(account, given, head.time);
    const { settings } = account;
    if (settings.answerError !== null) throw new ApiError(settings.answerError);
    if (!VERSIONS.includes(head.version)) throw new ApiError(6);
    if (!['0', '1', undefined].includes(given('compression'))) throw new ApiError(8);
    if (given('test') !== undefined) return { ...head, error: 0, error_message: '' };
    const id = this.begin(account, given, head);
    return this.page(account, `${id}.1`, addressOf(request));
  }

  /** `key256` is lower-case hex of SHA-256 over code, secret, time and unique; a `unique` is taken once. */
  private checkSignature({ identity, uniques }: SalesLayerAccount, given: Given, now: number): void {
    const time = given('time') ?? '';
    const unique = given('unique') ?? '';
    if (!/^\d{1,12}$/.test(time)) throw new ApiError(12);
    const key = createHash('sha256')
      .update(identity.connectorCode + identity.secretKey + time + unique)
      .digest('hex');
    if (given('key256') !== key) throw new ApiError(4);
    if (Number(time) > now + MOST_SKEW_SECONDS) throw new ApiError(12);
    if (Number(time) < now - MOST_SKEW_SECONDS) throw new ApiError(13);
    if (!/^\d+$/.test(unique) || uniques.has(unique)) throw new ApiError(3);
    uniques.add(unique);
  }

  /** Takes the state of the catalogue for all pages of one reading. */
  private begin(account: SalesLayerAccount, given: Given, head: { version: string; time: number }): string {
    const { settings, changes } = account;
    const tables = tablesOf(account);
    changes.look(tables, settings.configuration);
    changes.answer(head.time);
    const lastUpdate = given('last_update');
    const isDate = lastUpdate === undefined || (/^\d{1,12}$/.test(lastUpdate) && Number(lastUpdate) <= head.time);
    const since = isDate && lastUpdate !== undefined ? changes.lookOf(Number(lastUpdate)) : undefined;
    const rows = TABLES.flatMap((table) => rowsOf(account, table, tables, since));
    const id = randomUUID();
    this.readings.set(id, {
      account,
      rows,
      rowsPerPage: settings.rowsPerPage ?? pageSize(head.version, given('pagination')),
      head: {
        ...head,
        action: since === undefined ? 'refresh' : 'update',
        error: isDate ? 0 : 5,
        error_message: isDate ? '' : ERRORS[5],
        schema: {
          connector_type: 'CN_API',
          default_language: settings.languages[0],
          languages: settings.languages,
          company_ID: 1,
          company_name: account.world.settings.name,
          sanitized_table_names: Object.fromEntries(TABLES.map((table) => [table, table])),
          language_table_names: {},
          custom_parameters: {},
        },
        ...schemaOf(tables),
      },
    });
    for (const old of [...this.readings.keys()].slice(0, -KEPT_READINGS)) this.readings.delete(old);
    return id;
  }

  private page(account: SalesLayerAccount, place: string, address: string): object {
    const [id = '', number = ''] = place.split('.');
    const reading = this.readings.get(id);
    const page = Number(number);
    if (!reading || reading.account.identity !== account.identity || !(page >= 1)) throw new ApiError(1);
    const { head, rows, rowsPerPage } = reading;
    const pages = Math.max(1, Math.ceil(rows.length / rowsPerPage));
    const data: Partial<Record<TableName, unknown[][]>> = {};
    for (const [table, row] of rows.slice((page - 1) * rowsPerPage, page * rowsPerPage)) (data[table] ??= []).push(row);
    return {
      ...head,
      data,
      waiting: { images: { total: 0, partial: 0 }, files: 0 },
      ...(page < pages && {
        next_page: `${address}?code=${account.identity.connectorCode}&next_page=${id}.${page + 1}`,
      }),
      page_count: pages,
      page_length: rowsPerPage,
    };
  }
}

type Given = (name: string) => string | undefined;

/** Parameters come in the query, or as fields of a form. */
function parametersOf(request: Request): Given {
  const query = new URL(request.originalUrl, 'http://sandbox').searchParams;
  const form = new URLSearchParams(request.method === 'POST' ? bodyText(request) : '');
  return (name) => query.get(name) ?? form.get(name) ?? undefined;
}

function addressOf(request: Request): string {
  return `http://${headerText(request, 'host')}${request.path}`;
}

/** Sizes are approximate: less than 1000 is 500, 1001 to 1500 is 1000. Version 1.17 has no pages. */
function pageSize(version: string, wanted: string | undefined): number {
  if (version === '1.17') return Number.MAX_SAFE_INTEGER;
  const rows = Number(wanted ?? DEFAULT_PAGE);
  if (!(rows >= 1)) throw new ApiError(1);
  return rows < DEFAULT_PAGE ? LEAST_PAGE : Math.max(DEFAULT_PAGE, Math.floor((rows - 1) / 500) * 500);
}

function rowsOf(account: SalesLayerAccount, table: TableName, tables: Tables, since: number | undefined): WireRow[] {
  const wire = (row: Row, imagesModified: boolean): WireRow => [table, wireRow(row, table, tables, imagesModified)];
  if (since === undefined) return tables[table].rows.map((row) => wire(row, true));
  const { modified, deleted } = account.changes.since(since, table, tables);
  const strangers = table === 'products' ? account.settings.strangers : 0;
  return [
    ...modified.map(({ row, imagesModified }) => wire(row, imagesModified)),
    ...[...deleted, ...Array.from({ length: strangers }, (_, index) => 9_000_001 + index)].map((id): WireRow => [
      table,
      ['D', id],
    ]),
  ];
}

function wireRow(row: Row, table: TableName, tables: Tables, imagesModified: boolean): unknown[] {
  const parents = table === 'products' ? row.parents : (row.parents[0] ?? 0);
  const images = imagesModified
    ? row.images.map((url, index) => ['M', `${row.id}_${index}`, `${url}?size=300`, url])
    : ['U'];
  return [
    'M',
    row.id,
    parents,
    ...(IMAGE_FIELDS[table] ? [images] : []),
    row.reference,
    ...(table === 'catalogue' ? [] : [row.status]),
    ...tables[table].columns.map(({ name }) => row.values[name] ?? ''),
  ];
}

function schemaOf(tables: Tables): object {
  const schema = TABLES.map((table) => {
    const image = IMAGE_FIELDS[table];
    const fields = [
      'STATUS',
      'ID',
      JOINS[table],
      ...(image ? [{ [image]: ['STATUS', 'ID', { field: 'THM', width: 300, height: 300 }, 'ORG'] }] : []),
      'REF',
      ...(table === 'catalogue' ? [] : [statusField(table)]),
      ...tables[table].columns.map(({ name }) => name),
    ];
    return [table, fields];
  });
  const info = TABLES.map((table) => {
    const image = IMAGE_FIELDS[table];
    return [
      table,
      {
        ...(image && {
          [image]: { type: 'image', title: image, sizes: { ORG: {}, THM: { width: 300, height: 300 } } },
        }),
        ...(table !== 'catalogue' && { [statusField(table)]: { type: 'string', title: 'Status' } }),
        ...Object.fromEntries(
          tables[table].columns.map(({ name, basename, language, type }) => [
            name,
            { type, title: basename, ...(language && { language_code: language, basename }), sanitized: name },
          ])
        ),
      },
    ];
  });
  return {
    data_schema: Object.fromEntries(schema) as object,
    data_schema_info: Object.fromEntries(info) as object,
  };
}

function statusField(table: TableName): string {
  return table === 'products' ? 'product_status' : 'format_status';
}

function packed(body: object, isZipped: boolean, { hasMark }: { hasMark: boolean }): Answer {
  const text = Buffer.from((hasMark ? '\ufeff' : '') + JSON.stringify(body));
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  return isZipped
    ? { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, bytes: gzipSync(text, { level: 1 }) }
    : { status: 200, headers, bytes: text };
}
