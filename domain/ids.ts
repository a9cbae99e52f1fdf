import type { Region } from './marketplaces';

/**
 * Every id that another system sees is built here, and read back here.
 * Connector ids are `con_` + 20 hex digits, sync ids `syn_` + 20 hex digits.
 */

/** Workflow id of a connector's onboarding. */
export const onboardingWorkflowId = (connectorId: string): string => `onboarding:${connectorId}`;

/** Workflow id of one activation of a connector. At most one runs at a time. */
export const activationWorkflowId = (connectorId: string): string => `activation:${connectorId}`;

/** Workflow id of the removal of a connector. */
export const removalWorkflowId = (connectorId: string): string => `removal:${connectorId}`;

/** Schedule id of a connector's periodic sync; its runs are named `<this>-<timestamp>` by the server. */
export const syncScheduleId = (connectorId: string): string => `catalog-sync:${connectorId}`;

/** Workflow id of a sync that was asked for by a person, the API or an activation. */
export const syncWorkflowId = (connectorId: string, syncId: string): string => `catalog-sync:${connectorId}:${syncId}`;

/** Workflow id of the sync that follows a change in the source. At most one waits or runs at a time. */
export const changesWorkflowId = (connectorId: string): string => `catalog-sync:${connectorId}:changes`;

/** Workflow id of the sync that such a one asks for as it ends: its own id is still in use then. */
export const furtherChangesWorkflowId = (connectorId: string): string => `${changesWorkflowId(connectorId)}:further`;

/** Workflow id of a credential's clock. */
export const credentialClockId = (credentialId: string): string => `credential:${credentialId}`;

/** Workflow id of the watch on what people are alerted of: each installation has its own task queue. */
export const alertWatchId = (taskQueue: string): string => `alert-watch:${taskQueue}`;

/** Workflow id of one message to an alert channel. */
export const alertDeliveryId = (deliveryId: string): string => `alert-delivery:${deliveryId}`;

/** Workflow id of the changes of a credential's client secret. */
export const credentialRotationId = (credentialId: string): string => `rotation:${credentialId}`;

/** Workflow id of one order of an Amazon account. */
export const orderWorkflowId = (sellerId: string, amazonOrderId: string): string =>
  `order:${sellerId}:${amazonOrderId}`;

/** Schedule id of the watch on the orders of a seller in a region; its runs are named `<this>-<timestamp>` by the server. */
export const orderWatchId = (sellerId: string, region: string): string => `order-watch:${sellerId}:${region}`;

/** The key under which an order is kept. */
export const orderKey = (sellerId: string, amazonOrderId: string): string => `${sellerId}:${amazonOrderId}`;

/** The lease that gives single flight to a connector's syncs, whatever starts them. */
export const syncLeaseId = (connectorId: string): string => `sync:${connectorId}`;

/** The lease of a connector's tests, which write nothing that a sync writes and may take hours (S10). */
export const testLeaseId = (connectorId: string): string => `sync:${connectorId}:test`;

/** The ledger's key of one SKU of one connector. */
export const listingId = (connectorId: string, sku: string): string => `${connectorId}:${sku}`;

/** Reads the connector id out of any workflow or schedule id above; undefined for ids of other kinds. */
export function connectorIdOf(id: string): string | undefined {
  return /^(?:onboarding|activation|removal|catalog-sync|sync):(con_[0-9a-f]{20})/.exec(id)?.[1];
}

/** Reads the order out of its workflow's id; undefined for ids of other kinds. */
export function orderOf(workflowId: string): { sellerId: string; amazonOrderId: string } | undefined {
  const [, sellerId, amazonOrderId] = /^order:([A-Z0-9]+):(.+)$/.exec(workflowId) ?? [];
  return sellerId && amazonOrderId ? { sellerId, amazonOrderId } : undefined;
}

/** Reads seller and region out of the id of a watch; undefined for ids of other kinds. */
export function watchedAccountOf(scheduleId: string): { sellerId: string; region: Region } | undefined {
  const [, sellerId, region] = /^order-watch:([A-Z0-9]+):(NA|EU|FE)$/.exec(scheduleId) ?? [];
  return sellerId && region ? { sellerId, region: region as Region } : undefined;
}

/** Reads the SKU out of a ledger key. SKUs may hold colons; connector ids do not. */
export function skuOfListingId(id: string): string {
  return id.slice(id.indexOf(':') + 1);
}
