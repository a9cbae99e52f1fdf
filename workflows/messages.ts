import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { ExpiryNotice } from '../domain/credential-clock';
import { QUERIES, SIGNALS } from '../domain/messages';
import type { OrderNews } from '../domain/orders/order-record';
import type { SyncProgress } from '../domain/sync';

export const configurationChanged = defineSignal(SIGNALS.configurationChanged);
export const pauseRequested = defineSignal(SIGNALS.pauseRequested);
export const resumeRequested = defineSignal(SIGNALS.resumeRequested);
export const credentialChanged = defineSignal(SIGNALS.credentialChanged);
export const expiryNoticed = defineSignal<[ExpiryNotice]>(SIGNALS.expiryNoticed);
export const orderNews = defineSignal<[OrderNews]>(SIGNALS.orderNews);
export const deliveryDue = defineSignal(SIGNALS.deliveryDue);
export const syncProgress = defineQuery<SyncProgress>(QUERIES.syncProgress);
