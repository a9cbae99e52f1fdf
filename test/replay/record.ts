// Runs each path of each workflow on a Temporal dev server and writes its history to test/histories, for the replay test.
// node --import tsx test/replay/record.ts [part of a case's name]
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { ApplicationFailure } from '@temporalio/common';
import {
  activationWorkflowId,
  credentialClockId,
  onboardingWorkflowId,
  orderWatchId,
  orderWorkflowId,
  removalWorkflowId,
  syncWorkflowId,
} from '../../domain/ids';
import type { OrderInput } from '../../domain/orders/order-record';
import type { OrderStage } from '../../domain/orders/order-view';
import { connectorModel, connectorStore } from '../../models/connectors';
import { credentialStore } from '../../models/credentials';
import { orderStore, stateOf } from '../../models/orders';
import setUp from '../setup';
import tearDown from '../teardown';
import { plainProducts, Rig, type World } from '../workflows/rig';
import { ALERT_CASES } from './alert-cases';
import { ROTATION_CASES } from './rotation-cases';

const ROOT = join(__dirname, '..', '..');
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };

/** Brings a workflow through one path, in a world of its own, and answers its id. */
type Case = (rig: Rig, world: World) => Promise<string>;

const CASES: Record<string, Case> = {
  'connector-onboarding/straight': async (rig, world) => {
    const connectorId = await rig.insertConnector(world, (input) => {
      input.orders = { defaultZipCode: '10001' };
    });
    await rig.onboard(connectorId);
    return onboardingWorkflowId(connectorId);
  },
  'connector-onboarding/without-zip': async (rig, world) => {
    const connectorId = await onboarded(rig, world);
    return onboardingWorkflowId(connectorId);
  },
  'connector-onboarding/mended': async (rig, world) => {
    const connectorId = await rig.insertConnector(world, (input) => {
      input.amazon!.clientSecret = 'amzn1.oa2-cs.v1.mistyped';
    });
    await rig.orchestrator.startOnboarding(connectorId);
    await rig.waiting(connectorId, 'auth.wrong_secret');
    const { config } = await rig.connector(connectorId);
    await rig.proposeSecrets(config, { 'amazon.clientSecret': world.amazon.clientSecret });
    await rig.orchestrator.configurationChanged(connectorId);
    await rig.onboarded(connectorId);
    return onboardingWorkflowId(connectorId);
  },
  'connector-onboarding/cancelled': async (rig, world) => {
    const connectorId = await waitingForZip(rig, world);
    await rig.startRemoval(connectorId);
    await rig.removed(connectorId);
    return onboardingWorkflowId(connectorId);
  },

  'connector-activation/activated': async (rig, world) => {
    const connectorId = await onboarded(rig, world);
    await rig.firstSync(connectorId);
    return activationWorkflowId(connectorId);
  },
  'connector-activation/not-ready': async (rig, world) => {
    const connectorId = await rig.insertConnector(world);
    await rig.orchestrator.startActivation(connectorId);
    return activationWorkflowId(connectorId);
  },

  'connector-removal/whole': async (rig, world) => {
    const connectorId = await onboarded(rig, world);
    await rig.startRemoval(connectorId);
    await rig.removed(connectorId);
    return removalWorkflowId(connectorId);
  },
  'connector-removal/while-onboarding': async (rig, world) => {
    const connectorId = await waitingForZip(rig, world);
    await rig.startRemoval(connectorId);
    await rig.removed(connectorId);
    return removalWorkflowId(connectorId);
  },
  'connector-removal/store-refuses': async (rig, world) => {
    const connectorId = await onboarded(rig, world);
    await rig.control('POST', 'faults', { match: { operation: 'vtex.deleteAffiliate' }, kind: 'status', status: 403 });
    await rig.startRemoval(connectorId);
    await rig.removed(connectorId);
    return removalWorkflowId(connectorId);
  },

  'catalog-sync/full': async (rig, world) => firstSync(rig, await onboarded(rig, world)),
  'catalog-sync/refused': async (rig, world) => {
    await rig.control('POST', `worlds/${world.name}/skus/SKU-0002`, { amazon: 'refuse' });
    await rig.control('POST', `worlds/${world.name}/skus/SKU-0003`, { amazon: 'invalid' });
    return firstSync(rig, await onboarded(rig, world));
  },
  'catalog-sync/retried': async (rig, world) => {
    const connectorId = await onboarded(rig, world);
    await rig.control('POST', 'faults', {
      match: { operation: 'putListingsItem', skus: ['SKU-0001', 'SKU-0002'] },
      kind: 'status',
      status: 500,
      timesPerSku: 4,
    });
    return firstSync(rig, connectorId);
  },
  'catalog-sync/skipped': async (rig, world) => {
    const connectorId = await onboarded(rig, world);
    await rig.firstSync(connectorId);
    await connectorStore(rig.database).move(connectorId, ['active'], 'paused');
    const workflowId = `catalog-sync:${connectorId}-by-schedule`;
    await rig.client.workflow.execute('catalogSync', {
      taskQueue: rig.config.TEMPORAL_TASK_QUEUE,
      workflowId,
      args: [{ connectorId, trigger: 'schedule' }],
    });
    return workflowId;
  },
  'catalog-sync/cancelled': async (rig, world) => {
    const connectorId = await onboarded(rig, world);
    const workflowId = await slowFirstSync(rig, connectorId);
    await rig.orchestrator.cancelSync(workflowId);
    await rig.ended(connectorId, () => true);
    return workflowId;
  },
  'catalog-sync/paused': async (rig, world) => {
    const connectorId = await onboarded(rig, world);
    const workflowId = await slowFirstSync(rig, connectorId);
    await rig.orchestrator.pauseSync(workflowId);
    await rig.until(async () => (await rig.run(connectorId))?.paused === true, 'the run to be paused');
    await rig.orchestrator.resumeSync(workflowId);
    await rig.ended(connectorId, () => true);
    return workflowId;
  },
  'catalog-sync/parked': async (rig, world) => {
    const connectorId = await onboarded(rig, world);
    await rig.firstSync(connectorId);
    await rig.control('POST', `worlds/${world.name}/amazon`, { secretExpired: true, expireTokens: true });
    await rig.control('POST', `worlds/${world.name}/skus/SKU-0003`, { quantity: 3 });
    const syncId = await rig.startSync(connectorId);
    await rig.until(
      async () => (await rig.run(connectorId))?.waitingFor?.code === 'auth.secret_rotated',
      'the run to park'
    );
    const mended = await rig.control<World>('POST', `worlds/${world.name}/amazon`, {
      newClientSecret: true,
      secretExpired: false,
    });
    const { config } = await rig.connector(connectorId);
    await rig.proposeSecrets(config, { 'amazon.clientSecret': mended.amazon.clientSecret });
    await rig.orchestrator.configurationChanged(connectorId);
    await rig.ended(connectorId, (run) => run._id === syncId);
    return syncWorkflowId(connectorId, syncId);
  },
  'catalog-sync/continued': async (rig, world) => {
    const connectorId = await onboarded(rig, world);
    await rig.startForgetfulWorker((activities) => ({
      ...activities,
      async openSyncRun(input) {
        const opened = await activities.openSyncRun(input);
        if (opened.kind === 'opened') opened.run.policy.historyEvents = 30;
        return opened;
      },
    }));
    return withUsualWorker(rig, await firstSync(rig, connectorId));
  },
  'catalog-sync/by-feed': async (rig, world) => {
    const connectorId = await onboarded(rig, world);
    await rig.startForgetfulWorker((activities) => ({
      ...activities,
      async publishPage(input) {
        const sent = await activities.publishPage(input);
        return input.lane === 'details' && input.page === 0 ? { ...sent, nextPage: 1 } : sent;
      },
      async sendFeed() {
        return { nextPage: null, awaiting: 0, open: { parents: 0, skus: 1 } };
      },
      async followFeeds() {
        return { open: { parents: 0, skus: 0 }, gaveUp: true };
      },
    }));
    return withUsualWorker(rig, await firstSync(rig, connectorId));
  },
  'catalog-sync/told-of-changes': async (rig, world) => {
    const connectorId = await onboarded(rig, world);
    let looks = 0;
    await rig.startForgetfulWorker((activities) => ({
      ...activities,
      async openSyncRun(input) {
        const opened = await activities.openSyncRun(input);
        if (opened.kind === 'opened') opened.run.policy.watchAfterSeconds = 0;
        return opened;
      },
      async watchChanges(input) {
        looks += 1;
        return looks === 1 ? { watchesOn: true, left: 1 } : activities.watchChanges(input);
      },
    }));
    return withUsualWorker(rig, await firstSync(rig, connectorId));
  },
  'catalog-sync/tested': async (rig, world) => {
    const connectorId = await onboarded(rig, world);
    return (await rig.sync(connectorId, 60, { mode: 'test' })).workflowId;
  },
  'catalog-sync/test-paused': async (rig, world) => {
    const connectorId = await onboarded(rig, world);
    const workflowId = await slowTest(rig, connectorId);
    await rig.orchestrator.pauseSync(workflowId);
    await rig.until(async () => (await rig.run(connectorId))?.paused === true, 'the test to be paused');
    await rig.control('DELETE', 'faults');
    await rig.orchestrator.resumeSync(workflowId);
    await rig.ended(connectorId, () => true);
    return workflowId;
  },
  'catalog-sync/test-cancelled': async (rig, world) => {
    const connectorId = await onboarded(rig, world);
    const workflowId = await slowTest(rig, connectorId);
    await rig.orchestrator.cancelSync(workflowId);
    await rig.ended(connectorId, () => true);
    return workflowId;
  },

  'credential-clock/reminded': async (rig, world) => {
    const credentialId = await provedCredential(rig, world, 100);
    await rig.orchestrator.startCredentialClock(credentialId);
    await reminded(rig, credentialId);
    return forgotten(rig, world, credentialId);
  },
  'credential-clock/refused': async (rig, world) => {
    const credentialId = await provedCredential(rig, world, 100);
    await rig.startForgetfulWorker((activities) => ({
      ...activities,
      async sendReminder() {
        throw ApplicationFailure.nonRetryable('The mail server refuses the message.', 'config');
      },
    }));
    await rig.orchestrator.startCredentialClock(credentialId);
    await reminded(rig, credentialId);
    await rig.stopWorker();
    await rig.startWorker();
    return forgotten(rig, world, credentialId);
  },
  'credential-clock/moved': async (rig, world) => {
    const credentialId = await provedCredential(rig, world, 10);
    await rig.orchestrator.startCredentialClock(credentialId);
    await looked(rig, credentialId);
    const [expiresAt, noticedAt] = [inDays(160).toISOString(), new Date().toISOString()];
    await rig.orchestrator.expiryNoticed(credentialId, { expiresAt, noticedAt });
    const store = credentialStore(rig.database);
    await rig.until(
      async () => (await store.get(credentialId))?.secretExpiresAt?.toISOString() === expiresAt,
      'the date to be moved'
    );
    return forgotten(rig, world, credentialId);
  },
  'credential-clock/rotated': async (rig, world) => {
    const credentialId = await provedCredential(rig, world, 155);
    const store = credentialStore(rig.database);
    await store.setDates(credentialId, { autoRotate: true });
    await rig.orchestrator.startCredentialClock(credentialId);
    await rig.until(
      async () => (await store.get(credentialId))?.rotation?.cause === 'automatic',
      'a new secret to be asked for'
    );
    return forgotten(rig, world, credentialId);
  },
  'credential-clock/unused': async (rig, world) => {
    const credentialId = await provedCredential(rig, world, 100);
    await connectorModel(rig.database).deleteMany({ credentialId });
    await rig.orchestrator.startCredentialClock(credentialId);
    await looked(rig, credentialId);
    return forgotten(rig, world, credentialId);
  },

  'amazon-order/integrated': async (rig, world) => {
    const connectorId = await watching(rig, world);
    const order = await orderedAs(rig, world, connectorId, 'SKU-0001');
    await reaches(rig, order, 'held');
    await rig.control('POST', `worlds/${world.name}/orders/${order.amazonOrderId}`, { status: 'UNSHIPPED' });
    await watched(rig, world, order);
    await rig.until(async () => (await phaseOf(rig, order)) === 'awaiting', 'the order to be placed');
    for (const code of ['SOI001', 'SOI002'])
      await rig.orchestrator.tellOrder(order, { kind: 'result', result: { code, said: code } });
    await reaches(rig, order, 'integrated');
    return orderWorkflowId(order.sellerId, order.amazonOrderId);
  },
  'amazon-order/parcels': async (rig, world) => {
    const connectorId = await watching(rig, world);
    const order = await orderedAs(rig, world, connectorId, 'SKU-0001');
    await reaches(rig, order, 'held');
    await rig.control('POST', `worlds/${world.name}/orders/${order.amazonOrderId}`, { status: 'UNSHIPPED' });
    await watched(rig, world, order);
    await rig.until(async () => (await phaseOf(rig, order)) === 'awaiting', 'the order to be placed');
    for (const code of ['SOI001', 'SOI002'])
      await rig.orchestrator.tellOrder(order, { kind: 'result', result: { code, said: code } });
    await reaches(rig, order, 'integrated');
    const parcel = { invoiceNumber: 'INV-1', trackingNumber: 'T1', shippedAt: new Date().toISOString(), units: [] };
    const storeOrder = { storeOrderId: `MZN-${order.amazonOrderId}`, state: 'invoiced' as const, parcels: [parcel] };
    await rig.orchestrator.tellOrder(order, { kind: 'store', order: storeOrder });
    await rig.until(
      async () => (await keptJson(rig, order)).includes('"state":"confirmed"'),
      'Amazon to know of the parcel'
    );
    return orderWorkflowId(order.sellerId, order.amazonOrderId);
  },
  'amazon-order/unheld': async (rig, world) => {
    const connectorId = await watching(rig, world);
    await rig.control('POST', `worlds/${world.name}/skus/SKU-0001`, { quantity: 0, tell: 'nobody' });
    const order = await orderedAs(rig, world, connectorId, 'SKU-0001');
    await reaches(rig, order, 'unheld');
    await rig.control('POST', `worlds/${world.name}/orders/${order.amazonOrderId}`, { status: 'CANCELLED' });
    await watched(rig, world, order);
    await reaches(rig, order, 'closed');
    return orderWorkflowId(order.sellerId, order.amazonOrderId);
  },
  'amazon-order/released': async (rig, world) => {
    const connectorId = await watching(rig, world);
    const order = await orderedAs(rig, world, connectorId, 'SKU-0001');
    await reaches(rig, order, 'held');
    await rig.orchestrator.tellOrder(order, { kind: 'release' });
    await reaches(rig, order, 'released');
    return orderWorkflowId(order.sellerId, order.amazonOrderId);
  },
  'order-watch/seen': async (rig, world) => {
    const connectorId = await watching(rig, world);
    const order = await orderedAs(rig, world, connectorId, 'SKU-0001');
    await reaches(rig, order, 'held');
    return watchIdOf(order);
  },
  'order-watch/unwatched': async (rig, world) => {
    const order = { sellerId: world.amazon.sellerId, amazonOrderId: '', connectorId: await onboarded(rig, world) };
    await watched(rig, world, order);
    return watchIdOf(order);
  },
  ...ALERT_CASES,
  ...ROTATION_CASES,
};

/** A connector that holds stock for pending orders, active and synced. */
async function watching(rig: Rig, world: World): Promise<string> {
  const connectorId = await rig.insertConnector(world, (input) => {
    input.orders = { defaultZipCode: '10001' };
  });
  await rig.onboard(connectorId);
  await rig.control('POST', `worlds/${world.name}/amazon`, { orderLagSeconds: 0 });
  await rig.firstSync(connectorId);
  return connectorId;
}

/** A pending order that the watch has seen. */
async function orderedAs(rig: Rig, world: World, connectorId: string, sku: string): Promise<OrderInput> {
  const items = [{ sku, quantity: 2, price: 20 }];
  const path = `worlds/${world.name}/orders`;
  const { orderId } = await rig.control<{ orderId: string }>('POST', path, { items });
  const order = { sellerId: world.amazon.sellerId, amazonOrderId: orderId, connectorId };
  await watched(rig, world, order);
  return order;
}

async function watched(rig: Rig, world: World, order: OrderInput): Promise<void> {
  await rig.client.workflow.execute('orderWatch', {
    taskQueue: rig.config.TEMPORAL_TASK_QUEUE,
    workflowId: watchIdOf(order),
    args: [{ sellerId: world.amazon.sellerId, region: 'NA' }],
  });
}

const watchIdOf = ({ sellerId }: OrderInput): string => `${orderWatchId(sellerId, 'NA')}-by-schedule`;

async function phaseOf(rig: Rig, { sellerId, amazonOrderId }: OrderInput): Promise<string | undefined> {
  const kept = await orderStore(rig.database).get(sellerId, amazonOrderId);
  return kept && stateOf(kept).placement.phase;
}

async function keptJson(rig: Rig, { sellerId, amazonOrderId }: OrderInput): Promise<string> {
  return (await orderStore(rig.database).get(sellerId, amazonOrderId))?.json ?? '';
}

async function reaches(rig: Rig, { sellerId, amazonOrderId }: OrderInput, stage: OrderStage): Promise<void> {
  const store = orderStore(rig.database);
  await rig.until(async () => (await store.get(sellerId, amazonOrderId))?.stage === stage, `the order to be ${stage}`);
}

const DAY_MS = 24 * 3600_000;

function inDays(days: number): Date {
  return new Date(Date.now() + days * DAY_MS);
}

/** A credential that is in use, without a clock. */
async function provedCredential(rig: Rig, world: World, secretAgeInDays: number): Promise<string> {
  const { credentialId } = await rig.connector(await rig.insertConnector(world));
  const store = credentialStore(rig.database);
  const pair = (await store.newest(world.amazon.clientId, world.amazon.sellerId))!;
  await store.promote(world.amazon.sellerId, pair, { clientSecret: true, refreshToken: true });
  await store.setDates(credentialId, { secretCreatedAt: inDays(-secretAgeInDays) });
  return credentialId;
}

/** Waits until a clock sleeps. */
async function looked(rig: Rig, credentialId: string): Promise<void> {
  const handle = rig.client.workflow.getHandle(credentialClockId(credentialId));
  await rig.until(async () => {
    const { events = [] } = await handle.fetchHistory();
    const hasLooked = events?.some((event) => event.activityTaskCompletedEventAttributes);
    const last = events?.at(-1);
    return Boolean(hasLooked && (last?.timerStartedEventAttributes ?? last?.workflowTaskCompletedEventAttributes));
  }, 'the clock to sleep');
}

async function reminded(rig: Rig, credentialId: string): Promise<void> {
  const notes = async () => (await credentialStore(rig.database).get(credentialId))?.reminders['client-secret'];
  await rig.until(async () => (await notes())?.length === 1, 'the reminder to be noted');
  await looked(rig, credentialId);
}

/** Gives a credential up, upon which its clock ends. */
async function forgotten(rig: Rig, world: World, credentialId: string): Promise<string> {
  await credentialStore(rig.database).forget(world.amazon.clientId, world.amazon.sellerId);
  await rig.orchestrator.credentialChanged(credentialId);
  return credentialClockId(credentialId);
}

async function onboarded(rig: Rig, world: World): Promise<string> {
  const connectorId = await rig.insertConnector(world);
  await rig.onboard(connectorId);
  return connectorId;
}

async function waitingForZip(rig: Rig, world: World): Promise<string> {
  const connectorId = await rig.insertConnector(world, (input) => {
    input.orders = { defaultZipCode: '00000' };
  });
  await rig.orchestrator.startOnboarding(connectorId);
  await rig.waiting(connectorId, 'zip_not_served');
  return connectorId;
}

/** Ends the worker that was changed for one case. */
async function withUsualWorker(rig: Rig, workflowId: string): Promise<string> {
  await rig.stopWorker();
  await rig.startWorker();
  return workflowId;
}

async function firstSync(rig: Rig, connectorId: string): Promise<string> {
  return (await rig.firstSync(connectorId)).workflowId;
}

async function slowFirstSync(rig: Rig, connectorId: string): Promise<string> {
  await rig.control('POST', 'faults', { match: { operation: 'putListingsItem' }, kind: 'slow', delayMs: 1500 });
  await rig.orchestrator.startActivation(connectorId);
  await rig.until(async () => (await rig.run(connectorId))?.phase === 'publish', 'the run to publish');
  return (await rig.run(connectorId))!.workflowId;
}

/** A test that waits for Amazon's first answers, long enough to be steered. */
async function slowTest(rig: Rig, connectorId: string): Promise<string> {
  await rig.control('POST', 'faults', { match: { operation: 'putListingsItem' }, kind: 'slow', delayMs: 30_000 });
  await rig.startSync(connectorId, { mode: 'test' });
  await rig.until(async () => (await rig.run(connectorId))?.phase === 'test', 'the test to ask');
  return (await rig.run(connectorId))!.workflowId;
}

/** Writes the history of a workflow's run; of one that continued as new, of its first and its last run. */
async function write(rig: Rig, name: string, workflowId: string): Promise<void> {
  await rig.until(
    async () => (await rig.client.workflow.getHandle(workflowId).describe()).status.name !== 'RUNNING',
    `${name} to end`
  );
  const { raw } = await rig.client.workflow.getHandle(workflowId).describe();
  const runs = new Set([raw.workflowExecutionInfo?.firstRunId, raw.workflowExecutionInfo?.execution?.runId]);
  for (const [index, runId] of [...runs].entries()) {
    const history = await rig.client.workflow.getHandle(workflowId, runId ?? undefined).fetchHistory();
    const { events } = JSON.parse(historyToJSON(history)) as { events: unknown[] };
    const file = join(ROOT, 'test', 'histories', `${name}${runs.size > 1 ? `.${index + 1}` : ''}@${version}.json`);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, `${JSON.stringify({ events }, withoutTraces, 1)}\n`);
    process.stdout.write(`${file.slice(ROOT.length + 1)}: ${events.length} events\n`);
  }
}

/** Who recorded it, and where, is of no use to a replay. */
function withoutTraces(key: string, value: unknown): unknown {
  if (key === 'identity') return 'recorder';
  if (key === 'stackTrace') return '';
  if (key === 'taskQueue') return { name: 'recorded', kind: 'TASK_QUEUE_KIND_NORMAL' };
  return value;
}

async function main(part: string): Promise<void> {
  await setUp();
  const rig = await Rig.start({
    payloads: 'plain',
    env: { VERIFY_AFTER_SECONDS: '1,1,2,3,5', ALLOW_PRIVATE_ADDRESSES: 'true' },
  });
  try {
    for (const [name, bring] of Object.entries(CASES)) {
      if (!name.includes(part)) continue;
      const world = await rig.world(name.replace('/', '-'), plainProducts(4));
      await write(rig, name, await bring(rig, world));
      await rig.control('DELETE', 'faults');
    }
  } finally {
    await rig.stop();
    await tearDown();
  }
}

main(process.argv[2] ?? '').catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
