import pino from 'pino';
import { createKeyring } from '../../adapters/secrets/keyring';
import { credentialRotationId } from '../../domain/ids';
import type { SecretBox } from '../../domain/ports/secrets';
import { clientSecretStore } from '../../models/client-secrets';
import { rotationStore } from '../../models/credential-rotations';
import { credentialIdOf, credentialStore, type CredentialDocument } from '../../models/credentials';
import { deadLetterStore } from '../../models/dead-letters';
import { startNotifications } from '../../worker/notifications';
import type { Listener } from '../../worker/queue-listener';
import { startElasticMq, type QueueServer } from '../elasticmq/server';
import { plainProducts, Rig, type World } from './rig';

const FORTY_MINUTES = 2_400;
const ROTATE = 'rotateApplicationClientSecret';

/** Changes of client secrets, on everything that a worker is built from, with a real queue between Amazon and it. */
describe('the client secret of a credential', () => {
  let server: QueueServer;
  let rig: Rig;
  let url: string;
  let box: SecretBox;
  let listeners: Listener[];

  beforeAll(async () => {
    server = await startElasticMq();
    url = await server.createQueue('secrets');
    rig = await Rig.start({
      payloads: 'plain',
      env: { SQS_QUEUE_URLS: url, SQS_REGION: server.region, SQS_ENDPOINT: server.endpoint, HTTP_TIMEOUT_SECONDS: '2' },
    });
    box = createKeyring(rig.config.ENCRYPTION_KEYS);
    const { config, database: connection, orchestrator } = rig;
    // As two workers do.
    listeners = [1, 2].map(() =>
      startNotifications({ config, connection, orchestrator, logger: pino({ level: 'silent' }) })
    );
  }, 420_000);
  afterAll(async () => {
    await Promise.all((listeners ?? []).map((each) => each.stop(5_000)));
    await rig?.stop();
    await server?.stop();
  });
  afterEach(async () => {
    await rig.control('DELETE', 'faults');
  });

  const idOf = (world: World): string => credentialIdOf(world.amazon.clientId);
  const kept = async (world: World): Promise<CredentialDocument> =>
    (await credentialStore(rig.database).get(idOf(world)))!;
  const currentOf = async (world: World): Promise<string> => box.open((await kept(world)).clientSecret.current!);
  const amazon = (world: World, change: object): Promise<World> =>
    rig.control('POST', `worlds/${world.name}/amazon`, change);
  const inState = (world: World, state: string, seconds = 40): Promise<void> =>
    rig
      .until(async () => (await kept(world)).rotation?.state === state, `the rotation to be ${state}`, seconds)
      .catch(async (error: Error) => {
        throw new Error(`${error.message}: ${JSON.stringify((await kept(world)).rotation)}`);
      });

  /** A world whose notices come by the queue, and connectors of its one application, each with its first sync behind it. */
  async function connected(name: string, connectors: number): Promise<{ world: World; ids: string[] }> {
    const world = await rig.world(name, plainProducts(4));
    await rig.control('POST', `worlds/${name}/notification-queue`, {
      url,
      endpoint: server.endpoint,
      region: server.region,
    });
    const ids: string[] = [];
    for (let n = 0; n < connectors; n += 1) {
      const id = await rig.insertConnector(world, (input) => {
        input.source!.affiliateId = ['MZN', 'LNG', 'BCD'][n];
      });
      await rig.onboard(id);
      await rig.firstSync(id);
      ids.push(id);
    }
    return { world, ids };
  }

  /** As POST /v1/credentials/{id}/rotate does. */
  async function rotate(world: World): Promise<void> {
    await rotationStore(rig.database).ask(idOf(world), 'asked', new Date());
    await rig.orchestrator.secretChanged(idOf(world));
  }

  /** As POST /v1/credentials/{id}/secret does. */
  async function save(world: World, secret: string): Promise<void> {
    await clientSecretStore(rig.database).save(idOf(world), box.seal(secret));
    await rotationStore(rig.database).prove(idOf(world), 'saved', new Date());
    await rig.orchestrator.secretChanged(idOf(world));
  }

  /** Has Amazon tell of the world's newest secret, as after somebody has pressed the button in its console. */
  function tell(world: World, secret: string, more: object = {}): Promise<unknown> {
    const days = (count: number): string => new Date(Date.now() + count * 24 * 3600_000).toISOString();
    return rig.control('POST', `worlds/${world.name}/amazon-notifications`, {
      type: 'APPLICATION_OAUTH_CLIENT_NEW_SECRET',
      payload: {
        applicationOAuthClientNewSecret: {
          clientId: world.amazon.clientId,
          newClientSecret: secret,
          newClientSecretExpiryTime: days(180),
          oldClientSecretExpiryTime: days(7),
          ...more,
        },
      },
    });
  }

  const queueIsEmpty = (): Promise<void> =>
    rig.until(async () => {
      const { waiting, inFlight } = await server.count(url);
      return waiting + inFlight === 0;
    }, 'every notice to be taken');

  const parked = (connectorId: string, code: string): Promise<void> =>
    rig.until(async () => (await rig.run(connectorId))?.waitingFor?.code === code, `the run to wait for ${code}`);

  /** Every run of a rotation, as the engine keeps it, with its payloads in clear. */
  async function historiesOf(world: World): Promise<string> {
    const texts: string[] = [];
    for await (const { workflowId, runId } of rig.client.workflow.list()) {
      if (workflowId !== credentialRotationId(idOf(world))) continue;
      const plain = JSON.stringify(await rig.client.workflow.getHandle(workflowId, runId).fetchHistory());
      const payloads = [...plain.matchAll(/"data": ?"([A-Za-z0-9+/=]+)"/g)];
      texts.push(plain, ...payloads.map(([, data]) => Buffer.from(data!, 'base64').toString('utf8')));
    }
    return texts.join('\n');
  }

  it('is rotated although the old one dies early, the new one is dead for 40 minutes, and the message comes twice', async () => {
    const { world, ids } = await connected('rotated', 2);
    const old = await currentOf(world);
    await amazon(world, { rotation: { oldLivesSeconds: 0, newDeadSeconds: FORTY_MINUTES, copies: 2 } });
    await rotate(world);
    await rig.until(
      async () => (await kept(world)).rotation?.waitingFor?.code === 'auth.secret_pending',
      'the new secret to be tried'
    );
    await queueIsEmpty();

    // In the gap nothing works that needs a new token.
    await amazon(world, { expireTokens: true });
    await rig.control('POST', 'worlds/rotated/skus/SKU-0002', { quantity: 3 });
    const runs = await Promise.all(ids.map((id) => rig.startSync(id)));
    for (const id of ids) await parked(id, 'auth.secret_pending');
    expect(await currentOf(world)).toBe(old);

    await rig.control('POST', 'clock', { advanceSeconds: FORTY_MINUTES });
    const ended = await Promise.all(ids.map((id, at) => rig.ended(id, (run) => run._id === runs[at])));
    expect(ended.map(({ outcome }) => outcome)).toEqual(['completed', 'completed']);
    expect((await rig.books(world))['SKU-0002']).toMatchObject({ quantity: 3 });
    await inState(world, 'done');
    expect((await rig.calls(ROTATE)).map(({ status }) => status)).toEqual([204]);
    const { clientSecret, secretExpiresAt } = await kept(world);
    const [facts] = await rig.control<World[]>('GET', 'worlds').then((all) => all.filter((w) => w.name === 'rotated'));
    expect(box.open(clientSecret.current!)).toBe(facts!.amazon.clientSecret);
    expect(box.open(clientSecret.previous!.secret)).toBe(old);
    expect(clientSecret.received).toBeNull();
    expect(secretExpiresAt!.getTime()).toBeGreaterThan(Date.now() + 179 * 24 * 3600_000);
    expect(await deadLetterStore(rig.database).page(undefined, 10)).toEqual([]);
    const histories = await historiesOf(world);
    expect(histories).toContain(`{"credentialId":"${idOf(world)}"`);
    expect(histories).not.toMatch(/amzn1\.oa2-cs/);
  });

  it('is asked for once although Amazon does not answer, and is taken when its message comes', async () => {
    const { world } = await connected('unanswered', 1);
    const before = (await rig.calls(ROTATE)).length;
    await rig.control('POST', 'faults', { match: { operation: ROTATE }, kind: 'timeout', after: true, times: 1 });
    await amazon(world, { rotation: { copies: 0 } });
    await rotate(world);
    await inState(world, 'awaiting');
    await rig.until(async () => (await rig.calls(ROTATE)).length > before, 'Amazon to be asked');
    // Asked for again by a person, by a restart, by another worker.
    for (let n = 0; n < 3; n += 1) await rotate(world);
    await rig.stopWorker();
    await rig.startWorker();
    await rotate(world);
    await rig.until(async () => /"state":"awaiting"/.test(JSON.stringify(await kept(world))), 'it to wait on');
    expect((await kept(world)).rotation).toMatchObject({
      answer: 'unknown',
      waitingFor: { code: 'new_secret_awaited', owner: 'amazon' },
    });
    const [facts] = await rig
      .control<World[]>('GET', 'worlds')
      .then((all) => all.filter((w) => w.name === 'unanswered'));
    await tell(world, facts!.amazon.clientSecret);
    await inState(world, 'done');
    expect(await currentOf(world)).toBe(facts!.amazon.clientSecret);
    expect((await rig.calls(ROTATE)).length).toBe(before + 1);
  });

  it('is not asked for where the application is not enrolled, which says what to do, and can be asked for again', async () => {
    const { world } = await connected('not-enrolled', 1);
    await amazon(world, { rotation: { enrolled: false } });
    await rotate(world);
    await inState(world, 'failed');
    expect((await kept(world)).rotation).toMatchObject({
      requestedAt: null,
      waitingFor: { code: 'not_enrolled', owner: 'longshore', message: expect.stringContaining('Developer Console') },
    });
    await amazon(world, { rotation: {} });
    const old = await currentOf(world);
    await rig.control('POST', 'clock', { advanceSeconds: 120 });
    await rotate(world);
    await inState(world, 'done');
    expect(await currentOf(world)).not.toBe(old);
  });

  it('is taken when it comes unasked, and not again when its message comes late once more', async () => {
    const { world } = await connected('unasked', 1);
    const first = await amazon(world, { newClientSecret: true });
    await tell(world, first.amazon.clientSecret);
    await rig.until(async () => (await currentOf(world)) === first.amazon.clientSecret, 'the first one to be in use');
    const second = await amazon(world, { newClientSecret: true });
    await tell(world, second.amazon.clientSecret);
    await rig.until(async () => (await currentOf(world)) === second.amazon.clientSecret, 'the second one to be in use');
    await tell(world, second.amazon.clientSecret, { later: true });
    await queueIsEmpty();
    expect(await currentOf(world)).toBe(second.amazon.clientSecret);
    expect((await kept(world)).rotation).toMatchObject({ state: 'done', cause: 'received' });
  });

  it('is put with the dead letters, sealed, when it is of an application that nobody knows', async () => {
    const { world } = await connected('stranger', 1);
    await tell(world, 'amzn1.oa2-cs.v1.of-a-stranger', { clientId: 'amzn1.application-oa2-client.stranger' });
    const letters = deadLetterStore(rig.database);
    await rig.until(async () => (await letters.page(undefined, 10)).length > 0, 'the dead letter');
    const [letter] = await letters.page(undefined, 10);
    expect(letter).toMatchObject({ reason: expect.stringContaining('amzn1.application-oa2-client.stranger') });
    expect(JSON.stringify(letter)).not.toContain('of-a-stranger');
    expect(box.open(letter!.body)).toContain('of-a-stranger');
  });

  it.each([
    ['was replaced at Amazon', 'auth.secret_rotated', async () => undefined],
    [
      'has expired',
      'auth.secret_expired',
      async (world: World) => {
        const secretCreatedAt = new Date(Date.now() - 181 * 24 * 3600_000);
        await credentialStore(rig.database).setDates(idOf(world), { secretCreatedAt });
      },
    ],
  ])(
    'that %s parks every connector of its credential, which go on by themselves once another is saved',
    async (_, code, age) => {
      const { world, ids } = await connected(`parks-${code.split('_')[1]}`, 3);
      const { config } = await rig.connector(ids[0]!);
      await rig.control('POST', 'faults', {
        match: { operation: 'patchListingsItem' },
        kind: 'slow',
        delayMs: 300,
      });
      for (const sku of ['SKU-0001', 'SKU-0002', 'SKU-0003'])
        await rig.control('POST', `worlds/${world.name}/skus/${sku}`, { quantity: 2 });
      await age(world);
      await amazon(world, { rotation: { oldLivesSeconds: 0 } });
      const runs = await Promise.all(ids.slice(0, 2).map((id) => rig.startSync(id)));
      const mended = await amazon(world, { newClientSecret: true, expireTokens: true });
      for (const id of ids.slice(0, 2)) await parked(id, code);
      await rig.orchestrator.configurationChanged(ids[2]!);
      await rig.waiting(ids[2]!, code);
      await save(world, 'amzn1.oa2-cs.v1.mistyped');
      await rig.until(
        async () => (await kept(world)).rotation?.waitingFor?.code === 'auth.wrong_secret',
        'the mistyped one to be told'
      );
      await save(world, mended.amazon.clientSecret);
      const ended = await Promise.all(ids.slice(0, 2).map((id, at) => rig.ended(id, (run) => run._id === runs[at])));
      expect(ended.map(({ outcome }) => outcome)).toEqual(['completed', 'completed']);
      await rig.onboarded(ids[2]!);
      expect(config.amazon.clientId).toBe(world.amazon.clientId);
      expect((await rig.books(world))['SKU-0003']).toMatchObject({ quantity: 2 });
    }
  );
});
