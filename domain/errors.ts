import { withoutShapes } from './redaction';

/** Who has to do something about a failure. */
export type Owner = 'merchant' | 'longshore' | 'amazon' | 'source' | 'nobody';

interface FailureClass {
  /** One plain sentence for a person. */
  sentence: string;
  /** What the owner should do. */
  action: string;
  owner: Owner;
  /** Whether the same request may succeed later without anybody changing anything. */
  passing: boolean;
}

/**
 * The one table of failure classes: used for retries, for the API's codes and for texts.
 * Source of the rules: SP-API and LWA answers (401 invalid_client, 400 invalid_grant, 403 expired, 429 without Retry-After).
 */
export const FAILURES = {
  throttled: {
    sentence: 'The request was over the rate limit.',
    action: 'Nothing: it is sent again at the rate that is allowed.',
    owner: 'nobody',
    passing: true,
  },
  transient: {
    sentence: 'The other side did not answer properly.',
    action: 'Nothing: it is tried again by itself.',
    owner: 'nobody',
    passing: true,
  },
  rejected: {
    sentence: 'Amazon refused what was sent.',
    action: 'Correct the item in the catalogue; it is sent again when it changes.',
    owner: 'merchant',
    passing: false,
  },
  'auth.secret_expired': {
    sentence: "The application's client secret has expired.",
    action: 'Create a new client secret for the application at Amazon and save it with the credential.',
    owner: 'longshore',
    passing: false,
  },
  'auth.secret_rotated': {
    sentence: "Another client secret has taken the place of the application's.",
    action: 'Save the new client secret with the credential; where nobody has it, create another one at Amazon.',
    owner: 'longshore',
    passing: false,
  },
  'auth.secret_pending': {
    sentence: 'Amazon does not take the new client secret yet, and the old one no longer.',
    action: 'Wait: Amazon takes up to an hour, and the new one is tried again by itself.',
    owner: 'amazon',
    passing: false,
  },
  'auth.wrong_secret': {
    sentence: 'The client secret is not one of this application.',
    action: 'Copy client id and client secret of the application at Amazon once more and save them.',
    owner: 'longshore',
    passing: false,
  },
  'auth.access_revoked': {
    sentence: 'The seller has withdrawn the access, or the refresh token is not valid.',
    action: 'Authorise the application again in Seller Central and save the new refresh token in the connector.',
    owner: 'merchant',
    passing: false,
  },
  'auth.unauthorized_client': {
    sentence: 'The refresh token is of another application.',
    action:
      "Authorise this application in Seller Central and save the refresh token that this gives, or correct the connector's client id.",
    owner: 'merchant',
    passing: false,
  },
  'auth.token_expired': {
    sentence: 'The access token has expired.',
    action: 'Nothing: a new one is fetched once.',
    owner: 'nobody',
    passing: true,
  },
  'auth.forbidden': {
    sentence: 'The account may not do this.',
    action: "Give the application (or the store's key) the role that the message names.",
    owner: 'merchant',
    passing: false,
  },
  config: {
    sentence: 'The configuration does not fit what the other side says.',
    action: 'Correct the field that the message names.',
    owner: 'merchant',
    passing: false,
  },
  bug: {
    sentence: 'Something went wrong inside Longshore.',
    action: 'Report it with the request id.',
    owner: 'longshore',
    passing: false,
  },
} as const satisfies Record<string, FailureClass>;

export type FailureCode = keyof typeof FAILURES;

/** True for codes that park a connector until a credential is mended. */
export function isAuthFailure(code: FailureCode): boolean {
  return code.startsWith('auth.') && !FAILURES[code].passing;
}

/** True for codes that say that Login with Amazon does not take the client secret. */
export function isSecretFailure(code: FailureCode): boolean {
  return /^auth\.(?:secret_expired|secret_rotated|secret_pending|wrong_secret)$/.test(code);
}

/** True for codes where the same request may succeed later by itself. */
export function isPassing(code: FailureCode): boolean {
  return FAILURES[code].passing;
}

/**
 * A failure of the outside world, classified at the edge where it was seen. The message never holds a secret, a token or
 * a URL with a query.
 */
export class OutsideError extends Error {
  override readonly name = 'OutsideError';

  constructor(
    readonly code: FailureCode,
    message: string,
    readonly facts: {
      /** `amazon`, `lwa`, `vtex` … */
      system: string;
      operation: string;
      /** HTTP status, absent when no answer came. */
      status?: number;
      requestId?: string;
      /** For `throttled`: how long to wait before the next try, in milliseconds. */
      retryAfterMs?: number;
      /** No request of the call has left: the other side knows nothing of it, and no attempt was made. */
      notSent?: true;
    }
  ) {
    super(withoutShapes(message));
  }
}

/** The class of anything thrown: `bug` for what was not classified at the edge. */
export function failureCodeOf(error: unknown): FailureCode {
  return error instanceof OutsideError ? error.code : 'bug';
}
