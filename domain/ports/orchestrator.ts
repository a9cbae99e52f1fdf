import type { ExpiryNotice } from '../credential-clock';
import type { OrderInput, OrderNews, WatchedAccount } from '../orders/order-record';
import type { SyncProgress, SyncTrigger } from '../sync';

export interface ScheduleState {
  /** ISO 8601; null when paused or none is due. */
  nextRunAt: string | null;
  paused: boolean;
}

/** What the service asks of the workflow engine. Everything is idempotent by id. */
export interface Orchestrator {
  startOnboarding(connectorId: string): Promise<void>;
  /** Has the onboarding go through its steps again with the changed configuration, whether it is waiting or has ended. */
  configurationChanged(connectorId: string): Promise<void>;
  /** Tells a sync that waits for a credential that it was mended. No error when the sync has ended. */
  wakeSync(workflowId: string): Promise<void>;
  /** Starts the durable activation; joins the one in progress. */
  startActivation(connectorId: string): Promise<void>;
  /** Starts the durable removal; stops an onboarding in progress, which undoes what it created. */
  startRemoval(connectorId: string): Promise<void>;
  startSync(run: { connectorId: string; syncId: string; trigger: SyncTrigger }): Promise<void>;
  /**
   * Has what changed in the source synced soon: in some seconds, so that the changes of one moment go together. Joins the sync
   * that waits or runs for this already, unless that is the one which is just ending.
   *
   * @param endingWorkflowId - of the run that has read what it was to read, and asks for another.
   */
  nudgeSync(connectorId: string, endingWorkflowId?: string): Promise<void>;
  /** Whether a sync's workflow is still running; false when there is none. */
  isSyncRunning(workflowId: string): Promise<boolean>;
  cancelSync(workflowId: string): Promise<void>;
  pauseSync(workflowId: string): Promise<void>;
  resumeSync(workflowId: string): Promise<void>;
  /** Asks the workflow itself, within `deadlineMs`; undefined when no worker answers in time. */
  syncProgress(workflowId: string, deadlineMs: number): Promise<SyncProgress | undefined>;
  /** Creates or corrects the schedule so that it is as given. */
  applySchedule(schedule: { connectorId: string; everyMinutes: number; paused: boolean }): Promise<void>;
  deleteSchedule(connectorId: string): Promise<void>;
  /** Connectors that have a schedule. */
  scheduledConnectors(): Promise<string[]>;
  /** Cancels whatever still runs for a connector, but for its removal, and resolves when it has ended. */
  stopWorkflows(connectorId: string, syncWorkflowId: string | null, signal: AbortSignal): Promise<void>;
  scheduleState(connectorId: string): Promise<ScheduleState | undefined>;
  /** Starts the clock of a credential that has none. */
  startCredentialClock(credentialId: string): Promise<void>;
  /** Has a credential's clock look again, because a secret, a token or a date of it changed. Starts one where there is none. */
  credentialChanged(credentialId: string): Promise<void>;
  /** Has the rotation of a credential look: a new client secret is there, or wanted. Starts its workflow where none runs. */
  secretChanged(credentialId: string): Promise<void>;
  /** Hands Amazon's word on when a client secret expires to its clock. Starts one where there is none. */
  expiryNoticed(credentialId: string, notice: ExpiryNotice): Promise<void>;
  /** Hands news to the workflow of an order; starts one where none runs. */
  tellOrder(order: OrderInput, news: OrderNews): Promise<void>;
  /** Ends the workflows of orders, whatever they wait for. */
  stopOrders(orders: readonly Pick<OrderInput, 'sellerId' | 'amazonOrderId'>[]): Promise<void>;
  /** Creates the watch on an account's orders, or leaves the one that is there. */
  startOrderWatch(account: WatchedAccount): Promise<void>;
  stopOrderWatch(account: WatchedAccount): Promise<void>;
  /** Starts the watch on what people are alerted of, or leaves the one that runs. */
  startAlertWatch(): Promise<void>;
  /** Has a message to an alert channel tried now; starts its workflow where none runs. */
  wakeAlertDelivery(deliveryId: string): Promise<void>;
  /** Accounts whose orders are watched. */
  orderWatches(): Promise<WatchedAccount[]>;
  /** Resolves when the engine answers; rejects otherwise. */
  ping(): Promise<void>;
}
