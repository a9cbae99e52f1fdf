import type { AmazonListings } from '../../domain/ports/amazon';
import type { Mailer } from '../../domain/ports/mail';
import type { OrderIntegration } from '../../domain/ports/order-integration';
import type { AmazonOrders } from '../../domain/ports/orders';
import type { Orchestrator } from '../../domain/ports/orchestrator';
import type { StockReservations } from '../../domain/ports/reservations';
import type { ConnectorDocument, ConnectorStore } from '../../models/connectors';
import type { LedgerStore } from '../../models/listings';
import type { OrderWatchStore } from '../../models/order-watches';
import type { OrderStore } from '../../models/orders';
import type { SourceItemStore } from '../../models/source-items';

/** What a connector's store does with orders. */
export interface StoreOfOrders {
  reservations: StockReservations;
  integration: OrderIntegration;
}

export interface OrderDependencies {
  connectors: Pick<ConnectorStore, 'get' | 'inStates'>;
  orders: OrderStore;
  watches: OrderWatchStore;
  ledger: Pick<LedgerStore, 'bySku' | 'change'>;
  /** Of kits, what they take. */
  items: Pick<SourceItemStore, 'item'>;
  amazonOrders: AmazonOrders;
  listings: Pick<AmazonListings, 'patch'>;
  /** The store of a VTEX connector, with its secrets opened. */
  storeOf: (connector: ConnectorDocument) => Promise<StoreOfOrders>;
  /** Sends to these people, or to those who look after the installation; undefined while none can be reached. */
  mailerTo: (address: string | undefined) => Mailer | undefined;
  orchestrator: Pick<Orchestrator, 'tellOrder'>;
  /** Where people reach the API, without a trailing slash. */
  publicUrl: string;
  logger: { warn: (facts: object, message: string) => void };
}
