import type { Request, Response } from 'express';
import { z } from 'zod';
import { problemsOf } from '../domain/connector-contract';
import type { FieldProblem } from '../domain/connector-rules';
import { invalid, type ProblemCode } from './errors';
import type { Origin } from './lock-out';
import type { Actor, Role } from './roles';
import type { Services } from './services';

/** What a handler is given: a request that was authenticated, authorised and validated. */
export interface Call<Query, Body> {
  /** Path parameters, decoded. */
  params: Record<string, string>;
  query: Query;
  body: Body;
  actor: Actor;
  origin: Origin;
  requestId: string;
  /** 20 hex digits for a new resource's id; a repeat under the same Idempotency-Key gets the same ones. */
  reservedId: string;
  /** The If-Match header. */
  ifMatch: string | undefined;
}

/** What a handler answers: a body, or something that writes the response itself. */
export type Reply =
  | { status: number; body?: unknown; headers?: Record<string, string> }
  | { stream: (request: Request, response: Response) => Promise<void> };

export type Parsed<T> = { ok: true; value: T } | { ok: false; problems: FieldProblem[] };

interface Answer {
  description: string;
  /** Absent when the answer has no body. */
  schema?: z.ZodType;
  /** `application/json` unless said. */
  contentType?: string;
  headers?: Record<string, string>;
  example?: unknown;
}

interface BodyContract<Body> {
  /** What the documentation shows. */
  schema: z.ZodType;
  /** Media types that are accepted; `application/json` unless said. */
  contentTypes?: readonly string[];
  /** The body is no JSON: the handler is given the request itself, and reads it as it arrives. */
  isStreamed?: boolean;
  /** Bodies above this are refused, in bytes; 1 MB unless said. A streamed body is not bounded here. */
  limitBytes?: number;
  /** Checks the body, where the schema alone does not. */
  parse?: (input: unknown) => Parsed<Body>;
  example?: unknown;
}

interface Description {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As OpenAPI writes it: `/v1/connectors/{connectorId}`. */
  path: string;
  tag: string;
  summary: string;
  description?: string;
  /** The least role that may call it; `public` needs no key. */
  role: Role | 'public';
  /** The statuses of success, with what they hold. */
  answers: Record<number, Answer>;
  /** Codes beyond those that every endpoint may answer. */
  problems?: readonly ProblemCode[];
  /** Request headers it understands, for the documentation. */
  requestHeaders?: Record<string, string>;
}

interface Definition<Query extends z.ZodType, Body> extends Description {
  query?: Query;
  body?: BodyContract<Body>;
  handle: (services: Services, call: Call<z.infer<Query>, Body>) => Promise<Reply>;
}

/** An endpoint as the application mounts it and the documentation describes it. */
export interface Endpoint extends Description {
  query: z.ZodType | undefined;
  body: Omit<BodyContract<never>, 'parse'> | undefined;
  /**
   * Validates at once and returns what remains to be done.
   *
   * @throws Problem `validation_failed` naming every wrong value of query and body.
   */
  accept: (raw: Call<unknown, unknown>) => (services: Services, reservedId: string) => Promise<Reply>;
}

const nothing = z.strictObject({});
const emptyBody: BodyContract<unknown> = { schema: nothing };

/** Binds the contract of one endpoint to its handler. */
export function endpoint<Query extends z.ZodType = typeof nothing, Body = unknown>(
  definition: Definition<Query, Body>
): Endpoint {
  const { handle, query = nothing as unknown as Query, body, ...description } = definition;
  return {
    ...description,
    query: definition.query,
    body: body && {
      schema: body.schema,
      contentTypes: body.contentTypes,
      isStreamed: body.isStreamed,
      limitBytes: body.limitBytes,
      example: body.example,
    },
    accept: (raw) => {
      const parsedQuery = parseQuery(query, raw.query);
      const parsedBody = body ? parseBody(body, raw.body) : (parseBody(emptyBody, raw.body ?? {}) as Parsed<Body>);
      if (parsedQuery.ok && parsedBody.ok) {
        const call = { ...raw, query: parsedQuery.value, body: parsedBody.value };
        return (services, reservedId) => handle(services, { ...call, reservedId });
      }
      throw invalid([parsedQuery, parsedBody].flatMap((each) => (each.ok ? [] : each.problems)));
    },
  };
}

function parseQuery<Query extends z.ZodType>(schema: Query, input: unknown): Parsed<z.infer<Query>> {
  const parsed = schema.safeParse(input, { reportInput: true });
  if (parsed.success) return { ok: true, value: parsed.data };
  const problems = problemsOf(parsed.error).map(({ field, code, message }) =>
    code === 'unknown_field'
      ? {
          field: `query.${field}`,
          code: 'unknown_parameter',
          message: `There is no query parameter '${field}' here; check its spelling.`,
        }
      : { field: `query.${field}`, code, message }
  );
  return { ok: false, problems };
}

function parseBody<Body>(contract: BodyContract<Body>, input: unknown): Parsed<Body> {
  if (input === undefined)
    return {
      ok: false,
      problems: [{ field: '', code: 'required', message: 'Send a JSON object as the body of the request.' }],
    };
  if (contract.parse) return contract.parse(input);
  if (contract.isStreamed) return { ok: true, value: input as Body };
  const parsed = contract.schema.safeParse(input, { reportInput: true });
  return parsed.success ? { ok: true, value: parsed.data as Body } : { ok: false, problems: problemsOf(parsed.error) };
}
