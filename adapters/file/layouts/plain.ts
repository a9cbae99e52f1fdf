import type { FileField } from '../../../domain/connector-rules';
import { outcomeOf, type Outcome, type RawItem } from '../item';
import type { ReadingSettings } from '../settings';
import { languageOf, mergedTexts, type RawTexts } from '../translations';
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
function columnFinder(header: Header, columns: ReadingSettings['columns'] = {}): ColumnOf {
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
      const found = plainColumns(header, columns);
      return { read: (row) => [plainOutcome(row, found, settings)], end: () => [] };
    },
  };
}

/** What the columns of a file are. */
export interface PlainColumns {
  of: ColumnOf;
  /** Columns that are no field, by key. */
  attributes: string[];
  translated: TranslatedColumn[];
}

/** A column that says in another language what another one says. */
interface TranslatedColumn {
  key: string;
  language: string;
  /** The field or the attribute that it says it of. */
  of: 'title' | 'description' | 'size' | 'color' | { attribute: string };
}

const TRANSLATED_FIELDS = ['title', 'description', 'size', 'color'] as const;

export function plainColumns(header: Header, columns?: ReadingSettings['columns']): PlainColumns {
  const columnOf = columnFinder(header, columns);
  const fields = new Set((Object.keys(NAMES) as FileField[]).map(columnOf));
  const others = header.keys.filter((key) => !fields.has(key));
  const translated = others.flatMap((key): TranslatedColumn[] => {
    const ending = languageOf(key);
    if (!ending) return [];
    const field = TRANSLATED_FIELDS.find((each) => isNameOf(each, ending.base));
    const of = field ?? (others.includes(ending.base) ? { attribute: header.nameOf(ending.base) } : undefined);
    return of ? [{ key, language: ending.language, of }] : [];
  });
  const isTranslated = new Set(translated.map(({ key }) => key));
  return { of: columnOf, attributes: others.filter((key) => !isTranslated.has(key)), translated };

  /** Whether a key is the field's column, or another usual name of a field that has one. */
  function isNameOf(field: FileField, base: string): boolean {
    const column = columnOf(field);
    return column !== undefined && header.has(column) && (column === base || NAMES[field].includes(base));
  }
}

function translationsOf(row: Row, translated: readonly TranslatedColumn[]): Record<string, RawTexts> {
  const texts: Record<string, RawTexts> = {};
  for (const { key, language, of } of translated) {
    const value = row.text(key);
    if (value === '') continue;
    const found = (texts[language] ??= {});
    if (of === 'title' || of === 'description') found[of] = value;
    else if (of === 'size' || of === 'color') found.options = { ...found.options, [of]: value };
    else found.attributes = { ...found.attributes, [of.attribute]: value.split(/[|\n]/) };
  }
  return texts;
}

/** One row as one SKU; columns that are no field become attributes. */
export function plainOutcome(
  row: Row,
  columns: PlainColumns,
  settings: ReadingSettings,
  further: Pick<RawItem, 'options' | 'attributes' | 'components' | 'language' | 'translations'> = {}
): Outcome {
  const field = (name: FileField): string => row.text(columns.of(name));
  return outcomeOf(row.line, field('sku'), settings, () => {
    const others = columns.attributes.map((key) => [row.header.nameOf(key), row.text(key).split(/[|\n]/)] as const);
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
      language: further.language,
      translations: mergedTexts(translationsOf(row, columns.translated), further.translations ?? {}),
    };
  });
}

/** Lines of their own where the cell has several, else by the usual signs. */
function listOf(text: string, signs: RegExp): string[] {
  return text.split(text.includes('\n') ? '\n' : signs);
}
