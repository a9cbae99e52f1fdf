import type { ErrorObject } from 'ajv';
import { utf8Length } from './plain-text';
import { orList } from './product-type-conditions';
import { isSchema, schemasOf, titleOf } from './product-type-schema';

/** What is wrong with a value, and what to do, each a clause without its full stop. */
export interface Complaint {
  what: string;
  todo: string;
}

/** A value of a problem is shown up to this many characters. */
const MOST_SHOWN = 80;

/** A value as people are shown it. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  const points = [...text];
  return points.length > MOST_SHOWN ? `${points.slice(0, MOST_SHOWN - 1).join('')}…` : text;
}

/** One error of the validator in words that a merchant understands. The error was made with `verbose`. */
export function complaintOf(error: ErrorObject): Complaint {
  const write = WORDS[error.keyword];
  return (
    write?.(error) ?? {
      what: `it breaks Amazon's rule '${error.keyword}'`,
      todo: "Compare it with Amazon's description of this field",
    }
  );
}

const WORDS: Record<string, (error: ErrorObject) => Complaint> = {
  required: ({ params, parentSchema }) => {
    const name = String(params.missingProperty);
    const properties = isSchema(parentSchema) ? schemasOf(parentSchema, 'properties') : {};
    return { what: `its part ${named(name, properties[name])} is missing`, todo: 'Give it in the source' };
  },
  dependentRequired: ({ params }) => ({
    what: `its part ${String(params.missingProperty)} is missing, which belongs to ${String(params.property)}`,
    todo: 'Give it in the source',
  }),
  additionalProperties: ({ params }) => stranger(params.additionalProperty),
  unevaluatedProperties: ({ params }) => stranger(params.unevaluatedProperty),
  enum: ({ schema, parentSchema, data }) => oneOfThese(schema, parentSchema, data),
  const: ({ schema, parentSchema, data }) => oneOfThese([schema], parentSchema, data),
  type: ({ schema, data }) => ({
    what: `Amazon takes ${typesInWords(schema)} here, and '${shown(data)}' is ${typeInWords(data)}`,
    todo: 'Correct the value',
  }),
  maxLength: ({ schema, data }) => ({
    what: `it has ${[...String(data)].length} characters, and Amazon takes ${schema} at most`,
    todo: 'Shorten it',
  }),
  minLength: ({ schema, data }) => ({
    what: `it has ${[...String(data)].length} characters, and Amazon wants ${schema} at least`,
    todo: 'Write more',
  }),
  maxUtf8ByteLength: ({ schema, data }) => ({
    what: `it has ${utf8Length(String(data))} bytes, and Amazon takes ${schema} at most`,
    todo: 'Shorten it; an accented letter counts two bytes, and many others three',
  }),
  minUtf8ByteLength: ({ schema, data }) => ({
    what: `it has ${utf8Length(String(data))} bytes, and Amazon wants ${schema} at least`,
    todo: 'Write more',
  }),
  minimum: ({ schema, data }) => bound(data, `not less than ${schema}`),
  exclusiveMinimum: ({ schema, data }) => bound(data, `more than ${schema}`),
  maximum: ({ schema, data }) => bound(data, `not more than ${schema}`),
  exclusiveMaximum: ({ schema, data }) => bound(data, `less than ${schema}`),
  multipleOf: ({ schema, data }) => bound(data, `a multiple of ${schema}`),
  pattern: ({ schema, data }) => ({
    what: `'${shown(data)}' does not have the form that Amazon wants, ${shown(schema)}`,
    todo: 'Correct the value',
  }),
  format: ({ schema, data }) => ({
    what: `'${shown(data)}' is not ${FORMATS[String(schema)] ?? `of the form ${schema}`}`,
    todo: 'Correct the value',
  }),
  maxItems: ({ schema, data }) => counted(data, `${schema} at most`, 'Leave some out'),
  minItems: ({ schema, data }) => counted(data, `${schema} at least`, 'Give more values'),
  uniqueItems: () => ({ what: 'one of its values is there twice', todo: 'Remove the repeated value' }),
  maxUniqueItems: ({ schema, parentSchema, data }) => ({
    what: `it has more values than the ${schema} that Amazon takes ${perSelector(parentSchema, data)}`,
    todo: 'Leave some out',
  }),
  minUniqueItems: ({ schema, parentSchema, data }) => ({
    what: `it has fewer values than the ${schema} that Amazon wants ${perSelector(parentSchema, data)}`,
    todo: 'Give more values',
  }),
  contains: () => ({
    what: 'none of its values is one that Amazon asks for here',
    todo: 'Add the value that is asked for',
  }),
  anyOf: () => ({ what: 'it has none of the forms that Amazon takes', todo: 'Correct the value' }),
  oneOf: ({ params }) =>
    Array.isArray(params.passingSchemas)
      ? { what: 'it fits two forms that exclude each other', todo: 'Keep the parts of one of them' }
      : { what: 'it has none of the forms that Amazon takes', todo: 'Correct the value' },
  not: () => ({ what: 'Amazon does not take it together with the other values', todo: 'Change it or leave it out' }),
  'false schema': () => ({ what: 'Amazon does not take it here', todo: 'Leave it out' }),
};

const FORMATS: Record<string, string> = {
  uri: 'a complete web address, such as https://shop.example/shirt.jpg',
  date: 'a date, such as 2026-05-31',
  'date-time': 'a date with time and zone, such as 2026-05-31T12:00:00Z',
  email: 'an e-mail address',
};

function stranger(name: unknown): Complaint {
  return { what: `Amazon knows no part '${shown(name)}' of it`, todo: 'Leave that part out' };
}

function oneOfThese(allowed: unknown, parent: unknown, data: unknown): Complaint {
  const values = Array.isArray(allowed) ? (allowed as unknown[]) : [];
  const names = isSchema(parent) && Array.isArray(parent.enumNames) ? (parent.enumNames as unknown[]) : [];
  const words = values.map((value, at) => {
    const name = names[at];
    return typeof name === 'string' && name !== value ? `${shown(value)} (${name})` : shown(value);
  });
  return { what: `'${shown(data)}' is not a value that Amazon takes`, todo: `Use ${orList(words)}` };
}

function bound(data: unknown, rule: string): Complaint {
  return { what: `'${shown(data)}' is not right: Amazon wants ${rule}`, todo: 'Correct the value' };
}

function counted(data: unknown, rule: string, todo: string): Complaint {
  const count = Array.isArray(data) ? data.length : 0;
  return { what: `it has ${count} ${count === 1 ? 'value' : 'values'}, and Amazon takes ${rule}`, todo };
}

function perSelector(parent: unknown, data: unknown): string {
  const selectors = isSchema(parent) && Array.isArray(parent.selectors) ? (parent.selectors as unknown[]) : [];
  const several = selectors
    .filter((each) => each !== 'marketplace_id')
    .map((each) => String(each).replaceAll('_', ' '));
  return several.length > 0 && Array.isArray(data) ? `for each ${several.join(' and ')}` : 'in one marketplace';
}

const TYPES: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'yes or no (true, false)',
  array: 'a list',
  object: 'a value with parts',
  null: 'nothing',
};

function typesInWords(schema: unknown): string {
  const types = Array.isArray(schema) ? (schema as unknown[]) : [schema];
  return orList(types.map((each) => TYPES[String(each)] ?? String(each)));
}

function typeInWords(data: unknown): string {
  if (data === null) return 'empty';
  return TYPES[Array.isArray(data) ? 'array' : typeof data] ?? typeof data;
}

/** `Unit (unit)` */
export function named(name: string, schema: unknown): string {
  const title = titleOf(schema, name);
  return title === name ? name : `${title} (${name})`;
}
