import { outcomeOf } from '../item';
import type { Layout } from './layout';
import type { Row } from './row';

/** The attributes by which Google tells the variants of one group apart. */
const VARIANT_ATTRIBUTES = ['size', 'color'] as const;

const FURTHER_ATTRIBUTES = [
  'material',
  'pattern',
  'gender',
  'age_group',
  'size_type',
  'size_system',
  'condition',
  'mpn',
] as const;

/** A product feed of Google Merchant Center, comma or tab separated. */
export const googleMerchant: Layout = {
  name: 'a Google Merchant feed',
  isOf: (header) =>
    header.has('id', 'title') &&
    header.find(['availability', 'price']) !== undefined &&
    header.find(['link', 'image_link', 'item_group_id']) !== undefined,
  skuColumn: () => 'id',
  priceColumn: () => 'price',
  open: (_header, settings) => ({
    read(row) {
      const named = (keys: readonly string[]) =>
        keys.flatMap((key) => (row.text(key) === '' ? [] : [[key, row.text(key)] as const]));
      const isBundle = /^(yes|true)$/i.test(row.text('is_bundle'));
      return [
        outcomeOf(row.line, row.text('id'), settings, () => ({
          sku: row.text('id'),
          productId: row.text('item_group_id'),
          title: row.text('title'),
          brand: row.text('brand'),
          description: row.text('description'),
          categories: [
            googleCategory(row),
            ...row
              .text('product_type')
              .split(/\s*,\s*/)
              .map(pathOf),
          ],
          options: Object.fromEntries(named(VARIANT_ATTRIBUTES)),
          attributes: Object.fromEntries(named(FURTHER_ATTRIBUTES).map(([key, value]) => [key, value.split('/')])),
          images: [row.text('image_link'), ...row.text('additional_image_link').split(',')],
          gtins: [row.text('gtin')],
          weight: row.text('shipping_weight') || row.text('product_weight'),
          price: row.text('price'),
          stock: stockOf(row),
          ...(isBundle && { components: [] }),
        })),
      ];
    },
    end: () => [],
  }),
};

/** A number where the feed has one, else only whether there is any. */
function stockOf(row: Row): string {
  const availability = row.text('availability');
  const quantity = row.text('quantity') || row.text('sell_on_google_quantity');
  return /^in.?stock$/i.test(availability) || availability === '' ? quantity || availability : availability;
}

/** As a path in words; a number of Google's taxonomy says nothing here. */
function googleCategory(row: Row): string {
  const category = row.text('google_product_category');
  return /^\d+$/.test(category) ? '' : pathOf(category);
}

function pathOf(category: string): string {
  return category.split(/\s*>\s*/).join('/');
}
