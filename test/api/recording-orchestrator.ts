import type { ExpiryNotice } from '../../domain/credential-clock';
import type { OrderInput, OrderNews, WatchedAccount } from '../../domain/orders/order-record';
import type { Orchestrator, ScheduleState } from '../../domain/ports/orchestrator';
import type { SyncProgress, SyncTrigger } from '../../domain/sync';

type Call = { [Name in keyof Orchestrator]: { name: Name; args: Parameters<Orchestrator[Name]> } }[keyof Orchestrator];

/** A workflow engine that does nothing but keep what it was asked, and that can be away or silent. */
export class RecordingOrchestrator implements Orchestrator {
  readonly calls: Call[] = [];
  readonly running = new Set<string>();
  readonly progress = new Map<string, SyncProgress>();
  readonly schedules = new Map<string, { everyMinutes: number; paused: boolean }>();
  /** `away` rejects every call; `silent` never answers one. */
  mood: 'there' | 'away' | 'silent' = 'there';
  nextRunAt: string | null = '2030-01-01T00:00:00.000Z';

  namesOf(connectorId: string): string[] {
    return this.calls.filter(({ args }) => JSON.stringify(args).includes(connectorId)).map(({ name }) => name);
  }

  async startOnboarding(connectorId: string): Promise<void> {
    await this.record('startOnboarding', connectorId);
  }

  async configurationChanged(connectorId: string): Promise<void> {
    await this.record('configurationChanged', connectorId);
  }

  async wakeSync(workflowId: string): Promise<void> {
    await this.record('wakeSync', workflowId);
  }

  async startActivation(connectorId: string): Promise<void> {
    await this.record('startActivation', connectorId);
  }

  async startRemoval(connectorId: string): Promise<void> {
    await this.record('startRemoval', connectorId);
  }

  async startSync(run: { connectorId: string; syncId: string; trigger: SyncTrigger }): Promise<void> {
    await this.record('startSync', run);
    this.running.add(`catalog-sync:${run.connectorId}:${run.syncId}`);
  }

  async nudgeSync(connectorId: string): Promise<void> {
    await this.record('nudgeSync', connectorId);
  }

  async isSyncRunning(workflowId: string): Promise<boolean> {
    await this.record('isSyncRunning', workflowId);
    return this.running.has(workflowId);
  }

  async cancelSync(workflowId: string): Promise<void> {
    await this.record('cancelSync', workflowId);
  }

  async pauseSync(workflowId: string): Promise<void> {
    await this.record('pauseSync', workflowId);
  }

  async resumeSync(workflowId: string): Promise<void> {
    await this.record('resumeSync', workflowId);
  }

  async syncProgress(workflowId: string, deadlineMs: number): Promise<SyncProgress | undefined> {
    await this.record('syncProgress', workflowId, deadlineMs);
    return this.progress.get(workflowId);
  }

  async applySchedule(schedule: { connectorId: string; everyMinutes: number; paused: boolean }): Promise<void> {
    await this.record('applySchedule', schedule);
    this.schedules.set(schedule.connectorId, schedule);
  }

  async deleteSchedule(connectorId: string): Promise<void> {
    await this.record('deleteSchedule', connectorId);
    this.schedules.delete(connectorId);
  }

  async scheduledConnectors(): Promise<string[]> {
    await this.record('scheduledConnectors');
    return [...this.schedules.keys()];
  }

  async stopWorkflows(connectorId: string, syncWorkflowId: string | null, signal: AbortSignal): Promise<void> {
    await this.record('stopWorkflows', connectorId, syncWorkflowId, signal);
  }

  async scheduleState(connectorId: string): Promise<ScheduleState | undefined> {
    await this.record('scheduleState', connectorId);
    return { nextRunAt: this.nextRunAt, paused: false };
  }

  async startCredentialClock(credentialId: string): Promise<void> {
    await this.record('startCredentialClock', credentialId);
  }

  async credentialChanged(credentialId: string): Promise<void> {
    await this.record('credentialChanged', credentialId);
  }

  async secretChanged(credentialId: string): Promise<void> {
    await this.record('secretChanged', credentialId);
  }

  async expiryNoticed(credentialId: string, notice: ExpiryNotice): Promise<void> {
    await this.record('expiryNoticed', credentialId, notice);
  }

  async tellOrder(order: OrderInput, news: OrderNews): Promise<void> {
    await this.record('tellOrder', order, news);
  }

  async stopOrders(orders: readonly Pick<OrderInput, 'sellerId' | 'amazonOrderId'>[]): Promise<void> {
    await this.record('stopOrders', orders);
  }

  async startOrderWatch(account: WatchedAccount): Promise<void> {
    await this.record('startOrderWatch', account);
  }

  async stopOrderWatch(account: WatchedAccount): Promise<void> {
    await this.record('stopOrderWatch', account);
  }

  async orderWatches(): Promise<WatchedAccount[]> {
    await this.record('orderWatches');
    return [];
  }

  async startAlertWatch(): Promise<void> {
    await this.record('startAlertWatch');
  }

  async wakeAlertDelivery(deliveryId: string): Promise<void> {
    await this.record('wakeAlertDelivery', deliveryId);
  }

  async ping(): Promise<void> {
    await this.record('ping');
  }

  private async record<Name extends keyof Orchestrator>(
    name: Name,
    ...args: Parameters<Orchestrator[Name]>
  ): Promise<void> {
    this.calls.push({ name, args } as Call);
    if (this.mood === 'away') throw new Error('14 UNAVAILABLE: no connection established');
    if (this.mood === 'silent') await new Promise(() => undefined);
  }
}
