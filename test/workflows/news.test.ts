import { changeNoticeStore } from '../../models/change-notices';
import { plainProducts, Rig } from './rig';

/** Enough that the details need half a minute at the sandbox's rates. */
const SKUS = 300;

describe('what the source tells while a run is at work', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start({
      sandbox: { rateFactor: 2, visibleAfterMs: 200 },
      env: { HTTP_TIMEOUT_SECONDS: '20' },
    });
  });
  afterAll(async () => {
    await rig.stop();
  });

  async function tell(connectorId: string, id: number): Promise<void> {
    const arrivedAt = new Date();
    const modifiedAt = arrivedAt.toISOString().replace('Z', '0000Z');
    const notice = { skuId: String(id), isRemoved: false, modifiedAt, arrivedAt };
    await changeNoticeStore(rig.database).note(connectorId, notice);
  }

  const nameOf = (id: number): string => `SKU-${String(id).padStart(4, '0')}`;

  it('reaches Amazon at once: a quantity of a SKU that was sent, and of one that was not', async () => {
    const { world, connectorId } = await rig.ready('news', plainProducts(SKUS), (input) => {
      input.listing = { sendKits: false, skuLimit: 1000 };
    });
    const quantityOf = async (id: number): Promise<number | undefined> =>
      (await rig.books(world))[nameOf(id)]?.quantity;
    const sellOut = (id: number): Promise<unknown> =>
      rig.control('POST', `worlds/news/skus/${nameOf(id)}`, { quantity: 0, tell: 'nobody' });
    await rig.orchestrator.startActivation(connectorId);
    await rig.until(async () => (await quantityOf(1)) === 10, 'the first SKU to be sent', 60);

    await sellOut(1);
    await sellOut(SKUS);
    await tell(connectorId, 1);
    await tell(connectorId, SKUS);
    const toldAt = Date.now();
    await rig.until(async () => (await quantityOf(1)) === 0, 'the SKU to stop selling', 20);
    const seconds = (Date.now() - toldAt) / 1000;
    const run = await rig.run(connectorId);
    expect(run?.phase).toBe('publish');
    expect(await quantityOf(SKUS)).toBeUndefined();
    expect(seconds).toBeLessThan(10);

    const ended = await rig.ended(connectorId, ({ trigger }) => trigger === 'activation', 120);
    expect(ended).toMatchObject({ outcome: 'completed', counts: { live: SKUS - 2, paused: 2 } });
    const books = await rig.books(world);
    expect(books[nameOf(SKUS)]).toMatchObject({ quantity: 0, submissions: 1 });
    expect(Object.values(books).reduce((sum, { submissions }) => sum + submissions, 0)).toBe(SKUS + 1);
  }, 240_000);

  it('reaches Amazon at once while the store is still being read, and what was read before does not undo it', async () => {
    // Two pages of the ledger: the SKU is on the first, and the store takes long over the second.
    const { world, connectorId } = await rig.ready('while-reading', plainProducts(150), (input) => {
      input.listing = { sendKits: false, skuLimit: 1000 };
    });
    await tell(connectorId, 150);
    await rig.firstSync(connectorId, 120);
    const quantityOf = async (id: number): Promise<number | undefined> =>
      (await rig.books(world))[nameOf(id)]?.quantity;
    const { id: fault } = await rig.control<{ id: string }>('POST', 'faults', {
      match: { operation: 'vtex.getSku' },
      kind: 'slow',
      delayMs: 1_500,
    });
    const syncId = await rig.startSync(connectorId);
    await rig.until(async () => (await rig.run(connectorId))?.phase === 'collect', 'the sync to read');
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    await rig.control('POST', `worlds/while-reading/skus/${nameOf(1)}`, { quantity: 0, tell: 'nobody' });
    await tell(connectorId, 1);
    await rig.until(async () => (await quantityOf(1)) === 0, 'the SKU to stop selling', 10);
    expect((await rig.run(connectorId))?.phase).toBe('collect');

    const run = await rig.ended(connectorId, ({ _id }) => _id === syncId, 120);
    await rig.control('DELETE', `faults/${fault}`);
    expect(run).toMatchObject({ outcome: 'completed', counts: { live: 149, paused: 1 } });
    expect((await rig.books(world))[nameOf(1)]).toMatchObject({ quantity: 0, submissions: 2 });
  }, 240_000);

  it('is not undone by the answer to what was sent before', async () => {
    const { world, connectorId } = await rig.ready('overtaken', plainProducts(8));
    await tell(connectorId, 8);
    await rig.firstSync(connectorId);
    for (let id = 1; id <= 8; id++)
      await rig.control('POST', `worlds/overtaken/skus/${nameOf(id)}`, { name: `Shirt ${id}`, tell: 'nobody' });
    // The details with the old quantity are under way for longer than it takes to hear of the new one.
    const { id: fault } = await rig.control<{ id: string }>('POST', 'faults', {
      match: { operation: 'putListingsItem', sellerId: world.amazon.sellerId },
      kind: 'slow',
      delayMs: 12_000,
    });
    const syncId = await rig.startSync(connectorId);
    await rig.until(async () => (await rig.run(connectorId))?.phase === 'publish', 'the sync to send');
    await rig.control('POST', `worlds/overtaken/skus/${nameOf(1)}`, { quantity: 0, tell: 'nobody' });
    await tell(connectorId, 1);
    await rig.until(async () => (await rig.books(world))[nameOf(1)]?.quantity === 0, 'the SKU to stop selling', 11);
    expect((await rig.listing(connectorId, nameOf(1))).lane).toBe('details');

    const run = await rig.ended(connectorId, ({ _id }) => _id === syncId, 120);
    await rig.control('DELETE', `faults/${fault}`);
    expect(run).toMatchObject({ outcome: 'completed', counts: { live: 7, paused: 1 } });
    expect((await rig.books(world))[nameOf(1)]).toMatchObject({ quantity: 0, puts: 2, patches: 2 });
    expect((await rig.books(world))[nameOf(2)]).toMatchObject({ quantity: 10, puts: 2, patches: 0 });
  }, 240_000);

  it('stops the others when the quantity of one SKU cannot be sent alone', async () => {
    const { world, connectorId } = await rig.ready('one-fails', plainProducts(3));
    await rig.firstSync(connectorId);
    for (const id of [1, 2])
      await rig.control('POST', `worlds/one-fails/skus/${nameOf(id)}`, { name: 'New', quantity: 0, tell: 'nobody' });
    const { id: fault } = await rig.control<{ id: string }>('POST', 'faults', {
      match: { operation: 'patchListingsItem', skus: [nameOf(1)], sellerId: world.amazon.sellerId },
      kind: 'status',
      status: 500,
    });
    const run = await rig.sync(connectorId, 90);
    await rig.control('DELETE', `faults/${fault}`);
    expect(run).toMatchObject({ outcome: 'completed', counts: { live: 1, paused: 2 } });
    const books = await rig.books(world);
    expect([books[nameOf(1)]?.quantity, books[nameOf(2)]?.quantity]).toEqual([0, 0]);
    expect(books[nameOf(2)]).toMatchObject({ patches: 1 });
  }, 120_000);

  it('does not go on selling a SKU whose first answer was lost, and which was sold out meanwhile', async () => {
    const { world, connectorId } = await rig.ready('lost-answer', plainProducts(SKUS), (input) => {
      input.listing = { sendKits: false, skuLimit: 1000 };
    });
    // Amazon has it, and nobody hears of that for as long as it takes to be told that there is none left.
    await rig.control('POST', 'faults', {
      match: { operation: 'putListingsItem', sellerId: world.amazon.sellerId, skus: [nameOf(1)] },
      kind: 'timeout',
      after: true,
      delayMs: 9_000,
      times: 1,
    });
    const quantityOf = async (id: number): Promise<number | undefined> =>
      (await rig.books(world))[nameOf(id)]?.quantity;
    await rig.orchestrator.startActivation(connectorId);
    await rig.until(async () => (await quantityOf(1)) === 10, 'the SKU to be at Amazon', 60);
    expect((await rig.listing(connectorId, nameOf(1))).sentHashes).toBeNull();
    await rig.control('POST', `worlds/lost-answer/skus/${nameOf(1)}`, { quantity: 0, tell: 'nobody' });
    await tell(connectorId, 1);

    await rig.until(async () => (await quantityOf(1)) === 0, 'the SKU to stop selling', 14);
    // The lane is not through: nothing of this waits for its end.
    expect(await quantityOf(SKUS)).toBeUndefined();
    const run = await rig.ended(connectorId, ({ trigger }) => trigger === 'activation', 120);
    expect(run).toMatchObject({ outcome: 'completed', counts: { live: SKUS - 1, paused: 1 } });
  }, 240_000);

  it('is tried again although another SKU goes on failing', async () => {
    const { world, connectorId } = await rig.ready('still-failing', plainProducts(3));
    await tell(connectorId, 3);
    await rig.firstSync(connectorId);
    const failing = async (id: number, times?: number): Promise<string> => {
      const match = { operation: 'patchListingsItem', skus: [nameOf(id)], sellerId: world.amazon.sellerId };
      return (await rig.control<{ id: string }>('POST', 'faults', { match, kind: 'status', status: 500, times })).id;
    };
    const fault = await failing(1);
    await rig.control('POST', `worlds/still-failing/skus/${nameOf(1)}`, { quantity: 5, tell: 'nobody' });
    const syncId = await rig.startSync(connectorId);
    const isRetrying = async (): Promise<boolean> => (await rig.listing(connectorId, nameOf(1))).failures > 3;
    await rig.until(isRetrying, 'the SKU to be tried again and again', 60);

    // Both tries at once and one later: it becomes a durable retry while the other one is still in hand.
    await failing(2, 3);
    await rig.control('POST', `worlds/still-failing/skus/${nameOf(2)}`, { quantity: 0, tell: 'nobody' });
    await tell(connectorId, 2);
    await rig.until(async () => (await rig.books(world))[nameOf(2)]?.quantity === 0, 'the other SKU to stop selling');
    expect((await rig.listing(connectorId, nameOf(1))).state).toBe('retrying');

    await rig.control('DELETE', `faults/${fault}`);
    const run = await rig.ended(connectorId, ({ _id }) => _id === syncId, 120);
    expect(run).toMatchObject({ outcome: 'completed', counts: { live: 2, paused: 1 } });
    expect((await rig.books(world))[nameOf(1)]?.quantity).toBe(5);
  }, 240_000);
});
