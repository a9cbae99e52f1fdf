import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Ajv, { type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

const SHARED = process.env.LONGSHORE_SHARED ?? resolve(__dirname, '..', '..', '..', 'shared');
const ROOT = join(SHARED, 'data', 'amazon-models');

type Json = Record<string, unknown>;

/** Amazon's JSON schemas of what is in a feed and in its report. */
type FeedSchema = 'listings-feed-schema-v2' | 'listings-feed-processing-report-schema-v2';

const compiled = new Map<string, ValidateFunction>();

/** What Amazon's schema of a document finds wrong with it; empty: nothing. Only where Amazon's models are at hand. */
export function wrongWithDocument(schema: FeedSchema, document: unknown): string[] {
  return wrong(schema, () => read(`schemas/feeds/${schema}.json`), document);
}

/** The same of the answer, or with status 'body' of the body, of an operation of Feeds 2021-06-30. */
export function wrongWithFeedsExchange(operationId: string, status: number | 'body', body: unknown): string[] {
  return wrong(`${operationId} ${status}`, () => exchangeSchema(operationId, status), body);
}

function exchangeSchema(operationId: string, status: number | 'body'): Json {
  const model = read('models/feeds-api-model/feeds_2021-06-30.json') as {
    paths: Record<string, Record<string, Operation>>;
    definitions: Json;
  };
  const operations = Object.values(model.paths).flatMap((path) => Object.values(path));
  const operation = operations.find((each) => each.operationId === operationId);
  if (!operation) throw new Error(`the model has no operation ${operationId}`);
  if (status !== 'body' && !operation.responses[status]) throw new Error(`${operationId} has no answer ${status}`);
  const schema =
    status === 'body'
      ? operation.parameters.find((each) => each.in === 'body')?.schema
      : operation.responses[status]?.schema;
  return { ...(schema ?? {}), definitions: model.definitions };
}

interface Operation {
  operationId?: string;
  parameters: { in: string; schema?: Json }[];
  responses: Record<string, { schema?: Json }>;
}

function wrong(key: string, schemaOf: () => Json, value: unknown): string[] {
  const validate =
    compiled.get(key) ??
    addFormats(new Ajv({ strict: false, allErrors: true, validateSchema: false })).compile(closing(schemaOf()) as Json);
  compiled.set(key, validate);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${key}${instancePath} ${message}`);
}

function read(path: string): Json {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Json;
}

/** The schema with every object that lists its properties closed to others; not the branches that only narrow another one. */
function closing(value: unknown, isBranch = false): unknown {
  if (Array.isArray(value)) return value.map((each) => closing(each, isBranch));
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, closing(inner, isBranch || name === 'oneOf')])
  );
  const isOpen = copy.type === 'object' && copy.properties !== undefined && copy.additionalProperties === undefined;
  return isOpen && !isBranch ? { ...copy, additionalProperties: false } : copy;
}
