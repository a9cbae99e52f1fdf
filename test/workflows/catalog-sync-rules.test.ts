import { syncRunStore } from '../../models/sync-runs';
import { plainProducts, Rig } from './rig';

describe('what a sync sends, and when', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(async () => {
    await rig.stop();
  });
  afterEach(async () => {
    await rig.control('DELETE', 'faults');
  });

  const kit = { isKit: true, price: null, quantity: null, kitItems: [{ refId: 'SKU-0002', quantity: 3 }] };

  it('sends kits with the stock their components allow when it is told to, and leaves them alone when no longer', async () => {
    const { world, connectorId } = await rig.ready(
      'kits',
      plainProducts(3, (index) => (index === 0 ? kit : {})),
      (input) => {
        input.listing = { sendKits: true };
      }
    );
    expect((await rig.firstSync(connectorId)).counts).toMatchObject({ live: 3 });
    expect((await rig.books(world))['SKU-0001']).toMatchObject({ quantity: 3, puts: 1 });
    await rig.patch(connectorId, { 'listing.sendKits': false });
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 2, blocked: 1 });
    expect((await rig.books(world))['SKU-0001']).toMatchObject({ quantity: 3, puts: 1, patches: 0, state: 'live' });
  });

  it('pauses below the minimum stock, and sells again at it', async () => {
    const { world, connectorId } = await rig.ready('minimum', plainProducts(3), (input) => {
      input.offer = { minimumStock: 5 };
    });
    await rig.firstSync(connectorId);
    await rig.control('POST', 'worlds/minimum/skus/SKU-0001', { quantity: 4 });
    await rig.control('POST', 'worlds/minimum/skus/SKU-0002', { quantity: 5 });
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 2, paused: 1 });
    const books = await rig.books(world);
    expect([books['SKU-0001']?.quantity, books['SKU-0002']?.quantity]).toEqual([0, 5]);
    await rig.control('POST', 'worlds/minimum/skus/SKU-0001', { quantity: 5 });
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 3, paused: 0 });
  });

  it('keeps the stock of a SKU right while its data waits to be mended', async () => {
    const { world, connectorId } = await rig.ready('unbranded', plainProducts(3));
    await rig.firstSync(connectorId);
    const [first, ...others] = plainProducts(3, (index) => (index === 0 ? { quantity: 4 } : {}));
    await rig.world('unbranded', [{ ...first, brand: '' }, ...others]);
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 2, blocked: 1 });
    expect(await rig.listing(connectorId, 'SKU-0001')).toMatchObject({ state: 'blocked', problemCodes: ['invalid'] });
    const book = (await rig.books(world))['SKU-0001'];
    expect(book).toMatchObject({ quantity: 4, puts: 1, patches: 1 });
    expect(book?.attributes.brand).toMatchObject([{ value: 'Luma' }]);
  });

  it('exports only the chosen statuses, and takes what turns inactive off sale', async () => {
    const { world, connectorId } = await rig.ready('statuses', plainProducts(3));
    await rig.firstSync(connectorId);
    await rig.control('POST', 'worlds/statuses/skus/SKU-0003', { active: false });
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 2, blocked: 1 });
    expect((await rig.listing(connectorId, 'SKU-0003')).problemCodes).toEqual(['inactive']);
    expect((await rig.books(world))['SKU-0003']).toMatchObject({ quantity: 0 });
    await rig.patch(connectorId, { 'listing.statuses': ['active', 'inactive'] });
    expect((await rig.sync(connectorId)).counts).toMatchObject({ blocked: 0 });
  });

  it('shows a SKU that cannot be read, keeps what it knew of it, and reads it again with the next run', async () => {
    const { connectorId } = await rig.ready('unreadable', plainProducts(30));
    await rig.control('POST', 'faults', {
      match: { operation: 'vtex.getSku', skus: ['7'] },
      kind: 'status',
      status: 500,
    });
    const first = await rig.firstSync(connectorId);
    expect(first.counts).toMatchObject({ live: 29, blocked: 1 });
    expect(await rig.listing(connectorId, '(id 7)')).toMatchObject({ state: 'blocked', problemCodes: ['unreadable'] });
    await rig.control('DELETE', 'faults');
    const second = await rig.sync(connectorId);
    expect(second.counts).toMatchObject({ live: 30, blocked: 0 });
    expect(second.total).toBe(30);
    await rig.control('POST', 'faults', {
      match: { operation: 'vtex.getSku', skus: ['7'] },
      kind: 'status',
      status: 500,
    });
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 30, removed: 0 });
  });

  it('tells two SKUs with one reference apart', async () => {
    const { connectorId } = await rig.ready(
      'twins',
      plainProducts(3, (index) => (index === 2 ? { refId: 'SKU-0001' } : {}))
    );
    const run = await rig.firstSync(connectorId);
    expect(run.counts).toMatchObject({ live: 2, blocked: 1 });
    expect(await rig.listing(connectorId, 'SKU-0001 (3)')).toMatchObject({
      state: 'blocked',
      problemCodes: ['duplicate_sku'],
    });
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 2, blocked: 1 });
  });

  it('can be asked for some SKUs only', async () => {
    const { world, connectorId } = await rig.ready('some', plainProducts(5));
    await rig.firstSync(connectorId);
    for (const sku of ['SKU-0001', 'SKU-0002']) await rig.control('POST', `worlds/some/skus/${sku}`, { quantity: 3 });
    const { configVersion } = await rig.connector(connectorId);
    const opened = await syncRunStore(rig.database).request(
      { connectorId, trigger: 'api', mode: 'synchronization', scope: 'skus', skus: ['SKU-0002'], configVersion },
      () => Promise.resolve(true)
    );
    if (opened.kind !== 'opened') throw new Error('busy');
    await rig.orchestrator.startSync({ connectorId, syncId: opened.syncId, trigger: 'api' });
    const run = await rig.ended(connectorId, (each) => each._id === opened.syncId);
    expect(run.counts).toMatchObject({ live: 5, removed: 0 });
    const books = await rig.books(world);
    expect([books['SKU-0001']?.quantity, books['SKU-0002']?.quantity]).toEqual([10, 3]);
  });

  it('keeps the configuration it began with, and the next run takes the new one', async () => {
    const { connectorId } = await rig.ready('versions', plainProducts(60), (input) => {
      input.offer = { minimumStock: 1 };
    });
    await rig.control('POST', 'faults', { match: { operation: 'putListingsItem' }, kind: 'slow', delayMs: 200 });
    await rig.orchestrator.startActivation(connectorId);
    await rig.until(async () => (await rig.run(connectorId))?.phase === 'publish', 'the run to publish');
    await rig.patch(connectorId, { 'offer.minimumStock': 50 });
    const first = await rig.ended(connectorId, () => true);
    expect(first).toMatchObject({ configVersion: 1, counts: { live: 60 } });
    await rig.control('DELETE', 'faults');
    expect(await rig.sync(connectorId)).toMatchObject({ configVersion: 2, counts: { live: 0, paused: 60 } });
  });

  it('is started by its schedule, which is paused until activation', async () => {
    const { connectorId } = await rig.ready('scheduled', plainProducts(3));
    expect(await rig.orchestrator.scheduleState(connectorId)).toEqual({ nextRunAt: null, paused: true });
    await rig.firstSync(connectorId);
    const state = await rig.orchestrator.scheduleState(connectorId);
    expect(state?.paused).toBe(false);
    const inMinutes = (new Date(state?.nextRunAt ?? 0).getTime() - Date.now()) / 60_000;
    expect(inMinutes).toBeGreaterThan(0);
    expect(inMinutes).toBeLessThanOrEqual(61);
    await rig.client.schedule.getHandle(`catalog-sync:${connectorId}`).trigger('SKIP');
    const run = await rig.ended(connectorId, (each) => each.trigger === 'schedule');
    expect(run).toMatchObject({ outcome: 'completed', counts: { live: 3 } });
  });

  it('does not run for a connector that is paused', async () => {
    const { connectorId } = await rig.ready('resting', plainProducts(3));
    await rig.client.schedule.getHandle(`catalog-sync:${connectorId}`).trigger('SKIP');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await syncRunStore(rig.database).history(connectorId, 10)).toEqual([]);
  });

  /** Starts a run whose history is called long after so many events, and waits for its end. */
  async function runWithShortHistory(connectorId: string, mode: 'synchronization' | 'test', historyEvents: number) {
    const { configVersion, config } = await rig.connector(connectorId);
    const runs = syncRunStore(rig.database);
    const opened = await runs.request(
      { connectorId, trigger: 'api', mode, scope: 'full', skus: [], configVersion },
      () => Promise.resolve(true)
    );
    if (opened.kind !== 'opened') throw new Error('busy');
    await runs.update(opened.syncId, { config });
    const policy = {
      retryInitialSeconds: 1,
      retryMaximumSeconds: 4,
      retryGiveUpSeconds: 60,
      verifyWaitSeconds: 20,
      historyEvents,
    };
    const resume = {
      syncId: opened.syncId,
      mode,
      scope: 'full',
      phase: 'collect',
      sourceCursor: null,
      read: 0,
      repeats: 0,
      lanes: { parents: 0, details: 0, offer: 0 },
      retryWindows: 0,
      paused: false,
      verifyingSince: null,
      policy,
    };
    const handle = await rig.client.workflow.start('catalogSync', {
      taskQueue: rig.config.TEMPORAL_TASK_QUEUE,
      workflowId: opened.workflowId,
      args: [{ connectorId, syncId: opened.syncId, trigger: 'api', resume }],
    });
    expect(await handle.result()).toBe('completed');
    expect((await handle.describe()).runId).not.toBe(handle.firstExecutionRunId);
    return rig.ended(connectorId, (each) => each._id === opened.syncId);
  }

  it('goes on with a fresh history when its own is long', async () => {
    const { connectorId } = await rig.ready('long', plainProducts(250));
    await rig.orchestrator.startActivation(connectorId);
    const first = await rig.ended(connectorId, () => true);
    expect(first.counts.live).toBe(250);
    await rig.patch(connectorId, { 'offer.minimumStock': 50 });
    const ended = await runWithShortHistory(connectorId, 'synchronization', 32);
    expect(ended.counts).toMatchObject({ paused: 250 });
  });

  it('goes on with a test of which the history is long, and asks about no SKU twice', async () => {
    const { connectorId, world } = await rig.ready('long-test', plainProducts(450));
    const ended = await runWithShortHistory(connectorId, 'test', 24);
    expect(ended.testCounts).toEqual({ passed: 450, failed: 0, blocked: 0, error: 0, untested: 0 });
    const calls = (await rig.calls('putListingsItem')) as { sellerId?: string; sku?: string }[];
    const asked = calls.filter(({ sellerId }) => sellerId === world.amazon.sellerId).map(({ sku }) => sku);
    expect([asked.length, new Set(asked).size]).toEqual([450, 450]);
  });
});
