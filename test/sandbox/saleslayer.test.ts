import { createHash } from 'node:crypto';
import { useSandbox } from './sandbox-client';

const sandbox = useSandbox();

interface Answer {
  error: number;
  error_message: string;
  time: number;
  action: string;
  data_schema: Record<string, unknown[]>;
  data: Record<string, unknown[][]>;
  next_page?: string;
  page_count: number;
  page_length: number;
}

interface Identity {
  connectorCode: string;
  secretKey: string;
  apiKey: string;
}

const catalogue = [
  { productId: 1, refId: 'P1', name: 'Tee', categories: ['Men/Tops'], skus: [
    { skuId: 10, refId: 'T-S', name: 'Tee S', options: { size: 'S' }, price: 9.5, quantity: 4, images: ['/t.jpg'] },
    { skuId: 11, refId: 'T-M', name: 'Tee M', options: { size: 'M' }, price: 9.5, quantity: 4, images: ['/t.jpg'] },
  ] },
  { productId: 2, refId: 'P2', name: 'Bag', categories: ['Gear'], skus: [
    { skuId: 20, refId: 'BAG', name: 'Bag', price: 30, quantity: 2, images: ['/b.jpg'] },
  ] },
]; // prettier-ignore

let identity: Identity;
let unique = 0;
beforeEach(async () => {
  await sandbox().control('POST', 'reset');
  await load(catalogue);
});

async function load(products: object[]): Promise<void> {
  const reply = await sandbox().send<{ salesLayer: Identity }>('PUT', '/__sandbox/worlds/w', {
    body: products.map((each) => JSON.stringify(each)).join('\n'),
    headers: { 'content-type': 'application/x-ndjson' },
  });
  identity = reply.body.salesLayer;
}

const set = (settings: object) => sandbox().control('POST', 'worlds/w/saleslayer', settings);
const now = () => Math.floor(Date.now() / 1000);

function signed(parameters: Record<string, string> = {}): string {
  const given = { code: identity.connectorCode, time: String(now()), unique: String((unique += 2)), ...parameters };
  const key256 = createHash('sha256')
    .update(given.code + identity.secretKey + given.time + given.unique)
    .digest('hex');
  return new URLSearchParams({ key256, ver: '1.18', ...given }).toString();
}

async function ask(parameters: Record<string, string> = {}): Promise<Answer> {
  const reply = await sandbox().send<Answer>('GET', `/saleslayer?${signed(parameters)}`);
  expect(reply.status).toBe(200);
  return reply.body;
}

describe('the connector API of Sales Layer', () => {
  it('answers every error at HTTP 200', async () => {
    const errors = [
      await ask({ code: 'CN000H0000C000' }),
      await ask({ key256: 'f'.repeat(64) }),
      await ask({ time: 'yesterday' }),
      await ask({ time: String(now() + 3600) }),
      await ask({ time: String(now() - 3600) }),
      await ask({ ver: '1.16' }),
      await ask({ compression: '7' }),
      await ask({ pagination: 'many' }),
    ].map(({ error, error_message }) => [error, error_message]);
    expect(errors).toEqual([
      [2, 'Invalid connector code'],
      [4, 'Invalid codification key'],
      [12, 'Incorrect date-code'],
      [12, 'Incorrect date-code'],
      [13, 'Date-code has expired'],
      [6, 'API version does not exist'],
      [8, 'Invalid compression type'],
      [1, 'Validation error'],
    ]);
  });

  it('takes a unique number once', async () => {
    const query = signed({ test: '1' });
    const answers = [1, 2].map(() => sandbox().send<Answer>('GET', `/saleslayer?${query}`));
    expect((await Promise.all(answers)).map(({ body }) => body.error).sort()).toEqual([0, 3]);
  });

  it('says no more than that it works when it is tested', async () => {
    expect(await ask({ test: '1' })).toEqual({
      version: '1.18',
      time: expect.any(Number) as number,
      error: 0,
      error_message: '',
    });
  });

  it('takes the parameters of a form, packs its answers, and puts a byte order mark before some', async () => {
    const url = `${sandbox().url}/saleslayer?${signed({ unique: '9000001' })}`;
    const answer = await fetch(url, {
      method: 'POST',
      body: 'pagination=5000',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    expect((JSON.parse(bytes.toString('utf8').slice(1)) as Answer).page_length).toBe(4500);
    const plain = await fetch(`${sandbox().url}/saleslayer?${signed({ compression: '0' })}`);
    expect(plain.headers.get('content-encoding')).toBeNull();
  });

  it('has positional rows, and turns its columns with every configuration', async () => {
    const first = await ask();
    const { products: schema } = first.data_schema;
    const bag = first.data.products!.find((row) => row[1] === 2)!;
    expect(bag[schema!.indexOf('product_name_en')]).toBe('Bag');
    expect(bag[schema!.indexOf('price')]).toBe('30');
    expect(first.data.product_formats).toHaveLength(2);
    await set({ reconfigure: true });
    const second = await ask();
    expect(second.data_schema.products).not.toEqual(schema);
    expect([...second.data_schema.products!].map(String).sort()).toEqual([...schema!].map(String).sort());
  });

  it('lists what changed since an answer’s time, with D rows and unchanged images', async () => {
    const first = await ask();
    expect(first.action).toBe('refresh');
    await sandbox().control('POST', 'worlds/w/skus/BAG', { quantity: 9 });
    await sandbox().control('POST', 'worlds/w/skus/T-S', { images: ['/new.jpg'] });
    await sandbox().control('POST', 'worlds/w/skus/T-M', { remove: true });
    await set({ strangers: 1 });
    const update = await ask({ last_update: String(first.time) });
    expect(update.action).toBe('update');
    const image = (table: string) => update.data_schema[table]!.findIndex((field) => typeof field === 'object');
    const [bag, stranger] = update.data.products!;
    expect([bag![1], bag![image('products')]]).toEqual([2, ['U']]);
    expect(stranger).toEqual(['D', 9_000_001]);
    const [tee, gone] = update.data.product_formats!;
    expect([tee![1], JSON.stringify(tee![image('product_formats')])]).toEqual([
      10,
      expect.stringContaining('/new.jpg') as string,
    ]);
    expect(gone).toEqual(['D', 11]);
  });

  it('lists everything again after a change of its configuration, and for a time that it does not know', async () => {
    const { time } = await ask();
    expect((await ask({ last_update: String(time) })).action).toBe('update');
    await set({ reconfigure: true });
    expect((await ask({ last_update: String(time) })).action).toBe('refresh');
    const odd = await ask({ last_update: 'monday' });
    expect([odd.error, odd.action, odd.data.products!.length]).toEqual([5, 'refresh', 2]);
  });

  it('cuts pages of about the wanted size, of one state of the catalogue', async () => {
    await sandbox().control('PUT', 'worlds/w', { generate: 1200, seed: 1 });
    const sizes = [];
    for (const pagination of ['10', '999', '1000', '1001', '1500', '1501', '5000'])
      sizes.push((await ask({ pagination })).page_length);
    expect(sizes).toEqual([500, 500, 1000, 1000, 1000, 1500, 4500]);
    expect((await ask({ ver: '1.17' })).page_count).toBe(1);

    let page = await ask({ pagination: '500' });
    const ids = new Set<string>();
    const count = page.page_count;
    await sandbox().control('POST', 'worlds/w/saleslayer', { languages: ['en', 'fr'] });
    for (let number = 1; ; number++) {
      for (const [table, rows] of Object.entries(page.data))
        for (const row of rows) ids.add(`${table}${String(row[1])}`);
      expect(page.data_schema.products).not.toContain('product_name_fr');
      if (!page.next_page) {
        expect(number).toBe(count);
        break;
      }
      page = (await sandbox().send<Answer>('GET', page.next_page.slice(sandbox().url.length))).body;
    }
    expect([...ids].filter((id) => id.startsWith('product')).length).toBeGreaterThanOrEqual(1200);
  });
});

describe('the REST catalogue of Sales Layer', () => {
  interface List {
    value: Record<string, unknown>[];
    '@count': number;
    '@nextLink'?: string;
  }
  const get = <T = List>(path: string, key = identity.apiKey) =>
    sandbox().send<T>('GET', `/saleslayer-rest/catalog/rest/Catalog/${path}`, { headers: { 'x-api-key': key } });

  it('lists entities, with texts by language and joins by reference', async () => {
    await set({ languages: ['en', 'es'] });
    const { value } = (await get('Variants?$select=frmt_ref,prod_ref,frmt_title,stock')).body;
    expect(value[0]).toEqual({
      frmt_ref: 'T-S',
      prod_ref: 'P1',
      frmt_title: { en: 'Tee S', es: 'Tee S [es]' },
      stock: '4',
    });
    expect((await get('Products?$filter=prod_ref eq %27BAG%27')).body.value[0]).toMatchObject({
      prod_id: 2,
      cat_ref: 'C3',
    });
    expect((await get('Categories?$filter=cat_ref eq %27C2%27')).body.value[0]).toMatchObject({ cat_parent_ref: 'C1' });
    const metadata = await get<{ value: { default: { culture: string } }[] }>('Products/$metadata');
    expect(metadata.body.value[0]!.default.culture).toBe('en');
  });

  it('counts all, links to what follows, and has no item in a page that is too large', async () => {
    const first = (await get('Variants?$top=1&$orderby=frmt_id desc')).body;
    expect([first['@count'], first.value.map((each) => each.frmt_ref)]).toEqual([2, ['T-M']]);
    const next = await sandbox().send<List>('GET', first['@nextLink']!.slice(sandbox().url.length), {
      headers: { 'x-api-key': identity.apiKey },
    });
    expect(next.body.value.map((each) => each.frmt_ref)).toEqual(['T-S']);
    expect(next.body['@nextLink']).toBeUndefined();
    expect((await get('Variants?$top=101')).body.value).toEqual([]);
  });

  it('refuses what it must', async () => {
    expect((await get('Products', 'wrong')).status).toBe(401);
    expect((await get('Orders')).status).toBe(404);
    expect((await get('Products?$filter=nonsense')).status).toBe(400);
    expect((await get('Products?$skipToken=a&$orderby=prod_id')).status).toBe(400);
    await set({ keyForbidden: true });
    expect((await get('Products')).status).toBe(403);
  });

  it('takes 50 requests in 10 seconds', async () => {
    await sandbox().control('POST', 'clock', { frozen: true });
    const statuses: number[] = [];
    for (let index = 0; index < 52; index++) statuses.push((await get('Products?$top=1')).status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(50);
    expect(statuses.at(-1)).toBe(429);
    await sandbox().control('POST', 'clock', { advanceSeconds: 10 });
    expect((await get('Products?$top=1')).status).toBe(200);
  });
});
