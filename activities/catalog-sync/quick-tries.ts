import { sleep } from '@temporalio/activity';
import { failureCodeOf, OutsideError } from '../../domain/errors';

/** Tries of one question that changes nothing, before its page backs off. */
const QUICK_TRIES = 4;

/** Asks again at once what failed for a reason that passes, unless nothing has left the house: that is an outage. */
export async function withQuickTries<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      const mayPass = failureCodeOf(error) === 'transient' && !wasNotSent(error);
      if (signal.aborted || !mayPass || attempt >= QUICK_TRIES) throw error;
    }
    await sleep(300 + Math.random() * 400);
  }
}

/** True of a failure that was seen before anything had left: it says nothing about what was to be sent. */
export function wasNotSent(error: unknown): boolean {
  return error instanceof OutsideError && error.facts.notSent === true;
}
