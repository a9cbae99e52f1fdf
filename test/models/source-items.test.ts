import { randomBytes } from 'node:crypto';
import type { Connection } from 'mongoose';
import { withDatabase } from '../../embedded/mongodb';
import { connectDatabase } from '../../models/database';
import { sourceItemModel, sourceItemStore } from '../../models/source-items';
import { anItem } from '../domain/items';

let connection: Connection;
beforeAll(async () => {
  connection = await connectDatabase(
    withDatabase(process.env.TEST_MONGODB_URI!, `items_${randomBytes(6).toString('hex')}`)
  );
  await sourceItemModel(connection).createIndexes();
});
afterAll(async () => {
  await connection.dropDatabase();
  await connection.close();
});

const CONNECTOR = 'con_0000000000000000000a';
const OTHER = 'con_0000000000000000000b';

describe('sourceItemStore', () => {
  it('gives an item back as it was, whatever its keys', async () => {
    const store = sourceItemStore(connection);
    const item = anItem({
      sku: 'a:b.c/$',
      attributes: { 'fabric.main': ['Wool'], $price: ['1'], __proto_: [''], é: ['😀'] },
      translations: { 'es_MX.x': { title: 'Sudadera' } },
      components: [{ sourceId: '7', units: 2, stock: { kind: 'unlimited' } }],
    });
    await store.put(CONNECTOR, [item]);
    expect(await store.item(CONNECTOR, 'a:b.c/$')).toEqual(item);
    expect(await store.item(OTHER, 'a:b.c/$')).toBeUndefined();
    expect(await store.item(CONNECTOR, 'a:b.c')).toBeUndefined();
  });

  it('keeps the newest of a SKU, also when it is put several times at once', async () => {
    const store = sourceItemStore(connection);
    const put = (title: string) => store.put(CONNECTOR, [anItem({ sku: 'again', title })]);
    await Promise.all(Array.from({ length: 8 }, (_, n) => put(String(n))));
    await put('last');
    expect(await store.item(CONNECTOR, 'again')).toMatchObject({ title: 'last' });
    await store.put(CONNECTOR, []);
  });

  it('knows which kits take a SKU', async () => {
    const store = sourceItemStore(connection);
    const connectorId = 'con_0000000000000000000e';
    const kit = (sku: string, parts: string[] | undefined, isKit = true) =>
      anItem({
        sku,
        sourceId: `id of ${sku}`,
        isKit,
        components: parts?.map((sourceId) => ({ sourceId, units: 1, stock: { kind: 'unlimited' } })),
      });
    await store.put(connectorId, [
      kit('K1', ['1', '2']),
      kit('K2', ['2']),
      kit('K3', undefined),
      kit('S', ['1'], false),
    ]);
    await store.put(OTHER, [kit('K9', ['1'])]);
    expect((await store.kitsWith(connectorId, ['2', '3'])).sort()).toEqual(['id of K1', 'id of K2']);
    expect(await store.kitsWith(connectorId, ['3'])).toEqual([]);
    expect(await store.kitsWith(connectorId, [])).toEqual([]);
    await store.put(connectorId, [kit('K1', ['3'])]);
    expect(await store.kitsWith(connectorId, ['1'])).toEqual([]);
  });

  it('samples from all over a catalogue, the same items each time, and forgets it', async () => {
    const store = sourceItemStore(connection);
    const connectorId = 'con_0000000000000000000c';
    const items = Array.from({ length: 3000 }, (_, n) => anItem({ sku: `sku-${n}`, sourceId: String(n) }));
    await store.put(connectorId, items);
    await store.put(OTHER, [anItem({ sku: 'of another' })]);
    for (const count of [1, 20, 500]) {
      const sample = await store.sample(connectorId, count);
      expect(new Set(sample.map(({ sku }) => sku)).size).toBe(count);
      expect(await store.sample(connectorId, count)).toEqual(sample);
    }
    const thirds = (await store.sample(connectorId, 300)).map(({ sourceId }) => Math.floor(Number(sourceId) / 1000));
    for (const third of [0, 1, 2]) expect(thirds.filter((each) => each === third).length).toBeGreaterThan(60);
    expect(await store.sample(connectorId, 10_000)).toHaveLength(3000);
    expect(await store.sample('con_0000000000000000000d', 5)).toEqual([]);
    await store.removeAll(connectorId);
    expect(await store.sample(connectorId, 5)).toEqual([]);
    expect(await store.item(OTHER, 'of another')).toBeDefined();
  });
});
