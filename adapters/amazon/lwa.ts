import { createHash } from 'node:crypto';
import type { AxiosInstance } from 'axios';
import { z } from 'zod';
import { isAuthFailure, isSecretFailure, OutsideError, type FailureCode } from '../../domain/errors';
import type { AmazonAccount } from '../../domain/ports/amazon';
import { waitFor } from '../http/clock';
import { exchange, type Answer } from '../http/exchange';
import { withoutSecrets } from '../http/redact';
import { stillOut } from './failures';
import type { Breaker, Look } from './outage';

/** A token is renewed this long before it expires, so that none expires on its way. */
const RENEW_BEFORE_MS = 60_000;

/** LWA says no rate; this is how long a caller is asked to wait after a 429 without Retry-After. */
const THROTTLED_WAIT_MS = 5_000;

const SYSTEM = 'lwa';
const OPERATION = 'token';

const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });
const errorAnswer = z.object({ error: z.string(), error_description: z.string().optional() });

/** What LWA exchanges for an access token. */
export interface LwaCredential {
  clientId: string;
  clientSecret: string;
  refreshToken: string;
}

/**
 * Finds a client secret that Amazon takes in the place of one that it does not.
 *
 * @param isTaken - asks Amazon whether it takes one.
 * @throws OutsideError when there is none, saying why.
 */
export type OtherSecret = (
  account: AmazonAccount,
  refused: LwaCredential,
  isTaken: (clientSecret: string) => Promise<boolean>
) => Promise<LwaCredential>;

/** Access tokens of Login with Amazon. Every method throws `OutsideError`. */
export interface AccessTokens {
  /** A token that is good for at least a minute. Many callers at once cause one exchange. */
  tokenOf(account: AmazonAccount, signal: AbortSignal): Promise<string>;
  /** Drops a token that Amazon no longer takes; a newer one stays. */
  discard(account: AmazonAccount, token: string): void;
  /** Reads the account's credential anew before the next call. To be called after a credential change. */
  forget(account: AmazonAccount): void;
  /** Exchanges once and keeps nothing. */
  test(credential: LwaCredential, signal: AbortSignal): Promise<void>;
  /** A token of the application itself, for what no seller has to authorise. Nothing is kept. */
  grantless(application: Application, scope: string, signal: AbortSignal): Promise<string>;
}

/** An LWA application, without a seller. */
type Application = Pick<LwaCredential, 'clientId' | 'clientSecret'>;

/** How often another secret is looked for in one call: others may be doing the same. */
const OTHER_SECRETS = 2;

interface Token {
  value: string;
  /** Epoch milliseconds. */
  renewAt: number;
}

/**
 * Tokens are kept per client id and refresh token (by its hash), so connectors of one seller share them. Source of the
 * rules: LWA's answers to the refresh_token grant; tokens live for an hour.
 */
export function createAccessTokens(options: {
  http: AxiosInstance;
  lwaUrl: string;
  timeoutMs: number;
  breaker: Breaker;
  /** How long an exchange waits for the end of an outage, in milliseconds. */
  patienceMs: number;
  credentials: (account: AmazonAccount) => Promise<LwaCredential>;
  /** What to do about a client secret that is refused; nothing unless given. */
  otherSecret?: OtherSecret;
}): AccessTokens {
  const { http, lwaUrl, timeoutMs, breaker, patienceMs, credentials, otherSecret } = options;
  const grantOfAccount = new Map<string, string>();
  const tokens = new Map<string, Token>();
  /** Exchanges in progress, by account and by grant. */
  const pendingOfAccount = new Map<string, Promise<string>>();
  const pendingOfGrant = new Map<string, Promise<Token>>();
  /** Changes with every `forget`: what began before it is not kept. */
  let generation = 0;

  function request(credential: LwaCredential, signal: AbortSignal): Promise<Token> {
    const { refreshToken } = credential;
    return requestBy(credential, { grant_type: 'refresh_token', refresh_token: refreshToken }, signal);
  }

  async function requestBy(
    application: Application,
    grant: Record<string, string>,
    signal: AbortSignal
  ): Promise<Token> {
    const { clientId, clientSecret } = application;
    const form = new URLSearchParams({ ...grant, client_id: clientId, client_secret: clientSecret });
    const ask: Look['ask'] = (asking) =>
      exchange(asking, timeoutMs, (ownSignal) =>
        http.post(lwaUrl, form.toString(), {
          signal: ownSignal,
          headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
        })
      );
    // A token more than needed changes nothing, so the look is the request itself.
    const outage = await breaker.waitOut(signal, patienceMs, { operation: OPERATION, ask });
    if (outage) throw stillOut(SYSTEM, OPERATION, outage.since, false);
    const got = await breaker.watch(OPERATION, () => ask(signal));
    if (got.kind === 'silence') throw failure('transient', `Login with Amazon did not answer: ${got.reason}.`);
    if (got.status !== 200) throw refusal(got, clientId, [clientSecret, grant.refresh_token]);
    const token = tokenAnswer.safeParse(got.data);
    if (!token.success) throw failure('transient', 'Login with Amazon answered without a token.', got);
    return {
      value: token.data.access_token,
      renewAt: Date.now() + Math.max(0, token.data.expires_in * 1000 - RENEW_BEFORE_MS),
    };
  }

  async function fetchToken(account: AmazonAccount): Promise<string> {
    const begun = generation;
    const credential = await credentials(account);
    const grant = grantOf(credential);
    const known = tokens.get(grant);
    const token = isFresh(known) ? known : await exchangeAny(account, credential, grant);
    if (begun === generation) {
      tokens.set(grant, token);
      grantOfAccount.set(nameOf(account), grant);
    }
    return token.value;
  }

  /** Exchanges with the secret in use, or with another that Amazon takes. */
  async function exchangeAny(account: AmazonAccount, first: LwaCredential, grant: string): Promise<Token> {
    let credential = first;
    for (let others = 0; ; others += 1)
      try {
        return await exchangeOnce(credential, grant);
      } catch (error) {
        if (!otherSecret || others === OTHER_SECRETS || !isRefusedSecret(error)) throw error;
        const refused = credential;
        credential = await otherSecret(account, refused, (clientSecret) => isTaken({ ...refused, clientSecret }));
      }
  }

  /** Whether the client secret is taken, whatever Amazon thinks of the refresh token. */
  async function isTaken(credential: LwaCredential): Promise<boolean> {
    try {
      await request(credential, new AbortController().signal);
      return true;
    } catch (error) {
      if (isRefusedSecret(error)) return false;
      if (error instanceof OutsideError && isAuthFailure(error.code)) return true;
      throw error;
    }
  }

  /** Belongs to all who wait for it, so no single caller's signal ends it. */
  function exchangeOnce(credential: LwaCredential, grant: string): Promise<Token> {
    return shared(pendingOfGrant, `${grant} ${digest(credential.clientSecret)}`, () =>
      request(credential, new AbortController().signal)
    );
  }

  return {
    async tokenOf(account, signal) {
      signal.throwIfAborted();
      const name = nameOf(account);
      const known = tokens.get(grantOfAccount.get(name) ?? '');
      if (isFresh(known)) return known.value;
      return waitFor(
        shared(pendingOfAccount, name, () => fetchToken(account)),
        signal
      );
    },

    discard(account, token) {
      const grant = grantOfAccount.get(nameOf(account)) ?? '';
      if (tokens.get(grant)?.value === token) tokens.delete(grant);
    },

    forget(account) {
      const name = nameOf(account);
      tokens.delete(grantOfAccount.get(name) ?? '');
      grantOfAccount.delete(name);
      pendingOfAccount.delete(name);
      generation += 1;
    },

    async test(credential, signal) {
      await request(credential, signal);
    },

    async grantless(application, scope, signal) {
      return (await requestBy(application, { grant_type: 'client_credentials', scope }, signal)).value;
    },
  };
}

function nameOf({ connectorId, clientId }: AmazonAccount): string {
  return JSON.stringify([connectorId, clientId]);
}

function grantOf({ clientId, refreshToken }: LwaCredential): string {
  return JSON.stringify([clientId, digest(refreshToken)]);
}

function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64');
}

function isFresh(token: Token | undefined): token is Token {
  return token !== undefined && token.renewAt > Date.now();
}

/** Joins what is in progress under the name, or starts it. */
function shared<T>(pending: Map<string, Promise<T>>, name: string, start: () => Promise<T>): Promise<T> {
  const running = pending.get(name);
  if (running) return running;
  const started = start().finally(() => {
    if (pending.get(name) === started) pending.delete(name);
  });
  pending.set(name, started);
  return started;
}

/** What LWA's own error names mean; the name decides, not the status. */
const REFUSALS: Record<string, { code: FailureCode; message: (clientId: string) => string }> = {
  invalid_client: {
    code: 'auth.secret_expired',
    message: (clientId) => `Login with Amazon refuses the client secret of ${clientId}: it is wrong or has expired.`,
  },
  invalid_grant: {
    code: 'auth.access_revoked',
    message: (clientId) =>
      `Login with Amazon refuses the refresh token for ${clientId}: the seller has withdrawn the access, or the token is wrong.`,
  },
  unauthorized_client: {
    code: 'auth.unauthorized_client',
    message: (clientId) =>
      `The refresh token belongs to another application than ${clientId}: use a refresh token that the seller gave to ${clientId}.`,
  },
};

function isRefusedSecret(error: unknown): boolean {
  return error instanceof OutsideError && isSecretFailure(error.code);
}

function refusal(answer: Answer, clientId: string, secrets: (string | undefined)[]): OutsideError {
  const { status } = answer;
  const parsed = errorAnswer.safeParse(answer.data);
  const error = parsed.success ? parsed.data.error : '';
  if (status === 429)
    return failure('throttled', 'Login with Amazon was asked too often.', answer, retryAfterMs(answer));
  if (status === 408 || status === 423 || status >= 500)
    return failure('transient', `Login with Amazon answered ${status}.`, answer);
  const known = REFUSALS[error] ?? (status === 401 ? REFUSALS.invalid_client : undefined);
  if (known) return failure(known.code, known.message(clientId), answer);
  const said = parsed.success ? `${error}: ${parsed.data.error_description ?? ''}` : 'in no form that is known';
  return failure(
    'config',
    `Login with Amazon refused the token request of ${clientId} with ${status}, ${withoutSecrets(said, secrets)}`,
    answer
  );
}

function retryAfterMs(answer: Answer): number {
  const seconds = Number(answer.header('retry-after'));
  return seconds > 0 ? seconds * 1000 : THROTTLED_WAIT_MS;
}

function failure(code: FailureCode, message: string, answer?: Answer, retryAfter?: number): OutsideError {
  return new OutsideError(code, message, {
    system: SYSTEM,
    operation: OPERATION,
    status: answer?.status,
    requestId: answer?.header('x-amzn-requestid'),
    retryAfterMs: retryAfter,
  });
}
