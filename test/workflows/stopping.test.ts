import { plainProducts, Rig, type World } from './rig';

/** A page of the ledger that takes half a minute at the sandbox's rates. */
const SKUS = 46;
/** Within so long a run stands still, in seconds: some heartbeats of a step, and what is under way comes to its answer. */
const SOON = 10;

describe('a run in the middle of a page', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start({ sandbox: { rateFactor: 0.3, visibleAfterMs: 200, latencyMs: 300 } });
  });
  afterAll(async () => {
    await rig.stop();
  });

  const sent = (): Promise<number> => rig.callCount('putListingsItem');

  /** Begins a first sync, and waits until it has sent some. */
  async function sending(name: string): Promise<{ world: World; connectorId: string; workflowId: string }> {
    const { world, connectorId } = await rig.ready(name, plainProducts(SKUS));
    const before = await sent();
    await rig.orchestrator.startActivation(connectorId);
    await rig.until(async () => (await sent()) > before + 8, 'some SKUs to be sent', 60);
    const { workflowId } = (await rig.run(connectorId))!;
    return { world, connectorId, workflowId };
  }

  async function submissions(world: World): Promise<number[]> {
    return Object.values(await rig.books(world)).map(({ submissions }) => submissions);
  }

  it('pauses within seconds, goes on when it is resumed, and repeats nothing', async () => {
    const { world, connectorId, workflowId } = await sending('pausing');
    await rig.orchestrator.pauseSync(workflowId);
    await rig.until(async () => (await rig.run(connectorId))?.paused === true, 'the run to be paused', SOON);
    // What is under way comes to its answer.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    const atPause = await sent();
    expect(atPause).toBeLessThan(SKUS);
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    expect(await sent()).toBe(atPause);

    await rig.orchestrator.resumeSync(workflowId);
    const run = await rig.ended(connectorId, ({ trigger }) => trigger === 'activation', 150);
    expect(run).toMatchObject({ outcome: 'completed', paused: false, counts: { live: SKUS } });
    expect(await submissions(world)).toEqual(Array(SKUS).fill(1));
  }, 240_000);

  it('pauses while it reads the first page of its source, and reads it all after that', async () => {
    const { world, connectorId } = await rig.ready('reading', plainProducts(12));
    const slow = { match: { operation: 'vtex.*', account: world.vtex.account }, kind: 'slow', delayMs: 1_500 };
    const { id } = await rig.control<{ id: string }>('POST', 'faults', slow);
    await rig.orchestrator.startActivation(connectorId);
    await rig.until(async () => (await rig.run(connectorId))?.phase === 'collect', 'the run to read', 20);
    await rig.orchestrator.pauseSync((await rig.run(connectorId))!.workflowId);
    await rig.until(async () => (await rig.run(connectorId))?.paused === true, 'the run to be paused', SOON);
    expect(await rig.listings(connectorId)).toEqual([]);
    await rig.control('DELETE', `faults/${id}`);
    await rig.orchestrator.resumeSync((await rig.run(connectorId))!.workflowId);
    const run = await rig.ended(connectorId, ({ trigger }) => trigger === 'activation', 90);
    expect(run).toMatchObject({ outcome: 'completed', total: 12, counts: { live: 12 } });
  }, 120_000);

  it('ends within seconds when it is cancelled, and the next one repeats nothing', async () => {
    const { world, connectorId, workflowId } = await sending('cancelling');
    await rig.orchestrator.cancelSync(workflowId);
    const run = await rig.ended(connectorId, ({ trigger }) => trigger === 'activation', SOON);
    expect(run).toMatchObject({ outcome: 'cancelled', outcomeReason: 'It was cancelled.' });
    const { submitted, live, pending } = run.counts;
    expect([submitted + live + pending, submitted + live]).toEqual([SKUS, (await submissions(world)).length]);

    await rig.sync(connectorId, 150);
    expect(await submissions(world)).toEqual(Array(SKUS).fill(1));
  }, 240_000);
});
