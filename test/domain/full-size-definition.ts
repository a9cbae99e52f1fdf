import type { AmazonAttributes } from '../../domain/listing';
import type { JsonSchema } from '../../domain/product-type-schema';

const US = 'ATVPDKIKX0DER';

/** Attributes by kind, in turn: each kind has its own rules and its own ways to break them. */
const KINDS = ['text', 'closed', 'open', 'measure', 'nested', 'flag', 'dated'] as const;
export type Kind = (typeof KINDS)[number];

export function nameOf(index: number): string {
  return `${KINDS[index % KINDS.length]}_${String(index).padStart(3, '0')}`;
}

export function kindOf(name: string): Kind {
  return name.split('_')[0] as Kind;
}

const MARKETPLACE = { $ref: '#/$defs/marketplace_id' };
const LANGUAGE = { $ref: '#/$defs/language_tag' };

/** A definition as large and as intricate as Amazon's own, made from a count: the same for the same count. */
export function fullSizeDefinition(attributes = 420, values = 90): JsonSchema {
  const names = Array.from({ length: attributes }, (_, index) => nameOf(index));
  return {
    $schema: 'https://schemas.amazon.com/selling-partners/definitions/product-types/meta-schema/v1',
    $id: 'https://schemas.amazon.com/selling-partners/definitions/product-types/schema/v1/LARGE',
    $comment: 'A definition of full size',
    $defs: {
      marketplace_id: { type: 'string', editable: false, hidden: true, default: US, enum: [US], enumNames: ['US'] },
      language_tag: { type: 'string', editable: false, hidden: true, default: 'en_US', enum: ['en_US', 'es_US'] },
    },
    type: 'object',
    required: names.filter((_, index) => index % 40 === 0),
    properties: Object.fromEntries(names.map((name, index) => [name, attribute(name, index, values)])),
    additionalProperties: false,
    allOf: [
      ...names.slice(0, 120).map((name, index) => condition(name, index, names)),
      { anyOf: [{ required: [nameOf(7)] }, { required: [nameOf(14)] }] },
      { not: { required: [nameOf(21), nameOf(28)] } },
      { dependentRequired: { [nameOf(35)]: [nameOf(42)] } },
    ],
  };
}

/** `if` one attribute has a value `then` others are asked for, or limited; every tenth has an `else`. */
function condition(name: string, index: number, names: readonly string[]): JsonSchema {
  const asked = names[(index * 3 + 11) % names.length]!;
  const other = names[(index * 5 + 17) % names.length]!;
  const holds = {
    required: [name],
    properties: { [name]: { contains: { required: ['value'], properties: { value: { enum: [triggerOf(name)] } } } } },
  };
  if (index % 10 === 3)
    return { if: { not: { required: [name] } }, then: { required: [asked] }, else: { required: [other] } };
  if (index % 10 === 7)
    return {
      if: { allOf: [holds, { required: [other] }] },
      then: { properties: { [other]: { maxItems: 1 } }, required: [asked] },
    };
  return { if: holds, then: { required: [asked] } };
}

/** The value that conditions look for. */
function triggerOf(name: string): unknown {
  switch (kindOf(name)) {
    case 'flag':
      return true;
    case 'measure':
    case 'nested':
      return 7;
    case 'closed':
    case 'open':
      return 'value_1';
    case 'dated':
      return '2026-01-01';
    case 'text':
      return 'trigger';
  }
}

function attribute(name: string, index: number, values: number): JsonSchema {
  const kind = kindOf(name);
  const localized = kind === 'text';
  return {
    title: `Attribute ${index}`,
    description: `Provide attribute ${index} of the item exactly as it is printed on the product, its packaging or its label.`,
    examples: [`Example of attribute ${index}`],
    type: 'array',
    minItems: 1,
    minUniqueItems: 1,
    maxUniqueItems: 1 + (index % 3),
    selectors: localized ? ['marketplace_id', 'language_tag'] : ['marketplace_id'],
    items: {
      type: 'object',
      required: [...(kind === 'measure' ? ['unit'] : []), 'value', 'marketplace_id'],
      properties: {
        value: valueOf(kind, values),
        ...(kind === 'measure' && { unit: { title: 'Unit', type: 'string', enum: ['grams', 'kilograms'] } }),
        ...(kind === 'nested' && { detail: detail() }),
        ...(localized && { language_tag: LANGUAGE }),
        marketplace_id: MARKETPLACE,
      },
      additionalProperties: false,
      ...(kind === 'nested' && {
        allOf: [{ if: { required: ['value'], properties: { value: { const: 13 } } }, then: { required: ['detail'] } }],
      }),
    },
  };
}

function valueOf(kind: Kind, count: number): JsonSchema {
  const values = Array.from({ length: count }, (_, index) => `value_${index}`);
  const list = { type: 'string', enum: values, enumNames: values.map((_, index) => `Value number ${index}`) };
  const shared = { title: 'Value', editable: true, hidden: false };
  switch (kind) {
    case 'text':
      return { ...shared, type: 'string', minLength: 1, maxLength: 60, maxUtf8ByteLength: 80, minUtf8ByteLength: 2 };
    case 'closed':
      return { ...shared, ...list };
    case 'open':
      return { ...shared, anyOf: [{ type: 'string', maxLength: 12 }, list] };
    case 'measure':
    case 'nested':
      return { ...shared, type: 'number', exclusiveMinimum: 0, maximum: 1000 };
    case 'flag':
      return { ...shared, type: 'boolean', enum: [true, false], enumNames: ['Yes', 'No'] };
    case 'dated':
      return { ...shared, type: 'string', format: 'date', pattern: '^20' };
  }
}

function detail(): JsonSchema {
  return {
    title: 'Detail',
    type: 'array',
    minItems: 1,
    maxItems: 2,
    items: {
      type: 'object',
      required: ['name'],
      properties: { name: { type: 'string', minLength: 1 }, amount: { type: 'integer', minimum: 1 } },
      additionalProperties: false,
    },
  };
}

/** A value that the definition takes. */
export function rightValue(name: string): Record<string, unknown>[] {
  const here = { marketplace_id: US };
  switch (kindOf(name)) {
    case 'text':
      return [{ value: 'A plain text', language_tag: 'en_US', ...here }];
    case 'closed':
      return [{ value: 'value_3', ...here }];
    case 'open':
      return [{ value: 'my own', ...here }];
    case 'measure':
      return [{ value: 12, unit: 'grams', ...here }];
    case 'nested':
      return [{ value: 12, ...here }];
    case 'flag':
      return [{ value: false, ...here }];
    case 'dated':
      return [{ value: '2026-05-31', ...here }];
  }
}

/** A value that meets the conditions upon it. */
export function triggeringValue(name: string): Record<string, unknown>[] {
  return rightValue(name).map((each) => ({ ...each, value: triggerOf(name) }));
}

/** Ways to make a value wrong, right or odd; whether it is wrong is for the definition to say. */
export const ODD_VALUES: ((value: Record<string, unknown>) => Record<string, unknown>[])[] = [
  (value) => [{ ...value, value: 'x'.repeat(61) }],
  (value) => [{ ...value, value: 'é'.repeat(45) }],
  (value) => [{ ...value, value: '' }],
  (value) => [{ ...value, value: -1 }],
  (value) => [{ ...value, value: 1001 }],
  (value) => [{ ...value, value: 13 }],
  (value) => [{ ...value, value: null }],
  (value) => [{ ...value, value: '2026-02-30' }],
  (value) => [{ ...value, value: '1999-01-01' }],
  (value) => [{ ...value, extra: 1 }],
  (value) => [{ ...value, marketplace_id: 'A1' }],
  (value) => [{ ...value, detail: [{ name: '' }, { amount: 0 }, {}] }],
  (value) => [{ ...value, value: 13, detail: [{ name: 'a' }] }],
  (value) => [without(value, 'value')],
  (value) => [without(value, 'unit')],
  (value) => [value, value],
  (value) => [value, value, value, value],
  (value) => [value, { ...value, language_tag: 'es_US' }],
  () => [],
];

/** The same object without some of its keys. */
export function without(value: Record<string, unknown>, ...keys: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
}

/** A payload that the definition takes, of some twenty attributes. */
export function rightPayload(schema: JsonSchema): AmazonAttributes {
  const payload: AmazonAttributes = {};
  for (const name of schema.required as string[]) payload[name] = rightValue(name);
  payload[nameOf(7)] = rightValue(nameOf(7));
  return payload;
}
