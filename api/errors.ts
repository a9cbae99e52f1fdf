import type { FieldProblem } from '../domain/connector-rules';
import type { MoneyView } from './contracts/money-view';

interface ProblemClass {
  /** HTTP status. */
  status: number;
  /** The same for every problem of this code; the detail says what is special. */
  title: string;
}

/** The one registry of the API's problems, documented one to one in docs/errors.md. */
export const PROBLEMS = {
  malformed_json: { status: 400, title: 'The body is not valid JSON' },
  malformed_request: { status: 400, title: 'The request could not be read' },
  unauthenticated: { status: 401, title: 'An API key is needed' },
  role_required: { status: 403, title: 'The API key may not do this' },
  not_found: { status: 404, title: 'There is nothing here' },
  method_not_allowed: { status: 405, title: 'This path does not take this method' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  in_progress: { status: 409, title: 'The same request is still being worked on' },
  quantity_conflict: { status: 409, title: 'Another connector owns these quantities' },
  not_ready: { status: 409, title: 'The connector cannot be activated yet' },
  not_inactive: { status: 409, title: 'The connector cannot be previewed in this state' },
  not_active: { status: 409, title: 'The connector is not active' },
  wrong_state: { status: 409, title: 'The connector is in another state' },
  not_for_uploads: { status: 409, title: 'The connector takes no uploaded catalogue' },
  connector_removing: { status: 409, title: 'The connector is being removed' },
  sync_running: { status: 409, title: 'A sync is running already' },
  sync_ended: { status: 409, title: 'The sync has ended' },
  credential_exists: { status: 409, title: 'There is a credential of this application already' },
  credential_unproved: { status: 409, title: 'Amazon has taken no client secret of this credential yet' },
  built_in: { status: 409, title: 'The alert channel is built in' },
  delivery_ended: { status: 409, title: 'The message is not sent any more' },
  price_not_waiting: { status: 409, title: 'This price does not wait for approval' },
  amazon_refused: { status: 409, title: "Amazon does not accept the connector's credential or configuration" },
  version_changed: { status: 412, title: 'The configuration has changed meanwhile' },
  too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body has a type that is not accepted' },
  validation_failed: { status: 422, title: 'Some values are not right' },
  affiliate_id_taken: { status: 422, title: 'The affiliate id is taken' },
  immutable: { status: 422, title: 'Some fields cannot be changed any more' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key was used for another request' },
  headers_too_large: { status: 431, title: 'Address and headers are too large' },
  rate_limited: { status: 429, title: 'Too many requests' },
  too_many_failed_logins: { status: 429, title: 'Too many wrong API keys' },
  internal: { status: 500, title: 'Something went wrong inside Longshore' },
  database_unavailable: { status: 503, title: 'The database is away' },
  amazon_unavailable: { status: 503, title: 'Amazon cannot answer just now' },
  workflows_unavailable: { status: 503, title: 'The workflow engine is away' },
  too_many_streams: { status: 503, title: 'Too many event streams are open' },
  busy: { status: 503, title: 'Another change to the same account is under way' },
} as const satisfies Record<string, ProblemClass>;

export type ProblemCode = keyof typeof PROBLEMS;

/** The body of every answer that is not a success: RFC 9457 problem details. */
export interface ProblemBody {
  /** `urn:longshore:problem:<code>` */
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ProblemCode;
  requestId: string;
  /** One entry for each field that is not right. */
  errors?: FieldProblem[];
  /** With `not_ready`: what is missing. */
  missing?: { name: string; detail: string }[];
  /** With `sync_running`: the run in progress. */
  syncId?: string;
  /** With `price_not_waiting`: the price that waits now; null when none does. */
  heldBackPrice?: MoneyView | null;
}

/** A refusal that the caller is told about as it is. Its texts never hold a secret. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly more: Pick<ProblemBody, 'errors' | 'missing' | 'syncId' | 'heldBackPrice'> & {
      headers?: Record<string, string>;
      /** For the log only. */
      cause?: unknown;
    } = {}
  ) {
    super(detail, { cause: more.cause });
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  body(requestId: string): ProblemBody {
    const { errors, missing, syncId, heldBackPrice } = this.more;
    return {
      type: `urn:longshore:problem:${this.code}`,
      title: PROBLEMS[this.code].title,
      status: this.status,
      detail: this.detail,
      code: this.code,
      requestId,
      ...(errors && { errors }),
      ...(missing && { missing }),
      ...(syncId && { syncId }),
      ...(heldBackPrice !== undefined && { heldBackPrice }),
    };
  }
}

/** 422 for values that are not right; every one of them is named. */
export function invalid(errors: FieldProblem[]): Problem {
  const count = errors.length === 1 ? 'One value is not right' : `${errors.length} values are not right`;
  return new Problem('validation_failed', `${count}; see errors.`, { errors });
}

export function notFound(what: string): Problem {
  return new Problem('not_found', `There is no such ${what}.`);
}
