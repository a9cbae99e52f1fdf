import { isSchema, listOf, schemasOf, textsOf, titleOf, type JsonSchema } from './product-type-schema';

/** When something is asked for, in a shape that can be put in words and turned round. */
export type Condition =
  | { kind: 'all' | 'any'; of: Condition[] }
  | { kind: 'not'; of: Condition }
  | { kind: 'is'; subject: string; values: string[] }
  | { kind: 'given'; subject: string }
  /** Too intricate for words: it depends on these. */
  | { kind: 'about'; subjects: string[] };

/** How attributes and values are called. */
export interface Labels {
  attribute(name: string): string;
  value(attribute: string, part: string, value: unknown): string;
}

/** Whether an attribute is asked for always, or when. Conditions are alternatives: any of them asks for it. */
export interface Requirement {
  always: boolean;
  when: Condition[];
}

/** Labels out of the `properties` of a schema: titles, and `enumNames` for values. */
export function labelsOf(properties: JsonSchema): Labels {
  return {
    attribute: (name) => titleOf(Object.hasOwn(properties, name) ? properties[name] : undefined, name),
    value(attribute, part, value) {
      const own = Object.hasOwn(properties, attribute) ? properties[attribute] : undefined;
      return valueLabel(partOf(own, part), value);
    },
  };
}

/** A part of an attribute's values: the schema of `unit` in `[{value, unit}]`. */
function partOf(attribute: unknown, part: string): unknown {
  const item = isSchema(attribute) ? (attribute.items ?? attribute) : undefined;
  if (!isSchema(item)) return undefined;
  const properties = schemasOf(item, 'properties');
  return Object.hasOwn(properties, part) ? properties[part] : item;
}

/** How Amazon calls a value of a closed or open list; the value itself where it has no name. */
function valueLabel(schema: unknown, value: unknown): string {
  if (isSchema(schema)) {
    for (const each of [schema, ...listOf(schema, 'anyOf'), ...listOf(schema, 'oneOf')]) {
      if (!isSchema(each) || !Array.isArray(each.enum)) continue;
      const at = each.enum.indexOf(value);
      const name = Array.isArray(each.enumNames) ? (each.enumNames[at] as unknown) : undefined;
      if (at >= 0 && typeof name === 'string') return name;
    }
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What an `if` asks of the attributes. */
export function conditionOf(schema: unknown, labels: Labels): Condition {
  if (schema === false) return { kind: 'not', of: { kind: 'all', of: [] } };
  if (!isSchema(schema)) return { kind: 'all', of: [] };
  const required = textsOf(schema, 'required');
  const properties = Object.entries(schemasOf(schema, 'properties'));
  const parts: Condition[] = [];
  const told = new Set<string>();
  for (const [name, asked] of properties) {
    const subject = labels.attribute(name);
    const value = valueCondition(asked, subject, name, 'value', labels);
    if (!value) continue;
    told.add(name);
    // Without `required`, an absent attribute meets the condition too.
    parts.push(required.includes(name) ? value : any([value, { kind: 'not', of: { kind: 'given', subject } }]));
  }
  for (const name of required) if (!told.has(name)) parts.push({ kind: 'given', subject: labels.attribute(name) });
  for (const each of listOf(schema, 'allOf')) parts.push(conditionOf(each, labels));
  for (const keyword of ['anyOf', 'oneOf'] as const) {
    const branches = listOf(schema, keyword);
    if (branches.length > 0) parts.push(any(branches.map((each) => conditionOf(each, labels))));
  }
  if (schema.not !== undefined) parts.push({ kind: 'not', of: conditionOf(schema.not, labels) });
  if (parts.length === 0 && Object.keys(schema).some((keyword) => !PLAIN.has(keyword)))
    return { kind: 'about', subjects: properties.map(([name]) => labels.attribute(name)) };
  return all(parts);
}

/** Keywords that say nothing about a value, or are looked at apart. */
const PLAIN = new Set(['type', 'required', 'properties', 'title', 'description', '$comment', 'minItems', 'items']);

function valueCondition(
  schema: unknown,
  subject: string,
  attribute: string,
  part: string,
  labels: Labels
): Condition | undefined {
  if (!isSchema(schema)) return undefined;
  const inner = (each: unknown): Condition | undefined => valueCondition(each, subject, attribute, part, labels);
  const parts: (Condition | undefined)[] = [];
  const values = Array.isArray(schema.enum) ? (schema.enum as unknown[]) : 'const' in schema ? [schema.const] : [];
  if (values.length > 0)
    parts.push({ kind: 'is', subject, values: values.map((each) => labels.value(attribute, part, each)) });
  for (const keyword of ['contains', 'items'] as const) parts.push(inner(schema[keyword]));
  for (const [name, each] of Object.entries(schemasOf(schema, 'properties'))) {
    const of = name === 'value' || name === 'name' ? subject : `${subject} (${name.replaceAll('_', ' ')})`;
    parts.push(valueCondition(each, of, attribute, name, labels));
  }
  for (const each of listOf(schema, 'allOf')) parts.push(inner(each));
  for (const keyword of ['anyOf', 'oneOf'] as const) {
    const branches = listOf(schema, keyword).map(inner);
    if (branches.length > 0)
      parts.push(branches.includes(undefined) ? { kind: 'about', subjects: [subject] } : any(branches as Condition[]));
  }
  const not = inner(schema.not);
  if (not) parts.push({ kind: 'not', of: not });
  const found = parts.filter((each) => each !== undefined);
  if (found.length > 0) return all(found);
  const isIntricate = Object.keys(schema).some((keyword) => !PLAIN.has(keyword) && keyword !== 'contains');
  return isIntricate ? { kind: 'about', subjects: [subject] } : undefined;
}

/** Of which attributes a definition asks, and when. The schema's references have been resolved. */
export function requirementsOf(root: JsonSchema): Map<string, Requirement> {
  const labels = labelsOf(schemasOf(root, 'properties'));
  const found = new Map<string, Requirement>();
  const note = (name: string, conditions: readonly Condition[]): void => {
    const one = found.get(name) ?? { always: false, when: [] };
    if (conditions.length === 0) one.always = true;
    else one.when.push(all([...conditions]));
    found.set(name, one);
  };
  const walk = (node: unknown, conditions: readonly Condition[]): void => {
    if (!isSchema(node)) return;
    for (const name of textsOf(node, 'required')) note(name, conditions);
    for (const each of listOf(node, 'allOf')) walk(each, conditions);
    if (node.if !== undefined) {
      const asked = conditionOf(node.if, labels);
      walk(node.then, [...conditions, asked]);
      walk(node.else, [...conditions, { kind: 'not', of: asked }]);
    }
    for (const keyword of ['anyOf', 'oneOf'] as const) {
      const branches = listOf(node, keyword);
      branches.forEach((each, index) => {
        const others = branches.filter((_, other) => other !== index).map((other) => conditionOf(other, labels));
        walk(each, [...conditions, { kind: 'not', of: any(others) }]);
      });
    }
    if (isSchema(node.dependentRequired))
      for (const [name, asked] of Object.entries(node.dependentRequired))
        if (Array.isArray(asked))
          for (const each of asked as string[])
            note(each, [...conditions, { kind: 'given', subject: labels.attribute(name) }]);
    for (const [name, each] of Object.entries(schemasOf(node, 'dependentSchemas')))
      walk(each, [...conditions, { kind: 'given', subject: labels.attribute(name) }]);
  };
  walk(root, []);
  return found;
}

/** `Color is Blue or Red, and Size is given`; follows `when`. */
export function conditionInWords(condition: Condition, negated = false): string {
  switch (condition.kind) {
    case 'not':
      return conditionInWords(condition.of, !negated);
    case 'is':
      return `${condition.subject} is ${negated ? 'not ' : ''}${orList(condition.values)}`;
    case 'given':
      return `${condition.subject} is ${negated ? 'not ' : ''}given`;
    case 'about':
      return `the values of ${condition.subjects.join(', ') || 'other attributes'} ask for it`;
    case 'all':
    case 'any': {
      const words = [...new Set(condition.of.map((each) => conditionInWords(each, negated)))];
      if (words.length === 0) return 'it is sent';
      return words.join((condition.kind === 'all') === negated ? ', or ' : ', and ');
    }
  }
}

const MOST_VALUES = 8;

/** `a, b or c`, and how many more. */
export function orList(values: readonly string[]): string {
  if (values.length > MOST_VALUES)
    return `${values.slice(0, MOST_VALUES).join(', ')} or one of ${values.length - MOST_VALUES} more`;
  return values.length < 2 ? (values[0] ?? '') : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}

function all(of: Condition[]): Condition {
  const flat = of.flatMap((each) => (each.kind === 'all' ? each.of : [each]));
  return flat.length === 1 ? flat[0]! : { kind: 'all', of: flat };
}

function any(of: Condition[]): Condition {
  return of.length === 1 ? of[0]! : { kind: 'any', of };
}
