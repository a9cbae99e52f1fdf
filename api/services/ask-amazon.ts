import { FAILURES, isPassing, OutsideError } from '../../domain/errors';
import { Problem } from '../errors';

/** How long a caller waits for Amazon in all, in milliseconds. */
const PATIENCE_MS = 20_000;
/** In seconds. */
const TRY_AGAIN_AFTER = '30';

/**
 * Asks Amazon, but not for ever, and says plainly when it cannot answer.
 *
 * @throws Problem `amazon_unavailable`, `amazon_refused`
 */
export async function askAmazon<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    return await work(signal);
  } catch (error) {
    if (signal.aborted || (error instanceof OutsideError && isPassing(error.code)))
      throw new Problem('amazon_unavailable', 'Amazon cannot answer just now. Repeat the request in a moment.', {
        headers: { 'Retry-After': TRY_AGAIN_AFTER },
        cause: error,
      });
    if (!(error instanceof OutsideError)) throw error;
    const { sentence, action } = FAILURES[error.code];
    throw new Problem('amazon_refused', `${sentence} ${error.message} ${action}`, { cause: error });
  }
}
