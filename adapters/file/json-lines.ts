import { z } from 'zod';
import type { SourceStock } from '../../domain/catalog-item';
import { outcomeOf, type Component, type Outcome, type RawItem } from './item';
import { plainColumns, plainOutcome } from './layouts/plain';
import { Header, Row } from './layouts/row';
import type { ReadingSettings } from './settings';
import { localeOf, mergedTexts, type RawTexts } from './translations';
import { BadValue } from '../source-values';

/** A line longer than this is not read. In bytes. */
export const LONGEST_LINE = 16 * 1024 * 1024;

const value = z.union([z.string(), z.number(), z.boolean()]).nullish();
const id = z.union([z.string(), z.number()]).nullish();
const values = z.record(z.string(), z.union([value, z.array(value)])).nullish();
const texts = z.union([z.string(), z.array(z.string().nullable())]).nullish();
const kitItems = z.array(z.object({ refId: id, sku: id, quantity: z.number().int().min(1).nullish() })).nullish();
const translations = z
  .record(
    z.string(),
    z.object({
      name: value,
      title: value,
      descriptionHtml: value,
      description: value,
      options: values,
      attributes: values,
    })
  )
  .nullish();

const product = z.object({
  productId: id,
  refId: id,
  name: value,
  brand: value,
  descriptionHtml: value,
  description: value,
  categories: texts,
  attributes: values,
  status: value,
  language: value,
  translations,
  skus: z.array(z.unknown()),
});
type Product = z.infer<typeof product>;

const productSku = z.object({
  skuId: id,
  refId: id,
  name: value,
  options: values,
  attributes: values,
  price: value,
  currency: value,
  quantity: value,
  weightKg: value,
  images: texts,
  gtins: texts,
  ean: value,
  status: value,
  active: value,
  isKit: z.boolean().nullish(),
  kitItems,
  translations,
});
type ProductSku = z.infer<typeof productSku>;

/** What a flat line may hold besides plain values. */
const flatParts = z.object({
  options: values,
  attributes: values,
  isKit: z.boolean().nullish(),
  kitItems,
  language: value,
  translations,
});

/** One line: a product with its SKUs, or one SKU by itself. */
export function outcomesOfLine(line: number, text: string, settings: ReadingSettings): Outcome[] {
  if (text.trim() === '') return [];
  const parsed = objectOf(text);
  if (typeof parsed === 'string') return badOutcomes(line, skusNamedIn(text), parsed);
  if (!('skus' in parsed)) return [flatOutcome(line, parsed, settings)];
  const read = product.safeParse(parsed);
  if (!read.success) return badOutcomes(line, skusNamedIn(text), formOf(read.error));
  if (read.data.skus.length === 0) return [{ kind: 'bad', line, reason: 'The product has no SKUs.' }];
  return read.data.skus.map((each) => skuOutcome(line, read.data, each, settings));
}

/** A line that cannot be read, under each of the SKUs that it is about: those that are known are not taken for removed. */
function badOutcomes(line: number, skus: readonly string[], reason: string): Outcome[] {
  if (skus.length === 0) return [{ kind: 'bad', line, reason }];
  return skus.map((sku) => ({ kind: 'bad', line, sku, reason }));
}

/** The SKUs that a line names that is no JSON of the right form; what kits are made of is not meant. */
function skusNamedIn(text: string): string[] {
  const own = text.slice(Math.max(0, text.indexOf('"skus"'))).replace(/"kitItems"\s*:\s*\[[^\]]*\]/g, '');
  const named = [...own.matchAll(/"(?:refId|sku)"\s*:\s*(?:"([^"\\\uFFFD]{1,200})"|(\d{1,20}))/g)];
  return [...new Set(named.map(([, quoted, bare]) => (quoted ?? bare ?? '').trim()))].filter(Boolean);
}

function objectOf(text: string): Record<string, unknown> | string {
  if (text.includes('\uFFFD')) return 'It holds bytes that are no letters in the encoding of the file.';
  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
    return 'It is not a JSON object; write one product a line.';
  } catch {
    return 'It is not valid JSON.';
  }
}

function skuOutcome(line: number, of: Product, unknownSku: unknown, settings: ReadingSettings): Outcome {
  const read = productSku.safeParse(unknownSku);
  const loose = (unknownSku ?? {}) as { refId?: unknown; skuId?: unknown };
  const sku = [loose.refId, loose.skuId].find((each) => typeof each === 'string' || typeof each === 'number') ?? '';
  return outcomeOf(line, String(sku), settings, () => {
    if (!read.success) throw new BadValue(`SKU ${String(sku) || 'without a name'}: ${formOf(read.error)}`);
    return rawItem(of, read.data);
  });
}

function rawItem(of: Product, sku: ProductSku): RawItem {
  return {
    sku: textOf(sku.refId) || textOf(sku.skuId),
    productId: textOf(of.refId) || textOf(of.productId),
    productTitle: textOf(of.name),
    language: textOf(of.language),
    translations: mergedTexts(
      // A SKU with a name of its own is not called like its product in any language.
      rawTexts(of.translations, ({ title }) => ({ productTitle: title, title: textOf(sku.name) ? undefined : title })),
      rawTexts(sku.translations)
    ),
    title: textOf(sku.name) || textOf(of.name),
    brand: textOf(of.brand),
    description: textOf(of.descriptionHtml) || textOf(of.description),
    categories: listOf(of.categories),
    options: firstsOf(sku.options),
    attributes: { ...listsOf(of.attributes), ...listsOf(sku.attributes) },
    images: listOf(sku.images),
    gtins: [...listOf(sku.gtins), textOf(sku.ean)],
    weight: textOf(sku.weightKg),
    weightUnit: 'kg',
    price: exactText(sku.price),
    currency: textOf(sku.currency),
    stock: stockOf(sku.quantity),
    status: textOf(sku.status) || textOf(sku.active) || textOf(of.status),
    ...componentsOf(sku),
  };
}

/** A flat object as a row, with its keys as the columns. */
function flatOutcome(line: number, object: Record<string, unknown>, settings: ReadingSettings): Outcome {
  const cells = Object.entries(object).flatMap(([name, each]): [string, string][] => {
    if (Array.isArray(each)) return [[name, each.map((one) => (one === null ? '' : String(one))).join('\n')]];
    return each !== null && typeof each === 'object' ? [] : [[name, exactText(each as z.infer<typeof value>)]];
  });
  const header = new Header(cells.map(([name]) => name));
  const row = new Row(
    line,
    header,
    cells.map(([, cell]) => cell)
  );
  const columns = plainColumns(header, settings.columns);
  const parts = flatParts.safeParse(object);
  if (!parts.success) return { kind: 'bad', line, sku: row.text(columns.of('sku')), reason: formOf(parts.error) };
  return plainOutcome(row, columns, settings, {
    options: firstsOf(parts.data.options),
    attributes: listsOf(parts.data.attributes),
    language: textOf(parts.data.language),
    translations: rawTexts(parts.data.translations),
    ...componentsOf(parts.data),
  });
}

function componentsOf({ isKit, kitItems: parts }: Pick<ProductSku, 'isKit' | 'kitItems'>): {
  components?: Component[];
} {
  if (!isKit) return {};
  return {
    components: (parts ?? []).map(({ refId, sku, quantity }) => ({
      sku: textOf(refId) || textOf(sku),
      quantity: quantity ?? 1,
    })),
  };
}

function textOf(each: z.infer<typeof value>): string {
  return each === null || each === undefined ? '' : String(each).trim();
}

/** A JSON number keeps its point, with a fourth digit behind it so that nobody takes it for a thousand. */
function exactText(each: z.infer<typeof value>): string {
  if (typeof each !== 'number') return textOf(each);
  return /^-?\d+\.\d{3}$/.test(String(each)) ? `${each}0` : String(each);
}

function stockOf(quantity: z.infer<typeof value>): string | SourceStock {
  return typeof quantity === 'number' ? { kind: 'units', units: quantity } : textOf(quantity);
}

function listOf(list: z.infer<typeof texts>): string[] {
  return [list ?? []].flat().flatMap((each) => each ?? []);
}

function listsOf(record: z.infer<typeof values>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(record ?? {}).map(([name, each]) => [name, [each].flat().map(textOf)]));
}

function firstsOf(record: z.infer<typeof values>): Record<string, string> {
  return Object.fromEntries(Object.entries(listsOf(record)).map(([name, [first]]) => [name, first ?? '']));
}

/** Texts in further languages; empty ones are left out, so that they hide nothing. */
function rawTexts(
  found: z.infer<typeof translations>,
  further: (texts: RawTexts) => RawTexts = () => ({})
): Record<string, RawTexts> {
  return Object.fromEntries(
    Object.entries(found ?? {}).map(([language, each]) => {
      const title = textOf(each.name) || textOf(each.title);
      const description = textOf(each.descriptionHtml) || textOf(each.description);
      const texts: RawTexts = {
        ...(title && { title }),
        ...(description && { description }),
        options: firstsOf(each.options),
        attributes: listsOf(each.attributes),
      };
      return [localeOf(language), { ...texts, ...further(texts) }];
    })
  );
}

function formOf(error: z.ZodError): string {
  const { path } = error.issues[0]!;
  return `Its field ${path.join('.')} does not have the form that is read here.`;
}
