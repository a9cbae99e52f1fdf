import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { Client } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import type { CatalogSyncActivities } from '../activities/catalog-sync';
import type { CatalogSyncInput, SyncPolicy } from '../domain/sync';
import { LEDGER_PAGE_SIZE } from '../models/listings';
import type { catalogSync } from '../workflows/catalog-sync';
import { RunHistory } from './run-history';

/** SKUs that one step of each kind takes, as the steps of the service do: whole ledger pages, and one page at first. */
const [COLLECTED_AT_ONCE, PUBLISHED_AT_ONCE] = [500, 5 * LEDGER_PAGE_SIZE];

const POLICY: SyncPolicy = {
  retryInitialSeconds: 1,
  retryMaximumSeconds: 1,
  retryGiveUpSeconds: 1,
  verifyWaitSeconds: 1,
  historyEvents: 4_000,
};

/** What the engine alone takes for a first sync of so many SKUs: every step is answered at once, by nobody. */
export async function orchestrate(
  client: Client,
  address: string,
  skus: number
): Promise<{ seconds: number; events: number }> {
  const connection = await NativeConnection.connect({ address });
  const taskQueue = `bench-${randomUUID()}`;
  const worker = await Worker.create({
    connection,
    namespace: client.options.namespace,
    taskQueue,
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: path.join(__dirname, '../workflows/index.ts'),
      logger: new DefaultLogger('ERROR'),
    }),
    activities: { ...answersFor(skus) },
  });
  const workflowId = `bench-${randomUUID()}`;
  const input: CatalogSyncInput = { connectorId: 'con_bench', syncId: 'syn_bench', trigger: 'api' };
  try {
    return await worker.runUntil(async () => {
      const startedAt = performance.now();
      await client.workflow.execute<typeof catalogSync>('catalogSync', { taskQueue, workflowId, args: [input] });
      const seconds = (performance.now() - startedAt) / 1000;
      return { seconds, events: (await RunHistory.of(client, workflowId)).events };
    });
  } finally {
    await connection.close();
  }
}

/** The steps of a run in which everything goes well, all SKUs have details to send, and none of them a parent. */
function answersFor(skus: number): Partial<CatalogSyncActivities> {
  const pages = Math.ceil(skus / LEDGER_PAGE_SIZE);
  return {
    openSyncRun: () =>
      Promise.resolve({
        kind: 'opened',
        run: {
          syncId: 'syn_bench',
          mode: 'synchronization',
          policy: POLICY,
          phase: 'collect',
          sourceCursor: null,
          read: 0,
          repeats: 0,
          lanes: { parents: 0, details: 0, offer: 0 },
          feeds: { parents: 0, details: 0 },
          retryWindows: 0,
          paused: false,
          verifyingSince: null,
        },
      }),
    collectPage: ({ cursor }) => {
      const end = Number(cursor ?? 0) + COLLECTED_AT_ONCE;
      return Promise.resolve({ nextCursor: end < skus ? String(end) : null, read: COLLECTED_AT_ONCE });
    },
    sweepUnseen: () => Promise.resolve({ isComplete: true }),
    publishPage: ({ lane, page }) => {
      const next = page === 0 ? 1 : page + PUBLISHED_AT_ONCE / LEDGER_PAGE_SIZE;
      return Promise.resolve({ nextPage: lane === 'details' && next < pages ? next : null, failed: 0 });
    },
    sendFeed: () => Promise.resolve({ nextPage: null, awaiting: 0, open: { parents: 0, skus: 0 } }),
    watchChanges: () => Promise.resolve({ left: 0, watchesOn: false }),
    countUnsent: () => Promise.resolve({ unsent: 0, isNews: false, retrying: 0 }),
    readBack: () => Promise.resolve({ open: 0, nextInSeconds: 0 }),
    noteProgress: () => Promise.resolve(),
    closeSyncRun: () => Promise.resolve(),
  };
}
