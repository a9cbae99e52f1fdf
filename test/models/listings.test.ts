import { randomBytes } from 'node:crypto';
import type { Connection } from 'mongoose';
import { withDatabase } from '../../embedded/mongodb';
import { connectDatabase } from '../../models/database';
import { ensureIndexes } from '../../models/indexes';
import { ledgerStore, listingModel, type LedgerStore } from '../../models/listings';

let connection: Connection;
let ledger: LedgerStore;
beforeAll(async () => {
  connection = await connectDatabase(
    withDatabase(process.env.TEST_MONGODB_URI!, `ledger_${randomBytes(6).toString('hex')}`)
  );
  await ensureIndexes(connection);
  ledger = ledgerStore(listingModel(connection));
});
afterAll(async () => {
  await connection.dropDatabase();
  await connection.close();
});

let serial = 0;

/** A connector of its own with some SKUs that wait for their details to be sent. */
async function aLedger(...skus: string[]): Promise<string> {
  serial += 1;
  const connectorId = `con_${String(serial).padStart(20, '0')}`;
  const writes = skus.map((sku) => ({
    sku,
    change: { sourceId: sku, state: 'pending' as const, lane: 'details' as const },
  }));
  await ledger.upsert(
    connectorId,
    writes,
    skus.map(() => 0)
  );
  return connectorId;
}

describe('an entry that several write', () => {
  it('is changed by whoever read it as it is, and left alone by who read it before', async () => {
    const connectorId = await aLedger('A', 'B', 'C');
    const read = await ledger.bySku(connectorId, ['A', 'B', 'C']);
    const revisionOf = (sku: string): string | null => read.get(sku)!.revision;
    await ledger.change(connectorId, [{ sku: 'B', change: { title: 'news' } }]);

    const written = await ledger.change(
      connectorId,
      ['A', 'B', 'C'].map((sku) => ({ sku, change: { title: 'old' }, revision: revisionOf(sku) }))
    );
    expect(written.moved).toEqual(['B']);
    const now = await ledger.bySku(connectorId, ['A', 'B', 'C']);
    expect([...now.values()].map(({ sku, title }) => [sku, title]).sort()).toEqual([
      ['A', 'old'],
      ['B', 'news'],
      ['C', 'old'],
    ]);
    expect(now.get('A')!.revision).toBe(written.revision);
    expect(new Set([...now.values()].map(({ revision }) => revision)).size).toBe(2);
  });

  it('is neither changed nor made by a write that read what is gone', async () => {
    const connectorId = await aLedger('A');
    const { revision } = (await ledger.one(connectorId, 'A'))!;
    await ledger.remove(connectorId, ['A']);
    const write = { sku: 'A', change: { title: 'old' }, revision };
    expect((await ledger.change(connectorId, [write])).moved).toEqual(['A']);
    expect((await ledger.upsert(connectorId, [write], [null])).moved).toEqual(['A']);
    expect(await ledger.one(connectorId, 'A')).toBeUndefined();
  });

  it('from before there were revisions is changed like any other', async () => {
    const connectorId = await aLedger('A');
    await listingModel(connection).collection.updateOne({ connectorId }, { $unset: { revision: '' } });
    expect(await ledger.revisionsOf(connectorId, ['A'])).toEqual(new Map([['A', null]]));
    const write = { sku: 'A', change: { title: 'news' }, revision: null };
    expect((await ledger.change(connectorId, [write])).moved).toEqual([]);
    expect((await ledger.change(connectorId, [write])).moved).toEqual(['A']);
  });

  it('keeps its revision when something is added that nothing depends on', async () => {
    const connectorId = await aLedger('A');
    const { revision } = (await ledger.one(connectorId, 'A'))!;
    await ledger.annotate(connectorId, [{ sku: 'A', change: { matchedAt: new Date() } }]);
    expect(await ledger.one(connectorId, 'A')).toMatchObject({ revision, matchedAt: expect.any(Date) as Date });
  });
});

it('what is in a feed does not wait to be sent', async () => {
  const connectorId = await aLedger('A', 'B');
  const feed = { id: 'fee_1', messageId: 1, operation: 'put' as const };
  await ledger.change(connectorId, [{ sku: 'A', change: { feed } }]);
  expect(await ledger.waiting(connectorId)).toBe(1);
  expect(await ledger.waitingWithDetails(connectorId)).toBe(1);
  expect((await ledger.waitingOn(connectorId, 0, 'details')).map(({ sku }) => sku)).toEqual(['B']);
  expect(await ledger.hasWaiting(connectorId, 'details')).toBe(true);
  expect(await ledger.hasWaiting(connectorId, 'offer')).toBe(false);
  await ledger.change(connectorId, [{ sku: 'B', change: { state: 'submitted' } }]);
  expect(await ledger.hasWaiting(connectorId, 'details')).toBe(false);
});
