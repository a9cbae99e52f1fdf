import { randomBytes } from 'node:crypto';
import type { Connection } from 'mongoose';
import type { ChangesPage, VtexStore } from '../../../domain/ports/source';
import { withDatabase } from '../../../embedded/mongodb';
import { changeNoticeModel, changeNoticesOf, changeNoticeStore } from '../../../models/change-notices';
import { connectDatabase } from '../../../models/database';
import { sourceItemModel, sourceItemStore } from '../../../models/source-items';
import { failureOf, never, SandboxWorld } from '../sandbox-world';

/** Requests that the store received, by operation and SKU. */
interface Call {
  operation: string;
  sku?: string;
}

let connection: Connection;
let world: SandboxWorld;
beforeAll(async () => {
  connection = await connectDatabase(
    withDatabase(process.env.TEST_MONGODB_URI!, `changes_${randomBytes(6).toString('hex')}`)
  );
  await changeNoticeModel(connection).createIndexes();
  await sourceItemModel(connection).createIndexes();
  world = await SandboxWorld.start();
});
afterAll(async () => {
  await world.sandbox.close();
  await connection.dropDatabase();
  await connection.close();
});

let serial = 0;
let connectorId: string;
let store: VtexStore;
/** Ids of the assortment, of SKUs that are for sale. */
let forSale: string[];
/** A SKU of another trade policy. */
let elsewhere: string;

beforeEach(async () => {
  connectorId = `con_${(serial += 1)}`;
  await world.control('POST', '/reset');
  await world.control('PUT', '/worlds/w', { generate: 60, seed: 1 });
  store = world.store({ notices: changeNoticesOf(connection, connectorId) });
  const { items } = await store.readItems(await skuIds(), never);
  forSale = items
    .filter(({ stock, isKit }) => !isKit && stock.kind === 'units' && stock.units > 0)
    .map(({ sourceId }) => sourceId);
});

/** Every SKU of the store; the one of another trade policy is put aside. */
async function skuIds(): Promise<string[]> {
  const books = await world.control<{ vtex: Record<string, { skus: Record<string, object> }> }>('GET', '/books');
  const all = Object.keys(books.vtex[world.facts.vtex.account]!.skus);
  const { items } = await world.store().readPage(null, 100, never);
  const listed = new Set(items.map(({ sourceId }) => sourceId));
  elsewhere = all.find((id) => !listed.has(id))!;
  return [...listed];
}

const change = (sku: string, what: object) => world.control('POST', `/worlds/w/skus/${sku}`, what);

async function notice(skuId: string, isRemoved = false): Promise<void> {
  const arrivedAt = new Date();
  const modifiedAt = `${arrivedAt.toISOString().slice(0, -1)}0000Z`;
  await changeNoticeStore(connection).note(connectorId, { skuId, isRemoved, modifiedAt, arrivedAt });
}

/** A full reading of which the first page is enough; one notice before it shows that the store sends them. */
async function readOnce(): Promise<string> {
  await notice(forSale.at(-1)!);
  return (await store.readPage(null, 10, never)).changesToken!;
}

async function changesSince(token: string, size = 100): Promise<{ pages: ChangesPage[]; token: string }> {
  const pages: ChangesPage[] = [];
  for (let cursor: string | null = null; ;) {
    const page: ChangesPage = await store.readChanges!(token, cursor, size, never);
    pages.push(page);
    if (page.nextCursor === null) return { pages, token: pages[0]!.changesToken! };
    cursor = page.nextCursor;
  }
}

const idsOf = (pages: ChangesPage[]): string[] => pages.flatMap(({ items }) => items.map(({ sourceId }) => sourceId));
const removedOf = (pages: ChangesPage[]): string[] => pages.flatMap(({ removed }) => removed);
const calls = (): Promise<Call[]> => world.control<Call[]>('GET', '/calls');

describe('changes of a VTEX store', () => {
  it('after 5 changed, 2 removed and 1 new SKU touch 8, and ask for 6 descriptions and one simulation', async () => {
    const token = await readOnce();
    const [changed, removed] = [forSale.slice(0, 5), forSale.slice(5, 7)];
    for (const id of changed) await change(id, { quantity: 77, price: 12.5 });
    for (const id of removed) await change(id, { remove: true });
    await change(elsewhere, { salesChannels: [1] });
    for (const id of [...changed, ...changed, elsewhere]) await notice(id);
    for (const id of removed) await notice(id, true);
    await world.heal();

    const { pages } = await changesSince(token);
    expect(pages).toHaveLength(1);
    expect(pages[0]).toMatchObject({ isEverything: false, unreadable: [], nextCursor: null });
    expect(idsOf(pages).sort()).toEqual([...changed, elsewhere].sort());
    expect(removedOf(pages).sort()).toEqual([...removed].sort());
    for (const item of pages[0]!.items.filter(({ sourceId }) => sourceId !== elsewhere))
      expect(item).toMatchObject({ price: { minorUnits: 1250 }, stock: { kind: 'units', units: 77 } });

    const asked = await calls();
    expect(asked).toHaveLength(7);
    const described = asked.filter(({ operation }) => operation === 'vtex.getSku').map(({ sku }) => sku!.split(',')[0]);
    expect(described.sort()).toEqual([...changed, elsewhere].sort());
    expect(asked.filter(({ operation }) => operation === 'vtex.simulate')).toHaveLength(1);
  });

  it('ask the store nothing when there are none', async () => {
    const token = await readOnce();
    await world.heal();
    const { pages } = await changesSince(token);
    expect(pages).toMatchObject([{ items: [], removed: [], unreadable: [], isEverything: false, nextCursor: null }]);
    expect(await calls()).toEqual([]);
  });

  it('count a SKU as removed that the store does not know or no longer sells there', async () => {
    const token = await readOnce();
    const [left, gone] = [forSale[0]!, forSale[1]!];
    await change(left, { salesChannels: [2] });
    await change(gone, { remove: true });
    for (const id of [left, gone, elsewhere, '999999']) await notice(id);
    const { pages } = await changesSince(token);
    expect(idsOf(pages)).toEqual([]);
    expect(removedOf(pages).sort()).toEqual([left, gone, elsewhere, '999999'].sort());
  });

  it('of a part are changes of the kits that take it, where kits are sent', async () => {
    const told = await readOnce();
    const items = sourceItemStore(connection);
    const { items: all } = await store.readItems(await skuIds(), never);
    await items.put(connectorId, all);
    const kit = all.find(({ components = [] }) => components.length > 0)!;
    const part = kit.components![0]!.sourceId;
    await notice(part);
    expect(idsOf((await changesSince(told)).pages)).toEqual([part]);

    const sending = world.store({ notices: changeNoticesOf(connection, connectorId, true) });
    const kits = await items.kitsWith(connectorId, [part]);
    expect(kits).toContain(kit.sourceId);
    await change(part, { quantity: 2 });
    const page = await sending.readChanges!(told, null, 100, never);
    expect(idsOf([page]).sort()).toEqual([part, ...kits].sort());
    const units = kit.components!.find(({ sourceId }) => sourceId === part)!.units;
    const now = page.items.find(({ sourceId }) => sourceId === kit.sourceId)!;
    expect(now.components).toContainEqual({ sourceId: part, units, stock: { kind: 'units', units: 2 } });

    await notice(kit.sourceId, true);
    const gone = await sending.readChanges!(told, null, 100, never);
    expect(idsOf([gone])).not.toContain(kit.sourceId);
    expect(gone.removed).toEqual([kit.sourceId]);
  });

  it('come page by page, each SKU once, and a page can be asked for again', async () => {
    const token = await readOnce();
    const noticed = forSale.slice(0, 7);
    for (const id of noticed) await notice(id);
    const first = await store.readChanges!(token, null, 3, never);
    const second = await store.readChanges!(token, first.nextCursor, 3, never);
    expect(await store.readChanges!(token, first.nextCursor, 3, never)).toEqual(second);
    const third = await store.readChanges!(token, second.nextCursor, 3, never);
    expect(idsOf([first, second, third]).sort()).toEqual([...noticed].sort());
    expect([first, second, third].map(({ items }) => items.length)).toEqual([3, 3, 1]);
    expect([first, second, third].map(({ changesToken }) => changesToken !== undefined)).toEqual([true, false, false]);
  });

  it('go on from the token of the reading before, and only once that was kept', async () => {
    const token = await readOnce();
    await notice(forSale[0]!);
    const lost = await changesSince(token);
    expect(idsOf(lost.pages)).toEqual([forSale[0]]);
    // The reading was not handled: its token is not kept, and the SKU comes again, with what has come meanwhile.
    await notice(forSale[1]!);
    const again = await changesSince(token);
    expect(idsOf(again.pages).sort()).toEqual([forSale[0]!, forSale[1]!].sort());
    expect(idsOf((await changesSince(again.token)).pages)).toEqual([]);
  });

  it('come with the next reading when the notice comes while a page is read', async () => {
    const token = await readOnce();
    await notice(forSale[0]!);
    await world.fault({ match: { operation: 'vtex.getSku' }, kind: 'slow', delayMs: 300 });
    const reading = changesSince(token);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await notice(forSale[0]!);
    const { pages, token: next } = await reading;
    await world.heal();
    expect(idsOf(pages)).toEqual([forSale[0]]);
    expect(idsOf((await changesSince(next)).pages)).toEqual([forSale[0]]);
  });

  it('include what was noticed while the full reading before them ran, and nothing from before it', async () => {
    await notice(forSale[0]!);
    const { changesToken, nextCursor } = await store.readPage(null, 10, never);
    await notice(forSale[1]!);
    expect((await store.readPage(nextCursor, 10, never)).changesToken).toBeUndefined();
    expect(idsOf((await changesSince(changesToken!)).pages)).toEqual([forSale[1]]);
  });

  it('are everything as long as the store sends no notices, and once more after the first', async () => {
    const token = (await store.readPage(null, 10, never)).changesToken!;
    const quiet = await changesSince(token, 25);
    expect(quiet.pages.length).toBeGreaterThan(2);
    expect(quiet.pages.every(({ isEverything }) => isEverything)).toBe(true);
    expect(idsOf(quiet.pages)).toEqual(expect.arrayContaining(forSale));
    await notice(forSale[0]!);
    const once = await changesSince(quiet.token, 100);
    expect(once.pages[0]!.isEverything).toBe(true);
    await notice(forSale[1]!);
    const delta = await changesSince(once.token);
    expect(delta.pages[0]!.isEverything).toBe(false);
    expect(idsOf(delta.pages)).toEqual([forSale[1]]);
  });

  it('report a SKU that cannot be read, and throw when the store is down', async () => {
    const token = await readOnce();
    for (const id of forSale.slice(0, 4)) await notice(id);
    await world.fault({ match: { operation: 'vtex.getSku', skus: [forSale[2]] }, kind: 'status', status: 500 });
    const { pages } = await changesSince(token);
    expect(pages[0]!.unreadable).toEqual([
      { sourceId: forSale[2], reason: expect.stringContaining('500'), isPassing: true },
    ]);
    expect(idsOf(pages)).toHaveLength(3);
    await world.control('POST', '/worlds/w/vtex', { down: true });
    expect(await failureOf(store.readChanges!(token, null, 100, never))).toMatchObject({ code: 'transient' });
    await world.control('POST', '/worlds/w/vtex', { down: false });
    await world.heal();
    expect(idsOf((await changesSince(token)).pages)).toHaveLength(4);
  });

  it('cannot be told by a store whose notices nobody keeps', () => {
    expect(world.store().readChanges).toBeUndefined();
  });
});
