import { gunzipSync } from 'node:zlib';
import { OutsideError, type FailureCode } from '../../domain/errors';
import { jittered, systemClock } from '../http/clock';
import { createHttp, exchange, type Answer } from '../http/exchange';

/** Tries of one request when Sales Layer does not answer properly. */
const TRIES = 3;
const FIRST_PAUSE_MS = 300;

/** What an answer may unpack to. */
const MAX_UNPACKED_BYTES = 256 * 1024 * 1024;

export interface SalesLayerRequest {
  method: 'GET' | 'POST';
  url: string;
  headers?: Record<string, string>;
  /** Fields of a form. */
  form?: Record<string, string>;
}

export interface SalesLayerAnswer {
  status: number;
  /** A header's value by its lower-case name. */
  header: Answer['header'];
  /** Parsed JSON; undefined where it was none. */
  body: unknown;
}

/**
 * One request, tried again where nothing or a server's failure came back. `make` is asked anew for every try.
 *
 * @param operation - for people and for errors: `read the catalogue`.
 */
export async function ask(
  operation: string,
  make: () => SalesLayerRequest,
  timeoutMs: number,
  signal: AbortSignal
): Promise<SalesLayerAnswer> {
  const http = createHttp();
  for (let attempt = 1; ; attempt += 1) {
    const { method, url, headers, form } = make();
    const got = await exchange(signal, timeoutMs, (own) =>
      http.request({
        method,
        url,
        headers,
        data: form && new URLSearchParams(form).toString(),
        responseType: 'arraybuffer',
        signal: own,
      })
    );
    if (got.kind === 'answer' && got.status < 500)
      return { status: got.status, header: got.header, body: jsonOf(got.data as Buffer) };
    if (got.kind === 'silence' && !got.sendable)
      throw failure(operation, 'config', 'The request to Sales Layer cannot be written: check the credentials.');
    const reason = got.kind === 'answer' ? `it answered ${got.status}` : got.reason;
    if (attempt === TRIES)
      throw failure(operation, 'transient', `Sales Layer did not answer '${operation}': ${reason}.`, {
        status: got.kind === 'answer' ? got.status : undefined,
      });
    await systemClock.sleep(jittered(FIRST_PAUSE_MS * 2 ** (attempt - 1)), signal);
  }
}

/** Answers come packed even where no header says so, and some begin with a byte order mark. */
function jsonOf(bytes: Buffer): unknown {
  try {
    const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const plain = isPacked ? gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES }) : bytes;
    return JSON.parse(plain.toString('utf8').replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}

/** A link of an answer, on the host that we were told to ask: whatever it says, our credentials go nowhere else. */
export function onOwnHost(link: string, base: string): string {
  const { pathname, search } = new URL(link, base);
  return new URL(base).origin + pathname + search;
}

export function failure(
  operation: string,
  code: FailureCode,
  message: string,
  facts: { status?: number; retryAfterMs?: number } = {}
): OutsideError {
  return new OutsideError(code, message, { system: 'saleslayer', operation, ...facts });
}
