import { defineQuery, defineSignal } from '@temporalio/workflow';
import { QUERIES, SIGNALS } from '../domain/messages';
import type { SyncProgress } from '../domain/sync';

export const configurationChanged = defineSignal(SIGNALS.configurationChanged);
export const pauseRequested = defineSignal(SIGNALS.pauseRequested);
export const resumeRequested = defineSignal(SIGNALS.resumeRequested);
export const syncProgress = defineQuery<SyncProgress>(QUERIES.syncProgress);
