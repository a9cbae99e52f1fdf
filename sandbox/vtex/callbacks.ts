import { setTimeout as pause } from 'node:timers/promises';

/** Waits before the second and the third try, in milliseconds. VTEX documents neither retries nor their times. */
const RETRY_AFTER_MS = [200, 1_000];
const ANSWER_WITHIN_MS = 5_000;

/** What became of a call to somebody's endpoint. Holds neither the endpoint nor anything of the answer but its status. */
export interface Delivery {
  tries: number;
  /** Of the last answer; 0: none came; null: not sent yet. */
  status: number | null;
  /** Answered with 2xx, refused (4xx, which is not repeated) or given up. */
  isDone: boolean;
}

/** Posts a body, three times at most, and keeps the record up to date. */
export async function deliver(
  delivery: Delivery,
  endpoint: string,
  body: object,
  isForgotten: () => boolean
): Promise<void> {
  for (const wait of [0, ...RETRY_AFTER_MS]) {
    await pause(wait, undefined, { ref: false });
    if (isForgotten()) return;
    delivery.tries += 1;
    delivery.status = await post(endpoint, body);
    if (delivery.status >= 200 && delivery.status < 500 && delivery.status !== 429) break;
  }
  delivery.isDone = true;
}

/** @returns the status, 0 when no answer came */
async function post(endpoint: string, body: object): Promise<number> {
  try {
    const answer = await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    await answer.body?.cancel();
    return answer.status;
  } catch {
    return 0;
  }
}
