import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { OutsideError } from '../../../domain/errors';
import { failureOf } from '../sandbox-world';
import { bySku } from '../file/files-under-test';
import { CatalogueUnderTest, never, product, readAll, readChanges, shirt, skus } from './catalogue-under-test';

const catalogue = [
  shirt(1, ['S', 'M', 'L']),
  shirt(2, ['S', 'M'], { categories: ['Women/Tops', 'Sale'] }),
  product(
    3,
    [{ skuId: 30, refId: 'BAG', name: 'Bag', images: ['/bag.jpg', '/bag2.jpg'], weightKg: 0.5, ean: '4006381333931' }],
    {
      categories: ['Gear'],
    }
  ),
];

let shop: CatalogueUnderTest;
beforeEach(async () => {
  shop = await CatalogueUnderTest.start(catalogue);
});
afterEach(() => shop.stop());

describe('reading a Sales Layer connector', () => {
  it('joins variants, products and categories into items', async () => {
    const items = bySku((await readAll(shop.source())).items);
    expect(Object.keys(items).sort()).toEqual(['BAG', 'T1-L', 'T1-M', 'T1-S', 'T2-M', 'T2-S']);
    expect(items['T2-S']).toEqual({
      sku: 'T2-S',
      sourceId: 'v20',
      productId: '2',
      productReference: 'P2',
      language: 'en',
      title: 'Product 2 T2-S',
      productTitle: 'Product 2',
      descriptionHtml: '<p>About 2.</p>',
      options: { size: 'S', color: 'Blue' },
      attributes: { material: ['Cotton', 'Hemp'] },
      brand: 'Acme',
      categories: ['Women/Tops', 'Sale'],
      images: ['https://media.saleslayer.example/shop/t2-S.jpg'],
      gtins: [],
      price: { minorUnits: 1000, currency: 'USD' },
      stock: { kind: 'units', units: 5 },
      status: 'visible',
      isKit: false,
    });
    expect(items.BAG).toMatchObject({
      sourceId: 'p3',
      productId: '3',
      title: 'Bag',
      categories: ['Gear'],
      images: ['https://media.saleslayer.example/shop/bag.jpg', 'https://media.saleslayer.example/shop/bag2.jpg'],
      gtins: ['4006381333931'],
      weightGrams: 500,
    });
    expect(items.BAG).not.toHaveProperty('productReference');
  });

  it.each([1, 2, 3, 7])('reads the same from pages of %i rows, whatever the order of columns', async (rowsPerPage) => {
    const whole = await readAll(shop.source());
    await shop.set({ rowsPerPage, reconfigure: true });
    const { items, pages } = await readAll(shop.source(), 4);
    expect(items).toEqual(whole.items);
    expect(pages).toBe(2);
  });

  it('has the texts of every other language as translations', async () => {
    await shop.set({ languages: ['en', 'es'] });
    const items = bySku((await readAll(shop.source())).items);
    expect(items['T1-S']).toMatchObject({
      language: 'en',
      title: 'Product 1 T1-S',
      options: { size: 'S', color: 'Blue' },
    });
    expect(items['T1-S']!.translations).toEqual({
      es: {
        title: 'Product 1 T1-S [es]',
        productTitle: 'Product 1 [es]',
        descriptionHtml: '<p>About 1.</p> [es]',
        options: { color: 'Blue [es]' },
      },
    });
  });

  it('tells visible, invisible and draft items apart: the lesser of product and variant counts', async () => {
    await shop.set({ drafts: ['P2'] });
    await shop.sku('T1-M', { active: false });
    const items = bySku((await readAll(shop.source())).items);
    expect(Object.fromEntries(Object.entries(items).map(([sku, { status }]) => [sku, status]))).toEqual({
      BAG: 'visible',
      'T1-S': 'visible',
      'T1-M': 'invisible',
      'T1-L': 'visible',
      'T2-S': 'draft',
      'T2-M': 'draft',
    });
  });

  it('offers nothing where no attribute is a stock, and has no price where none is a price', async () => {
    await shop.set({ hasOffers: false });
    const { items } = await readAll(shop.source());
    expect(items.every(({ stock, price }) => stock.kind === 'units' && stock.units === 0 && price === undefined)).toBe(
      true
    );
    expect(await shop.source().look(never)).toEqual({
      languages: ['en'],
      hasProducts: true,
      fields: { brand: 'brand', gtin: 'ean' },
    });
  });

  it('reports an item that cannot be read, and reads the others', async () => {
    await shop.replace([...catalogue, shirt(4, ['S'], { attributes: { currency: 'dollars' } })]);
    const { items, unreadable } = await readAll(shop.source());
    expect(items).toHaveLength(6);
    expect(unreadable).toEqual([{ sourceId: 'v40', reason: "Its currency 'dollars' is not a code of three letters." }]);
  });

  it('reads single SKUs from what is at hand, and says which are gone', async () => {
    await readAll(shop.source());
    await shop.requests();
    const found = await shop.source().readItems(['v11', 'p3', 'v99', 'p1'], never);
    expect(found.items.map(({ sku }) => sku)).toEqual(['T1-M', 'BAG']);
    expect(found.unreadable.map(({ sourceId }) => sourceId)).toEqual(['v99', 'p1']);
    expect(await shop.requests()).toBe(0);
  });

  it('changes nothing when everything is gone at once', async () => {
    const { token } = await readAll(shop.source());
    await shop.replace([product(9, [])]);
    await shop.set({ reconfigure: true });
    const error = await failureOf(readChanges(shop.source(), token));
    expect(error).toMatchObject({ code: 'transient', message: expect.stringContaining('lists no products') as string });
  });

  it('goes on after the same SKU when another worker reads the next page', async () => {
    const here = shop.source();
    const there = shop.source({ workFolder: join(shop.folder, 'elsewhere') });
    const first = await here.readPage(null, 2, never);
    const second = await there.readPage(first.nextCursor, 2, never);
    const third = await here.readPage(second.nextCursor, 2, never);
    expect([...first.items, ...second.items, ...third.items].map(({ sku }) => sku)).toEqual([
      'T1-S', 'T1-M', 'T1-L', 'T2-S', 'T2-M', 'BAG',
    ]); // prettier-ignore
    expect(third.nextCursor).toBeNull();
    await shop.requests();
    await there.readPage(first.nextCursor, 2, never);
    expect(await shop.requests()).toBe(0);
  });
});

describe('reading what changed', () => {
  it('lists 5 changed, 1 new and 2 gone of many, and no other, in one request', async () => {
    const many = Array.from({ length: 40 }, (_, index) => shirt(index + 1, ['S', 'M', 'L']));
    await shop.replace(many);
    const { token } = await readAll(shop.source());
    await shop.replace([
      ...many.slice(0, 5).map((each, index) => shirtWithPrice(each, index)),
      ...many.slice(5, 38),
      shirt(39, ['S', 'M']),
      shirt(40, ['S', 'M']),
      product(41, [{ skuId: 410, refId: 'NEW' }]),
    ]);
    await shop.requests();
    const changes = await readChanges(shop.source(), token);
    expect(skus(changes)).toEqual(['NEW', 'T1-S', 'T2-M', 'T3-L', 'T4-S', 'T5-S']);
    expect(changes.removed.sort()).toEqual(['v392', 'v402']);
    expect(changes).toMatchObject({ isEverything: false, unreadable: [] });
    expect(await shop.requests()).toBe(1);
  });

  it('lists all variants of a changed product, and those below a renamed category', async () => {
    const { token } = await readAll(shop.source());
    await shop.replace([shirt(1, ['S', 'M', 'L'], { descriptionHtml: 'Other.' }), ...catalogue.slice(1)]);
    const changed = await readChanges(shop.source(), token);
    expect(skus(changed)).toEqual(['T1-L', 'T1-M', 'T1-S']);
    expect(changed.items.every(({ descriptionHtml }) => descriptionHtml === 'Other.')).toBe(true);
    expect(changed.items.map(({ images }) => images.length)).toEqual([1, 1, 1]);

    await shop.replace([
      shirt(1, ['S', 'M', 'L'], { descriptionHtml: 'Other.' }),
      shirt(2, ['S', 'M'], { categories: ['Ladies/Tops', 'Sale'] }),
      catalogue[2]!,
    ]);
    const renamed = await readChanges(shop.source(), changed.token);
    expect(skus(renamed)).toEqual(['T2-M', 'T2-S']);
    expect(renamed.items[0]!.categories).toEqual(['Ladies/Tops', 'Sale']);
  });

  it('keeps the images that a change does not repeat', async () => {
    const before = await readAll(shop.source());
    await shop.sku('BAG', { quantity: 77 });
    const changes = await readChanges(shop.source(), before.token);
    expect(changes.items).toEqual([{ ...bySku(before.items).BAG, stock: { kind: 'units', units: 77 } }]);
    expect(changes.items[0]!.images).toHaveLength(2);
  });

  it('takes the variants of a product that is gone with it, and does not mind ids that it never saw', async () => {
    const { token } = await readAll(shop.source());
    await shop.set({ strangers: 5 });
    await shop.replace([
      shirt(1, ['S', 'M', 'L']),
      shirt(2, [], { categories: ['Women/Tops', 'Sale'] }),
      catalogue[2]!,
    ]);
    const changes = await readChanges(shop.source(), token, 1);
    expect(changes).toMatchObject({ items: [], unreadable: [], isEverything: false });
    expect(changes.removed.sort()).toEqual(['v20', 'v21']);
    expect(changes.pages).toBe(2);
  });

  it('removes the product’s own SKU when it gets variants, and has it back when they go', async () => {
    const { token } = await readAll(shop.source());
    await shop.replace([...catalogue.slice(0, 2), shirt(3, ['S'], { categories: ['Gear'] })]);
    const grown = await readChanges(shop.source(), token);
    expect([skus(grown), grown.removed]).toEqual([['T3-S'], ['p3']]);
    await shop.replace(catalogue);
    const back = await readChanges(shop.source(), grown.token);
    expect([skus(back), back.removed]).toEqual([['BAG'], ['v30']]);
  });

  it('lists nothing when nothing changed, and the same again when it is asked again', async () => {
    const { token } = await readAll(shop.source());
    expect(await readChanges(shop.source(), token)).toMatchObject({ items: [], removed: [], isEverything: false });
    await shop.sku('BAG', { quantity: 1 });
    await shop.replace([shirt(1, ['S', 'M', 'L']), catalogue[2]!]);
    const once = await readChanges(shop.source(), token);
    const again = await readChanges(shop.source(), token);
    expect(once.removed.sort()).toEqual(['v20', 'v21']);
    expect({ ...again, token: once.token }).toEqual(once);
  });

  it('lists everything after a change of the connector’s configuration', async () => {
    const { token } = await readAll(shop.source());
    await shop.set({ reconfigure: true });
    const changes = await readChanges(shop.source(), token, 4);
    expect(changes).toMatchObject({ isEverything: true, removed: [], pages: 2 });
    expect(changes.items).toHaveLength(6);
  });

  it('lists everything when what was read before is not at hand', async () => {
    const { token } = await readAll(shop.source());
    rmSync(join(shop.folder, 'work'), { recursive: true });
    await shop.sku('BAG', { quantity: 1 });
    const changes = await readChanges(shop.source(), token, 4);
    expect([changes.isEverything, changes.items.length]).toEqual([true, 6]);
  });

  it('builds on an older reading where the one asked for is another worker’s', async () => {
    const there = shop.source({ workFolder: join(shop.folder, 'elsewhere') });
    await readAll(there);
    await shop.advance(60);
    await shop.sku('T1-S', { price: 11 });
    const { token } = await readAll(shop.source());
    await shop.sku('BAG', { price: 12 });
    const changes = await readChanges(there, token);
    expect([changes.isEverything, skus(changes)]).toEqual([false, ['BAG', 'T1-S']]);
  });

  it('leaves the earlier state as it is when a page fails', async () => {
    await shop.set({ rowsPerPage: 1 });
    const { token } = await readAll(shop.source());
    await shop.sku('T1-S', { price: 11 });
    await shop.sku('BAG', { price: 12 });
    const files = (): string[] => readdirSync(join(shop.folder, 'work')).sort();
    const before = files();
    await shop.fault({ match: { operation: 'saleslayer.connector' }, kind: 'status', status: 500, times: 3 });
    await failureOf(readChanges(shop.source(), token));
    expect(files()).toEqual(before);
    expect(skus(await readChanges(shop.source(), token))).toEqual(['BAG', 'T1-S']);
  });
});

describe('what Sales Layer refuses', () => {
  it.each([
    [1, 'config', 'refuses the request'],
    [2, 'auth.forbidden', 'check source.connectorCode'],
    [4, 'auth.forbidden', 'check source.secretKey'],
    [9, 'auth.forbidden', 'check source.secretKey'],
    [6, 'bug', 'has no version'],
    [10, 'transient', 'is blocked'],
    [11, 'transient', 'is not available'],
    [12, 'transient', 'set the clock'],
    [13, 'transient', 'set the clock'],
    [14, 'transient', 'is updating its data'],
    [99, 'transient', 'error 99'],
  ])('error %i at HTTP 200 is %s', async (answerError, code, words) => {
    await shop.set({ answerError });
    const error = (await failureOf(shop.source().readPage(null, 10, never))) as OutsideError;
    expect(error).toBeInstanceOf(OutsideError);
    expect([error.code, error.facts.system]).toEqual([code, 'saleslayer']);
    expect(error.message).toContain(words);
  });

  it('says that the clock is wrong when it is', async () => {
    await shop.advance(3600);
    expect(await failureOf(shop.source().look(never))).toMatchObject({ code: 'transient' });
  });

  it('tells a wrong code from a wrong secret, and repeats neither', async () => {
    const { connectorCode, secretKey } = shop.facts;
    for (const [credentials, field] of [
      [{ connectorCode, secretKey: 'f'.repeat(32) }, 'source.secretKey'],
      [{ connectorCode: 'CN999H9999C999', secretKey }, 'source.connectorCode'],
    ] as const) {
      const error = (await failureOf(shop.source({ credentials }).look(never))) as OutsideError;
      expect(error.code).toBe('auth.forbidden');
      expect(error.message).toContain(field);
      const all = JSON.stringify([error.message, error.stack, error.facts]);
      for (const secret of Object.values(credentials)) expect(all).not.toContain(secret);
      expect(all).not.toMatch(/https?:|key256/);
    }
  });

  it('gets over failures that pass while it reads', async () => {
    await shop.fault({ match: { operation: 'saleslayer.*' }, kind: 'reset', times: 1 });
    await shop.fault({ match: { operation: 'saleslayer.connector' }, kind: 'status', status: 502, times: 1 });
    expect((await readAll(shop.source())).items).toHaveLength(6);
  });

  it('keeps no secret on disk', async () => {
    const { token } = await readAll(shop.source());
    const folder = join(shop.folder, 'work');
    expect(existsSync(folder)).toBe(true);
    const all = readdirSync(folder).map((name) => name + readFileSync(join(folder, name), 'utf8'));
    const { nextCursor } = await shop.source().readPage(null, 1, never);
    const cursor = Buffer.from(nextCursor!, 'base64url').toString();
    expect([...all, token, cursor].join()).not.toContain(shop.facts.secretKey);
    expect([...all, token, cursor].join()).not.toContain(shop.facts.connectorCode);
  });
});

/** The same product with the first SKU that the test changed at its new price. */
function shirtWithPrice(each: object, index: number): object {
  const sku = ['S', 'M', 'L', 'S', 'S'][index];
  const { skus: all, ...fields } = each as { skus: { refId: string; price: number }[] };
  return { ...fields, skus: all.map((one) => (one.refId.endsWith(`-${sku}`) ? { ...one, price: 20 + index } : one)) };
}
