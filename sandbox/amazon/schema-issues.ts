import Ajv2019, { type ErrorObject, type ValidateFunction } from 'ajv/dist/2019';
import addFormats from 'ajv-formats';
import { metaSchema, productTypeSchema, selectorsOf, type SchemaRequest } from './product-types';

/** One entry of a submission's or a listing's `issues`. */
export interface Issue {
  code: string;
  message: string;
  severity: 'ERROR' | 'WARNING' | 'INFO';
  categories: string[];
  attributeNames?: string[];
  marketplaceIds?: string[];
  enforcements?: {
    actions: { action: string }[];
    exemption: { status: 'EXEMPT' | 'EXEMPT_UNTIL_EXPIRY_DATE' | 'NOT_EXEMPT' };
  };
}

/** Attribute values by name; every value is an array of objects with selectors. */
export type Attributes = Record<string, Record<string, unknown>[]>;

const ajv = vocabulary(new Ajv2019({ strict: false, allErrors: true, verbose: true, validateSchema: false }));
const validators = new Map<string, ValidateFunction>();

/** Holds attributes against a product type's schema. Empty: nothing to complain about. */
export function issuesOf(attributes: Attributes, request: SchemaRequest): Issue[] {
  const validate = validatorOf(request);
  if (validate(attributes)) return [];
  const issues = new Map<string, Issue>();
  for (const error of validate.errors ?? []) {
    const issue = issueOf(error);
    if (issue)
      issues.set(`${issue.code}:${issue.attributeNames?.join()}:${issue.code === '99022' ? issue.message : ''}`, issue);
  }
  return [...issues.values()];
}

function validatorOf(request: SchemaRequest): ValidateFunction {
  const key = [request.productType, request.marketplace.id, request.requirements, request.enforcement].join('/');
  const known = validators.get(key);
  if (known) return known;
  const { $schema: _schema, $id: _id, ...schema } = productTypeSchema(request);
  const validate = ajv.compile(schema);
  validators.set(key, validate);
  return validate;
}

function vocabulary(instance: Ajv2019): Ajv2019 {
  addFormats(instance);
  for (const keyword of ['editable', 'hidden', 'enumNames', 'selectors']) instance.addKeyword(keyword);
  instance.addKeyword({
    keyword: 'maxUtf8ByteLength',
    type: 'string',
    validate: (limit: number, value: string) => Buffer.byteLength(value) <= limit,
  });
  instance.addKeyword({
    keyword: 'minUtf8ByteLength',
    type: 'string',
    validate: (limit: number, value: string) => Buffer.byteLength(value) >= limit,
  });
  instance.addKeyword({ keyword: 'maxUniqueItems', type: 'array', validate: instancesAtMost });
  instance.addKeyword({
    keyword: 'minUniqueItems',
    type: 'array',
    validate: (limit: number, items: unknown[]) => new Set(items.map((item) => JSON.stringify(item))).size >= limit,
  });
  instance.addMetaSchema(metaSchema());
  return instance;
}

/** maxUniqueItems counts the instances of one combination of selector values. */
function instancesAtMost(limit: number, items: unknown[], schema?: object): boolean {
  const selectors = (schema as { selectors?: string[] } | undefined)?.selectors ?? [];
  const counts = new Map<string, number>();
  for (const item of items) {
    const fields = (typeof item === 'object' && item !== null ? item : {}) as Record<string, unknown>;
    const key = JSON.stringify(selectors.map((selector) => fields[selector] ?? null));
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts.values()].every((count) => count <= limit);
}

/** Codes and sentences as Amazon's model examples have them; undefined for errors that only lead to others. */
function issueOf(error: ErrorObject): Issue | undefined {
  const [, attributeName] = error.instancePath.split('/');
  if (error.keyword === 'if' || error.keyword === 'not' || error.keyword === 'contains') return undefined;
  if (!attributeName && error.keyword === 'required') return missingAttribute(String(error.params.missingProperty));
  if (!attributeName && error.keyword === 'additionalProperties')
    return unknownAttribute(String(error.params.additionalProperty));
  if (!attributeName) return undefined;
  const place = error.instancePath.split('/').slice(2).join('.');
  const isImage = attributeName.includes('image_locator');
  return {
    code: '99022',
    message: `The value of '${attributeName}'${place ? ` at '${place}'` : ''} is invalid: ${complaintOf(error)}.`,
    severity: 'ERROR',
    attributeNames: [attributeName],
    categories: isImage ? ['INVALID_ATTRIBUTE', 'INVALID_IMAGE'] : ['INVALID_ATTRIBUTE'],
  };
}

function complaintOf(error: ErrorObject): string {
  switch (error.keyword) {
    case 'maxUtf8ByteLength':
      return `it exceeds the maximum of ${String(error.schema)} bytes`;
    case 'maxUniqueItems':
      return `too many values for ${selectorsOf(error.instancePath.split('/')[1] ?? '').join(' and ')}`;
    case 'minItems':
    case 'minUniqueItems':
      return 'too few values';
    case 'required':
      return `'${error.params.missingProperty}' is required`;
    case 'additionalProperties':
      return `'${error.params.additionalProperty}' is not expected`;
    case 'enum':
      return `it must be one of ${(error.params.allowedValues as unknown[]).join(', ')}`;
    default:
      return error.message ?? `it breaks '${error.keyword}'`;
  }
}

function missingAttribute(name: string): Issue {
  return {
    code: '90220',
    message: `'${name}' is required but not supplied.`,
    severity: 'ERROR',
    attributeNames: [name],
    categories: ['MISSING_ATTRIBUTE'],
    enforcements: suppressed('LISTING_SUPPRESSED'),
  };
}

export function unknownAttribute(name: string): Issue {
  return {
    code: '90000900',
    message: 'The attributes are invalid.',
    severity: 'ERROR',
    attributeNames: [name],
    categories: [],
  };
}

export function suppressed(action: string): Issue['enforcements'] {
  return { actions: [{ action }], exemption: { status: 'NOT_EXEMPT' } };
}
