import { OutsideError } from '../../domain/errors';
import type { AmazonAccount } from '../../domain/ports/amazon';
import type { ConnectorDocument } from '../../models/connectors';
import type { StoreOfOrders } from './dependencies';

/** What a step is taken with. */
export interface StepContext {
  amazonOrderId: string;
  connector: ConnectorDocument;
  account: AmazonAccount;
  store: StoreOfOrders;
  /** The same request may have been sent before: by an earlier step, or by a worker that was lost. */
  looksFirst: boolean;
  signal: AbortSignal;
}

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
