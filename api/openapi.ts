import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { SECRET_FIELDS } from '../domain/connector-contract';
import { PATH_PARAMETERS } from './contracts/path-parameters';
import { problem } from './contracts/problem';
import type { Endpoint } from './endpoint';
import { PROBLEMS, type ProblemCode } from './errors';
import { isObject } from './merge-patch';
import { groupBy } from './group-by';

type Responses = RouteConfig['responses'];

/** What any request may end with, before anybody has looked at what it wants. */
const PROBLEMS_OF_REQUESTS: readonly ProblemCode[] = [
  'malformed_request',
  'request_timeout',
  'headers_too_large',
  'internal',
];

/** What reading and keeping a body may end with. */
const PROBLEMS_OF_BODIES: readonly ProblemCode[] = [
  'malformed_json',
  'too_large',
  'unsupported_media_type',
  'validation_failed',
  'database_unavailable',
];

/** What any endpoint may answer, whatever it is about. */
function commonProblems(endpoint: Endpoint): ProblemCode[] {
  if (endpoint.role === 'public')
    return endpoint.body ? [...PROBLEMS_OF_REQUESTS, ...PROBLEMS_OF_BODIES] : [...PROBLEMS_OF_REQUESTS];
  const codes: ProblemCode[] = [
    ...PROBLEMS_OF_REQUESTS,
    'unauthenticated',
    'role_required',
    'validation_failed',
    'rate_limited',
    'too_many_failed_logins',
    'database_unavailable',
  ];
  if (endpoint.method !== 'get') codes.push('malformed_json', 'too_large', 'unsupported_media_type');
  if (endpoint.method === 'post') codes.push('idempotency_key_reused', 'in_progress');
  return codes;
}

/** Describes the endpoints as OpenAPI 3.1, from the schemas that validate them. */
export function openApiDocument(endpoints: readonly Endpoint[], publicUrl: string): object {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key, made by POST /v1/api-keys. ADMIN_API_KEY is the first.',
  });
  for (const endpoint of endpoints) registry.registerPath(routeOf(endpoint));
  const document = new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Longshore',
      version: '0.1.0',
      description: 'Durable Amazon connectors for VTEX and Sales Layer catalogues.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: publicUrl }],
    tags: [
      'Connectors',
      'Syncs',
      'Listings',
      'Tests',
      'Product types',
      'Mappings',
      'Orders',
      'Alerts',
      'Notifications',
      'Credentials',
      'Access',
      'Operations',
      'Hooks',
    ].map((name) => ({
      name,
    })),
  });
  return markSecrets(document) as object;
}

const SECRET_NAMES = new Set(SECRET_FIELDS.map((path) => path.split('.')[1]));

/** Write-only fields are so in the document too; the schemas themselves only say it in words. */
function markSecrets(value: unknown, name?: string): unknown {
  if (Array.isArray(value)) return value.map((each) => markSecrets(each));
  if (!isObject(value)) return value;
  const marked = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, markSecrets(each, key)]));
  const isSecret = name !== undefined && SECRET_NAMES.has(name) && value.type === 'string';
  return isSecret ? { ...marked, writeOnly: true } : marked;
}

function routeOf(endpoint: Endpoint): RouteConfig {
  const { method, path, tag, summary, role, description } = endpoint;
  const needs = role === 'public' ? '' : `Needs the role ${role}.`;
  return {
    method,
    path,
    operationId: operationIdOf(endpoint),
    tags: [tag],
    summary,
    description: [description, needs].filter(Boolean).join(' '),
    security: role === 'public' ? [] : [{ apiKey: [] }],
    request: requestOf(endpoint),
    responses: responsesOf(endpoint),
  };
}

/** `GET /v1/connectors/{connectorId}/stock-preview` → `getConnectorsConnectorIdStockPreview` */
function operationIdOf({ method, path }: Endpoint): string {
  const words = path
    .replace(/^\/v1/, '')
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean);
  return method + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('');
}

function requestOf(endpoint: Endpoint): RouteConfig['request'] {
  const names = [...endpoint.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  const params = Object.fromEntries(names.map((name) => [name, z.string().meta({ ...PATH_PARAMETERS[name] })]));
  const headers: Record<string, z.ZodType> = Object.fromEntries(
    Object.entries(endpoint.requestHeaders ?? {}).map(([name, text]) => [name, z.string().optional().describe(text)])
  );
  if (endpoint.method === 'post' && endpoint.role !== 'public')
    headers['Idempotency-Key'] = z
      .string()
      .min(1)
      .max(255)
      .optional()
      .describe('Makes repeats safe: the same key and body get the same answer for 7 days');
  return {
    ...(names.length > 0 && { params: z.object(params) }),
    ...(Object.keys(headers).length > 0 && { headers: z.object(headers) }),
    ...(endpoint.query && { query: endpoint.query as z.ZodObject }),
    ...(endpoint.body && { body: bodyOf(endpoint.body) }),
  };
}

function bodyOf(body: NonNullable<Endpoint['body']>) {
  const types = body.contentTypes ?? ['application/json'];
  return {
    required: true,
    content: Object.fromEntries(
      types.map((type) => [type, { schema: body.schema, ...(body.example !== undefined && { example: body.example }) }])
    ),
  };
}

function responsesOf(endpoint: Endpoint): Responses {
  const responses: Responses = {};
  for (const [status, answer] of Object.entries(endpoint.answers))
    responses[status] = {
      description: answer.description,
      headers: headersOf({ ...answer.headers, 'X-Request-Id': 'The id of this request in the logs' }),
      ...((answer.schema || answer.contentType) && {
        content: {
          [answer.contentType ?? 'application/json']: {
            schema: answer.schema ?? z.string(),
            ...(answer.example !== undefined && { example: answer.example }),
          },
        },
      }),
    };
  const codes = [...new Set([...commonProblems(endpoint), ...(endpoint.problems ?? [])])];
  const byStatus = groupBy(codes, (code) => PROBLEMS[code].status);
  for (const [status, those] of [...byStatus].sort(([a], [b]) => a - b))
    if (!(status in responses))
      responses[status] = {
        description: those.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('; '),
        content: { 'application/problem+json': { schema: problem } },
      };
  return responses;
}

function headersOf(headers: Record<string, string>) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' as const } }])
  );
}
