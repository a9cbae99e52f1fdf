import { setMaxListeners } from 'node:events';
import type { AxiosInstance, AxiosResponse } from 'axios';
import type { z } from 'zod';
import { OutsideError } from '../../domain/errors';
import type { Region } from '../../domain/marketplaces';
import type { AmazonAccount } from '../../domain/ports/amazon';
import type { Limiter, LimitKey, Purpose } from '../../domain/ports/limiter';
import { jittered, systemClock, withDeadline } from '../http/clock';
import { exchange, type Answer } from '../http/exchange';
import { documentedLimit } from '../limiter/documented-limits';
import { failureOf, isExpiredToken, isRevokedToken, silenceOf } from './failures';
import type { AccessTokens } from './lwa';

/** First pause after a 429, besides the limiter's own; doubles up to the longest one. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8_000;

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
   * Waits for the limiter, sends, learns from the answer and classifies it. A 429 is sent again within the bound; an
   * expired token is renewed once. Throws `OutsideError`, or the signal's reason.
   */
  call<T>(call: Call<T>): Promise<T>;
}

export interface TransportOptions {
  http: AxiosInstance;
  spApiUrl: (region: Region) => string;
  limiter: Limiter;
  tokens: AccessTokens;
  /** For one request, in milliseconds. */
  timeoutMs: number;
  /** For all waiting of one call together, at the limiter and after 429s, in milliseconds. */
  maxWaitMs: number;
  userAgent: string;
}

export function createTransport(options: TransportOptions): Transport {
  const { http, spApiUrl, limiter, tokens, timeoutMs, maxWaitMs, userAgent } = options;

  // The generated client writes a space in a query as `+`; `%20` is right wherever a query is read.
  http.interceptors.request.use((config) => {
    const [path, query] = (config.url ?? '').split('?');
    if (query !== undefined) config.url = `${path}?${query.replaceAll('+', '%20')}`;
    return config;
  });

  /** Waits for the limiter, but not beyond the bound. */
  async function takeTurn(key: LimitKey, call: Call<unknown>, patienceMs: number): Promise<void> {
    if (patienceMs <= 0) throw throttled(call);
    const asker = { connectorId: call.account.connectorId, purpose: call.purpose ?? 'details' };
    const turn = await withDeadline(call.signal, patienceMs, (signal) => limiter.acquire(key, signal, asker));
    if (turn.late) throw throttled(call);
  }

  async function sendOnce(call: Call<unknown>, token: string): Promise<Answer> {
    const got = await exchange(call.signal, timeoutMs, (signal) =>
      call.send({ signal, headers: { 'x-amz-access-token': token, 'user-agent': userAgent } })
    );
    if (got.kind === 'silence') throw silenceOf(call.operation, got);
    return got;
  }

  return {
    http,
    baseUrl: ({ marketplace }) => spApiUrl(marketplace.region).replace(/\/+$/, ''),

    async call<T>(call: Call<T>): Promise<T> {
      const { account, operation, isPreview, signal } = call;
      // A page of calls shares one signal; that many listeners are no leak.
      setMaxListeners(0, signal);
      const key: LimitKey = { sellerId: account.sellerId, clientId: account.clientId, operation, isPreview };
      const deadline = systemClock.now() + maxWaitMs;
      let pauseMs = FIRST_PAUSE_MS;
      let renewed = false;

      for (;;) {
        // The token first: a turn that is taken and then not used at once would come on top of the next ones.
        await tokens.tokenOf(account, signal);
        await takeTurn(key, call, deadline - systemClock.now());
        const token = await tokens.tokenOf(account, signal);
        const answer = await sendOnce(call, token);
        limiter.observe(key, {
          status: answer.status,
          ratePerSecond: announcedRate(answer),
          isOfApplication: isOfApplication(answer),
        });

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

/** `x-amzn-RateLimit-Limit`, requests per second; Amazon sends it with 2xx, 400 and 404 only. */
function announcedRate(answer: Answer): number | undefined {
  const rate = Number(answer.header('x-amzn-ratelimit-limit'));
  return rate > 0 && Number.isFinite(rate) ? rate : undefined;
}

/** Amazon's words, since 2025-06-25, for a 429 of the bucket that all sellers of the application share. */
function isOfApplication(answer: Answer): boolean {
  return answer.status === 429 && JSON.stringify(answer.data ?? '').includes('allowed for the application');
}
