import { LISTING_STATES, KIT_NOT_SENT } from '../../domain/listing';
import { plainProducts, Rig, type World } from './rig';

describe('a catalogue sync', () => {
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

  const amazonCalls = async (): Promise<number> =>
    (await rig.control<{ amazon: number }>('GET', 'calls/summary')).amazon;

  it('brings every SKU of the generated catalogue to a named state with a reason, and the books agree', async () => {
    const { world, connectorId } = await rig.ready('generated', { generate: 120, seed: 1 }, (input) => {
      input.offer = { minimumStock: 3 };
    });
    const run = await rig.firstSync(connectorId, 90);
    expect(run).toMatchObject({ outcome: 'completed', phase: 'done', trigger: 'activation', waitingFor: null });
    const listings = await rig.listings(connectorId);
    const countOf = (state: string): number => listings.filter((each) => each.state === state).length;
    expect(run.counts).toEqual(Object.fromEntries(LISTING_STATES.map((state) => [state, countOf(state)])));
    expect(run.total).toBe(listings.length);
    expect(listings.filter((each) => each.reason === '')).toEqual([]);
    for (const state of ['live', 'paused', 'rejected', 'not_visible', 'blocked'])
      expect(countOf(state)).toBeGreaterThan(0);
    for (const state of ['pending', 'submitted', 'retrying']) expect(countOf(state)).toBe(0);

    const books = await rig.books(world);
    const onSale = Object.keys(books).filter((sku) => books[sku]!.status.includes('BUYABLE'));
    expect(onSale.sort()).toEqual(
      listings
        .filter((each) => each.state === 'live')
        .map((each) => each.sku)
        .sort()
    );
    for (const each of listings.filter((entry) => entry.state === 'paused')) expect(books[each.sku]?.quantity).toBe(0);
    for (const each of listings.filter((entry) => entry.state === 'blocked')) expect(books[each.sku]).toBeUndefined();
  });

  it('asks Amazon nothing when nothing has changed', async () => {
    const { connectorId } = await rig.ready('unchanged', plainProducts(30));
    await rig.firstSync(connectorId);
    const before = await amazonCalls();
    const run = await rig.sync(connectorId);
    expect(run.counts.live).toBe(30);
    expect(await amazonCalls()).toBe(before);
  });

  it('sends a stock change by one PATCH of the quantity alone', async () => {
    const { world, connectorId } = await rig.ready('stock', plainProducts(5));
    await rig.firstSync(connectorId);
    await rig.control('POST', 'worlds/stock/skus/SKU-0002', { quantity: 7 });
    await rig.sync(connectorId);
    const books = await rig.books(world);
    expect(books['SKU-0002']).toMatchObject({ quantity: 7, price: 20, puts: 1, patches: 1 });
    expect(books['SKU-0001']).toMatchObject({ puts: 1, patches: 0 });
    const listing = await rig.listing(connectorId, 'SKU-0002');
    expect(listing.state).toBe('live');
    expect(listing.lastPayload).toEqual({
      productType: 'SHIRT',
      patches: [
        {
          op: 'merge',
          path: '/attributes/fulfillment_availability',
          value: [{ fulfillment_channel_code: 'DEFAULT', quantity: 7 }],
        },
      ],
    });
  });

  it('sends the rest when the SKU limit is raised, and a SKU that a rule holds back takes no place', async () => {
    const kit = { isKit: true, price: null, quantity: null, kitItems: [{ refId: 'SKU-0002', quantity: 1 }] };
    const { world, connectorId } = await rig.ready(
      'limit',
      plainProducts(12, (index) => (index === 0 ? kit : {})),
      (input) => {
        input.listing = { sendKits: false, skuLimit: 10 };
      }
    );
    const first = await rig.firstSync(connectorId);
    expect(first.counts).toMatchObject({ live: 10, blocked: 2 });
    expect(await rig.listing(connectorId, 'SKU-0001')).toMatchObject({
      state: 'blocked',
      reason: KIT_NOT_SENT,
      problems: [{ code: 'kit', message: KIT_NOT_SENT }],
    });
    expect((await rig.listing(connectorId, 'SKU-0012')).problemCodes).toEqual(['over_limit']);
    expect(Object.keys(await rig.books(world))).toHaveLength(10);
    await rig.patch(connectorId, { 'listing.skuLimit': 100 });
    const second = await rig.sync(connectorId);
    expect(second.counts).toMatchObject({ live: 11, blocked: 1 });
  });

  it('retries SKUs that answer 500 five times each while the others are done on time, with each attempt visible', async () => {
    const { connectorId } = await rig.ready('flaky', plainProducts(60));
    const bad = Array.from({ length: 20 }, (_, index) => `SKU-${String(index * 3 + 1).padStart(4, '0')}`);
    await rig.control('POST', 'faults', {
      match: { operation: 'putListingsItem', skus: bad },
      kind: 'status',
      status: 500,
      timesPerSku: 5,
    });
    await rig.orchestrator.startActivation(connectorId);
    await rig.until(async () => (await rig.inState(connectorId, 'live')).length === 40, 'the others to be live', 25);
    expect((await rig.inState(connectorId, 'retrying')).length).toBeGreaterThan(0);
    const run = await rig.ended(connectorId, () => true, 60);
    expect(run.counts).toMatchObject({ live: 60, retrying: 0 });
    for (const sku of bad) {
      const { attempts } = await rig.listing(connectorId, sku);
      expect(attempts.map((attempt) => attempt.outcome)).toEqual([...Array<string>(5).fill('transient'), 'accepted']);
    }
  });

  it('does not retry what Amazon refuses, keeps its reasons, and sends it again when it changes', async () => {
    const { world, connectorId } = await rig.ready('refused', [
      ...plainProducts(4),
      ...plainProducts(5)
        .slice(4)
        .map((product) => ({
          ...product,
          skus: product.skus.map((sku) => ({ ...sku, sandbox: { amazon: 'refuse' } })),
        })),
    ]);
    await rig.firstSync(connectorId);
    const refused = await rig.listing(connectorId, 'SKU-0005');
    expect(refused.state).toBe('rejected');
    expect(refused.problems.some((problem) => problem.severity === 'error' && problem.message !== '')).toBe(true);
    expect((await rig.books(world))['SKU-0005']).toMatchObject({ puts: 1 });
    await rig.sync(connectorId);
    expect((await rig.books(world))['SKU-0005']).toMatchObject({ puts: 1 });
    expect((await rig.listing(connectorId, 'SKU-0005')).state).toBe('rejected');
    await rig.control('POST', 'worlds/refused/skus/SKU-0005', { name: 'A better name', amazon: null });
    await rig.sync(connectorId);
    expect((await rig.listing(connectorId, 'SKU-0005')).state).toBe('live');
  });

  it('takes a SKU off sale whose content was refused in the same change', async () => {
    const { world, connectorId } = await rig.ready('oversold', plainProducts(3));
    await rig.firstSync(connectorId);
    await rig.control('POST', 'worlds/oversold/skus/SKU-0002', { name: 'A name that Amazon refuses', quantity: 0 });
    await rig.control('POST', 'faults', {
      match: { operation: 'putListingsItem', skus: ['SKU-0002'] },
      kind: 'invalid',
    });
    await rig.sync(connectorId);
    expect(await rig.listing(connectorId, 'SKU-0002')).toMatchObject({ state: 'rejected', verdict: { quantity: 0 } });
    await rig.until(async () => (await rig.books(world))['SKU-0002']?.quantity === 0, 'Amazon to stop selling it', 5);
    await rig.control('POST', 'worlds/oversold/skus/SKU-0002', { quantity: 6 });
    await rig.sync(connectorId);
    expect((await rig.books(world))['SKU-0002']).toMatchObject({ quantity: 6 });
    expect((await rig.listing(connectorId, 'SKU-0002')).state).toBe('rejected');
  });

  it('ends a run that is cancelled before its first step, so that the next one can start', async () => {
    const { connectorId } = await rig.ready('early', plainProducts(3));
    await rig.firstSync(connectorId);
    await rig.stopWorker();
    const syncId = await rig.startSync(connectorId);
    await rig.orchestrator.cancelSync(`catalog-sync:${connectorId}:${syncId}`);
    await rig.startWorker();
    const run = await rig.ended(connectorId, (each) => each._id === syncId, 20);
    expect(run.outcome).toBe('cancelled');
    expect((await rig.sync(connectorId)).outcome).toBe('completed');
  });

  it('takes a SKU that leaves the assortment off sale, and sells it again when it is back', async () => {
    const { world, connectorId } = await rig.ready('leaving', plainProducts(4));
    await rig.firstSync(connectorId);
    await rig.world('leaving', plainProducts(3));
    const run = await rig.sync(connectorId);
    expect(run.counts).toMatchObject({ live: 3, removed: 1 });
    expect((await rig.books(world))['SKU-0004']).toMatchObject({ quantity: 0 });
    await rig.world('leaving', plainProducts(4));
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 4, removed: 0 });
    expect((await rig.books(world))['SKU-0004']).toMatchObject({ quantity: 10 });
  });

  it('waits out an outage of Amazon with one backoff, says so, and burns no attempt', async () => {
    const { connectorId } = await rig.ready('outage', plainProducts(40));
    for (const operation of ['putListingsItem', 'searchListingsItems'])
      await rig.control('POST', 'faults', { match: { operation }, kind: 'status', status: 503 });
    await rig.orchestrator.startActivation(connectorId);
    await rig.until(
      async () => (await rig.run(connectorId))?.waitingFor?.code === 'transient',
      'the run to say what it waits for'
    );
    expect((await rig.run(connectorId))?.phase).toBe('publish');
    await rig.control('DELETE', 'faults');
    const run = await rig.ended(connectorId, () => true, 60);
    expect(run).toMatchObject({ outcome: 'completed', waitingFor: null });
    expect(run.counts.live).toBe(40);
    expect((await rig.listings(connectorId)).every((each) => each.attempts.length === 1)).toBe(true);
  });

  it('parks when the client secret expires, and goes on by itself when a new one is saved', async () => {
    const { world, connectorId } = await rig.ready('expiring', plainProducts(10));
    await rig.firstSync(connectorId);
    await rig.control('POST', 'worlds/expiring/amazon', { secretExpired: true, expireTokens: true });
    await rig.control('POST', 'worlds/expiring/skus/SKU-0003', { quantity: 3 });
    const syncId = await rig.startSync(connectorId);
    await rig.until(
      async () => (await rig.run(connectorId))?.waitingFor?.code === 'auth.secret_rotated',
      'the run to park'
    );
    expect((await rig.run(connectorId))?.waitingFor).toMatchObject({
      field: 'amazon.clientSecret',
      owner: 'longshore',
    });
    // A look in vain at whether it was mended: it has waited since the first.
    const since = (await rig.run(connectorId))?.waitingFor?.since;
    await rig.orchestrator.configurationChanged(connectorId);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect((await rig.run(connectorId))?.waitingFor?.since).toBe(since);
    const mended = await rig.control<World>('POST', 'worlds/expiring/amazon', {
      newClientSecret: true,
      secretExpired: false,
    });
    const { config } = await rig.connector(connectorId);
    await rig.proposeSecrets(config, { 'amazon.clientSecret': mended.amazon.clientSecret });
    await rig.orchestrator.configurationChanged(connectorId);
    const run = await rig.ended(connectorId, (each) => each._id === syncId);
    expect(run.outcome).toBe('completed');
    expect((await rig.books(world))['SKU-0003']).toMatchObject({ quantity: 3 });
  });

  it('leaves the price alone when it is not to be sent', async () => {
    const { world, connectorId } = await rig.ready('priceless', plainProducts(3), (input) => {
      input.listing = { sendKits: false, sendPrice: false };
    });
    const run = await rig.firstSync(connectorId);
    expect(run.counts.live).toBe(3);
    const books = await rig.books(world);
    for (const book of Object.values(books)) expect(book.attributes).not.toHaveProperty('purchasable_offer');
  });

  it('can be paused, resumed and cancelled', async () => {
    const { connectorId } = await rig.ready('paused', plainProducts(300));
    await rig.control('POST', 'faults', { match: { operation: 'putListingsItem' }, kind: 'slow', delayMs: 150 });
    await rig.orchestrator.startActivation(connectorId);
    await rig.until(async () => (await rig.run(connectorId))?.phase === 'publish', 'the run to publish');
    const { workflowId, _id } = (await rig.run(connectorId))!;
    await rig.orchestrator.pauseSync(workflowId);
    await rig.until(async () => (await rig.run(connectorId))?.paused === true, 'the run to be paused');
    expect(await rig.orchestrator.syncProgress(workflowId, 2000)).toMatchObject({ syncId: _id, paused: true });
    await rig.orchestrator.resumeSync(workflowId);
    await rig.until(async () => (await rig.run(connectorId))?.paused === false, 'the run to go on');
    await rig.orchestrator.cancelSync(workflowId);
    const run = await rig.ended(connectorId, () => true, 30);
    expect(run).toMatchObject({ outcome: 'cancelled', outcomeReason: 'It was cancelled.' });
    await rig.control('DELETE', 'faults');
    expect((await rig.sync(connectorId, 60)).counts.live).toBe(300);
  });

  it('runs once at a time, whatever starts it', async () => {
    const { connectorId } = await rig.ready('single', plainProducts(60));
    await rig.control('POST', 'faults', { match: { operation: 'putListingsItem' }, kind: 'slow', delayMs: 200 });
    await rig.orchestrator.startActivation(connectorId);
    await rig.until(async () => (await rig.run(connectorId)) !== undefined, 'the first run to begin');
    await expect(rig.startSync(connectorId)).rejects.toThrow('is at work');
    const scheduled = await rig.client.workflow.execute('catalogSync', {
      taskQueue: rig.config.TEMPORAL_TASK_QUEUE,
      workflowId: `catalog-sync:${connectorId}-by-schedule`,
      args: [{ connectorId, trigger: 'schedule' }],
    });
    expect(scheduled).toBe('skipped');
    await rig.ended(connectorId, (each) => each.trigger === 'activation');
  });
});
