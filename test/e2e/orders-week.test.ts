import { temporal } from '@temporalio/proto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import pino from 'pino';
import { jsonataExpressions } from '../../adapters/expressions';
import { createOrchestrator } from '../../adapters/temporal/orchestrator';
import { orderWorkflowId } from '../../domain/ids';
import { createActivities } from '../../worker/activities';
import { startTimeSkipping } from '../time-skipping/server';
import { OrdersUnderTest } from '../workflows/orders-under-test';

jest.setTimeout(900_000);

const SECOND = 1_000;
const DAY = 24 * 3600 * SECOND;
/** A week takes two minutes; fewer days are for whoever looks for something. */
const DAYS = Number(process.env.ORDER_DAYS ?? 7);
/** VTEX's own example. */
const HOLD_LIVES = 600 * SECOND;
/** A workflow begins a new history after 2,000 events; what one turn of it adds comes on top. */
const LONGEST_HISTORY = 2_100;

/** The sandbox's clock goes with the server's. */
describe(`an order that is pending for days, with holds of ten minutes (ORDER_DAYS=${DAYS})`, () => {
  let test: OrdersUnderTest;
  let env: TestWorkflowEnvironment;
  let orchestrator: ReturnType<typeof createOrchestrator>;
  let ahead = 0;
  beforeAll(async () => {
    test = await OrdersUnderTest.start();
    env = await startTimeSkipping();
    const { INDEXED_VALUE_TYPE_KEYWORD } = temporal.api.enums.v1.IndexedValueType;
    await env.connection.operatorService.addSearchAttributes({
      namespace: 'default',
      searchAttributes: { ConnectorId: INDEXED_VALUE_TYPE_KEYWORD },
    });
    const { TEMPORAL_TASK_QUEUE: taskQueue } = test.rig.config;
    orchestrator = createOrchestrator({ address: env.address, namespace: 'default', taskQueue });
  }, 360_000);
  afterAll(async () => {
    await orchestrator.close();
    await env.teardown();
    await test.stop();
  });

  /** Moves the sandbox's clock to where the server has moved its own. */
  async function align(): Promise<void> {
    const isAhead = (await env.currentTimeMs()) - Date.now();
    if (isAhead - ahead < 5) return;
    const advanceSeconds = (isAhead - ahead) / SECOND;
    ahead = isAhead;
    await test.rig.control('POST', 'clock', { advanceSeconds });
  }

  async function startWorker(): Promise<{ stop(): Promise<void> }> {
    const { config, database } = test.rig;
    const expressions = jsonataExpressions();
    const activities = createActivities({
      config,
      connection: database,
      orchestrator,
      expressions,
      logger: pino({ level: 'silent' }),
    });
    const inTime = Object.entries(activities).map(([name, activity]) => [
      name,
      async (...args: never[]): Promise<unknown> => {
        await align();
        return (activity as (...args: never[]) => Promise<unknown>)(...args);
      },
    ]);
    const worker = await Worker.create({
      connection: env.nativeConnection,
      taskQueue: config.TEMPORAL_TASK_QUEUE,
      workflowBundle: { codePath: process.env.TEST_WORKFLOW_BUNDLE ?? '' },
      activities: Object.fromEntries(inTime) as typeof activities,
      shutdownGraceTime: 1000,
    });
    const done = worker.run();
    return {
      async stop() {
        worker.shutdown();
        await done;
        await expressions.close();
      },
    };
  }

  it('is held without a gap, by one hold but for the moments of renewal, and its history stays short', async () => {
    await test.connect('week');
    await test.rig.stopWorker();
    const worker = await startWorker();
    await align();
    const orderId = await test.order();
    const handle = env.client.workflow.getHandle(orderWorkflowId(test.world.amazon.sellerId, orderId));
    await orchestrator.tellOrder(test.input(orderId), {
      kind: 'sighting',
      sighting: {
        amazonOrderId: orderId,
        from: 'order',
        updatedAt: new Date(await env.currentTimeMs()).toISOString(),
        orderedAt: new Date(await env.currentTimeMs()).toISOString(),
        status: 'pending',
        fulfilledBy: 'merchant',
        items: [{ orderItemId: '1', sku: 'SKU-0001', ordered: 2, canceled: 0, shipped: 0 }],
      },
    });
    await test.reaches(orderId, 'held');
    let events = 0;
    const begun = await env.currentTimeMs();
    for (let hour = 0; hour < DAYS * 24; hour += 4) {
      await env.sleep(4 * 3600 * SECOND);
      const { historyLength } = await handle.describe();
      events = Math.max(events, historyLength);
    }
    await align();
    const passed = (await env.currentTimeMs()) - begun;
    expect(passed).toBeGreaterThanOrEqual(DAYS * DAY);
    expect(events).toBeLessThanOrEqual(LONGEST_HISTORY);
    expect(await test.liveHolds()).toHaveLength(1);

    const holds = await holdsInTheirTime();
    expect(holds.length).toBeGreaterThan((passed / HOLD_LIVES) * 0.9);
    let both = 0;
    holds.forEach(({ lockId, from }, index) => {
      const [before, last] = [holds[index - 1], holds[index - 2]];
      // The one before it was still there, and the one before that was gone.
      if (before && before.to < from)
        throw new Error(`nothing is held from ${iso(before.to)} to ${iso(from)}: ${lockId}`);
      if (last && last.to > from) throw new Error(`three are held at once when ${lockId} is made`);
      if (before) both += before.to - from;
    });
    expect(both / passed).toBeLessThan(0.01);
    expect((await test.kept(orderId))!.messages).toEqual([]);
    await handle.terminate();
    await worker.stop();
  });

  /** Every hold there was, by the sandbox's clock: made, and let go or expired. */
  async function holdsInTheirTime(): Promise<{ lockId: string; from: number; to: number }[]> {
    const { reservations } = await test.store();
    const calls = await test.rig.control<{ at: string; path: string; status: number }[]>(
      'GET',
      'calls?operation=vtex.cancelReservation&limit=50000'
    );
    const letGo = new Map(
      calls.flatMap(({ at, path, status }) => {
        const [, lockId] = /reservations\/([^/]+)\/cancel/.exec(path) ?? [];
        return lockId && status < 300 ? [[lockId, Date.parse(at)] as const] : [];
      })
    );
    return Object.entries(reservations)
      .map(([lockId, { until }]) => {
        const end = Date.parse(until);
        return { lockId, from: end - HOLD_LIVES, to: Math.min(end, letGo.get(lockId) ?? end) };
      })
      .sort((one, other) => one.from - other.from);
  }
});

function iso(at: number): string {
  return new Date(at).toISOString();
}
