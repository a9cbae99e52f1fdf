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
