import { OutsideError } from './errors';

/**
 * A look before a request: where it fails, the request itself was not sent.
 *
 * @throws what the look throws, marked as not sent.
 */
export async function unsent<T>(look: Promise<T>): Promise<T> {
  try {
    return await look;
  } catch (error) {
    if (!(error instanceof OutsideError)) throw error;
    throw new OutsideError(error.code, error.message, { ...error.facts, notSent: true });
  }
}
