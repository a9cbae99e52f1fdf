/** A JSON Schema 2019-09 with Amazon's vocabulary, parsed. Source: Product Type Definition Meta-Schema v1. */
export interface JsonSchema {
  [keyword: string]: unknown;
}

/** Keywords that hold schemas by name, schemas in a list, and one schema. */
const HOLDERS = {
  maps: new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']),
  lists: new Set(['allOf', 'anyOf', 'oneOf']),
  singles: new Set([
    'items',
    'additionalItems',
    'contains',
    'not',
    'if',
    'then',
    'else',
    'additionalProperties',
    'propertyNames',
    'unevaluatedItems',
    'unevaluatedProperties',
  ]),
};

/** Keywords that only describe: beside a `$ref` they may simply stand with what it names. */
const ANNOTATIONS = new Set([
  'title',
  'description',
  'examples',
  'default',
  'enumNames',
  'editable',
  'hidden',
  '$comment',
  'deprecated',
  'readOnly',
  'writeOnly',
]);

export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A keyword's schemas by name; empty when it has none. */
export function schemasOf(schema: JsonSchema, keyword: 'properties' | 'patternProperties' | 'dependentSchemas') {
  const found = schema[keyword];
  return isSchema(found) ? found : {};
}

/** A keyword's list of schemas; empty when it has none. */
export function listOf(schema: JsonSchema, keyword: 'allOf' | 'anyOf' | 'oneOf'): unknown[] {
  const found = schema[keyword];
  return Array.isArray(found) ? found : [];
}

/** A keyword's list of texts: `required`, `selectors`. */
export function textsOf(schema: JsonSchema, keyword: string): string[] {
  const found = schema[keyword];
  return Array.isArray(found) ? found.filter((each): each is string => typeof each === 'string') : [];
}

/** What a local reference names: `#/$defs/marketplace_id`; undefined when it leads nowhere or out of the document. */
export function pointedAt(root: JsonSchema, ref: string): unknown {
  if (ref !== '#' && !ref.startsWith('#/')) return undefined;
  let found: unknown = root;
  for (const part of ref.split('/').slice(1)) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as JsonSchema)[key];
  }
  return found;
}

/**
 * The schema with every local reference replaced by what it names. A reference to itself, or to nowhere, stays.
 *
 * @param omit - keywords to leave out, such as long descriptions that no check needs.
 */
export function withoutRefs(
  schema: unknown,
  root: JsonSchema,
  omit: ReadonlySet<string> = new Set(),
  within: readonly string[] = []
): unknown {
  if (!isSchema(schema)) return schema;
  const inner = (each: unknown, path = within): unknown => withoutRefs(each, root, omit, path);
  const { $ref: ref, ...siblings } = schema;
  if (typeof ref === 'string' && !within.includes(ref)) {
    const target = pointedAt(root, ref);
    if (target !== undefined) {
      const named = inner(target, [...within, ref]);
      const own = inner(siblings) as JsonSchema;
      const describes = Object.keys(own).every((keyword) => ANNOTATIONS.has(keyword));
      if (describes && isSchema(named)) return { ...named, ...own };
      return { ...own, allOf: [...listOf(own, 'allOf'), named] };
    }
  }
  const copy: JsonSchema = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (omit.has(keyword)) continue;
    if (HOLDERS.maps.has(keyword) && isSchema(value))
      copy[keyword] = Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inner(each)]));
    else if ((HOLDERS.lists.has(keyword) || HOLDERS.singles.has(keyword)) && Array.isArray(value))
      copy[keyword] = value.map((each: unknown) => inner(each));
    else copy[keyword] = HOLDERS.singles.has(keyword) ? inner(value) : value;
  }
  return copy;
}

/** `item_weight` → `Item weight`, for what has no title. */
export function spokenName(name: string): string {
  const words = name.replaceAll('_', ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A schema's title, or its name made readable. */
export function titleOf(schema: unknown, name: string): string {
  return isSchema(schema) && typeof schema.title === 'string' && schema.title !== '' ? schema.title : spokenName(name);
}
