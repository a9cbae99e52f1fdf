import { failureOf } from '../sandbox-world';
import { CatalogueUnderTest, never, product, readAll, shirt } from './catalogue-under-test';

let shop: CatalogueUnderTest;
beforeEach(async () => {
  shop = await CatalogueUnderTest.start([
    ...Array.from({ length: 120 }, (_, index) => shirt(index + 1, ['S', 'M'])),
    product(200, [{ skuId: 2000, refId: 'BAG', images: ['/bag.jpg'] }], { categories: ['Gear/Bags', 'Sale'] }),
  ]);
});
afterEach(() => shop.stop());

describe('reading the REST catalogue', () => {
  it('follows its links, and joins the same items as the connector API', async () => {
    await shop.set({ languages: ['en', 'es'], drafts: ['T7-S'] });
    const connector = await readAll(shop.source());
    await shop.requests();
    const rest = await readAll(shop.restSource());
    // Categories, products and variants in pages of 100, and the metadata.
    expect(await shop.requests()).toBe(1 + 1 + 2 + 3);
    const facts = (items: typeof rest.items) =>
      Object.fromEntries(items.map(({ sourceId: _id, productId: _product, ...item }) => [item.sku, item]));
    expect(facts(rest.items)).toEqual(facts(connector.items));
    expect(rest.items).toHaveLength(241);
    expect(rest.token).toBeUndefined();
    expect(shop.restSource().readChanges).toBeUndefined();
  });

  it('reads single SKUs from what is at hand', async () => {
    const { items } = await readAll(shop.restSource());
    await shop.requests();
    const found = await shop.restSource().readItems([items[3]!.sourceId, 'vnone'], never);
    expect(found.items).toEqual([items[3]]);
    expect(found.unreadable).toHaveLength(1);
    expect(await shop.requests()).toBe(0);
  });

  it('waits when it is told that it asks too often', async () => {
    await shop.fault({ match: { operation: 'saleslayer.list' }, kind: 'throttle', times: 1 });
    expect((await readAll(shop.restSource())).items).toHaveLength(241);
  });

  it('says what it found, for onboarding', async () => {
    await shop.set({ languages: ['en', 'es'] });
    expect(await shop.restSource().look(never)).toEqual({
      languages: ['en', 'es'],
      hasProducts: true,
      fields: { price: 'price', stock: 'stock', brand: 'brand' },
    });
  });

  it('tells a wrong key from one without access', async () => {
    expect(await failureOf(shop.restSource({ credentials: { apiKey: 'none' } }).look(never))).toMatchObject({
      code: 'auth.forbidden',
      message: expect.stringContaining('source.apiKey') as string,
    });
    await shop.set({ keyForbidden: true });
    expect(await failureOf(shop.restSource().look(never))).toMatchObject({
      code: 'auth.forbidden',
      message: expect.stringContaining('may not read the catalogue') as string,
    });
  });
});
