import { createHash } from 'node:crypto';
import { withoutSecrets } from '../http/redact';
import { jittered, systemClock } from '../http/clock';
import { ask, failure, onOwnHost } from './http';
import { createPace } from './pace';
import {
  addValue,
  idsOf,
  plainName,
  type Kind,
  type RecordPage,
  type SalesLayerApi,
  type SourceRecord,
} from './records';
import { restMetadata, restPage } from './wire';

/** More are answered with none. Source: the REST documentation, and a user who met it. */
const PAGE_ITEMS = 100;

/** Per key. The window is a little longer than theirs, because requests do not all travel equally fast. */
const REQUESTS_PER_WINDOW = 50;
const WINDOW_MS = 10_500;

/** After a 429, which says nothing else. Doubles. */
const FIRST_THROTTLE_MS = 2_000;
const MAX_THROTTLE_MS = 60_000;

const FRESH_MS = 15 * 60_000;

interface Entity {
  name: string;
  kind: Kind;
  prefix: string;
  /** Where it names what it belongs to, by reference. */
  joins: readonly string[];
}

/** Parents first. The name of a category's parent is not documented: the likely ones are tried. */
const ENTITIES: readonly Entity[] = [
  { name: 'Categories', kind: 'category', prefix: 'cat', joins: ['cat_parent_ref', 'cat_ref_parent', 'parent_ref'] },
  { name: 'Products', kind: 'product', prefix: 'prod', joins: ['cat_ref'] },
  { name: 'Variants', kind: 'variant', prefix: 'frmt', joins: ['prod_ref'] },
];

export interface RestApiOptions {
  /** With the path of the catalogue. */
  url: string;
  apiKey: string;
  /** For one request, in milliseconds. */
  timeoutMs: number;
}

/** Every source of one key in this process keeps the same pace. */
const paces = new Map<string, ReturnType<typeof createPace>>();

/**
 * The Catalog REST API. It joins by reference, so a record's id is its reference, and it is read whole: the form of its
 * changelog is not documented.
 */
export function createRestApi({ url, apiKey, timeoutMs }: RestApiOptions): SalesLayerApi {
  const base = url.replace(/\/+$/, '');
  const keyName = createHash('sha256').update(apiKey).digest('hex');
  const pace = paces.get(keyName) ?? createPace(REQUESTS_PER_WINDOW, WINDOW_MS, systemClock);
  paces.set(keyName, pace);

  async function get(operation: string, address: string, signal: AbortSignal): Promise<unknown> {
    const headers = { 'x-api-key': apiKey, accept: 'application/json' };
    const patientUntil = systemClock.now() + MAX_THROTTLE_MS;
    for (let throttleMs = FIRST_THROTTLE_MS; ; throttleMs *= 2) {
      await pace(signal);
      const { status, body } = await ask(
        operation,
        () => ({ method: 'GET', url: address, headers }),
        timeoutMs,
        signal
      );
      if (status === 200) return body;
      if (status !== 429) throw refusal(operation, status, body, apiKey);
      const wait = jittered(throttleMs);
      if (systemClock.now() + wait > patientUntil)
        throw failure(operation, 'throttled', `Sales Layer limits '${operation}' for now.`, {
          status,
          retryAfterMs: wait,
        });
      await systemClock.sleep(wait, signal);
    }
  }

  async function* pages({ name, prefix }: Entity, signal: AbortSignal) {
    const operation = `list ${name}`;
    const query = new URLSearchParams({ $top: String(PAGE_ITEMS), $orderby: `${prefix}_id asc` });
    for (let address: string | undefined = `${base}/${name}?${query}`; address;) {
      const parsed = restPage.safeParse(await get(operation, address, signal));
      if (!parsed.success)
        throw failure(operation, 'transient', `The answer of Sales Layer to '${operation}' is not as expected.`);
      yield parsed.data;
      const next = parsed.data['@nextLink'];
      address = next ? onOwnHost(next, base) : undefined;
    }
  }

  /** The language that texts are in where nothing else is said. */
  async function defaultLanguage(signal: AbortSignal): Promise<string | undefined> {
    const operation = 'read metadata of Products';
    const parsed = restMetadata.safeParse(await get(operation, `${base}/Products/$metadata`, signal));
    return parsed.success ? parsed.data.value.find((each) => each.default)?.default?.culture : undefined;
  }

  function languagesOf(own: string | undefined, records: readonly SourceRecord[]): string[] {
    const seen = records.flatMap(({ fields }) => Object.values(fields).flatMap((values) => Object.keys(values)));
    return [...new Set([...(own ? [own] : []), ...seen.filter((each) => each !== '')])];
  }

  return {
    tellsChanges: false,
    freshForMs: FRESH_MS,

    async *read(_since, signal) {
      const time = Math.floor(Date.now() / 1000);
      const own = await defaultLanguage(signal);
      let languages = languagesOf(own, []);
      for (const entity of ENTITIES) {
        const seen = new Set<string>();
        let count: number | undefined;
        for await (const page of pages(entity, signal)) {
          const records = page.value.flatMap((item) => recordOf(item, entity));
          languages = [...new Set([...languages, ...languagesOf(own, records)])];
          for (const item of page.value) seen.add(String(item[`${entity.prefix}_id`] ?? item[`${entity.prefix}_ref`]));
          count = page['@count'] ?? undefined;
          yield { isEverything: true, time, languages, records, removed: [] } satisfies RecordPage;
        }
        // Pages move when items come and go between them: what slipped through would seem to be gone.
        if (count !== undefined && seen.size !== count)
          throw failure(
            `list ${entity.name}`,
            'transient',
            `Sales Layer has ${count} ${entity.name} and listed ${seen.size}: they changed while they were read.`
          );
      }
    },

    async look(signal) {
      const own = await defaultLanguage(signal);
      const found: SourceRecord[] = [];
      let hasProducts = false;
      for (const entity of ENTITIES.slice(1)) {
        const { value: page } = await pages(entity, signal).next();
        if (entity.kind === 'product') hasProducts = (page?.value.length ?? 0) > 0;
        found.push(...(page?.value ?? []).flatMap((item) => recordOf(item, entity)));
      }
      const fields = [...new Set(found.flatMap((record) => Object.keys(record.fields)))];
      return { languages: languagesOf(own, found), fields, hasProducts };
    },
  };
}

function recordOf(item: Record<string, unknown>, { kind, prefix, joins }: Entity): SourceRecord[] {
  const keys = [`${prefix}_id`, `${prefix}_ref`];
  const [number, reference] = keys.map((key) => idsOf([item[key]].flat()[0])[0]);
  const id = reference ?? number;
  if (id === undefined) return [];
  const record: SourceRecord = {
    kind,
    id,
    parents: joins.flatMap((join) => [item[join]].flat().flatMap((each) => (each === null ? [] : idsOf(each)))),
    reference: reference ?? '',
    fields: {},
    images: {},
  };
  for (const [key, value] of Object.entries(item)) {
    if (keys.includes(key) || joins.includes(key) || /@|_id$/.test(key)) continue;
    const name = plainName(kind, key);
    const images = imagesOf(value);
    if (images) record.images[name] = images;
    else if (isByLanguage(value))
      for (const [language, text] of Object.entries(value)) addValue(record.fields, name, language, text);
    else addValue(record.fields, name, '', value);
  }
  return [record];
}

function isByLanguage(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).every((key) => /^[a-z]{2}(?:[-_][a-z]{2})?$/i.test(key))
  );
}

/** Images are lists of objects by size; undefined for a value that holds none. */
function imagesOf(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const addresses = (value as unknown[]).flatMap((each) => {
    if (typeof each !== 'object' || each === null) return [];
    const sizes = Object.entries(each).filter(([, text]) => typeof text === 'string' && /^https?:\/\//i.test(text));
    const largest = sizes.find(([size]) => size.toUpperCase() === 'ORG') ?? sizes.at(-1);
    return largest ? [String(largest[1])] : [];
  });
  return addresses.length > 0 ? addresses : undefined;
}

function refusal(operation: string, status: number, body: unknown, apiKey: string) {
  if (status === 401 || status === 403)
    return failure(
      operation,
      'auth.forbidden',
      status === 401
        ? `Sales Layer refuses '${operation}': the API key is not valid: check source.apiKey.`
        : `Sales Layer refuses '${operation}': the API key may not read the catalogue.`,
      { status }
    );
  const said = withoutSecrets(typeof body === 'object' && body !== null ? JSON.stringify(body) : '', [apiKey]);
  const code = status === 409 || status === 408 || status === 423 ? 'transient' : 'config';
  return failure(operation, code, `Sales Layer answered '${operation}' with ${status}. ${said}`.trim(), { status });
}
