import { existsSync } from 'node:fs';
import type { CatalogItem } from '../../../domain/catalog-item';
import { mapItem, productTypeOf } from '../../../domain/default-mapping';
import { LUMA } from '../../e2e/luma';
import { someSettings } from '../../domain/items';
import { FilesUnderTest, readAll as readFiles } from '../file/files-under-test';
import { CatalogueUnderTest, readAll } from './catalogue-under-test';

const isThere = existsSync(LUMA.file);
if (!isThere)
  process.stderr.write(`A real store's catalogue is not read through Sales Layer: there is no ${LUMA.file}.\n`);

/** What Amazon is to have of every SKU; a kit's stock is its components', whatever the source. */
function payloadsOf(items: readonly CatalogItem[]): Record<string, unknown> {
  const settings = { ...someSettings(), sendPrice: true };
  return Object.fromEntries(
    items.map((item) => {
      const units = item.stock.kind === 'units' ? item.stock.units : Infinity;
      return [item.sku, mapItem(item, productTypeOf(item) ?? 'none', settings, units)];
    })
  );
}

(isThere ? describe : describe.skip)("a real store's catalogue in Sales Layer", () => {
  const files = new FilesUnderTest();
  let shop: CatalogueUnderTest;
  let expected: CatalogItem[];
  beforeAll(async () => {
    shop = await CatalogueUnderTest.start({ catalogPath: LUMA.file });
    const file = files.source(LUMA.file, { imageBaseUrl: 'https://media.saleslayer.example/shop' });
    expected = (await readFiles(file)).items;
  });
  afterAll(async () => {
    await shop.stop();
    files.remove();
  });

  it('gives the same SKUs and the same payloads as its file, through the connector API', async () => {
    const { items, unreadable } = await readAll(shop.source());
    expect(unreadable).toEqual([]);
    expect(items).toHaveLength(LUMA.skus);
    expect(payloadsOf(items)).toEqual(payloadsOf(expected));
  });

  it('gives them through the REST catalogue', async () => {
    const { items, unreadable } = await readAll(shop.restSource());
    expect(unreadable).toEqual([]);
    expect(items).toHaveLength(LUMA.skus);
    expect(payloadsOf(items)).toEqual(payloadsOf(expected));
  });

  it('has its kits marked, and the stock that their parts allow', async () => {
    const kits = (await readAll(shop.source())).items.filter(({ isKit }) => isKit);
    expect(kits.map(({ sku, stock }) => [sku, stock])).toEqual([['24-WG080', { kind: 'units', units: 100 }]]);
  });
});
