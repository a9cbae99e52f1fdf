import { changeNoticeStore } from '../../models/change-notices';
import { othersListing, plainProducts, Rig } from './rig';

describe('before anything is sent', () => {
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

  const preview = { mode: 'preview' as const };

  it('a preview fills the ledger, shows what Amazon has already, and changes nothing there', async () => {
    const { world, connectorId } = await rig.ready('previewed', plainProducts(5));
    await rig.putAtAmazon(world, 'SKU-0002', othersListing);
    const before = await rig.books(world);
    const run = await rig.sync(connectorId, 60, preview);
    expect(run).toMatchObject({ mode: 'preview', outcome: 'completed', total: 5, touched: 5 });
    expect(run.counts).toMatchObject({ pending: 5 });
    expect(await rig.books(world)).toEqual(before);
    expect(await rig.listing(connectorId, 'SKU-0002')).toMatchObject({
      adopted: { title: 'A shirt from before', productType: 'SHIRT', quantity: 2, price: '31.00' },
    });
    expect(await rig.listing(connectorId, 'SKU-0001')).toMatchObject({ adopted: null, matchedAt: expect.any(Date) });
    expect((await rig.connector(connectorId)).state).toBe('inactive');
  });

  it('what Amazon has already is merged into, and keeps what others have put there', async () => {
    const { world, connectorId } = await rig.ready('adopted', plainProducts(3));
    await rig.putAtAmazon(world, 'SKU-0001', othersListing);
    expect((await rig.firstSync(connectorId)).counts).toMatchObject({ live: 3 });
    const books = await rig.books(world);
    expect(books['SKU-0001']).toMatchObject({ puts: 1, patches: 1, quantity: 10, price: 20 });
    expect(books['SKU-0001']!.attributes).toMatchObject({
      country_of_origin: [{ value: 'BR' }],
      item_name: [{ value: 'Running shirt 1' }],
    });
    expect(books['SKU-0002']).toMatchObject({ puts: 1, patches: 0 });
    await rig.control('POST', 'worlds/adopted/skus/SKU-0001', { name: 'Running shirt, new' });
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 3 });
    const after = (await rig.books(world))['SKU-0001']!;
    expect(after).toMatchObject({ puts: 1, patches: 2 });
    expect(after.attributes).toHaveProperty('country_of_origin');
  });

  it('asks Amazon once for every twenty SKUs that are new, and for none that it has sent', async () => {
    const { world, connectorId } = await rig.ready('asked', plainProducts(45));
    const asked = async (): Promise<number> =>
      (await rig.calls('searchListingsItems')).filter(({ sellerId }) => sellerId === world.amazon.sellerId).length;
    const atOnboarding = await asked();
    await rig.sync(connectorId, 60, preview);
    expect((await asked()) - atOnboarding).toBe(3);
    await rig.firstSync(connectorId);
    const afterFirst = await asked();
    await rig.sync(connectorId);
    expect(await asked()).toBe(afterFirst);
  });
});

describe('a source that lists much less than it did', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(async () => {
    await rig.stop();
  });

  it('takes nothing off sale at first, and everything when it is said a second time', async () => {
    const { world, connectorId } = await rig.ready('emptied', plainProducts(40));
    await rig.firstSync(connectorId);
    await rig.world('emptied', plainProducts(10));
    const held = await rig.sync(connectorId);
    expect(held.counts).toMatchObject({ live: 40, removed: 0 });
    expect(held.notes).toEqual([expect.stringContaining('did not list 30 of 40 SKUs')]);
    const sure = await rig.sync(connectorId);
    expect(sure.counts).toMatchObject({ live: 10, removed: 30 });
    expect(sure.touched).toBe(40);
    expect((await rig.books(world))['SKU-0040']).toMatchObject({ quantity: 0 });
  });

  it('forgets about it when the next reading finds them again', async () => {
    const { connectorId } = await rig.ready('hiccup', plainProducts(30));
    await rig.firstSync(connectorId);
    await rig.world('hiccup', plainProducts(5));
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 30 });
    await rig.world('hiccup', plainProducts(30));
    expect((await rig.sync(connectorId)).notes).toEqual([]);
    expect((await rig.connector(connectorId)).heldRemovals).toBeNull();
    await rig.world('hiccup', plainProducts(5));
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 30 });
  });

  it('loses a few at once, and sells them again when they are back', async () => {
    const { world, connectorId } = await rig.ready('few', plainProducts(30));
    await rig.firstSync(connectorId);
    await rig.world('few', plainProducts(25));
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 25, removed: 5 });
    expect((await rig.books(world))['SKU-0028']).toMatchObject({ quantity: 0 });
    await rig.world('few', plainProducts(30));
    expect((await rig.sync(connectorId)).counts).toMatchObject({ live: 30, removed: 0 });
    expect((await rig.books(world))['SKU-0028']).toMatchObject({ quantity: 10, puts: 1 });
  });
});

describe('a sync about changes', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(async () => {
    await rig.stop();
  });

  const changes = { scope: 'changes' as const };
  const skuOf = (id: number): string => `SKU-${String(id).padStart(4, '0')}`;

  it('after 5 changed, 2 removed and 1 new item touches 8 SKUs, and asks the store for 6 of them and one simulation', async () => {
    const { world, connectorId } = await rig.ready('told', plainProducts(12));
    const notices = changeNoticeStore(rig.database);
    const tell = (skuId: number, isRemoved = false): Promise<void> =>
      notices.note(connectorId, {
        skuId: String(skuId),
        isRemoved,
        modifiedAt: new Date().toISOString().replace('Z', '0000Z'),
        arrivedAt: new Date(),
      });
    await tell(1);
    await rig.firstSync(connectorId);
    await rig.sync(connectorId);
    await rig.sync(connectorId, 60, changes);
    const before = await rig.books(world);
    await rig.control('DELETE', 'calls');

    const { changed, gone, added } = { changed: [1, 2, 3, 4, 5], gone: [6, 7], added: 13 };
    const change = (id: number, what: object): Promise<unknown> =>
      rig.control('POST', `worlds/told/skus/${skuOf(id)}`, { ...what, tell: 'nobody' });
    for (const id of changed) await change(id, { quantity: 3 });
    for (const id of gone) await change(id, { remove: true });
    await rig.control('POST', 'worlds/told/products?tell=nobody', plainProducts(added).at(-1));
    for (const id of [...changed, added]) await tell(id);
    for (const id of gone) await tell(id, true);

    const run = await rig.sync(connectorId, 60, changes);
    expect(run).toMatchObject({ scope: 'changes', outcome: 'completed', touched: 8 });
    expect(run.counts).toMatchObject({ live: 11, removed: 2 });
    const asked = (await rig.control<{ operation: string; account?: string }[]>('GET', 'calls?limit=50000'))
      .filter(({ account }) => account === world.vtex.account)
      .map(({ operation }) => operation);
    expect(asked.sort()).toEqual([...Array<string>(6).fill('vtex.getSku'), 'vtex.simulate']);
    const after = await rig.books(world);
    const touched = Object.keys(after).filter((sku) => after[sku]?.submissions !== before[sku]?.submissions);
    expect(touched.sort()).toEqual([...changed, ...gone, added].map(skuOf));
    expect([1, 6, 12].map((id) => after[skuOf(id)]?.quantity)).toEqual([3, 0, 10]);
    expect(after[skuOf(added)]).toMatchObject({ puts: 1, patches: 0, state: 'live' });
  });
});
