import { randomBytes } from 'node:crypto';
import type { Connection } from 'mongoose';
import { createKeyring } from '../../adapters/secrets/keyring';
import type { ChangeNotices } from '../../domain/ports/change-notices';
import { withDatabase } from '../../embedded/mongodb';
import { changeNoticeModel, changeNoticesOf, changeNoticeStore } from '../../models/change-notices';
import { connectDatabase } from '../../models/database';
import { hookTokenStore } from '../../models/hook-tokens';

let connection: Connection;
beforeAll(async () => {
  connection = await connectDatabase(
    withDatabase(process.env.TEST_MONGODB_URI!, `notices_${randomBytes(6).toString('hex')}`)
  );
  await changeNoticeModel(connection).createIndexes();
});
afterAll(async () => {
  await connection.dropDatabase();
  await connection.close();
});

let serial = 0;

/** A connector of its own, with the notices that it gets. */
function aConnector() {
  serial += 1;
  const connectorId = `con_${String(serial).padStart(20, '0')}`;
  const store = changeNoticeStore(connection);
  return {
    connectorId,
    notices: changeNoticesOf(connection, connectorId),
    /** @param second - of the change, in one minute */
    note: (skuId: string, second: number, isRemoved = false) =>
      store.note(connectorId, {
        skuId,
        isRemoved,
        modifiedAt: `2026-05-01T10:00:${String(second).padStart(2, '0')}.0000000Z`,
        arrivedAt: new Date(),
      }),
    overview: () => store.overview(connectorId),
    removeAll: () => store.removeAll(connectorId),
  };
}

const ids = async (notices: ChangeNotices, batch: string): Promise<string[]> =>
  (await notices.page(batch, null, 1000)).map(({ skuId }) => skuId);

describe('change notices', () => {
  it('are one for each SKU, however many come', async () => {
    const { notices, note, overview } = aConnector();
    expect(await notices.haveArrived()).toBe(false);
    for (const second of [1, 2, 3]) await note('7', second);
    await note('8', 1);
    expect(await ids(notices, await notices.gather())).toEqual(['7', '8']);
    expect(await overview()).toEqual({ lastNoticeAt: expect.any(Date), waiting: 2 });
    expect(await notices.haveArrived()).toBe(true);
  });

  it('are kept once when many come about one SKU at the same time, and the newest counts', async () => {
    const { notices, note } = aConnector();
    const seconds = Array.from({ length: 30 }, (_, index) => index + 1);
    await Promise.all(seconds.sort(() => Math.random() - 0.5).map((second) => note('7', second, second === 30)));
    expect(await notices.page(await notices.gather(), null, 10)).toEqual([{ skuId: '7', isRemoved: true }]);
  });

  it('let the newer say whether the SKU is gone, in whichever order they come', async () => {
    const { notices, note } = aConnector();
    await note('back', 1, true);
    await note('back', 2);
    await note('late', 2);
    await note('late', 1, true);
    await note('gone', 1);
    await note('gone', 2, true);
    const found = await notices.page(await notices.gather(), null, 10);
    expect(found.filter(({ isRemoved }) => isRemoved).map(({ skuId }) => skuId)).toEqual(['gone']);
  });

  it('remember the newest after it is settled, so that an old removal that comes late removes nothing', async () => {
    const { notices, note } = aConnector();
    await note('7', 5);
    await notices.settle(await notices.gather());
    await note('7', 4, true);
    expect(await notices.page(await notices.gather(), null, 10)).toEqual([{ skuId: '7', isRemoved: false }]);
  });

  it('wait until their batch is settled, and not a moment longer', async () => {
    const { notices, note, overview } = aConnector();
    await note('7', 1);
    const lost = await notices.gather();
    expect(await ids(notices, lost)).toEqual(['7']);
    // The reading was lost: the next one finds the SKU again.
    const next = await notices.gather();
    expect(await ids(notices, next)).toEqual(['7']);
    await notices.settle(next);
    await notices.settle(next);
    expect(await overview()).toMatchObject({ waiting: 0 });
    expect(await ids(notices, await notices.gather())).toEqual([]);
  });

  it('that come while a batch is read belong to the next one, also about a SKU of this one', async () => {
    const { notices, note } = aConnector();
    await note('7', 1);
    await note('8', 1);
    const first = await notices.gather();
    await note('8', 2);
    await note('9', 2);
    expect(await ids(notices, first)).toEqual(['7']);
    await notices.settle(first);
    expect(await ids(notices, await notices.gather())).toEqual(['8', '9']);
  });

  it('are not lost to a reading that was thought dead and gathers late', async () => {
    const { notices, note } = aConnector();
    await note('7', 1);
    const reading = await notices.gather();
    await notices.gather();
    // The late one took the notice away: the reading saw nothing, and settles nothing.
    expect(await ids(notices, reading)).toEqual([]);
    await notices.settle(reading);
    expect(await ids(notices, await notices.gather())).toEqual(['7']);
  });

  it('are never lost while many write and one reads and settles', async () => {
    const { notices, note } = aConnector();
    const seen = new Map<string, number>();
    let isWriting = true;
    const write = async (): Promise<void> => {
      for (let round = 1; round <= 15; round += 1)
        await Promise.all(Array.from({ length: 8 }, (_, sku) => note(`sku-${sku}-${round}`, round)));
      isWriting = false;
    };
    const read = async (): Promise<void> => {
      for (let isLast = false; ;) {
        const batch = await notices.gather();
        for (const id of await ids(notices, batch)) seen.set(id, (seen.get(id) ?? 0) + 1);
        await notices.settle(batch);
        if (isLast) return;
        isLast = !isWriting;
      }
    };
    await Promise.all([write(), read()]);
    expect(seen.size).toBe(15 * 8);
    expect([...seen.values()].every((times) => times === 1)).toBe(true);
  });

  it('come page by page, each once, in the same order when a page is asked for again', async () => {
    const { notices, note } = aConnector();
    const all = Array.from({ length: 25 }, (_, index) => String(1000 + index));
    await Promise.all(all.map((skuId) => note(skuId, 1)));
    const batch = await notices.gather();
    const seen: string[] = [];
    for (let after: string | null = null; ;) {
      const page = await notices.page(batch, after, 10);
      expect(await notices.page(batch, after, 10)).toEqual(page);
      if (page.length === 0) break;
      seen.push(...page.map(({ skuId }) => skuId));
      after = page.at(-1)!.skuId;
    }
    expect(seen).toEqual(all);
  });

  it('keep to their connector, and go with it', async () => {
    const [one, other] = [aConnector(), aConnector()];
    await one.note('7', 1);
    await other.note('7', 1);
    await one.notices.settle(await one.notices.gather());
    expect(await ids(other.notices, await other.notices.gather())).toEqual(['7']);
    await other.removeAll();
    expect(await other.notices.haveArrived()).toBe(false);
    expect(await one.notices.haveArrived()).toBe(true);
  });
});

describe('hook tokens', () => {
  const [oldKey, newKey] = ['old', 'new'].map((id) => `${id}:${randomBytes(32).toString('base64')}`) as [
    string,
    string,
  ];

  it('are one for each connector, also when two ask at the same time', async () => {
    const tokens = hookTokenStore(connection, createKeyring(oldKey));
    const made = await Promise.all(Array.from({ length: 5 }, () => tokens.tokenOf('con_a')));
    expect(new Set(made).size).toBe(1);
    expect(made[0]).toMatch(/^hook_[A-Za-z0-9_-]{43}$/);
    expect(await tokens.tokenOf('con_b')).not.toBe(made[0]);
  });

  it('are known only as they are, and only of their connector', async () => {
    const tokens = hookTokenStore(connection, createKeyring(oldKey));
    const token = await tokens.tokenOf('con_c');
    const other = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    const answers = await Promise.all(
      [token, other, token.slice(5), '', `hook_${'A'.repeat(43)}`].map((each) => tokens.isTokenOf('con_c', each))
    );
    expect(answers).toEqual([true, false, false, false, false]);
    expect(await tokens.isTokenOf('con_nobody', token)).toBe(false);
  });

  it('lie encrypted, and stay the same when the key is rotated', async () => {
    const token = await hookTokenStore(connection, createKeyring(oldKey)).tokenOf('con_d');
    expect(JSON.stringify(await connection.collection('hookTokens').find().toArray())).not.toContain(token.slice(5));
    expect(await hookTokenStore(connection, createKeyring(`${newKey},${oldKey}`)).tokenOf('con_d')).toBe(token);
  });

  it('end with their connector', async () => {
    const tokens = hookTokenStore(connection, createKeyring(oldKey));
    const token = await tokens.tokenOf('con_e');
    await tokens.forget('con_e');
    expect(await tokens.isTokenOf('con_e', token)).toBe(false);
  });
});
