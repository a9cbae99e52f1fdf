import { createHash, randomInt } from 'node:crypto';
import type { FailureCode } from '../../domain/errors';
import { withoutSecrets } from '../http/redact';
import { ask, failure, onOwnHost, type SalesLayerRequest } from './http';
import { plainName, type RecordPage, type SalesLayerApi } from './records';
import { columnsOf, removalsOf, recordsOf, TABLES } from './rows';
import { envelope, type Envelope } from './wire';

const VERSION = '1.18';

/** Rows of one page; Sales Layer takes it as a hint. More make an answer of many megabytes. */
const PAGE_ROWS = 2000;
const LOOK_ROWS = 500;

/** The first page of everything is put together while we wait: it may take so many times longer than other answers. */
const PATIENCE = 4;

const FRESH_MS = 60_000;

export interface ConnectorApiOptions {
  url: string;
  connectorCode: string;
  secretKey: string;
  /** For one request, in milliseconds. */
  timeoutMs: number;
}

const CLOCK = 'set the clock of the machine that Longshore runs on';

/** Sales Layer tells failures at HTTP 200, by number. Source: its PHP SDK. */
const ERRORS: Record<number, { code: FailureCode; sentence: string }> = {
  1: { code: 'config', sentence: 'refuses the request' },
  2: { code: 'auth.forbidden', sentence: 'does not know the connector code: check source.connectorCode' },
  3: { code: 'transient', sentence: 'says that the number of this request was used before' },
  4: { code: 'auth.forbidden', sentence: 'refuses the signature: check source.secretKey' },
  6: { code: 'bug', sentence: `has no version ${VERSION} of its API any more` },
  7: { code: 'bug', sentence: 'does not know the form of output' },
  8: { code: 'bug', sentence: 'does not know the compression' },
  9: { code: 'auth.forbidden', sentence: 'refuses the secret key: check source.secretKey' },
  10: { code: 'transient', sentence: 'is blocked for the moment' },
  11: { code: 'transient', sentence: 'is not available for the moment' },
  12: { code: 'transient', sentence: `says that the time of the request is wrong: ${CLOCK}` },
  13: { code: 'transient', sentence: `says that the time of the request has passed: ${CLOCK}` },
  14: { code: 'transient', sentence: 'is updating its data' },
};

/** `last_update` was not understood, and everything is listed instead. */
const LISTS_ALL = 5;

/** The connector API: one address, signed requests, positional rows, pages. */
export function createConnectorApi({ url, connectorCode, secretKey, timeoutMs }: ConnectorApiOptions): SalesLayerApi {
  /** A signature is good for one request: its random number is never used twice. */
  function signed(query: Record<string, string>, form: Record<string, string>): SalesLayerRequest {
    const time = String(Math.floor(Date.now() / 1000));
    const unique = String(randomInt(1, 2 ** 47));
    const key256 = createHash('sha256')
      .update(connectorCode + secretKey + time + unique)
      .digest('hex');
    const parameters = new URLSearchParams({ code: connectorCode, time, unique, key256, ver: VERSION, ...query });
    return {
      method: 'POST',
      url: `${url.replace(/\/+$/, '')}?${parameters}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      form,
    };
  }

  async function call(
    operation: string,
    make: () => SalesLayerRequest,
    signal: AbortSignal,
    patience = 1
  ): Promise<Envelope> {
    const { status, body } = await ask(operation, make, timeoutMs * patience, signal);
    const known = envelopeError(body);
    if (known !== undefined && known.error !== 0 && known.error !== LISTS_ALL) {
      const { code, sentence } = ERRORS[known.error] ?? {
        code: 'transient',
        sentence: 'reports an error that is not known',
      };
      const said = withoutSecrets(known.message, [secretKey, connectorCode]);
      throw failure(operation, code, `Sales Layer ${sentence} (error ${known.error}${said ? `: ${said}` : ''}).`, {
        status,
      });
    }
    const parsed = envelope.safeParse(body);
    if (status === 200 && parsed.success) return parsed.data;
    const where = parsed.error?.issues[0]?.path.join('.') || 'the answer itself';
    const what = status === 200 ? `cannot be read: ${where} is not as expected` : `has status ${status}`;
    throw failure(operation, 'transient', `The answer of Sales Layer to '${operation}' ${what}.`, { status });
  }

  /** The first page in the words of the API, and those after it. */
  async function* pages(since: number | undefined, rows: number, signal: AbortSignal): AsyncGenerator<Envelope> {
    const operation = since === undefined ? 'read the catalogue' : 'read the changes';
    const query: Record<string, string> = since === undefined ? {} : { last_update: String(since) };
    const first = (): SalesLayerRequest => signed(query, { pagination: String(rows) });
    let page = await call(operation, first, signal, PATIENCE);
    for (;;) {
      yield page;
      const next = page.next_page;
      if (!next) return;
      page = await call(operation, () => ({ method: 'GET', url: onOwnHost(next, url) }), signal);
    }
  }

  return {
    tellsChanges: true,
    freshForMs: FRESH_MS,

    async *read(since, signal) {
      let first: Envelope | undefined;
      for await (const page of pages(since, PAGE_ROWS, signal)) {
        first ??= page;
        const told: Pick<RecordPage, 'isEverything' | 'time' | 'languages'> = {
          isEverything: since === undefined || first.action === 'refresh' || first.error === LISTS_ALL,
          time: first.time,
          languages: languagesOf(first),
        };
        // Later pages need not repeat what the columns are.
        const described = { ...first, ...page, data_schema: { ...first.data_schema, ...page.data_schema } };
        yield { ...told, records: recordsOf(described, told.languages), removed: removalsOf(page) };
      }
    },

    async look(signal) {
      await call('test the connection', () => signed({ test: '1' }, {}), signal);
      for await (const page of pages(undefined, LOOK_ROWS, signal)) {
        const languages = languagesOf(page);
        const fields = TABLES.flatMap(([table, kind]) =>
          kind === 'category'
            ? []
            : columnsOf(page, table, languages).flatMap((column) => (column ? plainName(kind, column.name) : []))
        );
        return {
          languages,
          fields: [...new Set(fields)],
          hasProducts: (page.data.products?.length ?? 0) > 0 || page.next_page !== undefined,
        };
      }
      return { languages: [], fields: [], hasProducts: false };
    },
  };
}

/** The default language first, when texts come in it. */
function languagesOf({ schema }: Envelope): string[] {
  const { default_language: own, languages } = schema;
  if (!own) return languages;
  if (languages.length > 0 && !languages.includes(own)) return languages;
  return [own, ...languages.filter((each) => each !== own)];
}

function envelopeError(body: unknown): { error: number; message: string } | undefined {
  if (typeof body !== 'object' || body === null || !('error' in body)) return undefined;
  const message = 'error_message' in body && typeof body.error_message === 'string' ? body.error_message : '';
  return { error: Number(body.error), message };
}
