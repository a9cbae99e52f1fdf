import { createHash } from 'node:crypto';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { SalesLayerCatalogue } from '../../domain/ports/sales-layer';
import type { ChangesPage } from '../../domain/ports/source';
import { waitFor } from '../http/clock';
import type { Key } from './catalogue';
import { createConnectorApi } from './connector-api';
import { keptFiles, timeOf } from './kept-files';
import { pageOf, placeAfter, type ListingPlace } from './listing-file';
import { createReadings, type Listing } from './reading';
import { createRestApi } from './rest-api';
import { fieldOf } from './roles';

export interface SalesLayerOptions {
  /** The code and secret of a connector, or a key of the REST catalogue. */
  credentials: { connectorCode: string; secretKey: string } | { apiKey: string };
  /** Of the connector API. */
  url: string;
  /** Of the REST catalogue, with its path. */
  restUrl: string;
  /** ISO 4217: prices come without one. */
  currency: string;
  /** For one request, in milliseconds. */
  timeoutMs: number;
  /** Where readings are kept; a folder of this user's under the system's own by default. */
  workFolder?: string;
}

/** Part of every name of a kept file: raised when the same rows are read otherwise than before. */
const READING_VERSION = '1';

interface Cursor extends ListingPlace {
  token: string;
  kind: Listing['kind'];
}

/** One reading of a source at a time in this process: others wait, and find what it kept. */
const busy = new Map<string, Promise<unknown>>();

/**
 * A Sales Layer catalogue. A SKU is put together from tables that come in pages of their own, so a reading goes to disk first
 * and pages are cut from that. The records stay: the next reading asks for changes alone, and what a change does not repeat
 * (the other rows of a product, images) is there.
 */
export function createSalesLayerSource(options: SalesLayerOptions): SalesLayerCatalogue {
  const { credentials, url, restUrl, currency, timeoutMs } = options;
  const isConnector = 'connectorCode' in credentials;
  const api = isConnector
    ? createConnectorApi({ url, timeoutMs, ...credentials })
    : createRestApi({ url: restUrl, timeoutMs, ...credentials });
  const account = isConnector ? [url, credentials.connectorCode] : [restUrl, credentials.apiKey];
  const series = createHash('sha256')
    .update(JSON.stringify([READING_VERSION, currency, ...account]))
    .digest('hex')
    .slice(0, 20);
  const folder = options.workFolder ?? join(tmpdir(), `longshore-saleslayer-${userInfo().username}`);
  const files = keptFiles(folder, series);
  const readings = createReadings(api, files, currency);

  async function alone<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const place = join(folder, series);
    const before = busy.get(place) ?? Promise.resolve();
    const own = before.catch(() => undefined).then(() => (signal.aborted ? undefined : work()));
    busy.set(place, own);
    own.catch(() => undefined).finally(() => busy.get(place) === own && busy.delete(place));
    return (await waitFor(own, signal)) as T;
  }

  async function cut(listing: Listing, place: ListingPlace, size: number, signal: AbortSignal) {
    const { next, ...page } = await pageOf(listing.path, place, size, signal);
    const { token, kind } = listing;
    return { ...page, nextCursor: next && written({ ...next, token, kind }) };
  }

  /** The whole reading that a cursor speaks of; or one that is not older, with the place after the same SKU. */
  async function resume(cursor: Cursor, signal: AbortSignal): Promise<[Listing, ListingPlace]> {
    const kept = await files.find('all', cursor.token);
    if (kept) return [{ ...kept, kind: 'all' }, cursor];
    const other = (await files.newest('all')).find((each) => timeOf(each.token) >= timeOf(cursor.token));
    const listing: Listing = other ? { ...other, kind: 'all' } : await alone(() => readings.everything(signal), signal);
    return [listing, await placeAfter(listing.path, cursor.after, signal)];
  }

  async function wholePage(text: string | null, size: number, signal: AbortSignal) {
    if (text !== null) {
      const [listing, place] = await resume(read(text), signal);
      return cut(listing, place, size, signal);
    }
    const listing = await alone(() => readings.everything(signal), signal);
    const page = await cut(listing, BEGINNING, size, signal);
    return api.tellsChanges ? { ...page, changesToken: listing.token } : page;
  }

  async function changesPage(
    token: string,
    text: string | null,
    size: number,
    signal: AbortSignal
  ): Promise<ChangesPage> {
    const cursor = text === null ? undefined : read(text);
    if (cursor?.kind === 'all') return { ...(await wholePage(text, size, signal)), removed: [], isEverything: true };
    const kept = cursor && (await files.find('changes', cursor.token));
    // Where what a cursor speaks of is gone, the changes are read again and listed from their beginning.
    if (kept && cursor)
      return { ...(await cut({ ...kept, kind: 'changes' }, cursor, size, signal)), isEverything: false };
    const listing = await alone(() => readings.changes(token, signal), signal);
    const page = await cut(listing, BEGINNING, size, signal);
    return { ...page, isEverything: listing.kind === 'all', ...(!cursor && { changesToken: listing.token }) };
  }

  return {
    async readPage(cursor, size, signal) {
      const { removed: _removed, ...page } = await wholePage(cursor, size, signal);
      return page;
    },

    readItems: (sourceIds, signal) => alone(() => readings.items(sourceIds, signal), signal),

    ...(api.tellsChanges && { readChanges: changesPage, tellsChanges: 'when asked' as const }),

    async look(signal) {
      const { languages, fields, hasProducts } = await api.look(signal);
      const named = (['price', 'stock', 'brand', 'gtin'] as const).map((role) => [role, fieldOf(role, fields)]);
      return { languages, hasProducts, fields: Object.fromEntries(named.filter(([, name]) => name !== undefined)) };
    },
  };
}

const BEGINNING: ListingPlace = { at: 0, after: null };

function written({ token, kind, at, after }: Cursor): string {
  return Buffer.from(JSON.stringify([token, kind, at, after])).toString('base64url');
}

function read(text: string): Cursor {
  const [token, kind, at, after] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as [
    string,
    Listing['kind'],
    number,
    Key | null,
  ];
  return { token, kind, at, after };
}
