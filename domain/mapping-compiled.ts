import type { CatalogItem, ItemTexts } from './catalog-item';
import type { Mapping, MappingRule, ValueTable } from './mapping-contract';
import {
  isTargetFault,
  resolveTarget,
  SERVICE_PARTS,
  type AttributeShape,
  type DefinitionShape,
  type LeafShape,
  type ListShape,
  type ObjectShape,
  type Shape,
} from './mapping-definition';
import { fieldReader, isFreeText } from './mapping-fields';
import { cutToFit, folded } from './mapping-values';

/** Where the values of one place come from, made ready. */
type ValueSource =
  | { kind: 'field'; read(item: CatalogItem, texts: ItemTexts): unknown[] }
  | { kind: 'constant'; value: unknown }
  | { kind: 'expression'; text: string }
  | { kind: 'omit' };

export interface LeafNode {
  kind: 'leaf';
  leaf: LeafShape;
  /** The part, for people: ` in unit,`; empty for the main one. */
  place: string;
  source: ValueSource;
}

export interface ObjectNode {
  kind: 'object';
  shape: ObjectShape;
  /** Parts that rules speak of, directly or further down. */
  parts: [name: string, node: MappingNode][];
  /** Required parts that no rule speaks of and that can have one value only. */
  certain: [name: string, value: unknown][];
}

export interface ListNode {
  kind: 'list';
  shape: ListShape;
  item: MappingNode;
  /** Whether each of its values is in a language. */
  isLocalized: boolean;
}

export type MappingNode = LeafNode | ObjectNode | ListNode;

/** A mapping, made ready for one definition: what depends on these two alone is done once. */
export interface CompiledMapping {
  attributes: { attribute: AttributeShape; node: MappingNode }[];
  /** Attributes that are not sent. */
  omitted: string[];
  /** Each once; `perLanguage` says whether its result goes into texts of every language. */
  expressions: { text: string; perLanguage: boolean }[];
  /** Attributes with a rule of their own. */
  named: ReadonlySet<string>;
}

/** Rules whose attribute the definition does not have, for other requirements perhaps (S7), are left out. */
export function compileMapping(mapping: Mapping, definition: DefinitionShape): CompiledMapping {
  const rules = Object.entries(mapping.attributes);
  const omitted = rules.filter(([target, rule]) => 'omit' in rule && !target.includes('.')).map(([target]) => target);
  const roots = new Map<string, { attribute: AttributeShape; node: MappingNode }>();
  const expressions = new Map<string, boolean>();
  for (const [target, rule] of rules) {
    if (omitted.includes(target)) continue;
    const found = resolveTarget(target, definition);
    if (isTargetFault(found)) continue;
    const { attribute, path, leaf } = found;
    const place = path.length === 0 || (path.length === 1 && MAIN.has(path[0]!)) ? '' : ` in ${path.join('.')},`;
    const grown = grow(roots.get(attribute.name)?.node, attribute.shape, path, {
      kind: 'leaf',
      leaf,
      place,
      source: sourceOf(rule, leaf),
    });
    roots.set(attribute.name, { attribute, node: grown });
    if ('expression' in rule)
      expressions.set(rule.expression, expressions.get(rule.expression) || isLocalizedAt(attribute.shape, path));
  }
  return {
    attributes: [...roots.values()],
    omitted,
    expressions: [...expressions].map(([text, perLanguage]) => ({ text, perLanguage })),
    named: new Set(rules.map(([target]) => target.split('.')[0]!)),
  };
}

const MAIN: ReadonlySet<string> = new Set(['value', 'media_location', 'name']);

/** The tree of a place's ancestors with the place added to what has grown already. */
function grow(known: MappingNode | undefined, shape: Shape, path: readonly string[], leaf: LeafNode): MappingNode {
  if (shape.kind === 'leaf') return leaf;
  if (shape.kind === 'list') {
    const item = grow(known?.kind === 'list' ? known.item : undefined, shape.item, path, leaf);
    return { kind: 'list', shape, item, isLocalized: isLocalized(shape.item) };
  }
  const [name = '', ...rest] = path;
  const parts = new Map(known?.kind === 'object' ? known.parts : []);
  parts.set(name, grow(parts.get(name), shape.parts.get(name)!, rest, leaf));
  return { kind: 'object', shape, parts: [...parts], certain: certainParts(shape, parts) };
}

function isLocalized(shape: Shape): boolean {
  return shape.kind === 'object' && shape.parts.has('language_tag');
}

/** Whether a value lies in something that has a language. */
function isLocalizedAt(shape: Shape, path: readonly string[]): boolean {
  if (shape.kind === 'leaf') return false;
  if (shape.kind === 'list') return isLocalizedAt(shape.item, path);
  const [name = '', ...rest] = path;
  return isLocalized(shape) || isLocalizedAt(shape.parts.get(name)!, rest);
}

function certainParts(shape: ObjectShape, mapped: ReadonlyMap<string, MappingNode>): [string, unknown][] {
  return shape.required.flatMap((name): [string, unknown][] => {
    const part = shape.parts.get(name);
    if (SERVICE_PARTS.has(name) || mapped.has(name) || part?.kind !== 'leaf') return [];
    return part.choices?.length === 1 && !part.isOpen ? [[name, part.choices[0]!.value]] : [];
  });
}

function sourceOf(rule: MappingRule, leaf: LeafShape): ValueSource {
  if ('omit' in rule) return { kind: 'omit' };
  if ('constant' in rule) return { kind: 'constant', value: rule.constant };
  if ('expression' in rule) return { kind: 'expression', text: rule.expression };
  const read = fieldReader(rule.from);
  const translate = rule.values ? tableReader(rule.values) : undefined;
  const isCut = isFreeText(rule.from) && leaf.type === 'string';
  return {
    kind: 'field',
    read(item, texts) {
      const values = translate ? read(item, texts).flatMap(translate) : read(item, texts);
      return isCut ? values.map((value) => cutToFit(String(value), leaf)) : values;
    },
  };
}

/** What a value table puts in the place of a value: the row that is written alike, else one that differs in case or accents. */
function tableReader({ table, otherwise }: ValueTable): (value: unknown) => unknown[] {
  const exact = new Map(Object.entries(table));
  const alike = new Map(Object.entries(table).map(([from, to]) => [folded(from), to]));
  return (value) => {
    const text = String(value);
    const found = exact.get(text) ?? alike.get(folded(text));
    if (found !== undefined) return found === '' ? [] : [found];
    if (otherwise === 'omit') return [];
    return [otherwise === 'keep' ? value : otherwise.constant];
  };
}
