import { anySignal } from '../domain/any-signal';
import { EmbeddedError, reasonOf } from './embedded-error';

/** How long an answer may take, in milliseconds. */
const ANSWER_BOUND_MS = 30_000;

export type JsonRequest = {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH';
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is; `headers` names its type. */
  rawBody?: string;
  signal?: AbortSignal;
};

/** An answer other than 2xx. `body` is the parsed JSON, or undefined. */
export class HttpError extends EmbeddedError {
  constructor(
    message: string,
    readonly status: number,
    readonly body: unknown
  ) {
    super(message);
  }
}

/**
 * Sends one request and parses the JSON answer.
 * @returns undefined for an empty answer
 * @throws HttpError for an answer other than 2xx, with the problem details it holds; EmbeddedError when there is none
 */
export async function requestJson(url: string, request: JsonRequest = {}): Promise<unknown> {
  const { method = 'GET', headers = {}, body, rawBody, signal } = request;
  const bounded = anySignal([AbortSignal.timeout(ANSWER_BOUND_MS), ...(signal ? [signal] : [])]);
  const what = `${method} ${new URL(url).pathname}`;
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: rawBody ?? (body === undefined ? undefined : JSON.stringify(body)),
      signal: bounded,
    });
    text = await response.text();
  } catch (error) {
    throw new EmbeddedError(
      `${what} got no answer: ${reasonOf(error instanceof Error && error.cause ? error.cause : error)}`
    );
  }
  const parsed = parseJson(text);
  if (!response.ok)
    throw new HttpError(`${what} answered ${response.status}${problemText(parsed)}`, response.status, parsed);
  return parsed;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Problem details (RFC 9457) in one line, with the fields they name. */
function problemText(body: unknown): string {
  if (typeof body !== 'object' || body === null) return '';
  const { title, detail, code, errors } = body as Record<string, unknown>;
  const fields = Array.isArray(errors)
    ? errors.map((e: { field?: unknown; message?: unknown }) => `${String(e.field)}: ${String(e.message)}`)
    : [];
  const parts = [code, detail ?? title, ...fields].filter((part) => part !== undefined);
  return parts.length > 0 ? ` (${parts.join('; ')})` : '';
}
