import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Ajv, { type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';

const SHARED = process.env.LONGSHORE_SHARED ?? resolve(__dirname, '..', '..', '..', 'shared');
const MODELS = join(SHARED, 'data', 'amazon-models', 'models');
/** A folder that holds several models is followed by the file. */
const FOLDERS = {
  listingsItems: 'listings-items-api-model',
  productTypeDefinitions: 'product-type-definitions-api-model',
  sellers: 'sellers-api-model',
  feeds: 'feeds-api-model',
  orders: 'orders-api-model/orders_2026-01-01.json',
  ordersV0: 'orders-api-model/ordersV0.json',
  tokens: 'tokens-api-model',
  applications: 'application-management-api-model',
} as const;

export type AmazonModelName = keyof typeof FOLDERS;

/** Whether Amazon's own Swagger models are on this machine. */
export const hasAmazonModels = Object.values(FOLDERS).every((folder) => existsSync(join(MODELS, folder)));

/** `describe` where Amazon's models are at hand; elsewhere the group is skipped and says why. */
export const describeWithAmazonModels: jest.Describe = hasAmazonModels ? describe : skipped("Amazon's models");

/** The demo catalogue of a real store; undefined where it is not at hand. */
export const lumaCatalog = existsSync(join(SHARED, 'data/catalogs/luma/catalog.jsonl'))
  ? join(SHARED, 'data/catalogs/luma/catalog.jsonl')
  : undefined;

export const describeWithLuma: jest.Describe = lumaCatalog ? describe : skipped("Luma's catalogue");

function skipped(what: string): jest.Describe {
  console.warn(`skipped: ${what} not found; set LONGSHORE_SHARED to the folder that holds data/`);
  return describe.skip;
}

export interface ModelRequest {
  path: Record<string, string>;
  query: Record<string, string>;
  headers?: Record<string, string>;
  body?: unknown;
}

/** One of Amazon's Swagger 2.0 models, as validators. Every validator returns what is wrong, one sentence each; empty: nothing. */
export interface AmazonModel {
  /** Also complains about properties the model does not know. */
  validateResponse(operationId: string, status: number, body: unknown): string[];
  /** Holds required, enum, csv items, maximum and maxItems of each parameter, and the body's schema; flags unknown parameters. */
  validateRequest(operationId: string, request: ModelRequest): string[];
  /** The operation of a method and a path without query; undefined when the model has none. */
  operationOf(method: string, path: string): { operationId: string; path: Record<string, string> } | undefined;
}

type Json = Record<string, unknown>;

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'body' | 'header';
  required?: boolean;
  type?: string;
  maxItems?: number;
  items?: { type?: string; enum?: string[] };
  schema?: Json;
}

interface Operation {
  operationId: string;
  parameters: Parameter[];
  responses: Record<string, { schema?: Json }>;
}

interface Swagger {
  paths: Record<string, Record<string, Operation>>;
  definitions: Record<string, Json>;
}

const models = new Map<AmazonModelName, AmazonModel>();

export function amazonModel(name: AmazonModelName): AmazonModel {
  const known = models.get(name);
  if (known) return known;
  const model = modelOf(JSON.parse(readFileSync(pathOf(FOLDERS[name]), 'utf8')) as Swagger);
  models.set(name, model);
  return model;
}

function pathOf(place: string): string {
  if (place.endsWith('.json')) return join(MODELS, place);
  const [file] = readdirSync(join(MODELS, place)).filter((entry) => entry.endsWith('.json'));
  if (!file) throw new Error(`no model in ${place}`);
  return join(MODELS, place, file);
}

/** The model and operation that a call belongs to, over all models. */
export function findOperation(method: string, path: string) {
  if (!hasAmazonModels) return undefined;
  for (const name of Object.keys(FOLDERS) as AmazonModelName[]) {
    const model = amazonModel(name);
    const operation = model.operationOf(method, path);
    if (operation) return { model, ...operation };
  }
  return undefined;
}

function modelOf(swagger: Swagger): AmazonModel {
  const ajv = addFormats(new Ajv({ strict: false, allErrors: true }));
  const compiled = new Map<string, ValidateFunction>();
  const routes = routesOf(swagger);
  const open = swagger.definitions;
  const closed = Object.fromEntries(Object.entries(open).map(([name, schema]) => [name, closing(schema)]));

  const check = (key: string, schema: Json, value: unknown, definitions: Record<string, unknown>): string[] => {
    const validate = compiled.get(key) ?? ajv.compile({ ...schema, definitions });
    compiled.set(key, validate);
    return validate(value)
      ? []
      : (validate.errors ?? []).map(
          ({ instancePath, message, params }) => `${key}${instancePath} ${message} ${JSON.stringify(params)}`
        );
  };
  const operation = (operationId: string): Operation => {
    const found = routes.find((route) => route.operation.operationId === operationId);
    if (!found) throw new Error(`the model has no operation ${operationId}`);
    return found.operation;
  };

  return {
    validateResponse(operationId, status, body) {
      const response = operation(operationId).responses[String(status)];
      if (!response) return [`${operationId} has no answer ${status}`];
      return response.schema ? check(`${operationId} ${status}`, response.schema, body, closed) : [];
    },
    validateRequest(operationId, request) {
      const { parameters } = operation(operationId);
      const problems = parameters.flatMap((parameter) => {
        if (parameter.in === 'body') {
          return parameter.schema ? check(`${operationId} body`, parameter.schema, request.body, open) : [];
        }
        const value = parameter.in === 'path' ? request.path[parameter.name] : request.query[parameter.name];
        if (value === undefined) return parameter.required ? [`${parameter.name} is required`] : [];
        return check(`${operationId} ${parameter.name}`, schemaOf(parameter), parsed(parameter, value), open);
      });
      const names = parameters.map((parameter) => parameter.name);
      const strangers = Object.keys(request.query).filter((name) => !names.includes(name));
      return [...problems, ...strangers.map((name) => `${name} is not a parameter of ${operationId}`)];
    },
    operationOf(method, path) {
      for (const route of routes) {
        const match = route.method === method.toLowerCase() ? route.pattern.exec(path) : null;
        if (!match) continue;
        const values = route.names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? '')] as const);
        return { operationId: route.operation.operationId, path: Object.fromEntries(values) };
      }
      return undefined;
    },
  };
}

function routesOf(swagger: Swagger) {
  return Object.entries(swagger.paths).flatMap(([template, methods]) => {
    const names = [...template.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
    const pattern = new RegExp(`^${template.replace(/\{\w+\}/g, '([^/]+)')}$`);
    return Object.entries(methods)
      .filter(([, operation]) => 'operationId' in operation)
      .map(([method, operation]) => ({ method, names, pattern, operation }));
  });
}

function schemaOf({ name: _name, in: _in, required: _required, ...schema }: Parameter): Json {
  return { ...schema };
}

/** A parameter's text as its type: csv for arrays. */
function parsed({ type }: Parameter, text: string): unknown {
  if (type === 'array') return text.split(',');
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return type === 'integer' || type === 'number' ? Number(text) : text;
}

/** The schema with every object that lists its properties closed to others. */
function closing(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closing);
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, closing(inner)]));
  const isOpenObject = copy.properties !== undefined && copy.additionalProperties === undefined;
  return isOpenObject ? { ...copy, additionalProperties: false } : copy;
}
