import { isSchema, listOf, schemasOf, textsOf, titleOf, withoutRefs, type JsonSchema } from './product-type-schema';

/** One value that Amazon allows, and what people may call it. */
interface Choice {
  value: string | number | boolean;
  name: string;
}

/** A place for one plain value. */
export interface LeafShape {
  kind: 'leaf';
  type: 'string' | 'number' | 'integer' | 'boolean';
  /** Null when any value may be given. */
  choices: Choice[] | null;
  /** Whether values beyond the choices are taken too. */
  isOpen: boolean;
  /** In characters. */
  maxLength?: number;
  /** In bytes of UTF-8. */
  maxBytes?: number;
}

/** A value with parts. */
export interface ObjectShape {
  kind: 'object';
  parts: ReadonlyMap<string, Shape>;
  required: readonly string[];
}

/** Several values. */
export interface ListShape {
  kind: 'list';
  item: Shape;
  /** How many, for each combination of the selectors; null without a limit. */
  most: number | null;
  /** Whether each language has its own count. */
  countsPerLanguage: boolean;
}

export type Shape = LeafShape | ObjectShape | ListShape;

/** One attribute of a product type, as its values are built. */
export interface AttributeShape {
  name: string;
  /** In the language of the definition. */
  title: string;
  shape: Shape;
}

/** Parts that the service fills by itself. */
export const SERVICE_PARTS: ReadonlySet<string> = new Set(['marketplace_id', 'language_tag']);

/** What building values needs of a definition, read attribute by attribute when it is first asked for. */
export class DefinitionShape {
  private readonly known = new Map<string, AttributeShape>();
  private readonly properties: Record<string, unknown>;

  constructor(private readonly schema: JsonSchema) {
    this.properties = schemasOf(schema, 'properties');
  }

  get names(): string[] {
    return Object.keys(this.properties);
  }

  attribute(name: string): AttributeShape | undefined {
    const kept = this.known.get(name);
    if (kept || !Object.hasOwn(this.properties, name)) return kept;
    const schema = flattened(withoutRefs(this.properties[name], this.schema));
    const made = { name, title: titleOf(schema, name), shape: shapeOf(schema) };
    this.known.set(name, made);
    return made;
  }
}

/** The schema with what its `allOf` adds; where both say something, the schema's own. */
function flattened(schema: unknown): JsonSchema {
  if (!isSchema(schema)) return {};
  const added = listOf(schema, 'allOf').filter((each) => isSchema(each) && each.if === undefined);
  if (added.length === 0) return schema;
  const all = [...added.map(flattened), schema];
  return {
    ...(Object.assign({}, ...all) as JsonSchema),
    ...(all.some((each) => each.properties) && {
      properties: Object.assign({}, ...all.map((each) => schemasOf(each, 'properties'))) as JsonSchema,
    }),
    required: [...new Set(all.flatMap((each) => textsOf(each, 'required')))],
  };
}

function shapeOf(written: unknown): Shape {
  const schema = flattened(written);
  if (isSchema(schema.items)) {
    const most = [schema.maxUniqueItems, schema.maxItems].filter((each) => typeof each === 'number');
    return {
      kind: 'list',
      item: shapeOf(schema.items),
      most: most.length > 0 ? Math.min(...most) : null,
      countsPerLanguage: typeof schema.maxItems !== 'number' && textsOf(schema, 'selectors').includes('language_tag'),
    };
  }
  const properties = branchesOf(schema).map((each) => schemasOf(each, 'properties'));
  const parts = Object.entries(Object.assign({}, ...properties) as Record<string, unknown>);
  if (parts.length > 0)
    return {
      kind: 'object',
      parts: new Map(parts.map(([name, each]) => [name, shapeOf(each)])),
      required: textsOf(schema, 'required'),
    };
  return leafOf(schema);
}

/** The schema and the branches of its `anyOf` and `oneOf`. */
function branchesOf(schema: JsonSchema): JsonSchema[] {
  return [schema, ...listOf(schema, 'anyOf'), ...listOf(schema, 'oneOf')].filter(isSchema);
}

function leafOf(schema: JsonSchema): LeafShape {
  const branches = branchesOf(schema);
  const choices = branches.flatMap(choicesOf);
  const alternatives = branches.slice(1);
  const smallest = (keyword: string): number | undefined => {
    const found = branches.map((each) => each[keyword]).filter((each) => typeof each === 'number');
    return found.length > 0 ? Math.min(...found) : undefined;
  };
  return {
    kind: 'leaf',
    type: typeOf(branches),
    choices: choices.length > 0 ? choices : null,
    isOpen: choicesOf(schema).length === 0 && alternatives.some((each) => choicesOf(each).length === 0),
    maxLength: smallest('maxLength'),
    maxBytes: smallest('maxUtf8ByteLength'),
  };
}

function choicesOf(schema: JsonSchema): Choice[] {
  const values = Array.isArray(schema.enum) ? (schema.enum as unknown[]) : 'const' in schema ? [schema.const] : [];
  const names = Array.isArray(schema.enumNames) ? (schema.enumNames as unknown[]) : [];
  return values.flatMap((value, at) => {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return [];
    const name = names[at];
    return [{ value, name: typeof name === 'string' ? name : String(value) }];
  });
}

function typeOf(branches: readonly JsonSchema[]): LeafShape['type'] {
  const types = branches.flatMap(({ type }) => (Array.isArray(type) ? (type as unknown[]) : [type]));
  const known = types.filter(
    (each) => each === 'string' || each === 'number' || each === 'integer' || each === 'boolean'
  );
  return known[0] ?? 'string';
}

/** Where a target leads: the path of part names down to a plain value, and that value's place. */
export interface ResolvedTarget {
  attribute: AttributeShape;
  path: readonly string[];
  leaf: LeafShape;
}

/** Why a target leads nowhere. */
export interface TargetFault {
  code: 'target_unknown' | 'target_part_unknown' | 'target_ambiguous';
  message: string;
}

/** The place that a target names: `item_weight.unit`, or by an attribute or part alone its main value. */
export function resolveTarget(target: string, definition: DefinitionShape): ResolvedTarget | TargetFault {
  const [name = '', ...parts] = target.split('.');
  const attribute = definition.attribute(name);
  if (!attribute)
    return {
      code: 'target_unknown',
      message: `This product type has no attribute ${name}${nearest(name, definition.names)}.`,
    };
  let shape = attribute.shape;
  const path: string[] = [];
  for (const part of parts) {
    const within = insideLists(shape);
    const next = within.kind === 'object' ? within.parts.get(part) : undefined;
    if (!next) {
      const known = leafPaths(attribute.shape).map((each) => `${name}.${each}`);
      return {
        code: 'target_part_unknown',
        message: `${[name, ...path].join('.')} has no part ${part}. Its parts are ${known.slice(0, 12).join(', ')}.`,
      };
    }
    path.push(part);
    shape = next;
  }
  const main = mainPath(shape);
  if (!main) {
    const known = leafPaths(shape).map((each) => [name, ...path, each].join('.'));
    return {
      code: 'target_ambiguous',
      message: `${target} has several parts; say which: ${known.slice(0, 12).join(', ')}.`,
    };
  }
  return { attribute, path: [...path, ...main.path], leaf: main.leaf };
}

export function isTargetFault(found: ResolvedTarget | TargetFault): found is TargetFault {
  return 'code' in found;
}

/** The shape itself, or what a list of lists holds at last. */
export function insideLists(shape: Shape): LeafShape | ObjectShape {
  return shape.kind === 'list' ? insideLists(shape.item) : shape;
}

/** Parts that stand for the whole where there are several: the value itself, an image's address, a theme's name. */
const MAIN_PARTS = ['value', 'media_location', 'name'];

function mainPath(shape: Shape): { path: string[]; leaf: LeafShape } | undefined {
  const within = insideLists(shape);
  if (within.kind === 'leaf') return { path: [], leaf: within };
  const names = ownParts(within);
  const name = names.length === 1 ? names[0] : MAIN_PARTS.find((each) => names.includes(each));
  const found = name === undefined ? undefined : mainPath(within.parts.get(name)!);
  return found && { path: [name!, ...found.path], leaf: found.leaf };
}

function ownParts(shape: ObjectShape): string[] {
  return [...shape.parts.keys()].filter((name) => !SERVICE_PARTS.has(name));
}

/** The paths of all plain values: `value`, `unit`, `type.value`. */
function leafPaths(shape: Shape): string[] {
  const within = insideLists(shape);
  if (within.kind === 'leaf') return [''];
  return ownParts(within).flatMap((name) =>
    leafPaths(within.parts.get(name)!).map((rest) => (rest === '' ? name : `${name}.${rest}`))
  );
}

/** `; perhaps item_name`, when a known name differs little or holds all the words. */
function nearest(name: string, known: readonly string[]): string {
  const words = name.toLowerCase().split(/[^a-z0-9]+/);
  const near = known.filter((each) => words.every((word) => each.includes(word)) || isTypo(name, each)).slice(0, 3);
  return near.length > 0 ? `; perhaps ${near.join(' or ')}` : '';
}

/** One letter more, less or other, or two neighbours exchanged. */
function isTypo(one: string, other: string): boolean {
  if (Math.abs(one.length - other.length) > 1) return false;
  let start = 0;
  while (start < one.length && one[start] === other[start]) start += 1;
  let end = 0;
  while (end < Math.min(one.length, other.length) - start && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  const [left, right] = [one.slice(start, one.length - end), other.slice(start, other.length - end)];
  return (left.length <= 1 && right.length <= 1) || (left.length === 2 && left === [...right].reverse().join(''));
}
