import type { CatalogItem, ItemTexts, SourceStock } from '../../domain/catalog-item';
import type { ReadingSettings } from './settings';
import { localeOf, type RawTexts } from './translations';
import { BadValue, gramsOf, priceOf, shown, statusOf, stockOf, type WeightUnit } from '../source-values';

/** What a kit is made of. */
export interface Component {
  sku: string;
  quantity: number;
}

/** One SKU in the words of its file; texts are not yet understood. */
export interface RawItem {
  sku: string;
  /** The SKU itself where the file does not group. */
  productId?: string;
  title: string;
  /** Of what the file groups: its title without what tells this SKU from the others. */
  productTitle?: string;
  brand?: string;
  description: string;
  categories: string[];
  options?: Record<string, string>;
  attributes?: Record<string, string[]>;
  /** URLs, or paths under `imageBaseUrl`. */
  images: string[];
  gtins?: string[];
  weight?: string;
  weightUnit?: WeightUnit;
  price?: string;
  currency?: string;
  stock?: string | SourceStock;
  status?: string;
  /** Set for kits alone, empty when the file does not say what is in it. */
  components?: Component[];
  /** Of its texts, where the file says it: `es`, `es_MX`. */
  language?: string;
  /** By language, in our form. */
  translations?: Record<string, RawTexts>;
}

/** What became of a row. */
export type Outcome =
  | { kind: 'item'; line: number; item: CatalogItem; components?: Component[] }
  | { kind: 'bad'; line: number; sku?: string; reason: string };

/** Longer than any SKU that Amazon takes, and short enough for a message. */
const LONGEST_SKU = 200;

/** Understands a raw item; whatever is wrong with it becomes its outcome and stops nothing. */
export function outcomeOf(line: number, sku: string, settings: ReadingSettings, raw: () => RawItem): Outcome {
  try {
    const read = raw();
    return {
      kind: 'item',
      line,
      item: itemOf(read, settings),
      ...(read.components && { components: read.components }),
    };
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    return { kind: 'bad', line, sku: sku.trim(), reason: error.message };
  }
}

function itemOf(raw: RawItem, settings: ReadingSettings): CatalogItem {
  const sku = raw.sku.trim();
  if (sku === '') throw new BadValue('It has no SKU.');
  if (sku.length > LONGEST_SKU) throw new BadValue(`Its SKU is longer than ${LONGEST_SKU} characters.`);
  const { defaults = {}, decimalMark } = settings;
  const weightGrams = gramsOf(raw.weight ?? '', raw.weightUnit ?? settings.weightUnit ?? 'kg', decimalMark);
  const price = priceOf(raw.price ?? '', currencyOf(raw.currency, settings.currency), decimalMark);
  const stock = typeof raw.stock === 'object' ? raw.stock : stockOf(raw.stock ?? '', defaults.stock ?? 1, decimalMark);
  const categories = [...new Set(raw.categories.map((each) => each.trim()).filter(Boolean))];
  const productId = raw.productId?.trim() || sku;
  const productTitle = raw.productTitle?.trim();
  const language = raw.language && localeOf(raw.language);
  const translations = translationsOf(raw.translations ?? {});
  return {
    sku,
    sourceId: sku,
    productId,
    ...(productId !== sku && { productReference: productId, ...(productTitle && { productTitle }) }),
    title: raw.title.trim(),
    brand: raw.brand?.trim() || defaults.brand || '',
    descriptionHtml: raw.description.trim(),
    categories: categories.length > 0 || !defaults.category ? categories : [defaults.category],
    options: optionsOf(raw.options ?? {}),
    attributes: attributesOf(raw.attributes ?? {}),
    ...(language && { language }),
    ...(Object.keys(translations).length > 0 && { translations }),
    images: imagesOf(raw.images, settings.imageBaseUrl),
    // Spreadsheets keep leading zeros by an apostrophe.
    gtins: (raw.gtins ?? []).map((each) => each.trim().replace(/^'/, '')).filter(Boolean),
    ...(weightGrams !== undefined && { weightGrams }),
    ...(price && { price }),
    stock: stock ?? { kind: 'units', units: defaults.stock ?? 0 },
    status: statusOf(raw.status ?? ''),
    isKit: raw.components !== undefined,
  };
}

function optionsOf(raw: Record<string, string>): ItemTexts['options'] {
  return Object.fromEntries(
    Object.entries(raw)
      .map(([name, value]) => [name.trim().toLowerCase(), value.trim()] as const)
      .filter(([name, value]) => name !== '' && value !== '')
  );
}

function attributesOf(raw: Record<string, string[]>): ItemTexts['attributes'] {
  return Object.fromEntries(
    Object.entries(raw)
      .map(([name, values]) => [name.trim().toLowerCase(), values.map((each) => each.trim()).filter(Boolean)] as const)
      .filter(([name, values]) => name !== '' && values.length > 0)
  );
}

/** What is empty in a translation is missing there. */
function translationsOf(raw: Record<string, RawTexts>): Record<string, Partial<ItemTexts>> {
  return Object.fromEntries(
    Object.entries(raw)
      .map(([language, texts]) => [language, translationOf(texts)] as const)
      .filter(([language, texts]) => language !== '' && Object.keys(texts).length > 0)
  );
}

function translationOf(raw: RawTexts): Partial<ItemTexts> {
  const [title, productTitle, descriptionHtml] = [raw.title, raw.productTitle, raw.description].map((each) =>
    each?.trim()
  );
  const options = optionsOf(raw.options ?? {});
  const attributes = attributesOf(raw.attributes ?? {});
  return {
    ...(title && { title }),
    ...(productTitle && { productTitle }),
    ...(descriptionHtml && { descriptionHtml }),
    ...(Object.keys(options).length > 0 && { options }),
    ...(Object.keys(attributes).length > 0 && { attributes }),
  };
}

function currencyOf(text: string | undefined, fallback: string): string {
  const code = text?.trim().toUpperCase();
  if (!code) return fallback;
  if (!/^[A-Z]{3}$/.test(code)) throw new BadValue(`Its currency ${shown(code)} is not a code of three letters.`);
  return code;
}

function imagesOf(images: readonly string[], base?: string): string[] {
  const absolute = images.flatMap((image) => {
    const path = image.trim();
    if (/^https?:\/\//i.test(path)) return path;
    if (path.startsWith('//')) return `https:${path}`;
    return path !== '' && base ? `${base.replace(/\/+$/, '')}/${path.replace(/^\/+/, '')}` : [];
  });
  return [...new Set(absolute)];
}
