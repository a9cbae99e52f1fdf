import { changeNoticeStore } from '../../models/change-notices';
import { syncRunModel, syncRunStore, type SyncRunDocument } from '../../models/sync-runs';
import { nudgeOverdue } from '../../worker/overdue-notices';
import { plainProducts, Rig } from '../workflows/rig';

describe('notices that nothing came of', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(async () => {
    await rig.stop();
  });

  /** Keeps a notice and goes no further, as an API that is killed in between. */
  async function note(connectorId: string, secondsAgo: number): Promise<void> {
    const arrivedAt = new Date(Date.now() - secondsAgo * 1000);
    const modifiedAt = arrivedAt.toISOString().replace('Z', '0000Z');
    await changeNoticeStore(rig.database).note(connectorId, { skuId: '1', isRemoved: false, modifiedAt, arrivedAt });
  }

  async function nudged(): Promise<string[]> {
    const ids: string[] = [];
    await nudgeOverdue(rig.database, { nudgeSync: async (connectorId) => void ids.push(connectorId) });
    return ids;
  }

  it('start a sync after a minute, which brings the change to Amazon', async () => {
    const { world, connectorId } = await rig.ready('overdue', plainProducts(2));
    await rig.firstSync(connectorId);
    // From here on the store tells its changes.
    await note(connectorId, 0);
    await rig.sync(connectorId);
    await rig.control('POST', 'worlds/overdue/skus/SKU-0001', { quantity: 0, tell: 'nobody' });
    await note(connectorId, 30);
    expect(await nudged()).toEqual([]);
    await note(connectorId, 90);
    expect(await nudgeOverdue(rig.database, rig.orchestrator)).toBe(1);
    await rig.ended(connectorId, ({ trigger }) => trigger === 'change');
    // Amazon shows what it has accepted a moment later.
    const isThere = async () => (await rig.books(world))['SKU-0001']?.quantity === 0;
    await rig.until(isThere, 'the change to be at Amazon');
    expect(await nudged()).toEqual([]);
  });

  it('wait for a run at work, for the schedule after one that failed, and with a connector that is not active', async () => {
    const { connectorId } = await rig.ready('patient', plainProducts(2));
    await note(connectorId, 90);
    expect(await nudged()).toEqual([]);
    await rig.firstSync(connectorId);
    await note(connectorId, 90);
    const [last] = await syncRunStore(rig.database).history(connectorId, 1);
    const rewrite = (change: Partial<SyncRunDocument>): Promise<unknown> =>
      syncRunModel(rig.database).updateOne({ _id: last!._id }, { $set: change });
    await rewrite({ endedAt: null });
    expect(await nudged()).toEqual([]);
    await rewrite({ endedAt: new Date(), outcome: 'failed' });
    expect(await nudged()).toEqual([]);
    await rewrite({ endedAt: new Date(Date.now() - 1_800_000) });
    expect(await nudged()).toEqual([connectorId]);
  });
});
