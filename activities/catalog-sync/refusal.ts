import { OutsideError } from '../../domain/errors';
import type { ListingProblem } from '../../domain/listing';

/**
 * A request that Amazon would not even take in (400, 404, 413, 415) is that SKU's own problem, and an answer. Throws every other
 * failure.
 */
export function problemOfRefusal(error: unknown): ListingProblem {
  if (!(error instanceof OutsideError) || (error.code !== 'rejected' && error.code !== 'config')) throw error;
  const code = `amazon.${error.facts.status ?? 'refused'}`;
  return { code, message: error.message, severity: 'error', owner: 'merchant' };
}
