import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { OnboardingStepName } from '../../domain/connector';
import { plainProducts, Rig, type World } from './rig';

const REPOSITORY = join(__dirname, '..', '..');

/** What each step asks of the outside world; the others ask nothing of it. */
const ASKS: [OnboardingStepName, (world: World) => Record<string, string>][] = [
  ['credential', () => ({ operation: 'lwaToken' })],
  ['amazon-account', ({ amazon }) => ({ operation: 'getMarketplaceParticipations', sellerId: amazon.sellerId })],
  ['source', ({ vtex }) => ({ operation: 'vtex.listSalesChannels', account: vtex.account })],
  ['affiliate', ({ vtex }) => ({ operation: 'vtex.putAffiliate', account: vtex.account })],
  ['shipping-simulation', ({ vtex }) => ({ operation: 'vtex.simulate', account: vtex.account })],
];

describe('an onboarding whose worker is lost', () => {
  let rig: Rig;
  const processes: ChildProcess[] = [];
  beforeAll(async () => {
    rig = await Rig.start({ env: { HTTP_TIMEOUT_SECONDS: '60' } });
  });
  afterAll(async () => {
    for (const child of processes) await killed(child);
    await rig.stop();
  });

  async function made(name: string): Promise<{ world: World; connectorId: string }> {
    const world = await rig.world(name, plainProducts(2));
    const connectorId = await rig.insertConnector(world, (input) => {
      input.orders = { defaultZipCode: '10001' };
    });
    return { world, connectorId };
  }

  /** A worker process of its own, at work. */
  async function workerProcess(): Promise<ChildProcess> {
    const settings = Object.entries(rig.config).map(([name, value]) => [name, String(value)]);
    const child = spawn(process.execPath, ['--import', 'tsx', 'worker/main.ts'], {
      cwd: REPOSITORY,
      env: { ...process.env, ...Object.fromEntries(settings) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    processes.push(child);
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (printed += String(chunk)));
    await rig
      .until(async () => printed.includes('worker ready') || child.exitCode !== null, 'the worker to be ready', 60)
      .finally(() => {
        if (!printed.includes('worker ready')) throw new Error(`the worker does not start: ${printed}`);
      });
    return child;
  }

  async function killed(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async function expectOnboardedOnce({ world, connectorId }: Awaited<ReturnType<typeof made>>): Promise<void> {
    const { state, onboarding } = await rig.onboarded(connectorId, 60);
    expect(state).toBe('inactive');
    expect(onboarding.steps.map((step) => step.state)).toEqual(Array(onboarding.steps.length).fill('done'));
    expect(onboarding.waitingFor).toBeNull();
    expect(Object.keys(await rig.affiliates(world))).toEqual(['MZN']);
    expect(await rig.orchestrator.scheduleState(connectorId)).toMatchObject({ paused: true });
    const reads = (await rig.calls('getMarketplaceParticipations')).filter(
      (call) => call.sellerId === world.amazon.sellerId
    );
    expect(reads.length).toBeLessThanOrEqual(2);
  }

  it('is the same when each step is carried out, its answer lost, and it is carried out again', async () => {
    const lost = new Set<string>();
    await rig.startForgetfulWorker((activities) => {
      const steps = Object.entries(activities as Record<string, (input: never) => Promise<unknown>>);
      const onceInVain = steps.map(([name, work]) => [
        name,
        async (input: never): Promise<unknown> => {
          const answer = await work(input);
          if (lost.has(name)) return answer;
          lost.add(name);
          throw new Error('The worker was lost before it could answer.');
        },
      ]);
      return Object.fromEntries(onceInVain) as typeof activities;
    });
    const connector = await made('repeated');
    await rig.orchestrator.startOnboarding(connector.connectorId);
    await expectOnboardedOnce(connector);
    // Its credential has begun to be watched meanwhile, by steps of its own.
    for (const name of ['readClock', 'sendReminder', 'noteReminder', 'noteExpiry', 'readRotation']) lost.delete(name);
    expect(lost.size).toBe(9);
    await rig.stopWorker();
    await rig.startWorker();
  });

  it('goes on with another worker, wherever it was when the first one was killed', async () => {
    await rig.stopWorker();
    const first = await workerProcess();
    const held = await Promise.all(
      ASKS.map(async ([step, asks]) => ({ step, asks, ...(await made(`killed-at-${step}`)) }))
    );
    for (const { step, asks, world, connectorId } of held) {
      await rig.control('POST', 'faults', { match: asks(world), kind: 'slow', delayMs: 20_000, times: 1 });
      await rig.orchestrator.startOnboarding(connectorId);
      await rig.until(async () => {
        const { steps } = (await rig.connector(connectorId)).onboarding;
        return steps.find(({ name }) => name === step)?.state === 'running';
      }, `the onboarding to stand at ${step}`);
      // Login with Amazon is asked by all, so the fault must have met this one before the next begins.
      if (step === 'credential')
        await rig.until(
          async () => (await rig.control<unknown[]>('GET', 'faults')).length === 0,
          'the fault to be met'
        );
    }
    const passing = await made('killed-in-passing');
    await rig.orchestrator.startOnboarding(passing.connectorId);
    await killed(first);
    await rig.control('DELETE', 'faults');
    await workerProcess();
    await Promise.all([...held, passing].map(expectOnboardedOnce));
  }, 120_000);
});
