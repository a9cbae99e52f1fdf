import { outcomeOf, type Outcome, type RawItem } from '../item';
import type { ReadingSettings } from '../settings';
import type { Layout } from './layout';
import type { Row } from './row';

/**
 * Shopify's product CSV. A product's first row carries what all its variants share; the rows below it with the same Handle
 * carry one variant, one further image, or both.
 */
export const shopify: Layout = {
  name: 'a Shopify product export',
  isOf: (header) => header.has('handle', 'variant_sku') || header.has('handle', 'title', 'variant_price'),
  skuColumn: () => 'variant_sku',
  priceColumn: () => 'variant_price',
  open(_header, settings) {
    let rows: Row[] = [];
    const takeProduct = (): Outcome[] => {
      const product = rows;
      rows = [];
      return product.length > 0 ? outcomesOf(product, settings) : [];
    };
    return {
      read(row) {
        const isSameProduct = rows[0]?.text('handle') === row.text('handle') && row.text('title') === '';
        const done = isSameProduct ? [] : takeProduct();
        rows.push(row);
        return done;
      },
      end: takeProduct,
    };
  },
};

function outcomesOf(rows: Row[], settings: ReadingSettings): Outcome[] {
  const first = rows[0]!;
  const variants = rows.filter(isVariant);
  if (first.text('title') === '')
    return variants.map((row) => ({
      kind: 'bad',
      line: row.line,
      sku: skuOf(row),
      reason: `The row with the Title of ${first.text('handle') || 'its product'} is not right above it.`,
    }));
  const images = rows
    .map((row) => ({ url: row.text('image_src'), position: Number(row.text('image_position')) || Infinity }))
    .sort((one, other) => one.position - other.position || 0)
    .map(({ url }) => url);
  const optionNames = [1, 2, 3].map((each) => first.text(`option${each}_name`));
  return variants.map((row) =>
    outcomeOf(row.line, skuOf(row), settings, () => rawItem(first, row, optionNames, images))
  );
}

/** A row of an image alone has neither a price nor an option of its own. */
function isVariant(row: Row): boolean {
  return ['variant_sku', 'variant_price', 'option1_value'].some((key) => row.text(key) !== '');
}

function skuOf(row: Row): string {
  return row.text('variant_sku').replace(/^'/, '');
}

function rawItem(product: Row, variant: Row, optionNames: string[], images: string[]): RawItem {
  const values = optionNames.map((name, index) => [name, variant.text(`option${index + 1}_value`)] as const);
  const options = values.filter(([name, value]) => !(name === 'Title' && value === 'Default Title'));
  const title = product.text('title');
  return {
    sku: skuOf(variant),
    productId: product.text('handle'),
    productTitle: title,
    title: [title, ...options.map(([, value]) => value)].filter(Boolean).join(' - '),
    brand: product.text('vendor'),
    description: product.text('body_html'),
    categories: [
      pathOf(product.text('product_category') || product.text('standardized_product_type')),
      product.text('type') || product.text('custom_product_type'),
    ],
    options: Object.fromEntries(options),
    attributes: attributesOf(product),
    images: [variant.text('variant_image'), ...images],
    gtins: [variant.text('variant_barcode')],
    weight: variant.text('variant_grams'),
    weightUnit: 'g',
    price: variant.text('variant_price'),
    stock: isCounted(variant) ? variant.text('variant_inventory_qty') : { kind: 'unlimited' },
    status: product.text('status') || product.text('published'),
  };
}

/** Without a tracker the store does not count at all. */
function isCounted(variant: Row): boolean {
  return !variant.header.has('variant_inventory_tracker') || variant.text('variant_inventory_tracker') !== '';
}

/** Tags, and metafields by their own key: `Fabric (product.metafields.shopify.fabric)` is `fabric`. */
function attributesOf(product: Row): Record<string, string[]> {
  const found: Record<string, string[]> = { tags: product.text('tags').split(',') };
  for (const key of product.header.keys) {
    const metafield = /\(product\.metafields\.[^.]+\.([^)]+)\)/.exec(product.header.nameOf(key));
    if (metafield) found[metafield[1]!] = product.text(key).split(/[;\n]/);
  }
  return found;
}

function pathOf(category: string): string {
  return category.split(/\s*>\s*/).join('/');
}
