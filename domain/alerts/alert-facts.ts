import type { ConnectorState, WaitingFor } from '../connector';
import type { FailureCode } from '../errors';
import type { WatchedAccount } from '../orders/order-record';
import type { OrderStage } from '../orders/order-view';
import type { Deadline } from '../reminders';
import type { SyncOutcome, SyncPhase } from '../sync';

/** What the database knows that people may have to be alerted of. */
export interface AlertFacts {
  connectors: ConnectorFacts[];
  /** Accounts whose orders are watched and cannot be read. */
  unreadOrders: UnreadOrders[];
  credentials: CredentialFacts[];
  /** New versions of product types that were noticed lately. */
  schemaChanges: SchemaChange[];
  deadLetters: { channelId: string; channel: string; count: number; since: Date }[];
  /** Notifications of Amazon's that could not be handled; null when there are none. */
  deadNotices: { count: number; since: Date } | null;
  /** Who is mailed about credentials, and about orders where nobody else is named. Empty while nothing can be mailed. */
  operators: readonly string[];
}

export interface ConnectorFacts {
  id: string;
  name: string;
  state: ConnectorState;
  stateReason: string | null;
  changedAt: Date;
  activatedAt: Date | null;
  everyMinutes: number;
  /** V14's address. */
  errorEmail: string | undefined;
  /** What a change of its configuration waits for. */
  waitingFor: WaitingFor | null;
  /** Its newest syncs that ended as completed or failed, the newest first. */
  ended: { id: string; outcome: SyncOutcome; reason: string | null; startedAt: Date; endedAt: Date }[];
  atWork: RunFacts[];
  /** When a sync was last started. */
  lastStartedAt: Date | null;
  levels: ProblemLevel[];
  /** Orders that something is wrong with. */
  orders: OrderFacts[];
}

export interface RunFacts {
  id: string;
  startedAt: Date;
  phase: SyncPhase;
  paused: boolean;
  waitingFor: WaitingFor | null;
  /** Since when nothing was counted in it. */
  stillSince: Date;
}

/** How many SKUs had problems at a time; the oldest level comes first in a list. */
export interface ProblemLevel {
  at: Date;
  problems: number;
  total: number;
}

export interface OrderFacts {
  amazonOrderId: string;
  stage: OrderStage;
  reason: string;
  /** Since when it is in a stage that is in trouble. */
  since: Date;
  /** People were mailed about it (V14). */
  isMailed: boolean;
}

export interface UnreadOrders extends WatchedAccount {
  /** Whose orders they are. */
  connectors: { id: string; name: string }[];
  problem: {
    code: FailureCode;
    said: string;
    /** The first of the failures that have followed each other. */
    since: Date;
  };
}

export interface CredentialFacts {
  id: string;
  clientId: string;
  deadlines: Deadline[];
  connectorIds: string[];
  /** A change of its client secret that has failed since it came into use, and that a person has to look after. */
  failedRotation: { since: Date; action: string } | null;
}

export interface SchemaChange {
  productType: string;
  marketplaceId: string;
  version: string;
  at: Date;
  touched: number;
  ofType: number;
}
