import { randomBytes } from 'node:crypto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { Connection } from 'mongoose';
import pino from 'pino';
import { createCredentialClockActivities } from '../../activities/credential-clock';
import { createCredentialRotationActivities } from '../../activities/credential-rotation';
import { credentialNotices } from '../../activities/credential-rotation/notices';
import { createKeyring } from '../../adapters/secrets/keyring';
import { createOrchestrator } from '../../adapters/temporal/orchestrator';
import { credentialClockId, credentialRotationId } from '../../domain/ids';
import type { Orchestrator } from '../../domain/ports/orchestrator';
import { withDatabase } from '../../embedded/mongodb';
import { clientSecretStore } from '../../models/client-secrets';
import { connectorModel, connectorStore } from '../../models/connectors';
import { credentialQueries } from '../../models/credential-queries';
import { rotationStore } from '../../models/credential-rotations';
import { credentialStore, type CredentialDocument } from '../../models/credentials';
import { connectDatabase } from '../../models/database';
import { syncRunStore } from '../../models/sync-runs';
import { SandboxWorld } from '../adapters/sandbox-world';
import { startTimeSkipping } from '../time-skipping/server';

const HOUR = 3600_000;
const DAY = 24 * HOUR;
const box = createKeyring(`test:${randomBytes(32).toString('base64')}`);
const taskQueue = 'rotations';

let database: Connection;
let env: TestWorkflowEnvironment;
let world: SandboxWorld;
let orchestrator: Orchestrator & { close(): Promise<void> };
let worker: Worker;
let done: Promise<void>;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const name = `rotations_${randomBytes(6).toString('hex')}`;
  [database, env, world] = await Promise.all([
    connectDatabase(withDatabase(process.env.TEST_MONGODB_URI!, name)),
    startTimeSkipping(),
    SandboxWorld.start(),
  ]);
  orchestrator = createOrchestrator({ address: env.address, namespace: 'default', taskQueue });
  const logger = pino({ level: 'silent' });
  const shared = {
    credentials: credentialStore(database),
    rotations: rotationStore(database),
    queries: credentialQueries(database),
    orchestrator,
    logger,
  };
  worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle: { codePath: process.env.TEST_WORKFLOW_BUNDLE ?? '' },
    activities: {
      ...createCredentialClockActivities({ ...shared, mailer: undefined, publicUrl: 'https://longshore.example' }),
      ...createCredentialRotationActivities({
        ...shared,
        secrets: clientSecretStore(database),
        connectors: connectorStore(database),
        runs: syncRunStore(database),
        applications: world.amazon().applications,
        secretBox: box,
      }),
    },
    maxCachedWorkflows: 0,
  });
  done = worker.run();
}, 360_000);
afterAll(async () => {
  worker.shutdown();
  await done;
  await orchestrator.close();
  await env.teardown();
  await world.sandbox.close();
  await database.dropDatabase();
  await database.close();
});
/** The server's time is one for all: a workflow that a test left at work would hold that of the next. */
afterEach(async () => {
  const ids = await credentialStore(database).provedIds();
  await credentialStore(database).forget(world.facts.amazon.clientId, world.facts.amazon.sellerId);
  for (const id of ids) {
    await orchestrator.credentialChanged(id);
    await orchestrator.secretChanged(id);
    for (const workflowId of [credentialClockId(id), credentialRotationId(id)]) {
      const handle = env.client.workflow.getHandle(workflowId);
      await until(async () => (await handle.describe()).status.name === 'COMPLETED', `${workflowId} to end`);
    }
  }
}, 120_000);

/** A credential in use, made by Amazon in a world of its own, at the test's time. */
async function credentialOfNow(secretAgeInDays = 0) {
  await world.control('POST', '/reset');
  Object.assign(world.facts, await world.control<typeof world.facts>('PUT', '/worlds/w', { generate: 1 }));
  const { clientId, clientSecret, refreshToken, sellerId } = world.facts.amazon;
  const store = credentialStore(database);
  const id = await store.propose(clientId, sellerId, {
    clientSecret: box.seal(clientSecret),
    refreshToken: box.seal(refreshToken),
  });
  await store.promote(sellerId, (await store.newest(clientId, sellerId))!, { clientSecret: true, refreshToken: true });
  const start = await env.currentTimeMs();
  const secretCreatedAt = new Date(start - secretAgeInDays * DAY);
  await store.setDates(id, { secretCreatedAt, authorisedAt: { [sellerId]: new Date(start) } });
  const connector = {
    _id: `con_${randomBytes(10).toString('hex')}`,
    credentialId: id,
    state: 'active',
    config: { name: 'Shop', amazon: { country: 'US', sellerId, clientId } },
    onboarding: { waitingFor: null },
  };
  await connectorModel(database).collection.insertOne(connector as never);
  const dayOf = (date: Date): number => (date.getTime() - start) / DAY;
  return { id, start, store, dayOf, kept: async (): Promise<CredentialDocument> => (await store.get(id))! };
}

const newestSecret = async (): Promise<string> =>
  (await world.control<typeof world.facts>('GET', '/worlds/w')).amazon.clientSecret;
const asked = async (): Promise<number> => (await world.calls('rotateApplicationClientSecret')).count;

/** Hands a secret to its handler, as the queue would at the test's time. */
async function receive(secret: string): Promise<void> {
  const now = await env.currentTimeMs();
  const notices = credentialNotices({
    credentials: credentialStore(database),
    secrets: clientSecretStore(database),
    rotations: rotationStore(database),
    secretBox: box,
    orchestrator,
    clock: () => new Date(now),
  });
  await notices.APPLICATION_OAUTH_CLIENT_NEW_SECRET!({
    type: 'APPLICATION_OAUTH_CLIENT_NEW_SECRET',
    id: randomBytes(8).toString('hex'),
    eventTime: new Date(now),
    payload: {
      applicationOAuthClientNewSecret: {
        clientId: world.facts.amazon.clientId,
        newClientSecret: secret,
        newClientSecretExpiryTime: new Date(now + 180 * DAY).toISOString(),
        oldClientSecretExpiryTime: new Date(now + 7 * DAY).toISOString(),
      },
    },
  });
}

/** Lets hours pass, a day at a time, as timers do. */
async function pass(hours: number): Promise<void> {
  for (let left = hours; left > 0; left -= 24) await env.sleep(Math.min(left, 24) * HOUR);
}

async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 40_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`waited 40 s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('in the days of a rotation', () => {
  it('the message is waited for a day and never asked for again; people are told, and it is taken when it comes at last', async () => {
    const { id, dayOf, kept } = await credentialOfNow();
    await rotationStore(database).ask(id, 'asked', new Date(await env.currentTimeMs()));
    await orchestrator.secretChanged(id);
    await until(async () => (await kept()).rotation?.state === 'awaiting', 'Amazon to be asked');
    await pass(23);
    expect((await kept()).rotation).toMatchObject({ state: 'awaiting', answer: 'accepted' });
    await pass(2);
    await until(async () => (await kept()).rotation?.state === 'failed', 'people to be told');
    const failed = await kept();
    expect(failed.rotation!.waitingFor).toMatchObject({ code: 'new_secret_missing', owner: 'longshore' });
    // The one in use ends a week after Amazon was asked, and the clock reminds people of that.
    expect(dayOf(failed.secretExpiresAt!)).toBeCloseTo(7, 1);
    await pass(24);
    expect(await asked()).toBe(1);
    await receive(await newestSecret());
    await until(async () => box.open((await kept()).clientSecret.current!) === (await newestSecret()), 'it to be used');
    await until(async () => (await kept()).rotation?.state === 'done', 'the rotation to be through');
  }, 120_000);

  it('the one before is kept for seven days, and deleted then', async () => {
    const { id, kept, dayOf } = await credentialOfNow();
    const old = box.open((await kept()).clientSecret.current!);
    await world.control('POST', '/worlds/w/amazon', { newClientSecret: true });
    await receive(await newestSecret());
    await until(async () => Boolean((await kept()).clientSecret.previous), 'the new one to be used');
    const { previous } = (await kept()).clientSecret;
    expect([box.open(previous!.secret), Math.round(dayOf(previous!.until))]).toEqual([old, 7]);
    await pass(6.5 * 24);
    expect((await kept()).clientSecret.previous).not.toBeNull();
    await pass(24);
    await until(async () => (await kept()).clientSecret.previous === null, 'the one before to be deleted');
    const handle = env.client.workflow.getHandle(credentialRotationId(id));
    await until(async () => (await handle.describe()).status.name === 'COMPLETED', 'the rotation to end');
  }, 120_000);

  it('Amazon is asked by itself 30 days before the end, once, where that is wanted', async () => {
    const { id, store, kept, dayOf } = await credentialOfNow(140);
    await store.setDates(id, { autoRotate: true });
    await orchestrator.startCredentialClock(id);
    await pass(9.5 * 24);
    expect([await asked(), (await kept()).rotation ?? null]).toEqual([0, null]);
    await pass(24);
    await until(async () => (await kept()).rotation?.state === 'awaiting', 'Amazon to be asked');
    const { rotation } = await kept();
    expect([rotation!.cause, Math.round(dayOf(rotation!.startedAt))]).toEqual(['automatic', 10]);
    await receive(await newestSecret());
    await until(async () => (await kept()).rotation?.state === 'done', 'the rotation to be through');
    await pass(5 * 24);
    expect(await asked()).toBe(1);
    expect(Math.round(dayOf((await kept()).secretExpiresAt!))).toBeGreaterThan(180);
  }, 120_000);

  it('Amazon is not asked by itself where nobody wants that', async () => {
    const { id, kept } = await credentialOfNow(140);
    await orchestrator.startCredentialClock(id);
    await pass(12 * 24);
    expect([await asked(), (await kept()).rotation ?? null]).toEqual([0, null]);
  }, 120_000);
});
