import {
  Client,
  Connection,
  isGrpcServiceError,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type ScheduleOptions,
} from '@temporalio/client';
import { defineSearchAttributeKey, TypedSearchAttributes, type DataConverter } from '@temporalio/common';
import type { DeliveryInput } from '../../domain/alerts/delivery';
import { USUAL_WATCH } from '../../domain/alerts/watch';
import type { ConnectorInput } from '../../domain/connector';
import type { CredentialInput } from '../../domain/credential-clock';
import {
  activationWorkflowId,
  alertDeliveryId,
  alertWatchId,
  changesWorkflowId,
  connectorIdOf,
  credentialClockId,
  credentialRotationId,
  furtherChangesWorkflowId,
  onboardingWorkflowId,
  orderWatchId,
  orderWorkflowId,
  removalWorkflowId,
  syncScheduleId,
  syncWorkflowId,
  watchedAccountOf,
} from '../../domain/ids';
import { CONNECTOR_ID_ATTRIBUTE, QUERIES, SIGNALS, WORKFLOWS } from '../../domain/messages';
import type { WatchedAccount } from '../../domain/orders/order-record';
import type { Orchestrator } from '../../domain/ports/orchestrator';
import type { CatalogSyncInput, SyncProgress } from '../../domain/sync';
import { connectionOptions, type TemporalAddress } from './connection';

export interface OrchestratorOptions extends TemporalAddress {
  namespace: string;
  taskQueue: string;
  /** Encrypts what workflows are given; they are given it plain without one. */
  dataConverter?: DataConverter;
}

const connectorIdKey = defineSearchAttributeKey(CONNECTOR_ID_ATTRIBUTE, 'KEYWORD');

/** The channel's own default waits up to two minutes between two attempts to reach an engine that is back. */
const RECONNECT = { 'grpc.initial_reconnect_backoff_ms': 250, 'grpc.max_reconnect_backoff_ms': 2_000 };
/** How long one call to the workflow engine may take, in milliseconds. */
const CALL_MS = 10_000;
/** How long changes are gathered before they are synced together. */
const CHANGES_GATHER_MS = 5_000;
/** One search of an account's orders in so long. Source: searchOrders, 0.0056 requests a second. */
const ORDERS_EVERY_MS = 180_000;
/** Source: gRPC's status codes. */
const GRPC_NOT_FOUND = 5;
/** How often a workflow that was cancelled is looked at until it has ended. */
const LOOK_AGAIN_MS = 250;

/** Runs ignore what is not there any more: a workflow or schedule that ended is as good as told. */
async function unlessGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError) && !(error instanceof ScheduleNotFoundError)) throw error;
    return undefined;
  }
}

/**
 * The workflow engine behind its port. Connects lazily, so that a service may start before Temporal does; calls made
 * meanwhile reject within ten seconds.
 */
export function createOrchestrator({
  namespace,
  taskQueue,
  dataConverter,
  ...where
}: OrchestratorOptions): Orchestrator & { close(): Promise<void> } {
  const connection = Connection.lazy({
    ...connectionOptions(where),
    connectTimeout: CALL_MS,
    channelArgs: RECONNECT,
  });
  const client = new Client({ connection, namespace, dataConverter });
  const within = <T>(call: () => Promise<T>, ms = CALL_MS): Promise<T> =>
    connection.withDeadline(Date.now() + ms, call);
  const tagged = (connectorId: string) => ({
    taskQueue,
    typedSearchAttributes: new TypedSearchAttributes([{ key: connectorIdKey, value: connectorId }]),
  });
  const inputOf = (connectorId: string): [ConnectorInput] => [{ connectorId }];
  const clockOf = (credentialId: string) => ({
    taskQueue,
    workflowId: credentialClockId(credentialId),
    args: [{ credentialId } satisfies CredentialInput] as [CredentialInput],
  });

  function scheduleOf(connectorId: string, everyMinutes: number, paused: boolean): ScheduleOptions {
    return {
      scheduleId: syncScheduleId(connectorId),
      spec: { intervals: [{ every: everyMinutes * 60_000 }], jitter: Math.min(everyMinutes * 6_000, 60_000) },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: everyMinutes * 60_000 },
      state: { paused },
      action: {
        type: 'startWorkflow',
        workflowType: WORKFLOWS.catalogSync,
        workflowId: syncScheduleId(connectorId),
        args: [{ connectorId, trigger: 'schedule' } satisfies CatalogSyncInput],
        ...tagged(connectorId),
      },
      typedSearchAttributes: tagged(connectorId).typedSearchAttributes,
    };
  }

  function watchOf(account: WatchedAccount): ScheduleOptions {
    const scheduleId = orderWatchId(account.sellerId, account.region);
    return {
      scheduleId,
      spec: { intervals: [{ every: ORDERS_EVERY_MS }] },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: ORDERS_EVERY_MS },
      action: {
        type: 'startWorkflow',
        workflowType: WORKFLOWS.orderWatch,
        workflowId: scheduleId,
        args: [account],
        taskQueue,
      },
    };
  }

  /** Another installation may share the namespace, never the task queue; its payloads are not for our keys. */
  async function isOurs(scheduleId: string): Promise<boolean> {
    try {
      const { schedule } = await within(() => client.workflowService.describeSchedule({ namespace, scheduleId }));
      return schedule?.action?.startWorkflow?.taskQueue?.name === taskQueue;
    } catch (error) {
      if (isGrpcServiceError(error) && error.code === GRPC_NOT_FOUND) return false;
      throw error;
    }
  }

  async function isRunning(workflowId: string): Promise<boolean> {
    try {
      const { status } = await within(() => client.workflow.getHandle(workflowId).describe());
      return status.name === 'RUNNING';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return false;
      throw error;
    }
  }

  return {
    async startOnboarding(connectorId) {
      await within(() =>
        client.workflow.start(WORKFLOWS.onboarding, {
          ...tagged(connectorId),
          workflowId: onboardingWorkflowId(connectorId),
          workflowIdConflictPolicy: 'USE_EXISTING',
          args: inputOf(connectorId),
        })
      );
    },

    async configurationChanged(connectorId) {
      await within(() =>
        client.workflow.signalWithStart(WORKFLOWS.onboarding, {
          ...tagged(connectorId),
          workflowId: onboardingWorkflowId(connectorId),
          signal: SIGNALS.configurationChanged,
          args: inputOf(connectorId),
        })
      );
    },

    async wakeSync(workflowId) {
      await unlessGone(within(() => client.workflow.getHandle(workflowId).signal(SIGNALS.configurationChanged)));
    },

    async startActivation(connectorId) {
      await within(() =>
        client.workflow.start(WORKFLOWS.activation, {
          ...tagged(connectorId),
          workflowId: activationWorkflowId(connectorId),
          workflowIdConflictPolicy: 'USE_EXISTING',
          args: inputOf(connectorId),
        })
      );
    },

    async startRemoval(connectorId) {
      await within(() =>
        client.workflow.start(WORKFLOWS.removal, {
          ...tagged(connectorId),
          workflowId: removalWorkflowId(connectorId),
          workflowIdConflictPolicy: 'USE_EXISTING',
          args: inputOf(connectorId),
        })
      );
    },

    async startSync({ connectorId, syncId, trigger }) {
      try {
        await within(() =>
          client.workflow.start(WORKFLOWS.catalogSync, {
            ...tagged(connectorId),
            workflowId: syncWorkflowId(connectorId, syncId),
            workflowIdReusePolicy: 'REJECT_DUPLICATE',
            workflowIdConflictPolicy: 'USE_EXISTING',
            args: [{ connectorId, syncId, trigger } satisfies CatalogSyncInput],
          })
        );
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    },

    async nudgeSync(connectorId, endingWorkflowId) {
      const workflowId = changesWorkflowId(connectorId);
      await within(() =>
        client.workflow.start(WORKFLOWS.catalogSync, {
          ...tagged(connectorId),
          workflowId: workflowId === endingWorkflowId ? furtherChangesWorkflowId(connectorId) : workflowId,
          workflowIdConflictPolicy: 'USE_EXISTING',
          startDelay: CHANGES_GATHER_MS,
          args: [{ connectorId, trigger: 'change' } satisfies CatalogSyncInput],
        })
      );
    },

    isSyncRunning: isRunning,

    async cancelSync(workflowId) {
      await unlessGone(within(() => client.workflow.getHandle(workflowId).cancel()));
    },

    async pauseSync(workflowId) {
      await unlessGone(within(() => client.workflow.getHandle(workflowId).signal(SIGNALS.pauseRequested)));
    },

    async resumeSync(workflowId) {
      await unlessGone(within(() => client.workflow.getHandle(workflowId).signal(SIGNALS.resumeRequested)));
    },

    async syncProgress(workflowId, deadlineMs) {
      try {
        const handle = client.workflow.getHandle(workflowId);
        return await within(() => handle.query<SyncProgress>(QUERIES.syncProgress), deadlineMs);
      } catch {
        return undefined;
      }
    },

    async applySchedule({ connectorId, everyMinutes, paused }) {
      const options = scheduleOf(connectorId, everyMinutes, paused);
      try {
        await within(() => client.schedule.create(options));
      } catch (error) {
        if (!(error instanceof ScheduleAlreadyRunning)) throw error;
        const { spec, policies, action } = options;
        await within(() =>
          client.schedule.getHandle(options.scheduleId).update((previous) => ({
            ...previous,
            spec,
            policies,
            action: action as typeof previous.action,
            state: { ...previous.state, paused },
          }))
        );
      }
    },

    async deleteSchedule(connectorId) {
      await unlessGone(within(() => client.schedule.getHandle(syncScheduleId(connectorId)).delete()));
    },

    async scheduledConnectors() {
      const found: string[] = [];
      for await (const { scheduleId } of client.schedule.list()) {
        const connectorId = connectorIdOf(scheduleId);
        if (connectorId && scheduleId === syncScheduleId(connectorId) && (await isOurs(scheduleId)))
          found.push(connectorId);
      }
      return found;
    },

    async stopWorkflows(connectorId, syncWorkflow, signal) {
      const ids = [
        onboardingWorkflowId(connectorId),
        activationWorkflowId(connectorId),
        changesWorkflowId(connectorId),
        furtherChangesWorkflowId(connectorId),
        syncWorkflow,
      ];
      const running = ids.filter((id) => id !== null);
      for (const id of running) await unlessGone(within(() => client.workflow.getHandle(id).cancel()));
      for (const id of running)
        while (await isRunning(id)) {
          signal.throwIfAborted();
          await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
        }
    },

    async scheduleState(connectorId) {
      try {
        const { info, state } = await within(
          () => client.schedule.getHandle(syncScheduleId(connectorId)).describe(),
          2_000
        );
        return {
          nextRunAt: state.paused ? null : (info.nextActionTimes[0]?.toISOString() ?? null),
          paused: state.paused,
        };
      } catch (error) {
        if (error instanceof ScheduleNotFoundError) return undefined;
        throw error;
      }
    },

    async startCredentialClock(credentialId) {
      await within(() =>
        client.workflow.start(WORKFLOWS.credentialClock, {
          ...clockOf(credentialId),
          workflowIdConflictPolicy: 'USE_EXISTING',
        })
      );
    },

    async credentialChanged(credentialId) {
      await within(() =>
        client.workflow.signalWithStart(WORKFLOWS.credentialClock, {
          ...clockOf(credentialId),
          signal: SIGNALS.credentialChanged,
        })
      );
    },

    async secretChanged(credentialId) {
      await within(() =>
        client.workflow.signalWithStart(WORKFLOWS.credentialRotation, {
          taskQueue,
          workflowId: credentialRotationId(credentialId),
          signal: SIGNALS.credentialChanged,
          args: [{ credentialId } satisfies CredentialInput],
        })
      );
    },

    async expiryNoticed(credentialId, notice) {
      await within(() =>
        client.workflow.signalWithStart(WORKFLOWS.credentialClock, {
          ...clockOf(credentialId),
          signal: SIGNALS.expiryNoticed,
          signalArgs: [notice],
        })
      );
    },

    async tellOrder(order, news) {
      await within(() =>
        client.workflow.signalWithStart(WORKFLOWS.amazonOrder, {
          ...tagged(order.connectorId),
          workflowId: orderWorkflowId(order.sellerId, order.amazonOrderId),
          signal: SIGNALS.orderNews,
          signalArgs: [news],
          args: [order],
        })
      );
    },

    async stopOrders(orders) {
      for (const { sellerId, amazonOrderId } of orders)
        await unlessGone(within(() => client.workflow.getHandle(orderWorkflowId(sellerId, amazonOrderId)).cancel()));
    },

    async startOrderWatch(account) {
      try {
        await within(() => client.schedule.create(watchOf(account)));
      } catch (error) {
        if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      }
    },

    async stopOrderWatch({ sellerId, region }) {
      await unlessGone(within(() => client.schedule.getHandle(orderWatchId(sellerId, region)).delete()));
    },

    async orderWatches() {
      const found: WatchedAccount[] = [];
      for await (const { scheduleId } of client.schedule.list()) {
        const account = watchedAccountOf(scheduleId);
        if (account && (await isOurs(scheduleId))) found.push(account);
      }
      return found;
    },

    async startAlertWatch() {
      await within(() =>
        client.workflow.start(WORKFLOWS.alertWatch, {
          taskQueue,
          workflowId: alertWatchId(taskQueue),
          workflowIdConflictPolicy: 'USE_EXISTING',
          args: [USUAL_WATCH],
        })
      );
    },

    async wakeAlertDelivery(deliveryId) {
      await within(() =>
        client.workflow.signalWithStart(WORKFLOWS.alertDelivery, {
          taskQueue,
          workflowId: alertDeliveryId(deliveryId),
          signal: SIGNALS.deliveryDue,
          args: [{ deliveryId } satisfies DeliveryInput],
        })
      );
    },

    async ping() {
      await within(() => client.workflowService.describeNamespace({ namespace }), 2_000);
    },

    async close() {
      await connection.close();
    },
  };
}
