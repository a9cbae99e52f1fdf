import fs from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { plainProducts, type World } from '../workflows/rig';
import { itWithLuma, LUMA } from './luma';
import { countsOf, disagreements } from './public-api';
import { RealStack, until } from './real-stack';
import { sentAgain } from './sandbox-control';

jest.setTimeout(180_000);

const IN_FLIGHT = 8;
/** Of the questions of a test. */
const TESTS_IN_FLIGHT = 2;

describe('workers that are killed', () => {
  let stack: RealStack;
  beforeAll(async () => {
    stack = await RealStack.start({ env: { AMAZON_REQUESTS_IN_FLIGHT: String(IN_FLIGHT) } });
    await stack.startWorker();
  });
  afterAll(async () => {
    await stack.stop();
  });
  afterEach(async () => {
    await stack.sandbox.liftFaults();
  });

  /** Runs a connector's first sync, slowed down, and kills the worker at each of the given moments. */
  async function syncWithKills(
    world: World,
    kills: readonly { phase: string; settled: number }[]
  ): Promise<Record<string, number>> {
    const connectorId = await stack.api.onboard(world);
    const slow = { putListingsItem: 80, searchListingsItems: 300 };
    for (const [operation, delayMs] of Object.entries(slow))
      await stack.sandbox.fault({ match: { operation }, kind: 'slow', delayMs });
    const before = await stack.sandbox.calls('putListingsItem');
    const syncId = await stack.api.activate(connectorId);
    for (const { phase, settled } of kills) {
      await stack.api.whenIn(syncId, phase, settled);
      await stack.kill('worker');
      await stack.startWorker();
    }
    const sync = await stack.api.ended(syncId);
    const [listings, books] = [await stack.api.listings(connectorId), await stack.sandbox.amazonBooks(world)];
    expect(sync).toMatchObject({ outcome: 'completed', total: listings.length, counts: countsOf(listings) });
    expect(disagreements(listings, books)).toEqual([]);

    const atMostAgain = kills.filter(({ phase }) => phase === 'publish').length * IN_FLIGHT;
    expect(sentAgain(books)).toBeLessThanOrEqual(atMostAgain);
    const calls = (await stack.sandbox.calls('putListingsItem')).length - before.length;
    expect(calls).toBeLessThanOrEqual(Object.keys(books).length + atMostAgain);
    return countsOf(listings);
  }

  it('while they read lose nothing and send nothing twice', async () => {
    const world = await stack.sandbox.world('read', plainProducts(200));
    await stack.sandbox.fault({ match: { operation: 'vtex.*' }, kind: 'slow', delayMs: 60 });
    expect(await syncWithKills(world, [{ phase: 'collect', settled: 0 }])).toEqual({ live: 200 });
  });

  itWithLuma(
    'again and again in a sync of a real store lose nothing, and send at most twice what was in flight',
    async () => {
      const world = await stack.sandbox.world('luma', fs.readFileSync(LUMA.file, 'utf8'));
      // Those over the limit are settled from the start.
      const sent = (count: number) => ({ phase: 'publish', settled: LUMA.skus - LUMA.skuLimit + count });
      const kills = [sent(100), sent(500), { phase: 'verify', settled: 0 }];
      expect(await syncWithKills(world, kills)).toEqual({ live: LUMA.skuLimit, blocked: LUMA.skus - LUMA.skuLimit });
    }
  );

  it('in a test of a catalogue keep what was answered, and ask again at most what was in flight', async () => {
    const skus = 150;
    const world = await stack.sandbox.world('tested', plainProducts(skus));
    const connectorId = await stack.api.onboard(world);
    await stack.sandbox.fault({ match: { operation: 'putListingsItem' }, kind: 'slow', delayMs: 80 });
    const asked = async () =>
      (await stack.sandbox.calls('putListingsItem')).filter(({ sellerId }) => sellerId === world.amazon.sellerId);
    const syncId = await stack.api.startSync(connectorId, { mode: 'test' });
    const kills = [30, 90];
    for (const answers of kills) {
      await until(async () => (await asked()).length >= answers, `${answers} answers`, 60);
      await stack.kill('worker');
      await stack.startWorker();
    }
    expect(await stack.api.ended(syncId)).toMatchObject({
      outcome: 'completed',
      total: skus,
      testCounts: { passed: skus, failed: 0, blocked: 0, error: 0, untested: 0 },
    });
    const calls = await asked();
    expect(new Set(calls.map(({ mode }) => mode))).toEqual(new Set(['VALIDATION_PREVIEW']));
    expect(new Set(calls.map(({ sku }) => sku)).size).toBe(skus);
    expect(calls.length).toBeLessThanOrEqual(skus + kills.length * TESTS_IN_FLIGHT);
    expect(await stack.sandbox.amazonBooks(world)).toEqual({});
  });

  it('fail no workflow task', async () => {
    const { workflows, failures } = await workflowTasksFailed(stack);
    expect(workflows).toBeGreaterThan(0);
    expect(failures).toEqual([]);
  });
});

const { EventType, WorkflowTaskFailedCause } = temporal.api.enums.v1;

/** What workers said of workflow tasks that they could not do, in all workflows there have been. */
async function workflowTasksFailed(stack: RealStack): Promise<{ workflows: number; failures: string[] }> {
  const connection = await Connection.connect({ address: stack.temporalAddress });
  const { workflow } = new Client({ connection, namespace: stack.settings.TEMPORAL_NAMESPACE ?? 'default' });
  const failures: string[] = [];
  let workflows = 0;
  for await (const { workflowId, runId } of workflow.list()) {
    workflows += 1;
    const { events } = await workflow.getHandle(workflowId, runId).fetchHistory();
    for (const { eventType, workflowTaskFailedEventAttributes: failed } of events ?? []) {
      if (eventType !== EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED) continue;
      // A signal came while a task was being completed: the server has it done again, and no worker failed.
      if (failed?.cause === WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND) continue;
      failures.push(`${workflowId}: ${failed?.failure?.message ?? failed?.cause}`);
    }
  }
  await connection.close();
  return { workflows, failures };
}
