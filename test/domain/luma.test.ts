import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CatalogItem } from '../../domain/catalog-item';
import { KIT_NOT_SENT, type Verdict } from '../../domain/listing';
import { judge } from '../../domain/listing-rules';
import { moneyFromUnits } from '../../domain/money';
import { utf8Length } from '../../domain/plain-text';
import { someSettings } from './items';

const shared = process.env.LONGSHORE_SHARED ?? resolve(__dirname, '../../../shared');
const path = join(shared, 'data/catalogs/luma/catalog.jsonl');
const isThere = existsSync(path);
if (!isThere) console.warn(`The rules are not tried on a real store's catalogue: ${path} is not there.`);

interface Line {
  productId: number;
  brand: string;
  descriptionHtml: string;
  categories: string[];
  attributes: Record<string, string | string[]>;
  skus: {
    skuId: number;
    refId: string;
    name: string;
    options: Record<string, string>;
    price: number | null;
    quantity: number | null;
    weightKg: number | null;
    images: string[];
    isKit: boolean;
  }[];
}

function itemsOf(line: Line): CatalogItem[] {
  return line.skus.map((sku) => ({
    sku: sku.refId,
    sourceId: String(sku.skuId),
    productId: String(line.productId),
    title: sku.name,
    brand: line.brand,
    descriptionHtml: line.descriptionHtml,
    categories: line.categories,
    options: sku.options,
    attributes: Object.fromEntries(Object.entries(line.attributes).map(([key, value]) => [key, [value].flat()])),
    images: sku.images.map((image) => `https://images.example${image}`),
    gtins: [],
    ...(sku.weightKg !== null && { weightGrams: sku.weightKg * 1000 }),
    ...(sku.price !== null && { price: moneyFromUnits(sku.price, 'USD') }),
    stock: { kind: 'units', units: sku.quantity ?? 0 },
    status: 'active',
    isKit: sku.isKit,
  }));
}

(isThere ? describe : describe.skip)("a real store's catalogue", () => {
  const items = isThere
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line.trim() !== '')
        .flatMap((line) => itemsOf(JSON.parse(line) as Line))
    : [];
  const verdicts = items.map((item) => [item, judge(item, someSettings({ minimumStock: 1 }))] as const);
  const selling = verdicts.flatMap(([item, verdict]) => (verdict.kind === 'block' ? [] : [{ item, ...verdict }]));

  test('sells every SKU but the kit', () => {
    const unsold = verdicts.filter(([, verdict]) => verdict.kind !== 'sell');

    expect(items).toHaveLength(1892);
    expect(unsold.map(([item]) => item.sku)).toEqual(['24-WG080']);
    expect((unsold[0]?.[1] as Extract<Verdict, { kind: 'block' }>).problems[0]?.message).toBe(KIT_NOT_SENT);
  });

  test('falls into the product types that a person would choose', () => {
    const types = selling.map(({ item, wanted }) => {
      const department = item.categories.find((each) => /^(Men|Women|Gear)\//.test(each));
      return `${department?.split('/').slice(0, 3).join('/')} ${wanted.productType}`;
    });
    expect([...new Set(types)].sort()).toMatchInlineSnapshot(`
     [
       "Gear/Bags BACKPACK",
       "Gear/Bags/Collections BACKPACK",
       "Gear/Fitness Equipment SPORTING_GOODS",
       "Gear/Fitness Equipment/Collections SPORTING_GOODS",
       "Gear/Fitness Equipment/Promotions SPORTING_GOODS",
       "Gear/Watches WATCH",
       "Gear/Watches/Collections WATCH",
       "Men/Bottoms/Pants PANTS",
       "Men/Bottoms/Shorts SHORTS",
       "Men/Tops/Hoodies & Sweatshirts SWEATSHIRT",
       "Men/Tops/Jackets COAT",
       "Men/Tops/Tanks SHIRT",
       "Men/Tops/Tees SHIRT",
       "Women/Bottoms/Pants PANTS",
       "Women/Bottoms/Shorts SHORTS",
       "Women/Tops/Bras & Tanks SHIRT",
       "Women/Tops/Hoodies & Sweatshirts SWEATSHIRT",
       "Women/Tops/Jackets COAT",
       "Women/Tops/Tees SHIRT",
     ]
    `);
  });

  test('is sent as plain text within Amazon’s limits', () => {
    for (const { wanted } of selling) {
      const text = JSON.stringify(wanted);
      expect(text).not.toMatch(/<[a-z/]|&[a-z]+;/i);
      expect(utf8Length(String(wanted.details.item_name?.[0]?.value))).toBeLessThanOrEqual(200);
      expect(wanted.details.bullet_point?.length ?? 0).toBeLessThanOrEqual(5);
    }
  });

  test('is remarked upon where it has no image', () => {
    expect(
      selling.filter(({ reasons }) => reasons.some((reason) => reason.startsWith('It has no image')))
    ).toHaveLength(44);
  });
});
