import { randomBytes } from 'node:crypto';
import type { Connection } from 'mongoose';
import { withDatabase } from '../../embedded/mongodb';
import { connectDatabase } from '../../models/database';
import { mappingModel, mappingStore, type MappingSubject } from '../../models/mappings';

let connection: Connection;
beforeAll(async () => {
  connection = await connectDatabase(
    withDatabase(process.env.TEST_MONGODB_URI!, `mappings_${randomBytes(6).toString('hex')}`)
  );
  await mappingModel(connection).createIndexes();
});
afterAll(async () => {
  await connection.dropDatabase();
  await connection.close();
});

const SHIRT: MappingSubject = { kind: 'mapping', productType: 'SHIRT' };
const ASSIGNMENTS: MappingSubject = { kind: 'assignments' };
const authored = (name = 'Ana', note: string | null = null) => ({
  at: new Date('2026-01-01T00:00:00Z'),
  by: { id: 'key_1', name },
  note,
  rules: 1,
});

let serial = 0;
const freshConnector = (): string => `con_${String(++serial).padStart(20, '0')}`;

describe('mappingStore', () => {
  it('keeps every version with who wrote it, when and why; the newest is current', async () => {
    const store = mappingStore(connection);
    const connectorId = freshConnector();
    const one = { attributes: { 'item_weight.value': { from: 'weightGrams' } } };
    const two = { attributes: { $odd: { constant: null } } };
    expect(await store.current(connectorId, SHIRT)).toBeUndefined();
    await store.save(connectorId, SHIRT, 0, one, authored('Ana', 'the first'));
    await store.save(connectorId, SHIRT, 1, two, authored('Ben'));
    expect(await store.current(connectorId, SHIRT)).toEqual({
      ...authored('Ben'),
      version: 2,
      isRemoval: false,
      content: two,
    });
    expect(await store.version(connectorId, SHIRT, 1)).toMatchObject({ note: 'the first', content: one });
    expect((await store.history(connectorId, SHIRT)).map((head) => [head.version, head.by.name])).toEqual([
      [2, 'Ben'],
      [1, 'Ana'],
    ]);
    expect(await store.version(connectorId, SHIRT, 3)).toBeUndefined();
  });

  it('lets one of many who read the same version write the next', async () => {
    const store = mappingStore(connection);
    const connectorId = freshConnector();
    const saved = await Promise.all(
      Array.from({ length: 20 }, (_, n) => store.save(connectorId, SHIRT, 0, { n }, authored(String(n))))
    );
    const winner = saved.filter((each) => each !== undefined);
    expect(winner).toHaveLength(1);
    expect(await store.current(connectorId, SHIRT)).toEqual(winner[0]);
  });

  it('refuses a version that was read too early, or was never there', async () => {
    const store = mappingStore(connection);
    const connectorId = freshConnector();
    await store.save(connectorId, SHIRT, 0, { n: 1 }, authored());
    expect(await store.save(connectorId, SHIRT, 0, { n: 2 }, authored())).toBeUndefined();
    expect(await store.save(connectorId, SHIRT, 7, { n: 2 }, authored())).toBeUndefined();
    expect(await store.history(connectorId, SHIRT)).toHaveLength(1);
  });

  it('counts on after going back to the built-in mapping', async () => {
    const store = mappingStore(connection);
    const connectorId = freshConnector();
    await store.save(connectorId, SHIRT, 0, { n: 1 }, authored());
    await store.save(connectorId, SHIRT, 1, undefined, { ...authored(), rules: 0 });
    expect(await store.current(connectorId, SHIRT)).toMatchObject({ version: 2, isRemoval: true, content: undefined });
    await store.save(connectorId, SHIRT, 2, { n: 3 }, authored());
    expect(await store.current(connectorId, SHIRT)).toMatchObject({ version: 3, isRemoval: false, content: { n: 3 } });
  });

  it('shows the newest of everything a connector has, and of no other', async () => {
    const store = mappingStore(connection);
    const [connectorId, other] = [freshConnector(), freshConnector()];
    await store.save(connectorId, SHIRT, 0, { n: 1 }, authored());
    await store.save(connectorId, SHIRT, 1, { n: 2 }, authored());
    await store.save(connectorId, { kind: 'mapping', productType: 'COAT' }, 0, { n: 1 }, authored());
    await store.save(connectorId, ASSIGNMENTS, 0, [], authored());
    await store.save(other, SHIRT, 0, { n: 1 }, authored());
    expect((await store.heads(connectorId)).map(({ subject, version }) => [subject, version])).toEqual([
      [ASSIGNMENTS, 1],
      [{ kind: 'mapping', productType: 'COAT' }, 1],
      [SHIRT, 2],
    ]);
    await store.removeAll(connectorId);
    expect(await store.heads(connectorId)).toEqual([]);
    expect(await store.heads(other)).toHaveLength(1);
  });
});
