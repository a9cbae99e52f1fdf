import type { CatalogItem, ItemTexts } from './catalog-item';
import { usableGtin, usableImages } from './default-mapping';
import { toUnits } from './money';
import { bulletsOf, toPlainLine, toPlainText } from './plain-text';

/** A field of the source that a mapping may take its value from. */
export interface SourceField {
  name: string;
  /** What it holds, for people. */
  help: string;
  type: 'text' | 'number';
  /** Whether it may hold several values. */
  many: boolean;
  /** Whether it can differ from language to language. */
  translated: boolean;
}

type SourceValue = string | number;

interface FixedField extends Omit<SourceField, 'name'> {
  read(item: CatalogItem, texts: ItemTexts): readonly (SourceValue | undefined)[];
}

function text(help: string, read: FixedField['read'], more: Partial<FixedField> = {}): FixedField {
  return { help, type: 'text', many: false, translated: false, read, ...more };
}

/** Every item has these, though they may be empty. */
const FIXED = {
  title: text('The title of the SKU', (_, { title }) => [toPlainLine(title)], { translated: true }),
  productTitle: text(
    'The title of the product, without what tells this SKU from its siblings',
    (_, { productTitle }) => [productTitle && toPlainLine(productTitle)],
    { translated: true }
  ),
  description: text(
    'The description as plain text, one line per paragraph',
    (_, { descriptionHtml }) => [toPlainText(descriptionHtml)],
    { translated: true }
  ),
  descriptionHtml: text('The description as the source has it', (_, { descriptionHtml }) => [descriptionHtml], {
    translated: true,
  }),
  bullets: text('The list items of the description', (_, { descriptionHtml }) => bulletsOf(descriptionHtml), {
    many: true,
    translated: true,
  }),
  brand: text('The brand', ({ brand }) => [toPlainLine(brand)]),
  sku: text('The code under which the SKU is sold at Amazon', ({ sku }) => [sku]),
  sourceId: text('The id of the SKU in the source', ({ sourceId }) => [sourceId]),
  productId: text('The id of the product in the source', ({ productId }) => [productId]),
  productReference: text('The merchant’s reference of the product', ({ productReference }) => [productReference]),
  gtin: text('The first GTIN (EAN, UPC) whose check digit is right', (item) => [usableGtin(item)?.value]),
  gtins: text('All GTINs, as the source has them', ({ gtins }) => gtins, { many: true }),
  category: text('The most specific level of the category', ({ categories }) => [levelsOf(categories).at(-1)]),
  categories: text('All category paths', ({ categories }) => categories.map(toPlainLine), { many: true }),
  image: text('The main image', (item) => usableImages(item).slice(0, 1)),
  images: text('All images that Amazon can fetch, the main one first', usableImages, { many: true }),
  status: text('The status in the source', ({ status }) => [status]),
  language: text('The language of the texts, as the source names it', ({ language }) => [language]),
  weightGrams: text('The weight in grams', ({ weightGrams }) => [weightGrams], { type: 'number' }),
  price: text('The price in the source, before the price rules', ({ price }) => [price && toUnits(price)], {
    type: 'number',
  }),
  currency: text('The currency of the price', ({ price }) => [price?.currency]),
  stock: text(
    'The units in the source; nothing when it does not count them',
    ({ stock }) => [stock.kind === 'units' ? stock.units : undefined],
    { type: 'number' }
  ),
} as const satisfies Record<string, FixedField>;

const FIXED_FIELDS: ReadonlyMap<string, FixedField> = new Map(Object.entries(FIXED));

/** `image.2`: the second image. */
const NUMBERED_IMAGE = /^image\.([1-9]\d?)$/;
const KEYED = /^(options|attributes)\.(?=.*\S)(.{1,200})$/s;

/** The fields that every source has, for people. Beside them there are `image.2`, `options.*` and `attributes.*`. */
export const SOURCE_FIELDS: readonly SourceField[] = Object.entries(FIXED).map(
  ([name, { help, type, many, translated }]) => ({ name, help, type, many, translated })
);

/** Why a name is no field of the source, in a sentence; undefined when it may be one. */
export function sourceFieldFault(name: string): string | undefined {
  if (FIXED_FIELDS.has(name) || NUMBERED_IMAGE.test(name) || KEYED.test(name)) return undefined;
  const near = [...FIXED_FIELDS.keys()].find((known) => known.toLowerCase() === name.trim().toLowerCase());
  return near
    ? `There is no source field '${name}'; write ${near}.`
    : `There is no source field '${name}'; choose from ${[...FIXED_FIELDS.keys()].join(', ')}, image.2, options.NAME and attributes.NAME.`;
}

/** A field's values for one item, in the texts of one language; texts are plain, and empty ones left out. */
type FieldReader = (item: CatalogItem, texts: ItemTexts) => SourceValue[];

/** Reads a field whose name has passed {@link sourceFieldFault}. */
export function fieldReader(name: string): FieldReader {
  const read = readerOf(name);
  return (item, texts) => read(item, texts).filter(isThere);
}

/** Sources write nothing in several ways. */
function isThere(value: SourceValue | undefined): value is SourceValue {
  return typeof value === 'number' ? Number.isFinite(value) : value !== undefined && value !== '';
}

function readerOf(name: string): FixedField['read'] {
  const fixed = FIXED_FIELDS.get(name);
  if (fixed) return fixed.read;
  const image = NUMBERED_IMAGE.exec(name);
  if (image) return (item) => [usableImages(item)[Number(image[1]) - 1]];
  const [, group, written = ''] = KEYED.exec(name) ?? [];
  const key = written.toLowerCase();
  if (group === 'options') return (_, { options }) => (Object.hasOwn(options, key) ? [toPlainLine(options[key]!)] : []);
  return (_, { attributes }) => (Object.hasOwn(attributes, key) ? [...new Set(attributes[key]!.map(toPlainLine))] : []);
}

/** Whether the values of a field are running text, which the built-in mapping cuts to Amazon's limits too. */
export function isFreeText(name: string): boolean {
  return ['title', 'productTitle', 'description', 'descriptionHtml', 'bullets'].includes(name);
}

/** What expressions see of an item: the fixed fields by name, its options, and its attributes as lists. */
export function expressionInput(item: CatalogItem, texts: ItemTexts): Record<string, unknown> {
  const fixed = Object.entries(FIXED as Record<string, FixedField>).map(([name, field]) => {
    const values = field.read(item, texts).filter(isThere);
    return [name, field.many ? values : values[0]] as const;
  });
  return {
    ...Object.fromEntries(fixed.filter(([, value]) => value !== undefined)),
    options: texts.options,
    attributes: texts.attributes,
  };
}

/** The levels of the longest category path: `['Men', 'Tops']`. */
function levelsOf(categories: readonly string[]): string[] {
  const paths = categories.map((path) =>
    path
      .split('/')
      .map(toPlainLine)
      .filter((level) => level !== '')
  );
  return paths.reduce<string[]>((longest, each) => (each.length > longest.length ? each : longest), []);
}

/** One field that items have, with some of its values. */
export interface SeenField extends SourceField {
  /** How many of the items have a value in it. */
  items: number;
  /** Some values, each once, the first ones seen. */
  examples: SourceValue[];
}

const MOST_EXAMPLES = 20;

/** The fields that a sample of items has values in, the fixed ones first, then options, then attributes by name. */
export function fieldsSeen(items: readonly CatalogItem[]): SeenField[] {
  const keys = (group: 'options' | 'attributes'): SourceField[] =>
    [...new Set(items.flatMap((item) => Object.keys(item[group])))].sort().map((key) => ({
      name: `${group}.${key}`,
      help: group === 'options' ? 'Tells the SKU from its siblings' : 'An attribute of the source',
      type: 'text',
      many: group === 'attributes',
      translated: true,
    }));
  return [...SOURCE_FIELDS, ...keys('options'), ...keys('attributes')]
    .map((field) => {
      const read = fieldReader(field.name);
      const found = items.map((item) => read(item, item)).filter((values) => values.length > 0);
      const examples = [...new Set(found.flat())].slice(0, MOST_EXAMPLES);
      return { ...field, items: found.length, examples };
    })
    .filter(({ items: count }) => count > 0);
}
