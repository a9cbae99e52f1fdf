import { randomBytes } from 'node:crypto';
import pino from 'pino';
import { syncLeaseId, syncWorkflowId } from '../../domain/ids';
import type { Orchestrator } from '../../domain/ports/orchestrator';
import { leaseStore } from '../../models/leases';
import { syncRunModel, syncRunStore, type SyncRunDocument } from '../../models/sync-runs';
import { reconcile } from '../../worker/reconcile';
import { plainProducts, Rig } from '../workflows/rig';

describe('putting in line what a crash has left', () => {
  let rig: Rig;
  const created: string[] = [];
  const logger = pino({ level: 'silent' });
  beforeAll(async () => {
    rig = await Rig.start();
  });
  afterAll(async () => {
    for (const connectorId of created) await rig.orchestrator.deleteSchedule(connectorId);
    await rig.stop();
  });

  /** The engine, as if this file had it for itself: other tests have schedules there too. */
  function ownEngine(asked: string[] = []): Orchestrator {
    return {
      ...rig.orchestrator,
      async scheduledConnectors() {
        asked.push('schedules');
        return (await rig.orchestrator.scheduledConnectors()).filter((id) => created.includes(id));
      },
    };
  }
  const putInLine = (): Promise<void> => reconcile(rig.database, ownEngine(), logger);

  async function connector(name: string): Promise<string> {
    const { connectorId } = await rig.ready(name, plainProducts(2));
    created.push(connectorId);
    return connectorId;
  }

  /** Opens a run and goes no further, as an API that is killed in between. */
  async function openedRun(connectorId: string): Promise<string> {
    const opened = await syncRunStore(rig.database).request(
      { connectorId, trigger: 'api', mode: 'synchronization', scope: 'full', skus: [], configVersion: 1 },
      (workflowId) => rig.orchestrator.isSyncRunning(workflowId)
    );
    return opened.syncId;
  }

  /** Makes a run and its lease older by two minutes. */
  async function age(connectorId: string, syncId: string): Promise<void> {
    const longAgo = new Date(Date.now() - 120_000);
    await syncRunModel(rig.database).updateOne({ _id: syncId }, { $set: { startedAt: longAgo } });
    await ageLease(connectorId);
  }

  async function ageLease(connectorId: string): Promise<void> {
    await rig.database
      .collection<{ _id: string }>('leases')
      .updateOne({ _id: syncLeaseId(connectorId) }, { $set: { takenAt: new Date(Date.now() - 120_000) } });
  }

  const runOf = async (syncId: string): Promise<SyncRunDocument> => (await syncRunStore(rig.database).get(syncId))!;
  const holderOf = async (connectorId: string): Promise<string | undefined> =>
    (await leaseStore(rig.database).holderOf(syncLeaseId(connectorId)))?.holder;

  it('ends a run whose workflow was never started, and the next one begins', async () => {
    const connectorId = await connector('never-started');
    const syncId = await openedRun(connectorId);
    await age(connectorId, syncId);
    await putInLine();
    expect(await runOf(syncId)).toMatchObject({
      phase: 'done',
      outcome: 'failed',
      outcomeReason: 'Its workflow was gone.',
    });
    expect(await holderOf(connectorId)).toBeUndefined();
    expect(await rig.firstSync(connectorId)).toMatchObject({ outcome: 'completed', counts: { live: 2 } });
  });

  it('ends a run whose workflow was terminated, and leaves alone one at work and one that is being started', async () => {
    const [terminated, atWork, starting] = [
      await connector('terminated'),
      await connector('at-work'),
      await connector('starting'),
    ];
    for (const connectorId of [terminated, atWork]) await rig.firstSync(connectorId);
    await rig.stopWorker();
    const gone = await rig.startSync(terminated);
    await rig.client.workflow.getHandle(syncWorkflowId(terminated, gone)).terminate('by hand');
    const working = await rig.startSync(atWork);
    const young = await openedRun(starting);
    await age(terminated, gone);
    await age(atWork, working);
    await putInLine();
    expect(await runOf(gone)).toMatchObject({ outcome: 'failed' });
    expect(await holderOf(terminated)).toBeUndefined();
    expect([(await runOf(working)).endedAt, (await runOf(young)).endedAt]).toEqual([null, null]);
    expect([await holderOf(atWork), await holderOf(starting)]).toEqual([working, young]);
    await rig.startWorker();
    expect(await rig.ended(atWork, ({ _id }) => _id === working)).toMatchObject({ outcome: 'completed' });
    await syncRunStore(rig.database).abandon(starting, young, 'The test is over.');
  });

  it('frees a lease that has no run, and one whose time is up, and no other', async () => {
    const leases = leaseStore(rig.database);
    const lost = `con_${randomBytes(10).toString('hex')}`;
    await leases.take(syncLeaseId(lost), { holder: 'syn_lost', workflowId: syncWorkflowId(lost, 'syn_lost') });
    await leases.take('account:dead', { holder: 'request:dead', forMs: -1 });
    await leases.take('account:alive', { holder: 'request:alive', forMs: 60_000 });
    await putInLine();
    expect(await holderOf(lost)).toBe('syn_lost');
    await ageLease(lost);
    await putInLine();
    expect(await holderOf(lost)).toBeUndefined();
    expect(await leases.holderOf('account:dead')).toBeUndefined();
    expect((await leases.holderOf('account:alive'))?.holder).toBe('request:alive');
    expect(await leases.holderOf('reconcile')).toBeUndefined();
  });

  it('deletes the schedule of a connector that is gone, and makes the one that a connector lacks', async () => {
    const orphan = `con_${randomBytes(10).toString('hex')}`;
    created.push(orphan);
    await rig.orchestrator.applySchedule({ connectorId: orphan, everyMinutes: 60, paused: true });
    const connectorId = await connector('unscheduled');
    await rig.orchestrator.deleteSchedule(connectorId);
    await rig.until(
      async () => (await rig.orchestrator.scheduledConnectors()).includes(orphan),
      'the schedule to be listed'
    );
    await putInLine();
    expect(await rig.orchestrator.scheduleState(orphan)).toBeUndefined();
    expect(await rig.orchestrator.scheduleState(connectorId)).toMatchObject({ paused: true });
  });

  it('begins the onboarding of a connector that the API had no time for', async () => {
    const connectorId = await rig.insertConnector(await rig.world('not-begun', plainProducts(1)));
    created.push(connectorId);
    await putInLine();
    await rig.until(async () => (await rig.connector(connectorId)).state === 'inactive', 'the onboarding to end');
  });

  it('is done by one worker: another waits until it is through, and takes over when that one has died', async () => {
    const leases = leaseStore(rig.database);
    const asked: string[] = [];
    await leases.take('reconcile', { holder: 'reconcile:other', forMs: 1_000 });
    const waiting = reconcile(rig.database, ownEngine(asked), logger);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await leases.release('reconcile', 'reconcile:other');
    await waiting;
    expect(asked).toEqual([]);
    await leases.take('reconcile', { holder: 'reconcile:dead', forMs: 1_000 });
    await reconcile(rig.database, ownEngine(asked), logger);
    expect(asked).toEqual(['schedules']);
  });
});
