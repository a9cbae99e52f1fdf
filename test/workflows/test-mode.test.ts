import { changeNoticeStore } from '../../models/change-notices';
import { parentModel } from '../../models/listings';
import { testResultModel, testResultStore, type TestResultDocument } from '../../models/test-results';
import { plainProducts, Rig, type ProductLine, type World } from './rig';

/** A hoodie in two sizes: `HOODIE-S`, `HOODIE-M`, under the product's reference `HOODIE`. */
function hoodie(): ProductLine {
  const [product] = plainProducts(1);
  const skus = ['S', 'M'].map((size, at) => ({
    ...product!.skus[0]!,
    skuId: 900 + at,
    refId: `HOODIE-${size}`,
    name: `Hoodie ${size}`,
    options: { size, color: 'Blue' },
  }));
  return { ...product!, productId: 900, refId: 'HOODIE', skus };
}

describe('mode test (S10)', () => {
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

  const test = async (connectorId: string, wanted: Parameters<Rig['startSync']>[1] = {}) =>
    rig.sync(connectorId, 60, { mode: 'test', ...wanted });

  async function results(connectorId: string): Promise<TestResultDocument[]> {
    return testResultModel(rig.database).find({ connectorId }).sort({ _id: 1 }).lean();
  }

  async function result(connectorId: string, sku: string): Promise<TestResultDocument> {
    const found = (await testResultStore(rig.database).bySku(connectorId, [sku])).get(sku);
    if (!found) throw new Error(`no result for ${sku}`);
    return found;
  }

  /** The SKUs that Amazon was asked about, in order, and how. */
  async function puts(world: World): Promise<{ sku?: string; mode?: string }[]> {
    const calls = (await rig.calls('putListingsItem')) as { sellerId?: string; sku?: string; mode?: string }[];
    return calls.filter(({ sellerId }) => sellerId === world.amazon.sellerId).map(({ sku, mode }) => ({ sku, mode }));
  }

  const asked = async (world: World) => (await puts(world)).map(({ sku }) => sku!).sort();

  it('asks about every SKU that would be sold or paused, with each answer kept, and changes nothing', async () => {
    const lines = plainProducts(5, (index) => [{}, { quantity: 0 }, { isKit: true }, {}, {}][index]!);
    const { world, connectorId } = await rig.ready('test-whole', lines);
    const match = { operation: 'putListingsItem', skus: ['SKU-0004'], sellerId: world.amazon.sellerId };
    await rig.control('POST', 'faults', { match, kind: 'invalid' });
    const run = await test(connectorId);
    expect(run).toMatchObject({ mode: 'test', outcome: 'completed', total: 5, toSend: 4, processed: 4 });
    expect(run.testCounts).toEqual({ passed: 3, failed: 1, blocked: 1, error: 0, untested: 0 });
    const sent = await puts(world);
    expect(sent.map(({ sku }) => sku).sort()).toEqual(['SKU-0001', 'SKU-0002', 'SKU-0004', 'SKU-0005']);
    expect(new Set(sent.map(({ mode }) => mode))).toEqual(new Set(['VALIDATION_PREVIEW']));
    expect(await result(connectorId, 'SKU-0002')).toMatchObject({
      outcome: 'passed',
      reason: 'Amazon would take it.',
      testedIn: run._id,
      payload: { quantity: { fulfillment_availability: [{ quantity: 0 }] } },
    });
    const failed = await result(connectorId, 'SKU-0004');
    expect([failed.outcome, failed.reason]).toEqual(['failed', failed.problems[0]?.message]);
    expect(await result(connectorId, 'SKU-0003')).toMatchObject({ outcome: 'blocked', problemCodes: ['kit'] });
    expect(await rig.books(world)).toEqual({});
    expect(await rig.listings(connectorId)).toEqual([]);
    expect(await parentModel(rig.database).countDocuments({ connectorId })).toBe(0);
    expect((await rig.connector(connectorId)).state).toBe('inactive');
  });

  it('leaves the states and notices of an active connector alone, and its next sync sends what changed', async () => {
    const { world, connectorId } = await rig.ready('test-active', plainProducts(2));
    await rig.firstSync(connectorId);
    const before = await rig.listings(connectorId);
    const notices = changeNoticeStore(rig.database);
    const now = new Date();
    await notices.note(connectorId, { skuId: '1', isRemoved: false, modifiedAt: now.toISOString(), arrivedAt: now });
    await rig.control('POST', `worlds/${world.name}/skus/SKU-0001`, { quantity: 0 });
    await test(connectorId);
    expect(await rig.listings(connectorId)).toEqual(before);
    expect(await notices.haveComeSince(connectorId)).toBe(true);
    expect((await result(connectorId, 'SKU-0001')).outcome).toBe('passed');
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 1, paused: 1 });
  });

  it('asks again only about what has changed, unless it is told to', async () => {
    const { world, connectorId } = await rig.ready('test-again', plainProducts(3));
    await test(connectorId);
    await rig.control('POST', `worlds/${world.name}/skus/SKU-0002`, { price: 31 });
    const again = await test(connectorId);
    expect([again.toSend, again.testCounts?.passed]).toEqual([1, 3]);
    expect(await asked(world)).toEqual(['SKU-0001', 'SKU-0002', 'SKU-0002', 'SKU-0003']);
    expect((await test(connectorId, { fresh: true })).toSend).toBe(3);
    await testResultModel(rig.database).updateMany(
      { connectorId, sku: { $ne: 'SKU-0001' } },
      { $set: { at: new Date(Date.now() - 25 * 3_600_000) } }
    );
    expect((await test(connectorId)).toSend).toBe(2);
  });

  it('tests a sample, the same one each time, or named SKUs', async () => {
    const { world, connectorId } = await rig.ready('test-sample', plainProducts(12));
    const run = await test(connectorId, { sample: 4 });
    expect(run.testCounts).toMatchObject({ passed: 4, untested: 8 });
    const first = await asked(world);
    await test(connectorId, { sample: 4, fresh: true });
    expect(await asked(world)).toEqual([...first, ...first].sort());
    const named = await test(connectorId, { scope: 'skus', skus: [first[0]!], fresh: true });
    expect([named.toSend, named.total]).toEqual([1, 1]);
    expect(await results(connectorId)).toHaveLength(12);
  });

  it('tests parents too, and holds no parent that is still to be sent against its children', async () => {
    const { world, connectorId } = await rig.ready('test-family', [hoodie()]);
    const match = { operation: 'putListingsItem', skus: ['HOODIE-S'], sellerId: world.amazon.sellerId };
    const issue = {
      code: '8007',
      message: 'We cannot recognize your parent SKU: HOODIE.',
      severity: 'ERROR',
      attributeNames: ['child_parent_sku_relationship'],
      categories: ['INVALID_ATTRIBUTE'],
    };
    const body = { sku: 'HOODIE-S', status: 'INVALID', submissionId: 'preview', issues: [issue] };
    await rig.control('POST', 'faults', { match, kind: 'invalid', body });
    const run = await test(connectorId);
    expect(await asked(world)).toEqual(['HOODIE', 'HOODIE-M', 'HOODIE-S']);
    expect(run.testCounts).toMatchObject({ passed: 2, failed: 0 });
    expect(await result(connectorId, 'HOODIE')).toMatchObject({ isParent: true, outcome: 'passed' });
    expect(await result(connectorId, 'HOODIE-S')).toMatchObject({
      outcome: 'passed',
      parentSku: 'HOODIE',
      problems: [
        {
          code: 'amazon.8007',
          severity: 'info',
          message:
            'Its parent HOODIE is not at Amazon yet; it is sent first. Amazon says: We cannot recognize your parent SKU: HOODIE.',
        },
      ],
    });
    await rig.control('DELETE', 'faults');
    await rig.firstSync(connectorId);
    await rig.control('POST', 'faults', { match, kind: 'invalid', body });
    await test(connectorId, { fresh: true });
    expect((await result(connectorId, 'HOODIE-S')).outcome).toBe('failed');
  });

  it('waits an outage out, and tries a SKU again that fails alone', async () => {
    const { world, connectorId } = await rig.ready('test-outage', plainProducts(9));
    const { sellerId } = world.amazon;
    const fault = { kind: 'status', status: 503, times: 12 };
    await rig.control('POST', 'faults', { match: { operation: 'putListingsItem', sellerId }, ...fault });
    await rig.control('POST', 'faults', { match: { operation: 'searchListingsItems', sellerId }, ...fault, times: 2 });
    const syncId = await rig.startSync(connectorId, { mode: 'test' });
    await rig.until(async () => (await rig.run(connectorId))?.waitingFor?.code === 'transient', 'the run to wait');
    const run = await rig.ended(connectorId, ({ _id }) => _id === syncId);
    expect(run.testCounts).toMatchObject({ passed: 9, error: 0 });
    expect(run.waitingFor).toBeNull();
  });

  it('can be paused, resumed and cancelled in the middle, within seconds', async () => {
    const { world, connectorId } = await rig.ready('test-pause', plainProducts(40));
    const match = { operation: 'putListingsItem', sellerId: world.amazon.sellerId };
    await rig.control('POST', 'faults', { match, kind: 'slow', delayMs: 1500 });
    const syncId = await rig.startSync(connectorId, { mode: 'test' });
    await rig.until(async () => (await rig.run(connectorId))!.processed > 0, 'the first answer');
    const { workflowId } = (await rig.run(connectorId))!;
    await rig.orchestrator.pauseSync(workflowId);
    await rig.until(async () => (await rig.run(connectorId))!.paused, 'the test to stand still', 12);
    const { length } = await puts(world);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(await puts(world)).toHaveLength(length);
    await rig.orchestrator.resumeSync(workflowId);
    await rig.until(async () => (await puts(world)).length > length, 'the test to go on', 10);
    await rig.orchestrator.cancelSync(workflowId);
    const run = await rig.ended(connectorId, ({ _id }) => _id === syncId, 12);
    expect(run).toMatchObject({ outcome: 'cancelled', mode: 'test' });
    expect(run.testCounts!.passed).toBeGreaterThan(0);
    await rig.control('DELETE', 'faults');
    expect((await test(connectorId)).testCounts).toMatchObject({ passed: 40, untested: 0 });
  });

  it('runs beside a sync of its connector, and by a schedule whose mode it is', async () => {
    const { world, connectorId } = await rig.ready('test-schedule', plainProducts(3), (input) => {
      input.schedule = { everyMinutes: 60, mode: 'test' };
    });
    const first = await rig.firstSync(connectorId);
    expect([first.mode, first.testCounts?.passed]).toEqual(['test', 3]);
    const match = { operation: 'putListingsItem', skus: ['SKU-0001'], sellerId: world.amazon.sellerId };
    await rig.control('POST', 'faults', { match, kind: 'slow', delayMs: 4000, times: 1 });
    const workflowId = `catalog-sync:${connectorId}-by-schedule`;
    await testResultModel(rig.database).deleteMany({ connectorId });
    await rig.client.workflow.start('catalogSync', {
      taskQueue: rig.config.TEMPORAL_TASK_QUEUE,
      workflowId,
      args: [{ connectorId, trigger: 'schedule' }],
    });
    await rig.until(async () => (await rig.run(connectorId))?.phase === 'test', 'the scheduled test');
    const sync = await rig.sync(connectorId, 30, { mode: 'synchronization' });
    expect([sync.outcome, sync.counts.live]).toEqual(['completed', 3]);
    const scheduled = await rig.ended(connectorId, ({ trigger }) => trigger === 'schedule');
    expect([scheduled.mode, scheduled.outcome, scheduled.testCounts?.passed]).toEqual(['test', 'completed', 3]);
  });

  it('is forgotten with its connector', async () => {
    const { connectorId } = await rig.ready('test-removed', plainProducts(2));
    await test(connectorId);
    await rig.startRemoval(connectorId);
    await rig.removed(connectorId);
    expect(await results(connectorId)).toEqual([]);
  });
});
