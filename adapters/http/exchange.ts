import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import axios, { type AxiosInstance, type AxiosResponse } from 'axios';
import { withDeadline } from './clock';

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** One answer, whatever its status. */
export interface Answer {
  kind: 'answer';
  status: number;
  /** A header's value by its lower-case name. */
  header(name: string): string | undefined;
  /** Parsed JSON; text where it was none. */
  data: unknown;
}

/** Nothing came back that could be read. `sendable` is false when the request could not even be written. */
export interface Silence {
  kind: 'silence';
  /** Plain, without an address: `no answer within 30 s`, `ECONNRESET`. */
  reason: string;
  sendable: boolean;
}

/** Shared, so that a store that is opened anew finds its connections still there. */
const httpAgent = new HttpAgent({ keepAlive: true });
const httpsAgent = new HttpsAgent({ keepAlive: true });

/** An axios that never retries, never follows redirects and takes every status as an answer. */
export function createHttp(): AxiosInstance {
  return axios.create({
    adapter: 'http',
    httpAgent,
    httpsAgent,
    maxRedirects: 0,
    maxContentLength: MAX_ANSWER_BYTES,
    maxBodyLength: MAX_ANSWER_BYTES,
    validateStatus: () => true,
  });
}

/**
 * Sends one request under a deadline. Axios' own errors end here: they carry the request with its headers, so nothing of
 * them but their code goes on.
 *
 * @throws the signal's reason when it aborts; nothing else.
 */
export async function exchange(
  signal: AbortSignal,
  timeoutMs: number,
  send: (signal: AbortSignal) => Promise<AxiosResponse<unknown>>
): Promise<Answer | Silence> {
  try {
    const sent = await withDeadline(signal, timeoutMs, send);
    if (sent.late) return silence(`no answer within ${timeoutMs / 1000} s`);
    const { status, headers, data } = sent.value;
    return { kind: 'answer', status, data, header: (name) => textOf((headers as Record<string, unknown>)[name]) };
  } catch (error) {
    signal.throwIfAborted();
    const code = codeOf(error);
    return { ...silence(code), sendable: !UNSENDABLE.includes(code) };
  }
}

/** The request itself is impossible, now and later: an address or a header with characters that HTTP does not have. */
const UNSENDABLE = ['ERR_INVALID_CHAR', 'ERR_INVALID_URL', 'ERR_UNESCAPED_CHARACTERS', 'ERR_INVALID_PROTOCOL'];

function silence(reason: string): Silence {
  return { kind: 'silence', reason, sendable: true };
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z_]{3,40}$/.test(code) ? code : 'connection failed';
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
