import { activationWorkflowId } from '../../domain/ids';
import { connectorStore } from '../../models/connectors';
import { syncRunModel } from '../../models/sync-runs';
import { plainProducts, Rig } from './rig';

describe('an activation', () => {
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

  async function made(name: string): Promise<string> {
    return rig.insertConnector(await rig.world(name, plainProducts(3)));
  }

  const ended = (connectorId: string) => rig.client.workflow.getHandle(activationWorkflowId(connectorId)).result();
  const runsOf = (connectorId: string) => syncRunModel(rig.database).find({ connectorId }).lean();

  it('makes the connector active, lets its schedule run, and starts one first sync', async () => {
    const connectorId = await made('first');
    await rig.onboard(connectorId);
    const run = await rig.firstSync(connectorId);
    expect(run).toMatchObject({ trigger: 'activation', outcome: 'completed' });
    expect(run.counts.live).toBe(3);
    expect((await rig.connector(connectorId)).state).toBe('active');
    const schedule = await rig.orchestrator.scheduleState(connectorId);
    expect(schedule?.paused).toBe(false);
    expect(Date.parse(schedule?.nextRunAt ?? '')).toBeGreaterThan(Date.now());
    expect(await runsOf(connectorId)).toHaveLength(1);
  });

  it('is one activation with one first sync, however often it is asked for while it is at work', async () => {
    const connectorId = await made('at-once');
    await rig.onboard(connectorId);
    await rig.control('POST', 'faults', { match: { operation: 'putListingsItem' }, kind: 'slow', delayMs: 500 });
    await Promise.all([1, 2, 3].map(() => rig.orchestrator.startActivation(connectorId)));
    await ended(connectorId);
    await rig.orchestrator.startActivation(connectorId);
    await ended(connectorId);
    await rig.ended(connectorId, () => true);
    expect(await runsOf(connectorId)).toHaveLength(1);
  });

  it('starts the same first sync when a step is carried out, its answer lost, and it is carried out again', async () => {
    const connectorId = await made('repeated');
    await rig.onboard(connectorId);
    await rig.startForgetfulWorker((activities) => {
      let lost = 0;
      return {
        ...activities,
        async startFirstSync(input) {
          await activities.startFirstSync(input);
          if (lost++ === 0) throw new Error('The worker was lost before it could answer.');
        },
      };
    });
    await rig.firstSync(connectorId);
    await ended(connectorId);
    expect(await runsOf(connectorId)).toHaveLength(1);
    await rig.stopWorker();
    await rig.startWorker();
  });

  it.each(['draft', 'onboarding', 'paused', 'removing'] as const)('does nothing to a %s connector', async (state) => {
    const connectorId = await made(`not-ready-${state}`);
    await rig.onboard(connectorId);
    await connectorStore(rig.database).move(connectorId, ['inactive'], state);
    await rig.orchestrator.startActivation(connectorId);
    await ended(connectorId);
    expect((await rig.connector(connectorId)).state).toBe(state);
    expect(await rig.orchestrator.scheduleState(connectorId)).toMatchObject({ paused: true });
    expect(await runsOf(connectorId)).toEqual([]);
  });

  it('starts no first sync when the connector is paused at that moment', async () => {
    const connectorId = await made('second-thoughts');
    await rig.onboard(connectorId);
    await rig.startForgetfulWorker((activities) => ({
      ...activities,
      async startFirstSync(input) {
        await connectorStore(rig.database).move(connectorId, ['active'], 'paused');
        await activities.startFirstSync(input);
      },
    }));
    await rig.orchestrator.startActivation(connectorId);
    await ended(connectorId);
    expect(await runsOf(connectorId)).toEqual([]);
    await rig.stopWorker();
    await rig.startWorker();
  });
});
