import { randomBytes } from 'node:crypto';
import type { Connection } from 'mongoose';
import { parentSkuIn } from '../../domain/variations';
import { withDatabase } from '../../embedded/mongodb';
import { apiKeyModel, apiKeyStore } from '../../models/api-keys';
import { auditLog } from '../../models/audit-log';
import { connectDatabase } from '../../models/database';
import { idempotencyModel, idempotencyStore } from '../../models/idempotency-keys';
import { ensureIndexes } from '../../models/indexes';
import { listingQueries } from '../../models/listing-queries';
import { problemQueries } from '../../models/problem-queries';
import { listing, putListings } from '../api/samples';

let connection: Connection;
beforeAll(async () => {
  connection = await connectDatabase(
    withDatabase(process.env.TEST_MONGODB_URI!, `models_${randomBytes(6).toString('hex')}`)
  );
  await ensureIndexes(connection);
  await apiKeyModel(connection).createIndexes();
  await idempotencyModel(connection).createIndexes();
});
afterAll(async () => {
  await connection.dropDatabase();
  await connection.close();
});

const CONNECTOR = 'con_0000000000000000000a';
const NEXT_CONNECTOR = 'con_0000000000000000000b';

describe('listingQueries', () => {
  it('keeps to its connector, whatever characters a SKU begins or ends with', async () => {
    const skus = ['!', '0', ':', ';', 'A', 'a', 'z', '~', 'é', '日本', '😀'];
    await putListings(connection, [
      ...skus.map((sku) => listing(CONNECTOR, sku)),
      ...skus.map((sku) => listing(NEXT_CONNECTOR, sku)),
    ]);
    const queries = listingQueries(connection);
    const seen: string[] = [];
    let after: string | undefined;
    for (;;) {
      const rows = await queries.page({ connectorId: CONNECTOR }, after, 2);
      seen.push(...rows.map(({ sku }) => sku));
      if (rows.length < 2) break;
      after = rows.at(-1)!.sku;
    }
    expect([...seen].sort()).toEqual([...skus].sort());
    expect(new Set(seen).size).toBe(skus.length);

    const streamed: string[] = [];
    for await (const row of queries.stream({ connectorId: CONNECTOR })) streamed.push(row.sku);
    expect(streamed).toEqual(seen);
  });

  it('reads for a list what a list shows, and neither what is sent nor what was answered', async () => {
    const connectorId = 'con_0000000000000000000f';
    const child = { child_parent_sku_relationship: [{ parent_sku: 'family' }], item_name: [{ value: 'a child' }] };
    const wanted = { productType: 'SHIRT', requirements: 'LISTING' as const, details: child };
    await putListings(connection, [
      listing(connectorId, 'child', { wanted }),
      listing(connectorId, 'unsent', { wanted: null, sentHashes: null, seen: null }),
      listing(connectorId, 'whole'),
    ]);
    const rows = await listingQueries(connection).page({ connectorId }, undefined, 50);
    const names = ['_id', 'problems', 'reason', 'sentHashes', 'sku', 'state', 'title', 'updatedAt', 'verdict'];
    expect(
      rows.map((row) =>
        Object.keys(row)
          .filter((name) => name !== 'wanted')
          .sort()
      )
    ).toEqual([names, names, names]);
    expect(
      rows.map((row) => [row.wanted?.productType, parentSkuIn(row.wanted ?? null), row.sentHashes === null])
    ).toEqual([
      ['SHIRT', 'family', false],
      [undefined, undefined, true],
      ['SHIRT', undefined, false],
    ]);
    expect(rows[0]!.wanted!.details).toEqual({ child_parent_sku_relationship: child.child_parent_sku_relationship });
    expect(rows.map(({ verdict }) => verdict)).toEqual([{ quantity: 9 }, { quantity: 9 }, { quantity: 9 }]);

    for await (const row of listingQueries(connection).stream({ connectorId }))
      expect(row).not.toHaveProperty('lastPayload');
  });

  it('reads a prefix literally, with every character a pattern would take for its own', async () => {
    const connectorId = 'con_0000000000000000000c';
    const skus = ['a.c', 'abc', 'a*', '(x', '[y', 'ÀB', '100%'];
    await putListings(
      connection,
      skus.map((sku) => listing(connectorId, sku))
    );
    const find = async (q: string) =>
      (await listingQueries(connection).page({ connectorId, q }, undefined, 50)).map(({ sku }) => sku);
    expect(await find('a.')).toEqual(['a.c']);
    expect(await find('a*')).toEqual(['a*']);
    expect(await find('(')).toEqual(['(x']);
    expect(await find('[')).toEqual(['[y']);
    expect(await find('àb')).toEqual(['ÀB']);
    expect(await find('100%')).toEqual(['100%']);
  });
});

describe('problemQueries', () => {
  it('counts SKUs, not problems, and counts each connector alone', async () => {
    const problem = { code: 'kit', message: 'm', severity: 'warning' as const, owner: 'merchant' as const };
    const connectorId = 'con_0000000000000000000d';
    await putListings(connection, [
      listing(connectorId, 'a', { problems: [problem, problem] }),
      listing(connectorId, 'b', { problems: [problem] }),
      listing('con_0000000000000000000e', 'c', { problems: [problem] }),
    ]);
    expect(await problemQueries(connection).groups(connectorId)).toEqual([
      { code: 'kit', count: 2, sample: problem, sampleSkus: ['a', 'b'] },
    ]);
  });

  it('counts a SKU for each of its problems, the most frequent first, then by code', async () => {
    const problem = (code: string) => ({ code, message: code, severity: 'error' as const, owner: 'amazon' as const });
    const connectorId = 'con_00000000000000000010';
    await putListings(connection, [
      listing(connectorId, 'fine'),
      listing(connectorId, 'a', { problems: [problem('x'), problem('w')] }),
      listing(connectorId, 'b', { problems: [problem('w'), problem('x')] }),
      listing(connectorId, 'c', { problems: [problem('y')] }),
      listing(connectorId, 'd', { problems: [problem('y')] }),
      listing(connectorId, 'e', { problems: [problem('y'), problem('z'), problem('y')] }),
    ]);
    const groups = await problemQueries(connection).groups(connectorId);
    expect(groups.map(({ code, count, sampleSkus }) => [code, count, sampleSkus])).toEqual([
      ['y', 3, ['c', 'd', 'e']],
      ['w', 2, ['a', 'b']],
      ['x', 2, ['a', 'b']],
      ['z', 1, ['e']],
    ]);
  });
});

describe('auditLog', () => {
  it('pages in the order of time, also within one millisecond', async () => {
    const log = auditLog(connection);
    const at = new Date();
    for (let n = 0; n < 7; n++)
      await log.add({
        at: n < 4 ? at : new Date(at.getTime() + n),
        actor: { id: 'a', name: 'a', role: 'admin' },
        action: `did.${n}`,
        target: { type: 'connector', id: CONNECTOR },
        connectorId: CONNECTOR,
        fields: [],
        changes: [],
        requestId: 'r',
      });
    const first = await log.page({ connectorId: CONNECTOR }, 5);
    const rest = await log.page({ connectorId: CONNECTOR, beforeId: first.at(-1)!._id }, 5);
    expect(first.slice(0, 3).map(({ action }) => action)).toEqual(['did.6', 'did.5', 'did.4']);
    expect(new Set([...first, ...rest].map(({ _id }) => _id)).size).toBe(7);
  });
});

describe('apiKeyStore', () => {
  it('finds by hash, and forgets what was removed', async () => {
    const keys = apiKeyStore(connection);
    const key = {
      _id: 'key_1',
      name: 'n',
      role: 'viewer' as const,
      hash: 'h1',
      prefix: 'lsk_0000',
      expiresAt: null,
      lastUsedAt: null,
      createdBy: 'me',
      createdAt: new Date(),
    };
    await keys.save(key);
    await keys.save({ ...key, hash: 'h2' });
    expect(await keys.byHash('h1')).toBeUndefined();
    expect(await keys.byHash('h2')).toMatchObject({ _id: 'key_1' });
    expect(await keys.remove('key_1')).toMatchObject({ name: 'n' });
    expect(await keys.remove('key_1')).toBeUndefined();
    expect(await keys.byHash('h2')).toBeUndefined();
  });
});

describe('idempotencyStore', () => {
  const sealed = { keyId: 'k', box: 'hash' };
  const same = () => true;
  const answer = { status: 202, headers: {}, body: null };

  it('gives the turn to one of many at once', async () => {
    const store = idempotencyStore(connection);
    const begun = await Promise.all(Array.from({ length: 20 }, () => store.begin('many', sealed, same)));
    expect(begun.filter(({ kind }) => kind === 'mine')).toHaveLength(1);
    expect(begun.filter(({ kind }) => kind === 'running')).toHaveLength(19);
  });

  it('gives the turn of one that died to one of many, with the id that was reserved', async () => {
    const store = idempotencyStore(connection);
    const first = await store.begin('dead', sealed, same);
    const later = new Date(Date.now() + 10 * 60_000);
    const begun = await Promise.all(Array.from({ length: 10 }, () => store.begin('dead', sealed, same, later)));
    const mine = begun.filter((each) => each.kind === 'mine');
    expect(mine).toEqual([
      {
        kind: 'mine',
        isRepeat: true,
        reservedId: (first as { reservedId: string }).reservedId,
        turn: expect.any(String),
      },
    ]);
  });

  it('does not let one that lost its turn write the answer', async () => {
    const store = idempotencyStore(connection);
    const first = await store.begin('late', sealed, same);
    const second = await store.begin('late', sealed, same, new Date(Date.now() + 10 * 60_000));
    if (first.kind !== 'mine' || second.kind !== 'mine') throw new Error('both had a turn');
    await store.finish('late', second.turn, answer);
    await store.finish('late', first.turn, { ...answer, status: 500 });
    await store.forget('late', first.turn);
    expect(await store.begin('late', sealed, same)).toEqual({ kind: 'done', answer });
  });

  it('tells another body apart, also after the end', async () => {
    const store = idempotencyStore(connection);
    const begun = await store.begin('body', sealed, same);
    if (begun.kind !== 'mine') throw new Error('it is new');
    await store.finish('body', begun.turn, answer);
    expect(await store.begin('body', sealed, () => false)).toEqual({ kind: 'other-body' });
  });
});
