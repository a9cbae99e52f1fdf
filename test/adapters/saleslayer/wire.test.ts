import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { createSalesLayerSource } from '../../../adapters/saleslayer';
import { createPace } from '../../../adapters/saleslayer/pace';
import type { CatalogItem } from '../../../domain/catalog-item';
import type { SalesLayerCatalogue } from '../../../domain/ports/sales-layer';
import { VirtualClock } from '../limiter/virtual-clock';
import { answerJson, startOddServer, type OddServer, type Seen } from '../odd-server';
import { failureOf } from '../sandbox-world';
import { never, readAll } from './catalogue-under-test';

const SECRET = '0123456789abcdef0123456789abcdef';
const CODE = 'CN123H4567C890';
const KEY = 'rest-key-aaaabbbbccccdddd';

let server: OddServer | undefined;
const folder = mkdtempSync(join(tmpdir(), 'longshore-test-saleslayer-wire-'));
let count = 0;
afterEach(async () => {
  await server?.close();
  server = undefined;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function sourceOf(
  answer: (request: Seen, response: ServerResponse) => void,
  credentials: Parameters<typeof createSalesLayerSource>[0]['credentials'] = { connectorCode: CODE, secretKey: SECRET }
): Promise<SalesLayerCatalogue> {
  await server?.close();
  server = await startOddServer(answer);
  return createSalesLayerSource({
    credentials,
    url: server.url,
    restUrl: `${server.url}/rest/Catalog`,
    currency: 'EUR',
    timeoutMs: 500,
    workFolder: join(folder, String((count += 1))),
  });
}

/** One page of a connector with these tables. */
function page(
  tables: Record<string, { schema: unknown[]; rows: unknown[][]; info?: object }>,
  more: object = {}
): Record<string, unknown> {
  const each = (pick: 'schema' | 'rows' | 'info'): object =>
    Object.fromEntries(Object.entries(tables).flatMap(([name, table]) => (table[pick] ? [[name, table[pick]]] : [])));
  return {
    version: '1.18',
    time: 1_700_000_000,
    action: 'refresh',
    error: 0,
    schema: { default_language: 'en', languages: ['en'] },
    data_schema: each('schema'),
    data_schema_info: each('info'),
    data: each('rows'),
    ...more,
  };
}

async function itemOf(
  schema: unknown[],
  row: unknown[],
  more: { info?: object; envelope?: object } = {}
): Promise<CatalogItem> {
  const body = page(
    {
      products: {
        schema: ['STATUS', 'ID', 'ID_catalogue', 'REF', ...schema],
        rows: [['M', 1, 0, 'A', ...row]],
        info: more.info,
      },
    },
    more.envelope
  );
  const { items, unreadable } = await readAll(await sourceOf((_, response) => answerJson(response, 200, body)));
  if (!items[0]) throw new Error(unreadable[0]?.reason);
  return items[0];
}

describe('a request to the connector API', () => {
  it('is signed with SHA-256 over code, secret, time and a number of its own', async () => {
    const source = await sourceOf((_, response) => answerJson(response, 200, page({})));
    await source.look(never);
    const asked = server!.seen.map(({ url }) => new URL(url, server!.url).searchParams);
    expect(asked.map((each) => each.get('test'))).toEqual(['1', null]);
    for (const each of asked) {
      const [code, time, unique] = ['code', 'time', 'unique'].map((name) => each.get(name));
      expect(code).toBe(CODE);
      expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(5);
      expect(each.get('key256')).toBe(createHash('sha256').update(`${CODE}${SECRET}${time}${unique}`).digest('hex'));
      expect(each.get('ver')).toBe('1.18');
    }
    expect(new Set(asked.map((each) => each.get('unique'))).size).toBe(2);
    expect(server!.seen.map(({ url, body }) => url + body).join()).not.toContain(SECRET);
  });

  it('draws a new number for every try', async () => {
    let tries = 0;
    const source = await sourceOf((_, response) => answerJson(response, (tries += 1) < 3 ? 503 : 200, page({})));
    await source.look(never);
    const numbers = server!.seen.map(({ url }) => new URL(url, server!.url).searchParams.get('unique'));
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it('follows pages on the host that it was told, wherever they point', async () => {
    const rows = (id: number): unknown[][] => [['M', id, 0, `R${id}`, 'Shirt']];
    const schema = ['STATUS', 'ID', 'ID_catalogue', 'REF', 'product_name'];
    const source = await sourceOf(({ url }, response) =>
      url.includes('page=2')
        ? answerJson(
            response,
            200,
            page({ products: { schema, rows: rows(2) } }, { data_schema: [], data_schema_info: [] })
          )
        : answerJson(
            response,
            200,
            page({ products: { schema, rows: rows(1) } }, { next_page: 'https://elsewhere.example/p?page=2' })
          )
    );
    expect((await readAll(source)).items.map(({ sku, title }) => [sku, title])).toEqual([
      ['R1', 'Shirt'],
      ['R2', 'Shirt'],
    ]);
    expect(server!.seen.at(-1)).toMatchObject({ method: 'GET', url: '/p?page=2' });
  });
});

describe('an answer of the connector API', () => {
  it.each([
    ['plain', (text: string) => Buffer.from(text)],
    ['with a byte order mark', (text: string) => Buffer.from(`\ufeff${text}`)],
    ['packed without a word of it', (text: string) => gzipSync(`\ufeff${text}`)],
  ])('is read %s', async (_, write) => {
    const text = JSON.stringify(page({ products: { schema: ['STATUS', 'ID', 'REF'], rows: [['M', 1, 'A']] } }));
    const source = await sourceOf((__, response) => void response.writeHead(200).end(write(text)));
    expect((await readAll(source)).items.map(({ sku }) => sku)).toEqual(['A']);
  });

  it('is read by the place of its columns, not by their names', async () => {
    const item = await itemOf(['stock', 'product_name_en', 'price', 'brand'], ['7', 'Shirt', '12.5', 'Acme']);
    expect(item).toMatchObject({
      title: 'Shirt',
      brand: 'Acme',
      stock: { kind: 'units', units: 7 },
      price: { minorUnits: 1250, currency: 'EUR' },
    });
  });

  it.each([
    ['precio', 'existencias', 'marca'],
    ['PVP', 'Cantidad', 'Marca'],
    ['prix', 'quantité', 'marque'],
    ['product_price', 'product_quantity', 'product_brand'],
  ])('knows %s, %s and %s by their usual names', async (price, stock, brand) => {
    const item = await itemOf([price, stock, brand, 'colour'], [9, 3, 'Acme', 'Red']);
    expect(item).toMatchObject({
      price: { minorUnits: 900, currency: 'EUR' },
      stock: { kind: 'units', units: 3 },
      brand: 'Acme',
      attributes: { colour: ['Red'] },
    });
  });

  it('takes each image in its largest size', async () => {
    const sizes = { field: 'BIG', width: 1000, height: 1000 };
    const schema = [
      { product_image: ['STATUS', 'ID', { field: 'THM', width: 30, height: 30 }, sizes] },
      { photo: ['STATUS', 'ID', 'ORG', sizes] },
    ];
    const row = [
      [
        ['M', 'x', 'https://img.example/x-thm', 'https://img.example/x-big'],
        ['D', 'y'],
      ],
      [['M', 'z', 'https://img.example/z-org', 'https://img.example/z-big']],
    ];
    expect((await itemOf(schema, row)).images).toEqual(['https://img.example/x-big', 'https://img.example/z-org']);
  });

  it('reports an item whose images are unchanged since a reading that never was', async () => {
    for (const cell of [['U'], [['U', 'x']], 'U'])
      await expect(itemOf([{ product_image: ['STATUS', 'ID', 'ORG'] }], [cell])).rejects.toThrow(
        'Sales Layer did not repeat its images, and they were not read before.'
      );
  });

  it('has the first exported language as its own when the default one is not exported', async () => {
    const info = {
      t_es: { type: 'string', language_code: 'es', basename: 'title' },
      t_fr: { type: 'string', language_code: 'fr', basename: 'title' },
    };
    const item = await itemOf(['t_fr', 't_es'], ['Chemise', 'Camisa'], {
      info,
      envelope: { schema: { default_language: 'en', languages: ['es', 'fr'] } },
    });
    expect(item).toMatchObject({ language: 'es', title: 'Camisa', translations: { fr: { title: 'Chemise' } } });
  });

  it('does not give the stock of a product to each of its variants', async () => {
    const body = page({
      products: {
        schema: ['STATUS', 'ID', 'ID_catalogue', 'REF', 'stock', 'price'],
        rows: [['M', 1, 0, 'P', '9', '5']],
      },
      product_formats: {
        schema: ['STATUS', 'ID', 'ID_products', 'REF', 'size'],
        rows: [
          ['M', 1, 1, 'S', 'S'],
          ['M', 2, 1, 'M', 'M'],
          ['M', 3, 8, 'L', 'L'],
        ],
      },
    });
    const { items, unreadable } = await readAll(await sourceOf((_, response) => answerJson(response, 200, body)));
    expect(items.map(({ sku, stock, price }) => [sku, stock, price?.minorUnits])).toEqual([
      ['S', { kind: 'units', units: 0 }, 500],
      ['M', { kind: 'units', units: 0 }, 500],
    ]);
    expect(unreadable).toEqual([
      { sourceId: 'v3', reason: 'Its product 8 is not among those that Sales Layer lists.' },
    ]);
  });

  it('is read when categories contain each other', async () => {
    const body = page({
      catalogue: {
        schema: ['STATUS', 'ID', 'ID_PARENT', 'section_name'],
        rows: [
          ['M', 1, 2, 'One'],
          ['M', 2, 1, 'Two'],
        ],
      },
      products: { schema: ['STATUS', 'ID', 'ID_catalogue', 'REF'], rows: [['M', 1, [1, 9], 'P']] },
    });
    const { items } = await readAll(await sourceOf((_, response) => answerJson(response, 200, body)));
    expect(items[0]!.categories).toEqual(['Two/One']);
  });
});

describe('a failure', () => {
  it.each([
    [
      'an error that repeats what it was sent',
      (request: Seen, response: ServerResponse) =>
        answerJson(response, 200, {
          error: 1,
          time: 1,
          error_message: `${SECRET} ${CODE} https://x.example/?${request.url}`,
        }),
    ],
    [
      'an answer 400',
      (request: Seen, response: ServerResponse) => answerJson(response, 400, { message: `${request.url} ${SECRET}` }),
    ],
    [
      'a redirect',
      (request: Seen, response: ServerResponse) => void response.writeHead(302, { location: request.url }).end(),
    ],
    ['garbage', (request: Seen, response: ServerResponse) => void response.writeHead(200).end(`{${request.url}`)],
    ['another shape', (request: Seen, response: ServerResponse) => answerJson(response, 200, { data: request.url })],
    ['a reset', (_: Seen, response: ServerResponse) => void response.socket?.destroy()],
  ])('that is %s shows neither secret nor signature nor address', async (_, answer) => {
    const error = await failureOf((await sourceOf(answer)).readPage(null, 1, never));
    const shown = inspect(error, { depth: 8, showHidden: true }) + JSON.stringify(error);
    expect(error).toMatchObject({ name: 'OutsideError' });
    expect(shown).not.toContain(SECRET);
    expect(shown).not.toContain(CODE);
    expect(shown).not.toMatch(/key256|unique=|127\.0\.0\.1/);
  });

  it.each([
    [400, 'config'],
    [401, 'auth.forbidden'],
    [403, 'auth.forbidden'],
    [404, 'config'],
    [409, 'transient'],
    [500, 'transient'],
  ])('of the REST catalogue with status %i is %s, without the key', async (status, code) => {
    const source = await sourceOf(
      (request, response) => answerJson(response, status, { error: { message: JSON.stringify(request.headers) } }),
      { apiKey: KEY }
    );
    const error = await failureOf(source.readPage(null, 1, never));
    expect(error).toMatchObject({ code });
    expect(inspect(error, { depth: 8, showHidden: true })).not.toContain(KEY);
  });

  it('of the REST catalogue, which moved while it was read, is noticed', async () => {
    const source = await sourceOf(
      (_, response) => answerJson(response, 200, { value: [{ prod_id: 1, prod_ref: 'A', cat_id: 1 }], '@count': 2 }),
      { apiKey: KEY }
    );
    expect(await failureOf(source.readPage(null, 1, never))).toMatchObject({
      code: 'transient',
      message: 'Sales Layer has 2 Categories and listed 1: they changed while they were read.',
    });
  });
});

describe('the pace of the REST catalogue', () => {
  it('lets so many pass in any such time, and lines up the rest', async () => {
    const clock = new VirtualClock();
    const pace = createPace(3, 100, clock);
    const passed: number[] = [];
    for (let index = 0; index < 8; index++) void pace(never).then(() => passed.push(clock.now()));
    await clock.advance(1000);
    expect(passed).toEqual([0, 0, 0, 100, 100, 100, 200, 200]);
  });
});
