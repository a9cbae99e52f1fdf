import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { ENDPOINTS } from '../../api/endpoints';
import { openApiDocument } from '../../api/openapi';
import { isObject } from '../../api/merge-patch';

export interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
}
interface Operation {
  operationId: string;
  security: unknown[];
  parameters?: { name: string; in: string; required?: boolean }[];
  responses: Record<string, { description: string; content?: Record<string, { schema: unknown }> }>;
}

export const DOCUMENT = openApiDocument(ENDPOINTS, 'http://127.0.0.1:3000') as OpenApi;

/** The same document, where an object may hold nothing but what is written down: so that undocumented fields are found. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (!isObject(schema)) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  const isPlainObject =
    schema.type === 'object' && isObject(schema.properties) && Object.keys(schema.properties).length > 0;
  return isPlainObject && !('additionalProperties' in schema) ? { ...inner, additionalProperties: false } : inner;
}

export const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addSchema(closed(DOCUMENT) as object, 'api');

const TEMPLATES = Object.keys(DOCUMENT.paths).map((template) => ({
  template,
  pattern: new RegExp(`^${template.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
}));

/** The most specific documented path that a request's path fits. */
export function templateOf(path: string): string | undefined {
  const plain = path.split('?')[0]!;
  return TEMPLATES.filter(({ pattern }) => pattern.test(plain)).sort(
    (a, b) => (a.template.match(/\{/g) ?? []).length - (b.template.match(/\{/g) ?? []).length
  )[0]?.template;
}

const escaped = (part: string): string => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));

/** Fails the test when an answer is not as the document says: its status, its type, its body. */
export function checkAnswer(
  method: string,
  path: string,
  status: number,
  contentType: string | null,
  body: unknown
): void {
  const isProblem = /problem\+json/.test(contentType ?? '');
  if (isProblem) expectValid('api#/components/schemas/Problem', body, `${method} ${path} → ${status}`);
  const template = templateOf(path);
  const operation = template && DOCUMENT.paths[template]?.[method.toLowerCase()];
  if (!template || !operation) return;
  const response = operation.responses[String(status)];
  if (!response) throw new Error(`${method} ${template} answered ${status}, which is not documented`);
  const type = contentType?.split(';')[0];
  if (!type || !response.content) return;
  if (!response.content[type])
    throw new Error(`${method} ${template} answered ${status} as ${type}, which is not documented`);
  if (!/json/.test(type)) return;
  const pointer = ['paths', template, method.toLowerCase(), 'responses', String(status), 'content', type, 'schema'];
  expectValid(`api#/${pointer.map(escaped).join('/')}`, body, `${method} ${path} → ${status}`);
}

function expectValid(ref: string, body: unknown, what: string): void {
  const validate = ajv.getSchema(ref) ?? ajv.compile({ $ref: ref });
  if (!validate(body)) throw new Error(`${what} is not as documented: ${ajv.errorsText(validate.errors)}`);
}
