import Ajv2019, { type ErrorObject, type ValidateFunction } from 'ajv/dist/2019';
import addFormats from 'ajv-formats';
import type { AmazonAttributes, ListingProblem } from './listing';
import { complaintOf, named, shown } from './payload-validation-words';
import { utf8Length } from './plain-text';
import { conditionInWords, conditionOf, labelsOf, type Condition, type Labels } from './product-type-conditions';
import { isSchema, listOf, schemasOf, textsOf, titleOf, withoutRefs, type JsonSchema } from './product-type-schema';

/**
 * S8. `ENFORCED` asks for everything that a whole listing needs; `NOT_ENFORCED` looks only at the attributes that are there,
 * and asks for no other.
 */
export type EnforcementMode = 'ENFORCED' | 'NOT_ENFORCED';

/** What is wrong with a payload. `invalid` is the block reason it leads to. */
export type PayloadProblem = ListingProblem & {
  code: 'invalid';
  severity: 'error';
  attributes: string[];
  rule: string;
};

/** One thing that is wrong, before it is put in words. */
interface Finding {
  attributes: string[];
  /** The keyword of the schema that was broken. */
  rule: string;
  /** Where in the attribute, without list positions: two findings that differ in nothing else are one. */
  part: string;
  what: string;
  todo: string;
  value?: unknown;
  /** Rules that hold only then. */
  when: Condition[];
}

/** What no check needs, and what takes most of a definition's room. */
const NOT_CHECKED = new Set([
  'description',
  'examples',
  'default',
  '$comment',
  '$id',
  '$schema',
  '$defs',
  'definitions',
]);

/** Keywords of the payload's own level that are interpreted here, one by one, or that say nothing of validity. */
const INTERPRETED = new Set([
  ...NOT_CHECKED,
  'title',
  'type',
  'editable',
  'hidden',
  'enumNames',
  'selectors',
  'properties',
  'patternProperties',
  'additionalProperties',
  'unevaluatedProperties',
  'required',
  'dependentRequired',
  'dependentSchemas',
  'allOf',
  'anyOf',
  'oneOf',
  'not',
  'if',
  'then',
  'else',
]);

/** Amazon's own keywords that are checked here, or that only describe. */
export const AMAZON_KEYWORDS: ReadonlySet<string> = new Set([
  'selectors',
  'minUniqueItems',
  'maxUniqueItems',
  'minUtf8ByteLength',
  'maxUtf8ByteLength',
  'editable',
  'hidden',
  'enumNames',
]);

/**
 * Holds payloads against one product type definition.
 *
 * The level of the attributes is interpreted keyword by keyword, so that each problem has its attribute and each condition its
 * words; the inside of each attribute, and each `if`, is compiled by ajv when it is first needed and kept. A definition has
 * hundreds of attributes of which a catalogue uses some twenty, so this takes a small part of the time and memory that
 * compiling it as a whole does. Source of the vocabulary: Product Type Definition Meta-Schema v1.
 */
export class PayloadValidator {
  /** Attributes whose part of the definition cannot be compiled; they pass. */
  readonly unchecked = new Set<string>();
  /** The definition without references. */
  readonly root: JsonSchema;
  private readonly labels: Labels;
  private readonly compiled = new Map<unknown, ValidateFunction | undefined>();
  private readonly conditions = new Map<unknown, Condition>();
  /** What is left of a level's keywords when the interpreted ones are taken away. */
  private readonly rests = new Map<JsonSchema, JsonSchema>();
  private readonly whole = createAjv({ allErrors: true, verbose: true });
  private readonly verdictOnly = createAjv({ allErrors: false });

  constructor(
    schema: JsonSchema,
    private readonly productType: string
  ) {
    this.root = withoutRefs(schema, schema, NOT_CHECKED) as JsonSchema;
    this.labels = labelsOf(schemasOf(this.root, 'properties'));
  }

  /** All that is wrong with the attributes of one SKU; empty when nothing is. Never throws. */
  validate(payload: AmazonAttributes, mode: EnforcementMode): PayloadProblem[] {
    const present = Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined));
    return folded(this.holdAgainst(this.root, present, mode)).map((finding) => this.problemOf(finding));
  }

  /** What is wrong at the level of the attributes and inside them. */
  private holdAgainst(node: unknown, payload: AmazonAttributes, mode: EnforcementMode): Finding[] {
    if (node === false)
      return [finding([], 'false schema', 'Amazon does not take these attributes together', LEAVE_OUT)];
    if (!isSchema(node)) return [];
    return [
      ...(mode === 'ENFORCED' ? this.missing(node, payload) : []),
      ...this.values(node, payload),
      ...listOf(node, 'allOf').flatMap((each) => this.holdAgainst(each, payload, mode)),
      ...this.conditional(node, payload, mode),
      ...this.alternatives(node, payload, mode),
      ...this.forbidden(node, payload),
      ...this.dependent(node, payload, mode),
      ...this.others(node, payload),
    ];
  }

  private missing(node: JsonSchema, payload: AmazonAttributes): Finding[] {
    return textsOf(node, 'required')
      .filter((name) => !Object.hasOwn(payload, name))
      .map((name) => finding([name], 'required', 'it is missing', 'Give it in the source'));
  }

  private values(node: JsonSchema, payload: AmazonAttributes): Finding[] {
    if (!('properties' in node || 'patternProperties' in node || 'additionalProperties' in node)) return [];
    const properties = schemasOf(node, 'properties');
    const patterns = Object.entries(schemasOf(node, 'patternProperties')).map(
      ([pattern, schema]) => [tolerantRegExp(pattern), schema] as const
    );
    return Object.entries(payload).flatMap(([name, value]) => {
      const schemas = [
        ...(Object.hasOwn(properties, name) ? [properties[name]] : []),
        ...patterns.filter(([pattern]) => pattern.test(name)).map(([, schema]) => schema),
      ];
      if (schemas.length === 0 && node.additionalProperties !== undefined) schemas.push(node.additionalProperties);
      return schemas.flatMap((schema) => this.value(schema, name, value));
    });
  }

  private value(schema: unknown, name: string, value: unknown): Finding[] {
    if (schema === false) return [unknownAttribute(name)];
    if (!isSchema(schema)) return [];
    const check = this.compile(schema, name, this.whole);
    if (!check || check(value)) return [];
    return findingsOf(check.errors ?? [], name, titleOf(schema, name));
  }

  private conditional(node: JsonSchema, payload: AmazonAttributes, mode: EnforcementMode): Finding[] {
    if (node.if === undefined || (node.then === undefined && node.else === undefined)) return [];
    const applies = this.holds(node.if, payload);
    if (applies === undefined) return [];
    const found = this.holdAgainst(applies ? node.then : node.else, payload, mode);
    if (found.length === 0) return [];
    const asked = this.conditionOf(node.if);
    return underCondition(found, applies ? asked : { kind: 'not', of: asked });
  }

  /** `anyOf` and `oneOf`: the branch that lacks least is what a person is told of; equal ones are offered as a choice. */
  private alternatives(node: JsonSchema, payload: AmazonAttributes, mode: EnforcementMode): Finding[] {
    return (['anyOf', 'oneOf'] as const).flatMap((keyword) => {
      const branches = listOf(node, keyword).map((each) => this.holdAgainst(each, payload, mode));
      const fitting = branches.filter((found) => found.length === 0).length;
      if (branches.length === 0 || (keyword === 'anyOf' && fitting > 0) || fitting === 1) return [];
      if (fitting > 1) {
        // Where nothing is required, alternatives that ask for different attributes are all met by none of them.
        if (mode === 'NOT_ENFORCED' && listOf(node, keyword).filter((each) => this.holds(each, payload)).length <= 1)
          return [];
        const names = attributesIn(node[keyword]).filter((name) => Object.hasOwn(payload, name));
        return [finding(names, keyword, 'Amazon takes only one of them', 'Keep one and leave the others out')];
      }
      if (branches.every((found) => found.every(({ rule }) => rule === 'required'))) {
        const names = [...new Set(branches.flat().flatMap(({ attributes }) => attributes))];
        const choices = branches.map((found) => found.map(({ attributes }) => this.called(attributes)).join(' with '));
        return [finding(names, 'required', 'one of them is needed', `Give ${choices.join(', or ')}`)];
      }
      return branches.reduce((least, each) => (each.length < least.length ? each : least));
    });
  }

  private forbidden(node: JsonSchema, payload: AmazonAttributes): Finding[] {
    if (node.not === undefined || this.holds(node.not, payload) !== true) return [];
    const names = attributesIn({ not: node.not });
    const present = names.filter((name) => Object.hasOwn(payload, name));
    return [
      finding(
        present.length > 0 ? present : names,
        'not',
        `Amazon does not take a listing where ${conditionInWords(this.conditionOf(node.not))}`,
        'Change one of these values'
      ),
    ];
  }

  private dependent(node: JsonSchema, payload: AmazonAttributes, mode: EnforcementMode): Finding[] {
    const given = (name: string): Condition => ({ kind: 'given', subject: this.labels.attribute(name) });
    const required = isSchema(node.dependentRequired) && mode === 'ENFORCED' ? node.dependentRequired : {};
    return [
      ...Object.keys(required)
        .filter((name) => Object.hasOwn(payload, name))
        .flatMap((name) => underCondition(this.missing({ required: textsOf(required, name) }, payload), given(name))),
      ...Object.entries(schemasOf(node, 'dependentSchemas'))
        .filter(([name]) => Object.hasOwn(payload, name))
        .flatMap(([name, each]) => underCondition(this.holdAgainst(each, payload, mode), given(name))),
    ];
  }

  /** Keywords that Amazon does not use at this level today, so that a definition that does is not passed over. */
  private others(node: JsonSchema, payload: AmazonAttributes): Finding[] {
    const found: Finding[] = [];
    const rest = this.rests.get(node) ?? restOf(node);
    this.rests.set(node, rest);
    if (Object.keys(rest).length > 0) {
      const check = this.compile(rest, 'the listing as a whole', this.whole);
      if (check && !check(payload)) found.push(...(check.errors ?? []).map((each) => wholeFinding(each, payload)));
    }
    if (node.unevaluatedProperties !== undefined && node.unevaluatedProperties !== true) {
      const check = this.compile(node, 'the listing as a whole', this.whole);
      if (check && !check(payload))
        for (const { keyword, instancePath, params } of check.errors ?? [])
          if (keyword === 'unevaluatedProperties' && instancePath === '')
            found.push(unknownAttribute(String(params.unevaluatedProperty)));
    }
    return found;
  }

  /** Whether the attributes meet a condition; undefined when it cannot be compiled. */
  private holds(schema: unknown, payload: AmazonAttributes): boolean | undefined {
    if (typeof schema === 'boolean') return schema;
    return this.compile(schema, 'a condition', this.verdictOnly)?.(payload);
  }

  /** The check of one part of the definition, compiled once. */
  private compile(schema: unknown, name: string, ajv: Ajv2019): ValidateFunction | undefined {
    if (this.compiled.has(schema)) return this.compiled.get(schema);
    let check: ValidateFunction | undefined;
    try {
      check = ajv.compile(schema as JsonSchema);
    } catch {
      this.unchecked.add(name);
    }
    this.compiled.set(schema, check);
    return check;
  }

  private conditionOf(schema: unknown): Condition {
    const known = this.conditions.get(schema) ?? conditionOf(schema, this.labels);
    this.conditions.set(schema, known);
    return known;
  }

  private problemOf({ attributes, rule, what, todo, value, when }: Finding): PayloadProblem {
    const words = when.map((each) => conditionInWords(each));
    const asked = words.length > 0 ? `, when ${words.join(', or when ')}` : '';
    const type = rule === 'required' && what === 'it is missing' ? `, and Amazon wants it for ${this.productType}` : '';
    const subject = attributes.length > 0 ? `${this.called(attributes)}: ` : '';
    return {
      code: 'invalid',
      message: `${subject}${what}${type}${asked}. ${todo}.`,
      severity: 'error',
      owner: 'merchant',
      attributes,
      rule,
      ...(value !== undefined && { value: shown(value) }),
    };
  }

  /** `Title (item_name) and Brand (brand)` */
  private called(attributes: readonly string[]): string {
    const properties = schemasOf(this.root, 'properties');
    return attributes
      .map((name) => named(name, Object.hasOwn(properties, name) ? properties[name] : undefined))
      .join(' and ');
  }
}

/** Validators that are kept, the least used let go first. One per process. */
export class PayloadValidators {
  private readonly kept = new Map<string, PayloadValidator>();

  /** @param most - a validator of a full-size definition takes some megabytes. */
  constructor(private readonly most = 40) {}

  /** @param checksum - of the schema, as Amazon gives it. */
  get(checksum: string): PayloadValidator | undefined {
    const found = this.kept.get(checksum);
    if (found) {
      this.kept.delete(checksum);
      this.kept.set(checksum, found);
    }
    return found;
  }

  add(checksum: string, schema: JsonSchema, productType: string): PayloadValidator {
    const made = new PayloadValidator(schema, productType);
    this.kept.set(checksum, made);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= this.most) break;
      this.kept.delete(oldest);
    }
    return made;
  }
}

function restOf(node: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(node).filter(([keyword]) => !INTERPRETED.has(keyword)));
}

const LEAVE_OUT = 'Leave some of them out';

function finding(attributes: string[], rule: string, what: string, todo: string): Finding {
  return { attributes, rule, part: '', what, todo, when: [] };
}

function unknownAttribute(name: string): Finding {
  return finding(
    [name],
    'additionalProperties',
    'Amazon knows no such attribute of this product type',
    'Leave it out, or choose another attribute'
  );
}

function wholeFinding(error: ErrorObject, payload: AmazonAttributes): Finding {
  const { what, todo } = complaintOf(error);
  const name = error.keyword === 'propertyNames' ? String(error.params.propertyName) : '';
  return finding(Object.hasOwn(payload, name) ? [name] : [], error.keyword, what, todo);
}

function underCondition(found: Finding[], condition: Condition): Finding[] {
  return found.map((each) => ({
    ...each,
    when:
      each.when.length === 0 ? [condition] : each.when.map((own) => ({ kind: 'all', of: [condition, own] }) as const),
  }));
}

/** Every attribute that a condition speaks of. */
function attributesIn(schema: unknown): string[] {
  if (Array.isArray(schema)) return [...new Set(schema.flatMap(attributesIn))];
  if (!isSchema(schema)) return [];
  const inner = ['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else'].flatMap((keyword) =>
    attributesIn(schema[keyword])
  );
  return [...new Set([...textsOf(schema, 'required'), ...Object.keys(schemasOf(schema, 'properties')), ...inner])];
}

/** Keywords whose branches fail without the whole being wrong: their own error says all. */
const COVERING = new Set(['anyOf', 'oneOf', 'contains', 'propertyNames']);

/** What ajv says of one attribute, as findings: one for each thing to mend. */
function findingsOf(errors: readonly ErrorObject[], attribute: string, title: string): Finding[] {
  const covering = errors.filter(({ keyword }) => COVERING.has(keyword));
  const conditionals = errors.filter(({ keyword }) => keyword === 'if');
  const isUnder = (error: ErrorObject, path: string): boolean => error.schemaPath.startsWith(path);
  const explained = new Set<ErrorObject>();
  const found: Finding[] = [];
  for (const error of errors) {
    if (error.keyword === 'if' || covering.some((each) => each !== error && isUnder(error, `${each.schemaPath}/`)))
      continue;
    const branches = conditionals.filter((each) =>
      isUnder(error, `${each.schemaPath.replace(/\/if$/, '')}/${String(each.params.failingKeyword)}/`)
    );
    for (const each of branches) explained.add(each);
    found.push({
      ...leafFinding(closest(error, errors), attribute, title),
      when: branches.length > 0 ? [allOf(branches)] : [],
    });
  }
  for (const each of conditionals) {
    const isCovered = covering.some((cover) => isUnder(each, `${cover.schemaPath}/`));
    if (!explained.has(each) && !isCovered)
      found.push({ ...leafFinding(each, attribute, title), when: [allOf([each])] });
  }
  return found;
}

function allOf(branches: readonly ErrorObject[]): Condition {
  const conditions = branches.map(({ schema, params, parentSchema }): Condition => {
    const labels = labelsOf(isSchema(parentSchema) ? schemasOf(parentSchema, 'properties') : {});
    const condition = conditionOf(schema, labels);
    return params.failingKeyword === 'else' ? { kind: 'not', of: condition } : condition;
  });
  return { kind: 'all', of: conditions };
}

/** Of a value that fits no branch of an `anyOf` or `oneOf`, the error of the branch that it fits best. */
function closest(error: ErrorObject, errors: readonly ErrorObject[]): ErrorObject {
  if (error.keyword !== 'anyOf' && (error.keyword !== 'oneOf' || Array.isArray(error.params.passingSchemas)))
    return error;
  const prefix = `${error.schemaPath}/`;
  const branches = new Map<string, ErrorObject[]>();
  for (const each of errors) {
    if (!each.schemaPath.startsWith(prefix)) continue;
    const branch = each.schemaPath.slice(prefix.length).split('/')[0]!;
    branches.set(branch, [...(branches.get(branch) ?? []), each]);
  }
  const cost = (branch: ErrorObject[]): number =>
    branch.length + branch.filter(({ keyword }) => keyword === 'type').length * 100;
  const [best] = [...branches.values()].sort((one, other) => cost(one) - cost(other));
  const leaf = best?.find(({ keyword }) => keyword !== 'if' && keyword !== error.keyword);
  return leaf ?? error;
}

function leafFinding(error: ErrorObject, attribute: string, title: string): Finding {
  const path = error.instancePath.split('/').slice(1);
  const parts = path.filter((each) => !/^\d+$/.test(each));
  const { what, todo } = complaintOf(error);
  // The value's own title is mostly that of the attribute.
  const own = isSchema(error.parentSchema) ? titleOf(error.parentSchema, parts.at(-1) ?? '') : '';
  const isPlain = parts.length === 0 || (parts.length === 1 && parts[0] === 'value') || own === title;
  const part = isPlain ? '' : `in ${parts.join('.')}, `;
  return {
    attributes: [attribute],
    rule: error.keyword,
    part: `${parts.join('.')}:${String(error.params.missingProperty ?? error.params.additionalProperty ?? '')}`,
    what: `${part}${what}`,
    todo,
    value: error.data,
    when: [],
  };
}

/** What is said twice is said once: alternatives of one condition, and values of one attribute with one fault. */
function folded(found: readonly Finding[]): Finding[] {
  const kept = new Map<string, Finding & { again: number }>();
  for (const each of found) {
    const key = JSON.stringify([each.attributes, each.rule, each.part, each.attributes.length === 1 ? '' : each.what]);
    const first = kept.get(key);
    if (!first) kept.set(key, { ...each, again: 0 });
    else if (first.what !== each.what) first.again += 1;
    else if (first.when.length > 0)
      Object.assign(
        first,
        each.when.length === 0 ? { when: [], todo: each.todo } : { when: distinct([...first.when, ...each.when]) }
      );
  }
  return [...kept.values()].map(({ again, ...each }) =>
    again === 0 ? each : { ...each, what: `${each.what} (and ${again} more like it)` }
  );
}

function distinct(conditions: Condition[]): Condition[] {
  return [...new Map(conditions.map((each) => [conditionInWords(each), each])).values()];
}

/**
 * Amazon's patterns are written for other engines too: one that this engine cannot read is taken to fit everything, since
 * refusing what Amazon takes would be worse than leaving it to Amazon.
 */
function tolerantRegExp(pattern: string): RegExp {
  for (const flags of ['u', ''])
    try {
      return new RegExp(pattern, flags);
    } catch {
      continue;
    }
  return /(?:)/;
}
tolerantRegExp.code = 'tolerantRegExp';

/** ajv with Amazon's vocabulary. `editable`, `hidden`, `enumNames` and `selectors` only describe. */
function createAjv(options: { allErrors: boolean; verbose?: boolean }): Ajv2019 {
  const ajv = new Ajv2019({
    ...options,
    strict: false,
    validateSchema: false,
    addUsedSchema: false,
    code: { regExp: tolerantRegExp },
  });
  addFormats(ajv);
  ajv.addKeyword({
    keyword: 'maxUtf8ByteLength',
    type: 'string',
    validate: (limit: number, value: string) => utf8Length(value) <= limit,
  });
  ajv.addKeyword({
    keyword: 'minUtf8ByteLength',
    type: 'string',
    validate: (limit: number, value: string) => utf8Length(value) >= limit,
  });
  ajv.addKeyword({
    keyword: 'maxUniqueItems',
    type: 'array',
    validate: (limit: number, items: unknown[], parent?: object) =>
      perCombination(items, parent).every((n) => n <= limit),
  });
  ajv.addKeyword({
    keyword: 'minUniqueItems',
    type: 'array',
    validate: (limit: number, items: unknown[], parent?: object) =>
      perCombination(items, parent).every((n) => n >= limit),
  });
  return ajv;
}

/** How often each combination of the selectors' values occurs; of all parts, when there are no selectors. */
function perCombination(items: readonly unknown[], parent: unknown): number[] {
  const selectors = isSchema(parent) ? textsOf(parent, 'selectors') : [];
  const counts = new Map<string, number>();
  for (const item of items) {
    const parts = isSchema(item) ? item : { value: item };
    const names = selectors.length > 0 ? selectors : Object.keys(parts).sort();
    const key = JSON.stringify(names.map((name) => [name, parts[name] ?? null]));
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts.values()];
}
