import type { CatalogItem } from './catalog-item';
import { toPlainLine } from './plain-text';
import { isSchema, listOf, schemasOf, textsOf, withoutRefs, type JsonSchema } from './product-type-schema';

/** What a definition says about variations. Source: Product Type Definitions 2020-09-01, `variation_theme`. */
export interface VariationRules {
  /** Values of `variation_theme` that Amazon still takes, in the definition's order: `SIZE/COLOR`; empty when there are none. */
  themes: readonly string[];
  /** Every attribute of the definition. */
  attributes: readonly string[];
  /** Attributes that are asked for whatever the others say, so of parents too. */
  required: readonly string[];
}

/** The rules of a product type that does not come in variations. */
export const NO_VARIATIONS: VariationRules = { themes: [], attributes: [], required: [] };

/** By what the SKUs of one product vary. */
export interface Theme {
  /** The value of `variation_theme`: `SIZE/COLOR`. */
  theme: string;
  /** Amazon's attribute for each option that makes up the theme: `{ tamanho: 'size', cor: 'color' }`. */
  attributes: Record<string, string>;
}

/** What tells a SKU from its siblings. */
export type Sibling = Pick<CatalogItem, 'sku' | 'options'>;

/** How a product type comes in variations; without themes where the definition lacks any of the attributes for it. */
export function variationRulesOf(schema: JsonSchema): VariationRules {
  const properties = schemasOf(schema, 'properties');
  const attributes = Object.keys(properties);
  const canVary = ['parentage_level', 'child_parent_sku_relationship', 'variation_theme'].every((name) =>
    Object.hasOwn(properties, name)
  );
  const themes = canVary ? themesIn(withoutRefs(properties.variation_theme, schema)) : [];
  return { themes, attributes, required: textsOf(schema, 'required') };
}

/** The values under `items.properties.name`, less those that Amazon has put out of use. */
function themesIn(attribute: unknown): string[] {
  const item = isSchema(attribute) && isSchema(attribute.items) ? attribute.items : {};
  const name = schemasOf(item, 'properties').name;
  if (!isSchema(name)) return [];
  const gone = isSchema(name.$lifecycle) ? textsOf(name.$lifecycle, 'enumDeprecated') : [];
  const lists = [name, ...listOf(name, 'anyOf'), ...listOf(name, 'oneOf')].filter(isSchema);
  return [...new Set(lists.flatMap((each) => textsOf(each, 'enum')))].filter((theme) => !gone.includes(theme));
}

/**
 * Words for what products vary by, in English, Portuguese and Spanish: lower case, without accents or signs. Any other option
 * or theme stands for the attribute of its own name.
 */
const DIMENSION_WORDS: Record<string, string> = {
  color: 'color, colour, cor, colors, colours, cores, colores',
  size: 'size, sizes, tamanho, tamanhos, talla, tallas, tamano, tamanos, talle, talles, numeracao',
  style: 'style, styles, estilo, estilos',
  model: 'model, models, modelo, modelos',
  material: 'material, materials, materiais, materiales, fabric, tecido, tela',
  pattern: 'pattern, patterns, padrao, estampa, estampado, patron',
  flavor: 'flavor, flavour, flavors, flavours, sabor, sabores',
  scent: 'scent, fragrance, fragrancia, fragancia, aroma',
  capacity: 'capacity, capacidade, capacidad',
  length: 'length, comprimento, longitud, largo',
  width: 'width, largura, ancho, anchura',
  voltage: 'voltage, voltagem, voltaje, tensao, tension',
  shape: 'shape, formato, forma',
  edition: 'edition, edicao, edicion',
  number_of_items: 'number of items, pack size, pecas, piezas, quantidade, cantidad',
};

const DIMENSIONS = new Map(
  Object.entries(DIMENSION_WORDS).flatMap(([dimension, words]) =>
    words.split(',').map((word) => [word.trim(), dimension] as const)
  )
);

/** `Tamanho` → `size`, `COLOR_NAME` → `color`, `Band Color` → `band_color`. */
function dimensionOf(name: string): string {
  const plain = toPlainLine(name).normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  const words = plain.match(/[\p{L}\p{N}]+/gu) ?? [];
  const named = words.length > 1 && ['name', 'type'].includes(words.at(-1)!) ? words.slice(0, -1) : words;
  return DIMENSIONS.get(named.join(' ')) ?? named.join('_');
}

/** One option of a SKU. */
interface Value {
  /** The option's name in the source. */
  option: string;
  value: string;
}

interface Row {
  sku: string;
  /** By dimension. Options without a value are left out, and of two that mean the same the first counts. */
  values: ReadonlyMap<string, Value>;
}

interface Candidate {
  theme: string;
  dimensions: string[];
  /** Which of the definition's attributes each dimension is; the same length. */
  attributes: string[];
}

/**
 * The variation theme that fits the options of a product's SKUs. The one that names exactly the options that differ goes
 * first; then one that names an option more, which all have; then one that leaves a difference unnamed and still tells every SKU
 * from every other; among equals the definition's order decides.
 *
 * @param known - the theme under which the product was sent before; it stays for as long as it fits, with one SKU too.
 * @returns the reason in a sentence where none fits.
 */
export function themeOf(siblings: readonly Sibling[], rules: VariationRules, known?: string): Theme | { none: string } {
  if (rules.themes.length === 0) return { none: 'Amazon has no variations of its product type.' };
  const rows = siblings.map(rowOf);
  const candidates = rules.themes.map((theme) => candidateOf(theme, rules)).filter((each) => fits(each, rows));
  const kept = candidates.find(({ theme }) => theme === known);
  if (kept) return named(kept, rows);
  if (siblings.length < 2) return { none: 'It is the only SKU of its product.' };
  const differing = differingOf(rows);
  const best = candidates.sort((one, other) => distance(one, differing) - distance(other, differing))[0];
  return best ? named(best, rows) : { none: whyNone(rows, differing, rules) };
}

function rowOf({ sku, options }: Sibling): Row {
  const values = new Map<string, Value>();
  for (const [option, text] of Object.entries(options).sort(([one], [other]) => (one < other ? -1 : 1))) {
    const value = toPlainLine(text);
    const dimension = dimensionOf(option);
    if (value !== '' && dimension !== '' && !values.has(dimension)) values.set(dimension, { option, value });
  }
  return { sku, values };
}

function candidateOf(theme: string, { attributes }: VariationRules): Candidate {
  const parts = theme.split('/');
  const dimensions = parts.map(dimensionOf);
  return {
    theme,
    dimensions,
    attributes: parts.map((part, at) => {
      const name = dimensions[at]!;
      const spellings = [part.trim().toLowerCase(), name, `${name}_name`, `${name}_type`];
      return spellings.find((each) => attributes.includes(each)) ?? '';
    }),
  };
}

/** Every SKU has a value for every part of it, no two the same ones, and the definition has the attributes. */
function fits({ dimensions, attributes }: Candidate, rows: readonly Row[]): boolean {
  if (attributes.includes('') || rows.length === 0) return false;
  if (!rows.every(({ values }) => dimensions.every((each) => values.has(each)))) return false;
  return new Set(rows.map((row) => combination(row, dimensions))).size === rows.length;
}

/** Two spellings of one value are one value to a buyer. */
function combination({ values }: Row, dimensions: readonly string[]): string {
  return JSON.stringify(dimensions.map((each) => values.get(each)?.value.toLowerCase() ?? null));
}

function differingOf(rows: readonly Row[]): string[] {
  const all = [...new Set(rows.flatMap(({ values }) => [...values.keys()]))].sort();
  return all.filter((each) => new Set(rows.map((row) => combination(row, [each]))).size > 1);
}

/** 0 for exactly the options that differ; one unnamed difference weighs more than any number of options too many. */
function distance({ dimensions }: Candidate, differing: readonly string[]): number {
  const unnamed = differing.filter((each) => !dimensions.includes(each)).length;
  const tooMany = dimensions.filter((each) => !differing.includes(each)).length;
  return unnamed * 1000 + tooMany;
}

function named({ theme, dimensions, attributes }: Candidate, rows: readonly Row[]): Theme {
  const pairs = dimensions.flatMap((dimension, at) =>
    rows.map(({ values }) => [values.get(dimension)!.option, attributes[at]!] as const)
  );
  return { theme, attributes: Object.fromEntries(pairs) };
}

const MOST_NAMED = 5;

function whyNone(rows: readonly Row[], differing: readonly string[], { themes }: VariationRules): string {
  const twins = twinsIn(rows);
  if (twins) {
    const [first] = twins;
    const options = [...first!.values].map(([, { option, value }]) => `${option} ${value}`).join(', ');
    const skus = andList(twins.map(({ sku }) => sku));
    return options
      ? `${skus} have the same options (${options}), so nothing tells them apart. Give them different ones in the source.`
      : `${skus} have no options, so nothing tells them apart. Give them a size, a color or the like in the source.`;
  }
  const inThemes = new Set(themes.flatMap((theme) => theme.split('/').map(dimensionOf)));
  for (const dimension of differing.filter((each) => inThemes.has(each))) {
    const lacking = rows.filter(({ values }) => !values.has(dimension));
    if (lacking.length > 0)
      return `${andList(lacking.map(({ sku }) => sku))} ${lacking.length === 1 ? 'has' : 'have'} no ${dimension.replaceAll('_', ' ')}, which the other SKUs of the product have. Give it one in the source.`;
  }
  return `The SKUs of the product differ in ${andList(differing.map((each) => each.replaceAll('_', ' ')))}, and Amazon has no variation theme of the product type that tells them apart by it. Its themes are ${andList(themes)}.`;
}

/** The first SKUs, in the order given, that have one and the same options. */
function twinsIn(rows: readonly Row[]): Row[] | undefined {
  const all = [...new Set(rows.flatMap(({ values }) => [...values.keys()]))];
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = combination(row, all);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].find((group) => group.length > 1);
}

function andList(names: readonly string[]): string {
  const shown =
    names.length > MOST_NAMED ? [...names.slice(0, MOST_NAMED), `${names.length - MOST_NAMED} more`] : names;
  return shown.length < 2 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
