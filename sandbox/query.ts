import type { Request } from 'express';

/** The one value of a path parameter, decoded. */
export function pathParameter(request: Request, name: string): string {
  const value: unknown = request.params[name];
  return typeof value === 'string' ? value : '';
}

/** A query parameter's text, the first one when it is repeated; undefined when absent or empty. */
export function queryText(request: Request, name: string): string | undefined {
  const value: unknown = request.query[name];
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' && first !== '' ? first : undefined;
}

/** A comma-separated query parameter, also when it is repeated; undefined when absent. */
export function queryList(request: Request, name: string): string[] | undefined {
  const value: unknown = request.query[name];
  if (value === undefined) return undefined;
  const texts = (Array.isArray(value) ? value : [value]).filter((text) => typeof text === 'string');
  return texts.flatMap((text) => text.split(',')).filter((text) => text !== '');
}

export function headerText(request: Request, name: string): string {
  const value = request.headers[name.toLowerCase()];
  return typeof value === 'string' ? value : '';
}

/** The body as the client sent it. */
export function bodyText(request: Request): string {
  const body: unknown = request.body;
  return Buffer.isBuffer(body) ? body.toString('utf8') : '';
}

const parsedBodies = new WeakMap<Request, { value: unknown }>();

/** The body as JSON, parsed once. @throws SyntaxError */
export function bodyJson(request: Request): unknown {
  const known = parsedBodies.get(request);
  if (known) return known.value;
  const value: unknown = JSON.parse(bodyText(request));
  parsedBodies.set(request, { value });
  return value;
}

/** The body as a JSON object; undefined when it is none. */
export function bodyObject(request: Request): Record<string, unknown> | undefined {
  try {
    const body = bodyJson(request);
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
