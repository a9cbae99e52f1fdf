// Runs each path of each workflow on a Temporal dev server and writes its history to test/histories, for the replay test.
// node --import tsx test/replay/record.ts [part of a case's name]
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { activationWorkflowId, onboardingWorkflowId, removalWorkflowId, syncWorkflowId } from '../../domain/ids';
import { connectorStore } from '../../models/connectors';
import setUp from '../setup';
import tearDown from '../teardown';
import { plainProducts, Rig, type World } from '../workflows/rig';

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
    await rig.waiting(connectorId, 'auth.secret_expired');
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
      async () => (await rig.run(connectorId))?.waitingFor?.code === 'auth.secret_expired',
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
    const workflowId = await firstSync(rig, connectorId);
    await rig.stopWorker();
    await rig.startWorker();
    return workflowId;
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
};

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
  const rig = await Rig.start({ env: { VERIFY_AFTER_SECONDS: '1,1,2,3,5' } });
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
