import { ATTRIBUTES_OF_SETTINGS, type Constant } from './mapping-contract';
import { SERVICE_PARTS, type LeafShape } from './mapping-definition';
import type { SeenField } from './mapping-fields';
import { choiceOf, coerce, folded } from './mapping-values';
import type { FieldPart, ProductTypeField } from './product-type-fields';

/** A rule that a person may take over. */
export interface Proposal {
  target: string;
  rule: { from: string } | { constant: Constant };
  /** For people: what speaks for it. */
  why: string;
  /** Above 0, at most 1. */
  confidence: number;
}

/** Below this a proposal is more often wrong than right. */
const LEAST_CONFIDENCE = 0.4;

/**
 * Proposals for the attributes of a product type that nobody fills yet, one for each part at most, the surest first: by the names
 * of fields and attributes in English, Portuguese, Spanish and the label locale, and by whether the values that were seen are
 * ones that Amazon takes.
 *
 * @param fields - of the product type, for people.
 * @param seen - the fields of a sample of items.
 * @param isGiven - whether an attribute has a value already, by a rule or by the built-in mapping.
 */
export function proposeMapping(
  fields: readonly ProductTypeField[],
  seen: readonly SeenField[],
  isGiven: (attribute: string) => boolean
): Proposal[] {
  const known = seen.map((field) => ({ field, words: wordsOf(fieldWords(field.name)) }));
  return fields
    .filter(({ name }) => !ATTRIBUTES_OF_SETTINGS.has(name) && !isGiven(name))
    .flatMap((field) => mainParts(field).flatMap((part) => proposalsFor(field, part, known)))
    .sort((one, other) => other.confidence - one.confidence || (one.target < other.target ? -1 : 1));
}

interface KnownField {
  field: SeenField;
  words: ReadonlySet<string>;
}

interface Likeness {
  known: KnownField;
  confidence: number;
  why: string;
}

function proposalsFor(field: ProductTypeField, part: FieldPart, known: readonly KnownField[]): Proposal[] {
  const leaf = leafOf(part);
  const names = namesOf(field, part).map(wordsOf);
  const found = known.map((each) => likeness(field, names, leaf, each)).filter((each) => each !== undefined);
  const best = found.sort((one, other) => other.confidence - one.confidence)[0];
  if (!best || best.confidence < LEAST_CONFIDENCE) return [];
  const { field: source } = best.known;
  const target = targetOf(field, part);
  const confidence = Math.round(best.confidence * 100) / 100;
  const proposal: Proposal = { target, rule: { from: source.name }, why: best.why, confidence };
  const unit = source.name === 'weightGrams' && field.parts.find(({ path }) => path === siblingUnit(part));
  if (!unit) return [proposal];
  const grams = unit.values?.find(({ value }) => folded(String(value)) === 'grams');
  // Grams into a place that takes other units would be another weight.
  if (!grams) return [];
  const rule = { constant: grams.value };
  return [proposal, { target: `${field.name}.${unit.path}`, rule, why: 'The weight is in grams', confidence }];
}

function siblingUnit({ path }: FieldPart): string {
  return path.replace(/value$/, 'unit');
}

/** How well a field of the source suits a part of an attribute; undefined when not at all. */
function likeness(
  field: ProductTypeField,
  names: readonly ReadonlySet<string>[],
  leaf: LeafShape,
  known: KnownField
): Likeness | undefined {
  const { examples } = known.field;
  if (leaf.type !== 'string' && !examples.every((each) => 'value' in coerce(each, leaf))) return undefined;
  const byName = Math.max(...names.map((words) => sameness(words, known.words)));
  const hinted = HINTS[field.name]?.includes(known.field.name) ? 0.6 : 0;
  const { choices } = leaf;
  const hits = choices ? examples.filter((each) => choiceOf(each, choices) !== undefined).length / examples.length : 0;
  const quoted = `'${known.field.name}'`;
  if (Math.max(byName, hinted) >= LEAST_CONFIDENCE) {
    const sure = Math.max(byName * 0.9, hinted);
    if (!leaf.choices) return { known, confidence: sure, why: `${quoted} has the same meaning by its name` };
    if (hits === 1)
      return { known, confidence: Math.min(1, sure + 0.1), why: `${quoted} by its name, and by its values` };
    if (leaf.isOpen) return { known, confidence: sure * 0.9, why: `${quoted} by its name` };
    return { known, confidence: sure * (0.5 + hits / 2), why: `${quoted} by its name; some values need a table` };
  }
  // Values alone say little where they are few, and yes and no are everywhere.
  if (leaf.type === 'string' && hits === 1 && examples.length >= 3)
    return { known, confidence: 0.5, why: `All values seen in ${quoted} are values that Amazon takes here` };
  return undefined;
}

function leafOf({ type, values, otherValues }: FieldPart): LeafShape {
  const known = ['number', 'integer', 'boolean'] as const;
  return {
    kind: 'leaf',
    type: known.find((each) => each === type) ?? 'string',
    choices: values?.map(({ value, label }) => ({ value, name: label })) ?? null,
    isOpen: otherValues,
  };
}

/** The parts that hold what people mean by the attribute: not its units, languages or marketplaces. */
function mainParts({ parts }: ProductTypeField): FieldPart[] {
  const own = parts.filter(({ path, hidden }) => !hidden && !SERVICE_PARTS.has(path.split('.').at(-1)!));
  return own.length === 1 ? own : own.filter(({ path }) => path === 'value' || path.endsWith('.value'));
}

function targetOf({ name }: ProductTypeField, { path }: FieldPart): string {
  return path === 'value' ? name : `${name}.${path}`;
}

/** `item_dimensions.length.value` is called by its attribute and what lies between. */
function namesOf(field: ProductTypeField, part: FieldPart): string[] {
  const between = part.path
    .split('.')
    .filter((each) => each !== 'value')
    .join(' ');
  return between === '' ? [field.name, field.title] : [`${field.name} ${between}`, between];
}

/** `attributes.country of origin` → `country of origin`; `weightGrams` → `weight Grams`. */
function fieldWords(name: string): string {
  const own = name.replace(/^(?:options|attributes)\./, '');
  return own === name ? name.replace(/([a-z])([A-Z])/g, '$1 $2') : own;
}

/** Words that say nothing of what something is. */
const EMPTY_WORDS = new Set(
  'item product of the de da do del la el type name grams value description code produto producto tipo'.split(' ')
);

/** Rows of words that mean the same, in English, Portuguese and Spanish; folded, in the singular. */
const SYNONYMS =
  `color colour cor; size tamanho tamano talla; material materiai; weight peso; length comprimento largo longitud; width
  largura ancho ancura; height altura alto; depth profundidade profundidad; brand marca; model modelo; manufacturer fabricante;
  country pais; origin origem origen; gender genero sexo department departamento target; style estilo; pattern estampa estampado
  padrao patron; season temporada estacao estacion; collection colecao coleccion; sleeve manga; neck gola cuello collar; closure
  fecho cierre fechamento; fit caimento ajuste; care cuidado; warranty garantia; age edad idade; fabric tecido tejido tela;
  activity atividade actividad; occasion ocasiao ocasion; shape formato forma; capacity capacidade capacidad volume volumen;
  strap alca correa; waterproof impermeavel impermeable; feature caracteristica recurso; climate clima; theme tema; finish
  acabamento acabado; number numero; part peca pieza; quantity quantidade cantidad; pocket bolso bolsillo; lining forro; sole sola
  suela; heel salto tacon; lens lente; battery bateria; voltage voltagem voltaje tensao tension; power potencia`
    .split(';')
    .map((row) => row.trim().split(/\s+/));

const MEANINGS = new Map(SYNONYMS.flatMap((row) => row.map((word) => [word, row[0]!] as const)));

/** Fields that often hold what an attribute asks for, though their names differ. */
const HINTS: Readonly<Record<string, readonly string[]>> = {
  manufacturer: ['brand'],
  model_number: ['productReference'],
  part_number: ['productReference', 'sku'],
  model_name: ['productTitle'],
  item_package_weight: ['weightGrams'],
};

function wordsOf(name: string): ReadonlySet<string> {
  const words = folded(name).match(/[\p{L}\p{N}]+/gu) ?? [];
  const told = words.filter((word) => !EMPTY_WORDS.has(word));
  return new Set(told.map((word) => meaningOf(word)));
}

function meaningOf(word: string): string {
  const singular = word.length > 3 ? word.replace(/s$/, '') : word;
  return MEANINGS.get(word) ?? MEANINGS.get(singular) ?? singular;
}

/** The share of the words of both that they have in common. */
function sameness(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const shared = [...one].filter((word) => other.has(word)).length;
  const all = new Set([...one, ...other]).size;
  return all === 0 ? 0 : shared / all;
}
