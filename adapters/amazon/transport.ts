import { setMaxListeners } from 'node:events';
import type { AxiosInstance, AxiosResponse } from 'axios';
import type { z } from 'zod';
import { OutsideError } from '../../domain/errors';
import type { Region } from '../../domain/marketplaces';
import type { AmazonAccount } from '../../domain/ports/amazon';
import type { Limiter, LimitKey, LimitObservation, Purpose } from '../../domain/ports/limiter';
import { jittered, systemClock, withDeadline, withGrace } from '../http/clock';
import { exchange, type Answer, type Silence } from '../http/exchange';
import { documentedLimit } from '../limiter/documented-limits';
import { asNotSent, failureOf, isExpiredToken, isRevokedToken, silenceOf, stillOut } from './failures';
import type { AccessTokens } from './lwa';
import type { Breakers, Look } from './outage';

/** First pause after a 429, besides the limiter's own; doubles up to the longest one. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8_000;

/** How one looks whether Amazon is back: reading is what works when anything does, and one SKU in doubt changes nothing. */
const LOOK = 'searchListingsItems';

/** What a 400, 404 or 413 is about: one SKU's data, or the account's configuration. */
export type Subject = 'sku' | 'account';

/** How every request goes out: without these, it has no token, no limit and no deadline. */
export interface RequestOptions {
  headers: Record<string, string>;
  signal: AbortSignal;
}

export interface Call<T> {
  account: AmazonAccount;
  /** Amazon's operationId; it names the rate limit. */
  operation: string;
  /** How urgent it is; `details` unless said. */
  purpose?: Purpose;
  /** `mode=VALIDATION_PREVIEW`, which has a limit of its own. */
  isPreview?: boolean;
  about: Subject;
  /** What a good answer holds. */
  answer: z.ZodType<T>;
  signal: AbortSignal;
  send: (options: RequestOptions) => Promise<AxiosResponse<unknown>>;
}

/** The one place that every SP-API call passes. */
export interface Transport {
  readonly http: AxiosInstance;
  /** The host of the account's region. */
  baseUrl(account: AmazonAccount): string;
  /**
   * Waits out an outage and for the limiter, sends, learns from the answer and classifies it. A 429 is sent again within the
   * bound; an expired token is renewed once. Throws `OutsideError`, with `notSent` when no request has left, or the signal's
   * reason. The signal ends every wait at once, and a request that only reads; any other comes to its answer, within a grace.
   */
  call<T>(call: Call<T>): Promise<T>;
}

export interface TransportOptions {
  http: AxiosInstance;
  spApiUrl: (region: Region) => string;
  limiter: Limiter;
  tokens: AccessTokens;
  breakers: Breakers;
  /** For one request, in milliseconds. */
  timeoutMs: number;
  /** For all waiting of one call together: at the limiter, after 429s and in an outage, in milliseconds. */
  maxWaitMs: number;
  /** Of that, for the end of an outage, in milliseconds. */
  patienceMs: number;
  /** For the answer to a submission that was under way when its signal aborted, in milliseconds. */
  graceMs: number;
  userAgent: string;
}

export function createTransport(options: TransportOptions): Transport {
  const { http, spApiUrl, limiter, tokens, breakers, timeoutMs, maxWaitMs, patienceMs, graceMs, userAgent } = options;
  const baseUrl = ({ marketplace }: AmazonAccount): string => spApiUrl(marketplace.region).replace(/\/+$/, '');

  // The generated client writes a space in a query as `+`; `%20` is right wherever a query is read.
  http.interceptors.request.use((config) => {
    const [path, query] = (config.url ?? '').split('?');
    if (query !== undefined) config.url = `${path}?${query.replaceAll('+', '%20')}`;
    return config;
  });

  /** Waits for the limiter, but not beyond the bound. */
  async function takeTurn(key: LimitKey, call: Call<unknown>, leftMs: number): Promise<void> {
    if (leftMs <= 0) throw throttled(call);
    const asker = { connectorId: call.account.connectorId, purpose: call.purpose ?? 'details' };
    const turn = await withDeadline(call.signal, leftMs, (signal) => limiter.acquire(key, signal, asker));
    if (turn.late) throw throttled(call);
  }

  /** Waits until a request may be made; it is to be made at once. @returns its token */
  async function clearance(call: Call<unknown>, key: LimitKey, deadline: number, wasSent: boolean): Promise<string> {
    const { account, operation, signal } = call;
    const breaker = breakers.of(baseUrl(account));
    for (;;) {
      const patience = Math.min(patienceMs, deadline - systemClock.now());
      const outage = await breaker.waitOut(signal, patience, lookOf(account));
      if (outage) throw stillOut('amazon', operation, outage.since, wasSent);
      // The token first: a turn that is taken and then not used at once would come on top of the next ones.
      await tokens.tokenOf(account, signal);
      await takeTurn(key, call, deadline - systemClock.now());
      const token = await tokens.tokenOf(account, signal);
      // Whoever stood in line when an outage began stands in line again after it.
      if (!breaker.isOut) return token;
    }
  }

  function lookOf(account: AmazonAccount): Look {
    const { sellerId, clientId, connectorId, marketplace } = account;
    const key: LimitKey = { sellerId, clientId, operation: LOOK };
    const url = `${baseUrl(account)}/listings/2021-08-01/items/${encodeURIComponent(sellerId)}`;
    const params = { marketplaceIds: marketplace.id, pageSize: 1 };
    return {
      operation: LOOK,
      async ask(signal) {
        const token = await tokens.tokenOf(account, signal);
        // Everybody waits for it.
        await limiter.acquire(key, signal, { connectorId, purpose: 'stop-selling' });
        const got = await exchange(signal, timeoutMs, (own) =>
          http.get(url, { params, signal: own, headers: headersWith(token) })
        );
        if (got.kind === 'answer') limiter.observe(key, observed(got));
        return got;
      },
    };
  }

  async function sendOnce(call: Call<unknown>, token: string): Promise<Answer> {
    const { account, operation, signal } = call;
    const send = (sending: AbortSignal): Promise<Answer | Silence> =>
      exchange(sending, timeoutMs, (own) => call.send({ signal: own, headers: headersWith(token) }));
    const got = await breakers
      .of(baseUrl(account))
      .watch(operation, () => (isReading(operation) ? send(signal) : withGrace(signal, graceMs, send)));
    if (got.kind === 'silence') throw silenceOf(operation, got);
    return got;
  }

  function headersWith(token: string): Record<string, string> {
    return { 'x-amz-access-token': token, 'user-agent': userAgent };
  }

  return {
    http,
    baseUrl,

    async call<T>(call: Call<T>): Promise<T> {
      const { account, operation, isPreview, signal } = call;
      // A page of calls shares one signal; that many listeners are no leak.
      setMaxListeners(0, signal);
      const key: LimitKey = { sellerId: account.sellerId, clientId: account.clientId, operation, isPreview };
      const deadline = systemClock.now() + maxWaitMs;
      let pauseMs = FIRST_PAUSE_MS;
      let renewed = false;
      let wasSent = false;

      for (;;) {
        const token = await clearance(call, key, deadline, wasSent).catch((error: unknown) => {
          throw wasSent ? error : asNotSent(error);
        });
        wasSent = true;
        const answer = await sendOnce(call, token);
        limiter.observe(key, observed(answer));

        if (answer.status >= 200 && answer.status < 300) return read(call, answer);
        if (answer.status === 429) {
          const pause = jittered(pauseMs);
          if (systemClock.now() + pause > deadline) throw throttled(call, answer);
          await systemClock.sleep(pause, signal);
          pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
          continue;
        }
        if (isExpiredToken(answer) || isRevokedToken(answer)) tokens.discard(account, token);
        if (isExpiredToken(answer) && !renewed) {
          renewed = true;
          continue;
        }
        throw failureOf(operation, call.about, answer, token);
      }
    },
  };
}

function read<T>(call: Call<T>, answer: Answer): T {
  const parsed = call.answer.safeParse(answer.data);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') || 'the answer itself';
  throw new OutsideError(
    'transient',
    `Amazon's answer to ${call.operation} cannot be read: ${where} is not as expected.`,
    {
      system: 'amazon',
      operation: call.operation,
      status: answer.status,
      requestId: answer.header('x-amzn-requestid'),
    }
  );
}

function throttled(call: Call<unknown>, answer?: Answer): OutsideError {
  const { operation, isPreview } = call;
  return new OutsideError('throttled', `Amazon's rate limit for ${operation} is used up for now.`, {
    system: 'amazon',
    operation,
    status: answer?.status,
    requestId: answer?.header('x-amzn-requestid'),
    retryAfterMs: Math.max(LONGEST_PAUSE_MS, Math.ceil(1000 / documentedLimit(operation, isPreview).rate)),
  });
}

/** By its name: Amazon's operations that read are all called `get…`, `search…` or `list…`. */
function isReading(operation: string): boolean {
  return /^(get|search|list)[A-Z]/.test(operation);
}

function observed(answer: Answer): LimitObservation {
  return {
    status: answer.status,
    ratePerSecond: announcedRate(answer),
    isOfApplication: isOfApplication(answer),
  };
}

/** `x-amzn-RateLimit-Limit`, requests per second; Amazon sends it with 2xx, 400 and 404 only. */
function announcedRate(answer: Answer): number | undefined {
  const rate = Number(answer.header('x-amzn-ratelimit-limit'));
  return rate > 0 && Number.isFinite(rate) ? rate : undefined;
}

/** Amazon's words, since 2025-06-25, for a 429 of the bucket that all sellers of the application share. */
function isOfApplication(answer: Answer): boolean {
  return answer.status === 429 && JSON.stringify(answer.data ?? '').includes('allowed for the application');
}
