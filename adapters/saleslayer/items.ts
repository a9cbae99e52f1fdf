import type { CatalogItem, ItemTexts, SourceStock } from '../../domain/catalog-item';
import { BadValue, gramsOf, priceOf, shown, stockOf } from '../source-values';
import type { SourceRecord, Values } from './records';
import { isPlainAttribute, valueOf, valuesOf, type Role } from './roles';

/** What an item needs to know besides its own rows. */
export interface ItemContext {
  /** ISO 4217, of prices that name none. */
  currency: string;
  /** The default language first. */
  languages: readonly string[];
  /** Paths of categories by id, `/` between levels, in the default language. */
  categoryPath: (id: string) => string;
}

/** Both APIs write numbers the way programs do. */
const MARK = '.';

/** What tells a variant from its siblings is a word or two. */
const LONGEST_OPTION = 80;

/** Source ids: a variant's is `v<id>`, that of a product without variants `p<id>`. */
export const variantSourceId = (id: string): string => `v${id}`;
export const productSourceId = (id: string): string => `p${id}`;

/**
 * One SKU: a variant with its product, or a product that has none. What the variant says goes before what the product says.
 *
 * @param variants - how many variants the product has.
 * @throws BadValue with a sentence for the merchant.
 */
export function itemOf(
  product: SourceRecord,
  variant: SourceRecord | undefined,
  variants: number,
  context: ItemContext
): CatalogItem {
  const own = variant ?? product;
  const language = context.languages[0] ?? '';
  const one = (role: Role): string =>
    (variant && valueOf(role, variant, language)) ?? valueOf(role, product, language) ?? '';
  const sku = own.reference || valueOf('reference', own, language) || '';
  if (sku === '') throw new BadValue(`Its ${own.kind} ${own.id} has no reference, which is the SKU.`);
  const weightGrams = gramsOf(one('weight'), 'kg', MARK);
  const price = priceOf(one('price'), currencyOf(one('currency'), context.currency), MARK);
  const gtin = one('gtin').replace(/\.0$/, '');
  const productReference = product.reference || valueOf('reference', product, language);
  const translations = translationsOf(product, variant, context.languages.slice(1));
  return {
    sku,
    sourceId: variant ? variantSourceId(variant.id) : productSourceId(product.id),
    productId: product.id,
    ...(variant && productReference && { productReference }),
    ...(language !== '' && { language }),
    ...ownTexts(product, variant, language),
    ...(translations && { translations }),
    brand: one('brand'),
    categories: [...new Set(product.parents.map(context.categoryPath).filter((path) => path !== ''))],
    images: imagesOf(product, variant),
    gtins: gtin === '' ? [] : [gtin],
    ...(weightGrams !== undefined && { weightGrams }),
    ...(price && { price }),
    stock: stockOfRecords(product, variant, variants, language),
    status: statusOf(product, variant, language),
    isKit: YES.has(one('kit').toLowerCase()),
  };
}

const YES = new Set(['1', 'true', 'yes', 'y', 'si', 'sí', 'sim', 'oui', 'ja', 'v']);

function currencyOf(text: string, fallback: string): string {
  const code = text.trim().toUpperCase();
  if (code === '') return fallback;
  if (!/^[A-Z]{3}$/.test(code)) throw new BadValue(`Its currency ${shown(text)} is not a code of three letters.`);
  return code;
}

/**
 * Without an attribute for stock nothing is known to be there, and nothing is offered. A product's stock is not its variants':
 * each of several would sell it once more.
 */
function stockOfRecords(
  product: SourceRecord,
  variant: SourceRecord | undefined,
  variants: number,
  language: string
): SourceStock {
  const said =
    (variant && valueOf('stock', variant, language)) ?? (variants <= 1 ? valueOf('stock', product, language) : '');
  return stockOf(said ?? '', 1, MARK) ?? { kind: 'units', units: 0 };
}

const STATUSES: Record<string, Status> = {
  v: 'visible',
  visible: 'visible',
  i: 'invisible',
  invisible: 'invisible',
  hidden: 'invisible',
  d: 'draft',
  draft: 'draft',
  borrador: 'draft',
  // The catalogue's metadata has it beside V, I and D, and says no more: nothing to sell yet.
  r: 'draft',
};
type Status = 'visible' | 'invisible' | 'draft';

/** The one of product and variant that shows less counts. A connector that has no status exports what is to be seen. */
function statusOf(product: SourceRecord, variant: SourceRecord | undefined, language: string): Status {
  const both = [product, ...(variant ? [variant] : [])].map((record): Status => {
    const text = valueOf('status', record, language);
    if (text === undefined) return 'visible';
    const status = STATUSES[text.toLowerCase()];
    if (!status) throw new BadValue(`Its status ${shown(text)} is not known; Sales Layer has V, I and D.`);
    return status;
  });
  return both.find((each) => each === 'draft') ?? both.find((each) => each === 'invisible') ?? 'visible';
}

/** The variant's own images where it has some. @throws BadValue when they are not known. */
function imagesOf(product: SourceRecord, variant: SourceRecord | undefined): string[] {
  for (const record of [variant, product]) {
    const cells = Object.values(record?.images ?? {});
    if (cells.includes(null))
      throw new BadValue('Sales Layer did not repeat its images, and they were not read before.');
    const addresses = cells.flatMap((cell) => cell ?? []).filter((each) => /^https?:\/\//i.test(each));
    if (addresses.length > 0) return [...new Set(addresses)];
  }
  return [];
}

type Pick = (values: Values) => string[] | undefined;

function ownTexts(product: SourceRecord, variant: SourceRecord | undefined, language: string): ItemTexts {
  const texts = textsIn(product, variant, (values) => values[language] ?? values['']);
  return {
    ...texts,
    title: texts.title ?? '',
    descriptionHtml: texts.descriptionHtml ?? '',
    options: texts.options ?? {},
    attributes: texts.attributes ?? {},
  };
}

function translationsOf(
  product: SourceRecord,
  variant: SourceRecord | undefined,
  languages: readonly string[]
): CatalogItem['translations'] {
  const told = languages.flatMap((language) => {
    const texts = textsIn(product, variant, (values) => values[language]);
    return Object.keys(texts).length > 0 ? [[language, texts] as const] : [];
  });
  return told.length > 0 ? Object.fromEntries(told) : undefined;
}

/** The texts that a language has; what it lacks is left out. */
function textsIn(product: SourceRecord, variant: SourceRecord | undefined, pick: Pick): Partial<ItemTexts> {
  const text = (role: Role, record: SourceRecord | undefined): string | undefined => {
    const values = record && valuesOf(role, record);
    return values && pick(values)?.[0];
  };
  const productTitle = text('title', product);
  const title = text('title', variant) ?? productTitle;
  const descriptionHtml = text('description', variant) ?? text('description', product);
  const fields = (record: SourceRecord | undefined): [string, string[]][] =>
    Object.entries(record?.fields ?? {}).flatMap(([name, values]) => {
      const picked = isPlainAttribute(name) ? pick(values) : undefined;
      return picked ? [[name, picked] as [string, string[]]] : [];
    });
  const ofVariant = fields(variant);
  const options = Object.fromEntries(
    ofVariant.flatMap(([name, values]) => (isOption(values) ? [[name, values[0]!] as const] : []))
  );
  const attributes = Object.fromEntries([...fields(product), ...ofVariant.filter(([, values]) => !isOption(values))]);
  return {
    ...(title !== undefined && { title }),
    ...(variant && productTitle !== undefined && { productTitle }),
    ...(descriptionHtml !== undefined && { descriptionHtml }),
    ...(Object.keys(options).length > 0 && { options }),
    ...(Object.keys(attributes).length > 0 && { attributes }),
  };
}

function isOption(values: readonly string[]): boolean {
  return values.length === 1 && values[0]!.length <= LONGEST_OPTION;
}
