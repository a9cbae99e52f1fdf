import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSalesLayerSource, type SalesLayerOptions } from '../../../adapters/saleslayer';
import type { CatalogItem, UnreadableItem } from '../../../domain/catalog-item';
import type { SalesLayerCatalogue } from '../../../domain/ports/sales-layer';
import type { ChangesPage, SourcePage } from '../../../domain/ports/source';
import { startSandbox, type Sandbox } from '../../../sandbox';

export const never = new AbortController().signal;

export interface SkuInput {
  skuId: number;
  refId: string;
  name?: string;
  options?: Record<string, string>;
  price?: number | null;
  quantity?: number;
  images?: string[];
  [field: string]: unknown;
}

/** A product as the sandbox takes it; what a test does not care about is filled in. */
export function product(productId: number, skus: SkuInput[], fields: object = {}): object {
  return {
    productId,
    refId: `P${productId}`,
    name: `Product ${productId}`,
    brand: 'Acme',
    descriptionHtml: `<p>About ${productId}.</p>`,
    categories: ['Men/Tops/Tees'],
    attributes: { material: ['Cotton', 'Hemp'] },
    ...fields,
    skus: skus.map((sku) => ({
      name: `Product ${productId} ${sku.refId}`,
      price: 10,
      quantity: 5,
      images: [],
      ...sku,
    })),
  };
}

/** Variants of a product: `T<n>-S`, `T<n>-M` …, ids ten times the product's and on. */
export function shirt(productId: number, sizes: readonly string[], fields: object = {}): object {
  const skus = sizes.map((size, index) => ({
    skuId: productId * 10 + index,
    refId: `T${productId}-${size}`,
    options: { size, color: 'Blue' },
    images: [`/t${productId}-${size}.jpg`],
  }));
  return product(productId, skus, fields);
}

interface Facts {
  salesLayer: { connectorCode: string; secretKey: string; apiKey: string };
}

export interface Reading {
  items: CatalogItem[];
  unreadable: UnreadableItem[];
  removed: string[];
  isEverything: boolean;
  pages: number;
  token: string | undefined;
}

/** A Sales Layer account in a running sandbox, and sources that read it. */
export class CatalogueUnderTest {
  private constructor(
    readonly sandbox: Sandbox,
    readonly facts: Facts['salesLayer'],
    readonly folder: string
  ) {}

  static async start(
    catalogue: object[] | { catalogPath: string } | { generate: number }
  ): Promise<CatalogueUnderTest> {
    const sandbox = await startSandbox();
    const folder = mkdtempSync(join(tmpdir(), 'longshore-test-saleslayer-'));
    const { salesLayer } = (await put(sandbox.url, catalogue)) as Facts;
    return new CatalogueUnderTest(sandbox, salesLayer, folder);
  }

  /** Another catalogue in place of the present one, a moment after what was done last. */
  async replace(products: object[]): Promise<void> {
    await this.advance(1);
    await put(this.sandbox.url, products);
  }

  async set(settings: object): Promise<void> {
    await control(this.sandbox.url, 'POST', '/worlds/shop/saleslayer', JSON.stringify(settings));
  }

  /** A change of one SKU, a moment after what was done last. */
  async sku(reference: string, change: object): Promise<void> {
    await this.advance(1);
    await control(
      this.sandbox.url,
      'POST',
      `/worlds/shop/skus/${encodeURIComponent(reference)}`,
      JSON.stringify(change)
    );
  }

  async fault(fault: object): Promise<void> {
    await control(this.sandbox.url, 'POST', '/faults', JSON.stringify(fault));
  }

  async heal(): Promise<void> {
    await control(this.sandbox.url, 'DELETE', '/faults');
  }

  async advance(seconds: number): Promise<void> {
    await control(this.sandbox.url, 'POST', '/clock', JSON.stringify({ advanceSeconds: seconds }));
  }

  /** How many requests reached the sandbox since this was asked last. */
  async requests(): Promise<number> {
    const { total } = (await control(this.sandbox.url, 'GET', '/calls/summary')) as { total: number };
    await control(this.sandbox.url, 'DELETE', '/calls');
    return total;
  }

  source(options: Partial<SalesLayerOptions> = {}): SalesLayerCatalogue {
    const { connectorCode, secretKey } = this.facts;
    return createSalesLayerSource({
      credentials: { connectorCode, secretKey },
      url: `${this.sandbox.url}/saleslayer`,
      restUrl: `${this.sandbox.url}/saleslayer-rest/catalog/rest/Catalog`,
      currency: 'USD',
      timeoutMs: 5_000,
      workFolder: join(this.folder, 'work'),
      ...options,
    });
  }

  restSource(options: Partial<SalesLayerOptions> = {}): SalesLayerCatalogue {
    return this.source({ credentials: { apiKey: this.facts.apiKey }, ...options });
  }

  async stop(): Promise<void> {
    await this.sandbox.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function put(url: string, catalogue: object[] | object): Promise<unknown> {
  return Array.isArray(catalogue)
    ? control(
        url,
        'PUT',
        '/worlds/shop',
        catalogue.map((each) => JSON.stringify(each)).join('\n'),
        'application/x-ndjson'
      )
    : control(url, 'PUT', '/worlds/shop', JSON.stringify(catalogue));
}

async function control(
  url: string,
  method: string,
  path: string,
  body?: string,
  type = 'application/json'
): Promise<unknown> {
  const answer = await fetch(`${url}/__sandbox${path}`, { method, headers: { 'content-type': type }, body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

async function gather(next: (cursor: string | null) => Promise<SourcePage & Partial<ChangesPage>>): Promise<Reading> {
  const all: Reading = { items: [], unreadable: [], removed: [], isEverything: true, pages: 0, token: undefined };
  let cursor: string | null = null;
  do {
    const page: SourcePage & Partial<ChangesPage> = await next(cursor);
    all.items.push(...page.items);
    all.unreadable.push(...page.unreadable);
    all.removed.push(...(page.removed ?? []));
    all.isEverything = page.isEverything ?? true;
    all.token ??= page.changesToken;
    all.pages += 1;
    cursor = page.nextCursor;
  } while (cursor !== null);
  return all;
}

export const readAll = (source: SalesLayerCatalogue, size = 200): Promise<Reading> =>
  gather((cursor) => source.readPage(cursor, size, never));

export const readChanges = (source: SalesLayerCatalogue, token: string | undefined, size = 200): Promise<Reading> =>
  gather((cursor) => source.readChanges!(token!, cursor, size, never));

export const skus = (reading: Reading): string[] => reading.items.map(({ sku }) => sku).sort();
