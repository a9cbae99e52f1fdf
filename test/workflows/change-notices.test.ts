import { changesWorkflowId, furtherChangesWorkflowId } from '../../domain/ids';
import { changeNoticeStore } from '../../models/change-notices';
import { syncRunStore, type SyncRunDocument } from '../../models/sync-runs';
import { plainProducts, Rig } from './rig';

describe('a notice of a change', () => {
  let rig: Rig;
  beforeAll(async () => {
    // Runs that are over before they would listen beside their lanes.
    rig = await Rig.start({ env: { WATCH_AFTER_SECONDS: '600' } });
  });
  afterAll(async () => {
    await rig.stop();
  });

  async function note(connectorId: string, id: number): Promise<void> {
    const arrivedAt = new Date();
    const modifiedAt = arrivedAt.toISOString().replace('Z', '0000Z');
    const notices = changeNoticeStore(rig.database);
    await notices.note(connectorId, { skuId: String(id), isRemoved: false, modifiedAt, arrivedAt });
  }

  it('about a part is one about the kits that take it', async () => {
    const kit = { isKit: true, price: 30, quantity: null, kitItems: [{ refId: 'SKU-0002', quantity: 3 }] };
    const { world, connectorId } = await rig.ready(
      'parts',
      plainProducts(4, (index) => (index === 0 ? kit : {})),
      (input) => {
        input.listing = { sendKits: true };
      }
    );
    await rig.firstSync(connectorId);
    await note(connectorId, 4);
    await rig.sync(connectorId);
    expect((await rig.books(world))['SKU-0001']).toMatchObject({ quantity: 3 });

    await rig.control('POST', 'worlds/parts/skus/SKU-0002', { quantity: 7, tell: 'nobody' });
    await note(connectorId, 2);
    expect(await rig.sync(connectorId, 60, { scope: 'changes' })).toMatchObject({ scope: 'changes', touched: 2 });
    const books = await rig.books(world);
    expect([books['SKU-0001']?.quantity, books['SKU-0002']?.quantity]).toEqual([2, 7]);
  });

  it('that comes while a sync is at work is followed by another one as soon as that has ended', async () => {
    const { world, connectorId } = await rig.ready('late', plainProducts(6));
    const tell = async (id: number): Promise<void> => {
      await note(connectorId, id);
      // As the hook does; the sync at work has the connector's place.
      await rig.orchestrator.nudgeSync(connectorId);
    };
    const change = (id: number, quantity: number): Promise<unknown> =>
      rig.control('POST', `worlds/late/skus/SKU-000${id}`, { quantity, tell: 'nobody' });
    const runs = (): Promise<SyncRunDocument[]> => syncRunStore(rig.database).history(connectorId, 10);
    const isSending = async (workflowId?: string): Promise<boolean> => {
      const run = await rig.run(connectorId);
      return run?.phase === 'publish' && (workflowId === undefined || run.workflowId === workflowId);
    };
    await rig.firstSync(connectorId);
    await note(connectorId, 6);
    await rig.sync(connectorId);
    await rig.control('POST', 'faults', { match: { operation: 'patchListingsItem' }, kind: 'slow', delayMs: 4_000 });

    await change(1, 7);
    const asked = await rig.startSync(connectorId);
    await rig.until(() => isSending(), 'the sync that was asked for to send');
    await change(2, 5);
    await tell(2);

    await rig.until(() => isSending(changesWorkflowId(connectorId)), 'the sync about the first notice to send', 60);
    await change(3, 4);
    await tell(3);

    await rig.until(async () => (await rig.books(world))['SKU-0003']?.quantity === 4, 'the last change', 60);
    const books = await rig.books(world);
    expect(
      Object.keys(books)
        .sort()
        .map((sku) => books[sku]!.quantity)
    ).toEqual([7, 5, 4, 10, 10, 10]);
    await rig.until(async () => (await runs()).every(({ endedAt }) => endedAt !== null), 'all syncs to end');
    const later = (await runs()).filter(({ trigger }) => trigger === 'change').reverse();
    expect(later.map(({ workflowId, touched, scope }) => [workflowId, touched, scope])).toEqual([
      [changesWorkflowId(connectorId), 1, 'changes'],
      [furtherChangesWorkflowId(connectorId), 1, 'changes'],
    ]);
    expect((await runs()).find(({ _id }) => _id === asked)).toMatchObject({ outcome: 'completed' });
  });
});
