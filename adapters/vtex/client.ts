import { z } from 'zod';
import { OutsideError, type FailureCode } from '../../domain/errors';
import { jittered, systemClock } from '../http/clock';
import { createHttp, exchange, type Answer } from '../http/exchange';
import { withoutSecrets } from '../http/redact';
import { createGate } from './gate';

/** Tries of one request when the store does not answer properly. */
const TRIES = 3;
const FIRST_PAUSE_MS = 200;

/** After a 429 that says nothing else. Doubles. */
const FIRST_THROTTLE_MS = 1_000;

/** Longer waits than this are the caller's, in milliseconds, for one request in all. */
const MAX_THROTTLE_MS = 30_000;

const SYSTEM = 'vtex';

/** What each kind of call needs in VTEX's License Manager. Source: VTEX's API reference, by endpoint. */
const RESOURCES = {
  catalog: "the resource 'SKUs' (Catalog)",
  salesChannels: "a role that reads the Catalog's trade policies",
  checkout: 'access to Checkout simulations',
  pricing: 'a role that reads prices (Pricing)',
  logistics: "the resource 'Logistics viewer' or 'Logistics full access' (Logistics)",
  reservations: "the resource 'Logistics full access' (Logistics)",
  orders: 'access to orders (OMS)',
  affiliates: "the resource 'Save Order Configuration' or 'Save OrderForm Configuration' (OMS, Checkout)",
} as const;

const SUGGESTED_ROLE = 'IntegrationProfile - Fulfillment Gateway Oms';

export interface VtexCall {
  /** For people and for errors: `read SKU`. */
  operation: string;
  needs: keyof typeof RESOURCES;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  host: 'store' | 'pricing';
  /** Path with its query, already encoded. */
  path: string;
  body?: unknown;
  /** Sent again only after an answer that says that it was not carried out (429). */
  isOnce?: true;
}

/** Every request to the store passes here. Throws `OutsideError`, or the signal's reason. */
export interface VtexClient {
  /** For answers that must be there. */
  read<T>(call: VtexCall, answer: z.ZodType<T>, signal: AbortSignal): Promise<T>;
  /** As `read`; undefined for a 404. */
  find<T>(call: VtexCall, answer: z.ZodType<T>, signal: AbortSignal): Promise<T | undefined>;
  /** For calls whose answer says nothing. */
  write(call: VtexCall, signal: AbortSignal): Promise<void>;
}

export interface VtexClientOptions {
  account: string;
  appKey: string;
  appToken: string;
  /** May hold `{account}`. */
  urlTemplate: string;
  pricingUrlTemplate: string;
  requestsInFlight: number;
  /** For one request, in milliseconds. */
  timeoutMs: number;
}

export function createVtexClient(options: VtexClientOptions): VtexClient {
  const { account, appKey, appToken, urlTemplate, pricingUrlTemplate, requestsInFlight, timeoutMs } = options;
  const http = createHttp();
  const gate = createGate(requestsInFlight);
  const hosts = { store: baseUrl(urlTemplate, account), pricing: baseUrl(pricingUrlTemplate, account) };
  const headers = {
    'x-vtex-api-appkey': appKey,
    'x-vtex-api-apptoken': appToken,
    'content-type': 'application/json',
    accept: 'application/json',
  };
  /** The store has asked everybody to wait until then. */
  let quietUntil = 0;

  async function sendOnce(call: VtexCall, signal: AbortSignal): Promise<Answer> {
    const quiet = quietUntil - systemClock.now();
    if (quiet > 0) await systemClock.sleep(quiet, signal);
    const { method, host, path, body } = call;
    const got = await gate(
      () =>
        exchange(signal, timeoutMs, (own) =>
          http.request({ method, url: hosts[host] + path, data: body, headers, signal: own })
        ),
      signal
    );
    if (got.kind === 'answer') return got;
    if (got.sendable) throw failure(call, 'transient', `The store did not answer '${call.operation}': ${got.reason}.`);
    throw failure(
      call,
      'config',
      'The request to the store cannot be written: check the account name, the app key and the app token.'
    );
  }

  /** Tries again what may pass, quickly and not often. */
  async function send(call: VtexCall, signal: AbortSignal): Promise<Answer> {
    const patientUntil = systemClock.now() + MAX_THROTTLE_MS;
    let throttleMs = FIRST_THROTTLE_MS;
    for (let attempt = 1; ;) {
      try {
        const answer = await sendOnce(call, signal);
        if (answer.status === 404 || (answer.status >= 200 && answer.status < 300)) return answer;
        throw refusal(call, answer, [appKey, appToken]);
      } catch (error) {
        if (!(error instanceof OutsideError)) throw error;
        if (error.code === 'throttled') {
          const wait = error.facts.retryAfterMs ?? jittered(throttleMs);
          if (systemClock.now() + wait > patientUntil)
            throw failure(call, 'throttled', error.message, { status: 429, retryAfterMs: wait });
          quietUntil = Math.max(quietUntil, systemClock.now() + wait);
          throttleMs *= 2;
        } else if (error.code === 'transient' && attempt < TRIES && !call.isOnce) {
          await systemClock.sleep(jittered(FIRST_PAUSE_MS * 2 ** (attempt - 1)), signal);
          attempt += 1;
        } else throw error;
      }
    }
  }

  function parse<T>(call: VtexCall, schema: z.ZodType<T>, answer: Answer): T {
    const parsed = schema.safeParse(answer.data);
    if (parsed.success) return parsed.data;
    const where = parsed.error.issues[0]?.path.join('.') || 'the answer itself';
    throw failure(
      call,
      'transient',
      `The store's answer to '${call.operation}' cannot be read: ${where} is not as expected.`,
      {
        status: answer.status,
      }
    );
  }

  return {
    async read(call, schema, signal) {
      const answer = await send(call, signal);
      if (answer.status === 404) throw notFound(call);
      return parse(call, schema, answer);
    },

    async find(call, schema, signal) {
      const answer = await send(call, signal);
      return answer.status === 404 ? undefined : parse(call, schema, answer);
    },

    async write(call, signal) {
      const answer = await send(call, signal);
      if (answer.status === 404) throw notFound(call);
    },
  };
}

function baseUrl(template: string, account: string): string {
  return template.replaceAll('{account}', encodeURIComponent(account)).replace(/\/+$/, '');
}

function refusal(call: VtexCall, answer: Answer, secrets: string[]): OutsideError {
  const { status } = answer;
  const { operation, needs } = call;
  if (status === 401)
    return failure(
      call,
      'auth.forbidden',
      `The store refuses '${operation}': the app key and app token do not fit. They also need ${RESOURCES[needs]}.`,
      { status }
    );
  if (status === 403)
    return failure(
      call,
      'auth.forbidden',
      `The store refuses '${operation}': the app key needs ${RESOURCES[needs]}. VTEX suggests the role '${SUGGESTED_ROLE}' for connectors.`,
      { status }
    );
  if (status === 429)
    return failure(call, 'throttled', `The store limits '${operation}' for now.`, {
      status,
      retryAfterMs: waitAsked(answer),
    });
  const said = withoutSecrets(saidBy(answer), secrets);
  const code: FailureCode = status >= 500 || status === 408 || status === 423 ? 'transient' : 'config';
  return failure(call, code, `The store answered '${operation}' with ${status}. ${said}`.trim(), { status });
}

function notFound(call: VtexCall): OutsideError {
  return failure(call, 'config', `The store does not know what '${call.operation}' asks for: check the account name.`, {
    status: 404,
  });
}

/** `Retry-After` or `Ratelimit-Reset`, both in seconds. Pricing sends them; other VTEX APIs do not. */
function waitAsked(answer: Answer): number | undefined {
  const waits = ['retry-after', 'ratelimit-reset'].map((name) => Number(answer.header(name)));
  const seconds = waits.find((each) => each > 0 && Number.isFinite(each));
  return seconds === undefined ? undefined : seconds * 1000;
}

/** VTEX answers errors with plain text, `{error: {message}}`, `{message}` or `{Message}`. */
function saidBy({ data }: Answer): string {
  if (typeof data === 'string') return /^\s*</.test(data) ? '' : data;
  const body = errorBody.safeParse(data);
  if (!body.success) return '';
  const { error, message, Message } = body.data;
  return (typeof error === 'string' ? error : error?.message) ?? message ?? Message ?? '';
}

const errorBody = z.object({
  error: z.union([z.string(), z.object({ message: z.string().optional() })]).optional(),
  message: z.string().optional(),
  Message: z.string().optional(),
});

function failure(
  call: VtexCall,
  code: FailureCode,
  message: string,
  facts: { status?: number; retryAfterMs?: number } = {}
): OutsideError {
  return new OutsideError(code, message, { system: SYSTEM, operation: call.operation, ...facts });
}
