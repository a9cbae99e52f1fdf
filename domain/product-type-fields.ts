import { conditionInWords, requirementsOf } from './product-type-conditions';
import { isSchema, listOf, schemasOf, textsOf, titleOf, withoutRefs, type JsonSchema } from './product-type-schema';

/** One value that Amazon allows, and how people call it. */
export interface FieldValue {
  value: string | number | boolean;
  label: string;
}

/** How long, how large and of what form a value may be; absent where there is no limit. */
export interface FieldLimits {
  minLength?: number;
  maxLength?: number;
  /** Of UTF-8. */
  minBytes?: number;
  maxBytes?: number;
  minimum?: number;
  maximum?: number;
  /** Excluded themselves. */
  above?: number;
  below?: number;
  /** A regular expression. */
  pattern?: string;
  /** `uri`, `date`, `date-time`. */
  format?: string;
}

/** One value of an attribute: `value` and `unit` of a weight. */
export interface FieldPart {
  /** Dotted: `our_price.schedule.value_with_tax`. */
  path: string;
  title: string;
  type: string;
  required: boolean;
  /** Tells values of one attribute apart: marketplace, language. */
  selector: boolean;
  /** Null when any value may be given. */
  values: FieldValue[] | null;
  /** Whether values beyond the listed ones are taken too. */
  otherValues: boolean;
  limits: FieldLimits;
  examples: string[];
  /** Whether it can be changed once the listing exists. */
  editable: boolean;
  /** Not for people: the service fills it. */
  hidden: boolean;
}

/** One attribute of a product type, for people. */
export interface ProductTypeField {
  name: string;
  title: string;
  help: string;
  group: { name: string; title: string } | null;
  requirement: 'required' | 'conditional' | 'optional';
  /** With `conditional`: any of these asks for it. */
  requiredWhen: string[];
  /** How many values for each combination of the selectors. */
  count: { min: number; max: number | null };
  parts: FieldPart[];
}

/**
 * The fields of a product type. Which fields there are, what they ask for and their values come from the marketplace's own
 * schema; titles, help and the names of values from the one in the label locale (S5).
 */
export function fieldsOf(
  own: { schema: JsonSchema },
  labels: { schema: JsonSchema; groups: readonly { name: string; title: string; attributes: string[] }[] }
): ProductTypeField[] {
  const root = withoutRefs(own.schema, own.schema) as JsonSchema;
  const named = labels.schema === own.schema ? root : (withoutRefs(labels.schema, labels.schema) as JsonSchema);
  const names = schemasOf(named, 'properties');
  // Conditions are put in the words of the label locale too.
  const requirements = requirementsOf(
    named === root ? root : { ...root, properties: withLabels(schemasOf(root, 'properties'), names) }
  );
  const groups = new Map(
    labels.groups.flatMap(({ name, title, attributes }) => attributes.map((each) => [each, { name, title }] as const))
  );
  return Object.entries(schemasOf(root, 'properties')).map(([name, schema]) => {
    const label = Object.hasOwn(names, name) ? names[name] : schema;
    const requirement = requirements.get(name);
    const attribute = isSchema(schema) ? schema : {};
    return {
      name,
      title: titleOf(label, name),
      help: textOf(label, 'description'),
      group: groups.get(name) ?? null,
      requirement: requirement?.always ? 'required' : requirement ? 'conditional' : 'optional',
      requiredWhen: requirement?.always
        ? []
        : [...new Set((requirement?.when ?? []).map((each) => conditionInWords(each)))],
      count: {
        min: numberOf(attribute, 'minUniqueItems') ?? numberOf(attribute, 'minItems') ?? 0,
        max: numberOf(attribute, 'maxUniqueItems') ?? numberOf(attribute, 'maxItems') ?? null,
      },
      parts: partsOf(attribute, label, textsOf(attribute, 'selectors')),
    };
  });
}

/** Attributes whose titles and value names are those of the label locale, for conditions in words. */
function withLabels(own: JsonSchema, labels: JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(own).map(([name, schema]) => {
      const label = Object.hasOwn(labels, name) ? labels[name] : undefined;
      return [name, isSchema(schema) && isSchema(label) ? merged(schema, label) : schema];
    })
  );
}

/** One schema with the titles and value names of another of the same shape. */
function merged(own: JsonSchema, label: JsonSchema): JsonSchema {
  const both = (one: unknown, other: unknown): unknown => (isSchema(one) && isSchema(other) ? merged(one, other) : one);
  const copy: JsonSchema = { ...own };
  if (typeof label.title === 'string') copy.title = label.title;
  if (Array.isArray(own.enum)) copy.enumNames = valuesIn(own, label)?.map((each) => each.label);
  if (own.items !== undefined) copy.items = both(own.items, label.items);
  if (isSchema(own.properties)) {
    const others = schemasOf(label, 'properties');
    copy.properties = Object.fromEntries(
      Object.entries(own.properties).map(([name, each]) => [name, both(each, others[name])])
    );
  }
  for (const keyword of ['anyOf', 'oneOf'] as const) {
    const others = listOf(label, keyword);
    if (Array.isArray(own[keyword])) copy[keyword] = listOf(own, keyword).map((each, at) => both(each, others[at]));
  }
  return copy;
}

/** The parts at the leaves of an attribute, through its lists and objects. */
function partsOf(attribute: JsonSchema, label: unknown, selectors: readonly string[]): FieldPart[] {
  const found: FieldPart[] = [];
  const walk = (schema: unknown, named: unknown, path: readonly string[], required: boolean): void => {
    if (!isSchema(schema)) return;
    const names = isSchema(named) ? named : {};
    if (isSchema(schema.items)) return walk(schema.items, names.items, path, required);
    const properties = Object.entries(schemasOf(schema, 'properties'));
    if (properties.length > 0) {
      const others = schemasOf(names, 'properties');
      for (const [name, each] of properties)
        walk(
          each,
          Object.hasOwn(others, name) ? others[name] : undefined,
          [...path, name],
          textsOf(schema, 'required').includes(name)
        );
      return;
    }
    const last = path.at(-1) ?? 'value';
    found.push({
      path: path.join('.') || 'value',
      title: titleOf(isSchema(named) ? named : schema, last),
      type: typeOf(schema),
      required,
      selector: path.length === 1 && selectors.includes(last),
      values: valuesIn(schema, named),
      otherValues: isOpen(schema),
      limits: limitsOf(schema),
      examples: examplesOf(named).length > 0 ? examplesOf(named) : examplesOf(schema),
      editable: schema.editable !== false,
      hidden: schema.hidden === true,
    });
  };
  walk(attribute, label, [], true);
  return found;
}

/** The schema and the branches of its `anyOf` and `oneOf`: an open list is one branch with an `enum` and one without. */
function branchesOf(schema: JsonSchema): JsonSchema[] {
  return [schema, ...listOf(schema, 'anyOf'), ...listOf(schema, 'oneOf')].filter(isSchema);
}

function isOpen(schema: JsonSchema): boolean {
  const alternatives = [...listOf(schema, 'anyOf'), ...listOf(schema, 'oneOf')].filter(isSchema);
  if (Array.isArray(schema.enum)) return false;
  return alternatives.length === 0 || alternatives.some((each) => !Array.isArray(each.enum) && !('const' in each));
}

/** Allowed values with labels. Where Amazon translates the values themselves, the lists are paired by their order. */
function valuesIn(schema: JsonSchema, label: unknown): FieldValue[] | null {
  const own = branchesOf(schema).find((each) => Array.isArray(each.enum));
  if (!own) return null;
  const values = own.enum as unknown[];
  const named = isSchema(label) ? branchesOf(label).find((each) => Array.isArray(each.enum)) : undefined;
  const others = (named?.enum as unknown[] | undefined) ?? [];
  const names = (Array.isArray(named?.enumNames) ? named.enumNames : []) as unknown[];
  const places = new Map(others.map((each, at) => [each, at]));
  const ownNames = (Array.isArray(own.enumNames) ? own.enumNames : []) as unknown[];
  return values
    .filter((each) => ['string', 'number', 'boolean'].includes(typeof each))
    .map((value, index) => {
      const at = places.get(value) ?? (others.length === values.length ? index : -1);
      const name = names[at] ?? ownNames[index];
      return { value: value as FieldValue['value'], label: typeof name === 'string' ? name : String(value) };
    });
}

function typeOf(schema: JsonSchema): string {
  const [type] = branchesOf(schema)
    .map((each) => each.type)
    .filter((each) => typeof each === 'string');
  return type ?? 'string';
}

const LIMITS = {
  minLength: 'minLength',
  maxLength: 'maxLength',
  minBytes: 'minUtf8ByteLength',
  maxBytes: 'maxUtf8ByteLength',
  minimum: 'minimum',
  maximum: 'maximum',
  above: 'exclusiveMinimum',
  below: 'exclusiveMaximum',
} as const;

function limitsOf(schema: JsonSchema): FieldLimits {
  const limits: FieldLimits = {};
  for (const branch of branchesOf(schema)) {
    for (const [name, keyword] of Object.entries(LIMITS) as [keyof typeof LIMITS, string][])
      limits[name] ??= numberOf(branch, keyword);
    if (typeof branch.pattern === 'string') limits.pattern ??= branch.pattern;
    if (typeof branch.format === 'string') limits.format ??= branch.format;
  }
  return Object.fromEntries(Object.entries(limits).filter(([, each]) => each !== undefined));
}

function numberOf(schema: JsonSchema, keyword: string): number | undefined {
  const found = schema[keyword];
  return typeof found === 'number' ? found : undefined;
}

function textOf(schema: unknown, keyword: string): string {
  const found = isSchema(schema) ? schema[keyword] : undefined;
  return typeof found === 'string' ? found : '';
}

function examplesOf(schema: unknown): string[] {
  const found = isSchema(schema) ? schema.examples : undefined;
  return Array.isArray(found) ? found.map((each) => (typeof each === 'string' ? each : JSON.stringify(each))) : [];
}
