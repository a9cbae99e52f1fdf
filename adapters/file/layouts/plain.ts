import type { FileField } from '../../../domain/connector-rules';
import { outcomeOf, type Outcome, type RawItem } from '../item';
import type { ReadingSettings } from '../settings';
import type { Layout } from './layout';
import { keyOf, type Header, type Row } from './row';

/** The names by which a field is known without a mapping, by key. */
const NAMES: Record<FileField, readonly string[]> = {
  sku: ['sku', 'seller_sku', 'ref_id', 'refid'],
  productId: ['productid', 'product_id', 'parent_sku', 'group_id'],
  title: ['title', 'name', 'product_name'],
  brand: ['brand'],
  description: ['description', 'descriptionhtml', 'description_html'],
  categories: ['categories', 'category'],
  images: ['images', 'image', 'image_url', 'image_urls'],
  gtin: ['gtin', 'ean', 'upc', 'barcode'],
  weight: ['weight', 'weightkg', 'weight_kg'],
  price: ['price'],
  currency: ['currency'],
  stock: ['stock', 'quantity', 'qty'],
  status: ['status', 'active', 'enabled'],
  size: ['size'],
  color: ['color', 'colour'],
};

type ColumnOf = (field: FileField) => string | undefined;

/** Finds the column of a field: the one that the mapping names, else one by a usual name. */
export function columnFinder(header: Header, columns: ReadingSettings['columns'] = {}): ColumnOf {
  const found = new Map<FileField, string | undefined>();
  for (const field of Object.keys(NAMES) as FileField[]) {
    const mapped = columns[field];
    found.set(field, mapped === undefined ? header.find(NAMES[field]) : keyOf(mapped));
  }
  return (field) => found.get(field);
}

/** A file with one SKU a row, under our own names of the fields or under those of `source.columns`. */
export function plain(columns?: ReadingSettings['columns']): Layout {
  const column = (header: Header, field: FileField): string | undefined => columnFinder(header, columns)(field);
  return {
    name: columns ? 'a file with mapped columns' : 'a file with one SKU a row',
    isOf(header) {
      const columnOf = columnFinder(header, columns);
      const has = (field: FileField): boolean => header.has(columnOf(field) ?? '');
      return has('sku') && (has('title') || has('price') || has('stock'));
    },
    skuColumn: (header) => column(header, 'sku'),
    priceColumn: (header) => column(header, 'price'),
    open(header, settings) {
      const columnOf = columnFinder(header, columns);
      return { read: (row) => [plainOutcome(row, columnOf, settings)], end: () => [] };
    },
  };
}

/** One row as one SKU; columns that are no field become attributes. */
export function plainOutcome(
  row: Row,
  columnOf: ColumnOf,
  settings: ReadingSettings,
  further: Pick<RawItem, 'options' | 'attributes' | 'components'> = {}
): Outcome {
  const field = (name: FileField): string => row.text(columnOf(name));
  return outcomeOf(row.line, field('sku'), settings, () => {
    const fields = new Set((Object.keys(NAMES) as FileField[]).map(columnOf));
    const others = row.header.keys
      .filter((key) => !fields.has(key))
      .map((key) => [row.header.nameOf(key), row.text(key).split(/[|\n]/)] as const);
    return {
      sku: field('sku'),
      productId: field('productId'),
      title: field('title'),
      brand: field('brand'),
      description: field('description'),
      categories: listOf(field('categories'), /[\n|;]/).map((path) => path.split(/\s*>\s*/).join('/')),
      options: { size: field('size'), color: field('color'), ...further.options },
      attributes: { ...Object.fromEntries(others), ...further.attributes },
      images: listOf(field('images'), /[\s|;]+|,(?=\s*(?:https?:|\/))/),
      gtins: listOf(field('gtin'), /[\s|;,]+/),
      weight: field('weight'),
      price: field('price'),
      currency: field('currency'),
      stock: field('stock'),
      status: field('status'),
      components: further.components,
    };
  });
}

/** Lines of their own where the cell has several, else by the usual signs. */
function listOf(text: string, signs: RegExp): string[] {
  return text.split(text.includes('\n') ? '\n' : signs);
}
