import { randomBytes } from 'node:crypto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { Connection } from 'mongoose';
import pino from 'pino';
import { createAlertActivities } from '../../activities/alerts';
import type { AlertDependencies } from '../../activities/alerts/dependencies';
import { createAlertSender } from '../../adapters/alerts';
import { createKeyring } from '../../adapters/secrets/keyring';
import { createOrchestrator } from '../../adapters/temporal/orchestrator';
import type { AlertMessage, Channel } from '../../domain/alerts/alert';
import { alertDeliveryId, alertWatchId } from '../../domain/ids';
import type { Orchestrator } from '../../domain/ports/orchestrator';
import type { SyncMode, SyncOutcome } from '../../domain/sync';
import { withDatabase } from '../../embedded/mongodb';
import { alertChannelStore } from '../../models/alert-channels';
import { alertDeliveryStore } from '../../models/alert-deliveries';
import { alertFactQueries } from '../../models/alert-facts';
import { alertStore } from '../../models/alerts';
import { alertWatchStore } from '../../models/alert-watch';
import { connectorModel } from '../../models/connectors';
import { orderWatchStore } from '../../models/order-watches';
import { connectDatabase } from '../../models/database';
import { ensureIndexes } from '../../models/indexes';
import { putRun } from '../api/samples';
import { HookReceiver, verified } from '../hook-receiver';
import { MailServer } from '../mail-server';
import { pass, passWithoutWorker } from '../time-skipping/passing';
import { startTimeSkipping } from '../time-skipping/server';

const DAY = 24 * 3_600_000;
const HOUR = 1 / 24;
const SECRET = `whsec_${randomBytes(32).toString('base64')}`;
const SELLER = 'A2ALERTSSELLER';
const OPERATORS = ['ops@example.com'];
const taskQueue = 'alerts';
const box = createKeyring(`test:${randomBytes(32).toString('base64')}`);

let server: Connection;
let database: Connection;
let env: TestWorkflowEnvironment;
let mail: MailServer;
let receiver: HookReceiver;
let orchestrator: Orchestrator & { close(): Promise<void> };
let worker: { stop(): Promise<void> } | undefined;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  [server, env] = await Promise.all([connectDatabase(process.env.TEST_MONGODB_URI!), startTimeSkipping()]);
  orchestrator = createOrchestrator({ address: env.address, namespace: 'default', taskQueue });
}, 360_000);
afterAll(async () => {
  await orchestrator.close();
  await env.teardown();
  await server.close();
});
beforeEach(async () => {
  const name = `alerts_${randomBytes(6).toString('hex')}`;
  [mail, receiver] = await Promise.all([MailServer.start(), HookReceiver.start()]);
  database = await connectDatabase(withDatabase(process.env.TEST_MONGODB_URI!, name));
  await ensureIndexes(database);
});
/** The server's time is one for all: a watch that a test left at work would hold that of the next. */
afterEach(async () => {
  const watch = env.client.workflow.getHandle(alertWatchId(taskQueue));
  await watch.terminate().catch(() => undefined);
  await worker?.stop();
  await Promise.all([mail.stop(), receiver.stop()]);
  await database.dropDatabase();
  await database.close();
});

/** A worker of alerts alone. Its start and end stand for those of the service. */
async function startWorker(change: Partial<AlertDependencies> = {}): Promise<void> {
  const created = await Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle: { codePath: process.env.TEST_WORKFLOW_BUNDLE ?? '' },
    activities: createAlertActivities({
      facts: alertFactQueries(database),
      alerts: alertStore(database),
      watch: alertWatchStore(database),
      channels: alertChannelStore(database),
      deliveries: alertDeliveryStore(database),
      sender: createAlertSender({
        smtpUrl: mail.url,
        from: 'Longshore <ls@example.com>',
        allowPrivate: true,
        timeoutMs: 2_000,
        publicUrl: 'https://longshore.example',
      }),
      secretBox: box,
      orchestrator,
      operators: OPERATORS,
      logger: pino({ level: 'silent' }),
      ...change,
    }),
    shutdownGraceTime: 1000,
    // What a worker that was stopped has cached is waited for by this server, in real time.
    maxCachedWorkflows: 0,
  });
  const done = created.run();
  worker = {
    async stop() {
      worker = undefined;
      created.shutdown();
      await done;
    },
  };
}

async function startWatch(everySeconds: number): Promise<void> {
  await env.client.workflow.start('alertWatch', {
    taskQueue,
    workflowId: alertWatchId(taskQueue),
    args: [{ everySeconds, historyEvents: 2_500 }],
  });
}

const now = async (): Promise<Date> => new Date(await env.currentTimeMs());

async function aChannel(kind: 'webhook' | 'slack', parts: Partial<Channel> = {}): Promise<string> {
  const _id = `ach_${randomBytes(10).toString('hex')}`;
  const { id: _none, ...rest } = parts;
  await alertChannelStore(database).create({
    _id,
    name: `A ${kind}`,
    kind,
    isEnabled: true,
    addresses: [],
    events: [],
    minimumSeverity: 'info',
    thresholdMinutes: {},
    timeZone: 'UTC',
    quietHours: null,
    digestHour: null,
    digestDay: null,
    createdAt: await now(),
    url: box.seal(receiver.url),
    shownUrl: 'http://127.0.0.1/…',
    secret: kind === 'webhook' ? box.seal(SECRET) : null,
    version: 1,
    ...rest,
  });
  return _id;
}

/** A connector that no schedule is missed of, and what its syncs come to. */
async function aConnector({ state = 'active', mode = 'synchronization' as SyncMode } = {}) {
  const id = `con_${randomBytes(10).toString('hex')}`;
  await connectorModel(database).collection.insertOne({
    _id: id,
    state,
    stateReason: null,
    activatedAt: await now(),
    updatedAt: await now(),
    onboarding: { waitingFor: null },
    config: {
      name: 'Luma US',
      source: { type: 'vtex' },
      amazon: { sellerId: SELLER, country: 'US' },
      schedule: { everyMinutes: 1_000_000, mode },
      orders: { defaultZipCode: '10001' },
    },
  } as never);
  let runs = 0;
  return {
    id,
    async ran(outcome: SyncOutcome): Promise<void> {
      const at = await now();
      const outcomeReason = outcome === 'failed' ? 'VTEX does not answer.' : null;
      runs += 1;
      await putRun(database, {
        _id: `syn_${id.slice(4, 20)}${String(runs).padStart(4, '0')}`,
        connectorId: id,
        mode,
        phase: 'done',
        outcome,
        outcomeReason,
        startedAt: at,
        endedAt: at,
      });
    },
  };
}

/** A digest that is on its way, as a look leaves it. */
async function aDelivery(channelId: string, n: number): Promise<string> {
  const id = `adl_${String(n).padStart(32, '0')}`;
  const message: AlertMessage = { id, channelId, kind: 'digest', to: [], items: [], at: await now() };
  await alertDeliveryStore(database).add([message]);
  await orchestrator.wakeAlertDelivery(id);
  return id;
}

const deliveryOf = async (id: string) => (await alertDeliveryStore(database).get(id))!;
const statesOf = async (ids: string[]) => Promise.all(ids.map(async (id) => (await deliveryOf(id)).state));

async function until(isSo: () => Promise<boolean> | boolean, what: string): Promise<void> {
  const end = Date.now() + 40_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`waited 40 s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What a workflow has left at the engine, decoded. */
async function historyOf(workflowId: string): Promise<string> {
  const history = await env.client.workflow.getHandle(workflowId).fetchHistory();
  const text = JSON.stringify(history);
  const payloads = [...text.matchAll(/"data": ?"([A-Za-z0-9+/=]+)"/g)];
  return [text, ...payloads.map(([, data]) => Buffer.from(data!, 'base64').toString('utf8'))].join('\n');
}

describe('the watch', () => {
  it('tells each thing once in 20 days, through restarts and an outage of ten days, to everybody who is to hear of it', async () => {
    const start = (await now()).getTime();
    await aChannel('webhook');
    await aChannel('slack', { events: ['run_stuck'] });
    const connector = await aConnector();
    await connector.ran('completed');
    await startWorker();
    await startWatch(6 * 3600);
    await pass(env, 1.1);
    await connector.ran('failed');
    await pass(env, 1.4);
    await worker!.stop();
    await startWorker();
    await pass(env, 0.6);
    await connector.ran('failed');
    await pass(env, 0.2);
    await connector.ran('completed');
    await pass(env, 1);
    await connector.ran('failed');
    await pass(env, 0.5);
    await worker!.stop();
    await passWithoutWorker(env, 10);
    await startWorker();
    await pass(env, 1.5);
    await connector.ran('completed');
    await pass(env, 4);
    const hooks = receiver.hooks.filter(({ body }) => body.type);
    const dayOf = (at: string): number => Math.floor(((Date.parse(at) - start) / DAY) * 4) / 4;
    expect(hooks.map(({ body }) => `day ${dayOf(body.timestamp)}: ${body.type}`)).toEqual([
      'day 1.25: alert.firing',
      'day 2.25: alert.reminder',
      'day 3.25: alert.reminder',
      'day 3.75: alert.recovered',
      'day 4.5: alert.firing',
      'day 14.75: alert.reminder',
      'day 15.75: alert.reminder',
      'day 16.5: alert.recovered',
    ]);
    for (const hook of hooks) expect(verified(hook, SECRET)).toBeDefined();
    expect(new Set(hooks.map(({ headers }) => headers['webhook-id'])).size).toBe(hooks.length);
    expect(mail.mails.map(({ headers }) => headers.subject!.replace('[Longshore] ', ''))).toEqual([
      'Alert: Syncs fail (Luma US)',
      'Still: Syncs fail (Luma US)',
      'Still: Syncs fail (Luma US)',
      'Over: Syncs fail (Luma US)',
      'Alert: Syncs fail (Luma US)',
      'Still: Syncs fail (Luma US)',
      'Still: Syncs fail (Luma US)',
      'Over: Syncs fail (Luma US)',
    ]);
    expect(receiver.hooks.length).toBe(hooks.length);
  }, 240_000);

  it('tells nothing twice and loses nothing when a look is cut off after it has decided', async () => {
    await aChannel('webhook');
    const connector = await aConnector();
    await connector.ran('failed');
    const deliveries = alertDeliveryStore(database);
    const channels = alertChannelStore(database);
    let cuts = 0;
    const cut = async (): Promise<void> => {
      cuts += 1;
      if (cuts <= 2) throw new Error('the process was killed');
    };
    const alerts = alertStore(database);
    await startWorker({
      channels,
      deliveries: {
        ...deliveries,
        add: async (messages) => (messages.length > 0 && (await cut()), deliveries.add(messages)),
      },
      alerts: { ...alerts, write: async (...args) => (await alerts.write(...args), cuts === 2 ? cut() : undefined) },
    });
    await startWatch(900);
    await pass(env, 0.2);
    expect(cuts).toBeGreaterThanOrEqual(3);
    expect(receiver.hooks.map(({ body }) => body.type)).toEqual(['alert.firing']);
    expect(mail.mails).toHaveLength(1);
  }, 120_000);

  it('tells that the orders of an account cannot be read, also of a paused connector, and when they are again', async () => {
    await aChannel('webhook');
    await aConnector({ state: 'paused' });
    const watches = orderWatchStore(database);
    const account = { sellerId: SELLER, region: 'NA' as const };
    const since = await now();
    const said = 'Amazon denies searchOrders.';
    await watches.noteProblem(account, since.toISOString(), null, { code: 'auth.forbidden', said, since });
    await startWorker();
    await startWatch(120);
    await pass(env, HOUR);
    await watches.note(account, since.toISOString(), null);
    await pass(env, HOUR);
    expect(receiver.hooks.map(({ body }) => body.type)).toEqual(['alert.firing', 'alert.recovered']);
    const { data } = verified(receiver.hooks[0]!, SECRET) as { data: { alerts: object[] } };
    expect(data.alerts).toEqual([
      expect.objectContaining({
        id: `connector_parked:order-watch:${SELLER}:NA`,
        severity: 'critical',
        since: since.toISOString(),
        message: expect.stringContaining(
          `(Luma US) are not read, and no stock is held for new ones. ${said}`
        ) as string,
        action: expect.stringContaining('the role that the message names') as string,
        url: 'https://longshore.example/v1/order-watches',
      }),
    ]);
  }, 120_000);

  it('tells of a connector whose schedule makes tests that its tests fail, and not that none is started', async () => {
    await aChannel('webhook');
    const connector = await aConnector({ mode: 'test' });
    await connectorModel(database).collection.updateOne({}, { $set: { 'config.schedule.everyMinutes': 60 } });
    await startWorker();
    await startWatch(600);
    for (let hours = 0; hours < 5; hours += 1) {
      await connector.ran('failed');
      await pass(env, HOUR);
    }
    const told = receiver.hooks.flatMap(({ body }) => body.data.alerts.map(({ id, change }) => [id, change]));
    expect(told).toEqual([[`run_failed:${connector.id}`, 'firing']]);
  }, 120_000);

  it('sends a digest each day at its hour, and holds back in quiet hours', async () => {
    await aChannel('webhook', { digestHour: 8, quietHours: { from: '20:00', to: '08:00' }, minimumSeverity: 'error' });
    const connector = await aConnector();
    await startWorker();
    await pass(env, ((Date.parse('2100-01-01T22:00:00Z') - (await now()).getTime()) % DAY) / DAY);
    await startWatch(7200);
    await connector.ran('failed');
    await pass(env, 2);
    const types = receiver.hooks.map(({ body }) => [Number(body.timestamp.slice(11, 13)), body.type]);
    // The look at 8 comes some moments after the hour.
    expect(types).toEqual([
      [22, 'alert.digest'],
      [8, 'alert.summary'],
      [8, 'alert.digest'],
      [8, 'alert.reminder'],
      [8, 'alert.digest'],
    ]);
  }, 120_000);
});

describe('a message', () => {
  it('is tried until the other side is back, before those that came after it; each arrives once', async () => {
    receiver.answer = () => ({ status: 503 });
    const channelId = await aChannel('webhook');
    await startWorker();
    const ids = [await aDelivery(channelId, 1), await aDelivery(channelId, 2), await aDelivery(channelId, 3)];
    await pass(env, 3 * HOUR);
    const tried = await Promise.all(ids.map(deliveryOf));
    expect(tried.map(({ tries }) => tries > 0)).toEqual([true, false, false]);
    expect(tried[0]!.tries).toBeLessThan(12);
    receiver.hooks.length = 0;
    receiver.answer = () => ({ status: 200 });
    await pass(env, 1.1 * HOUR);
    expect(receiver.hooks.map(({ headers }) => headers['webhook-id'])).toEqual(ids);
    expect(await statesOf(ids)).toEqual(['delivered', 'delivered', 'delivered']);
  }, 120_000);

  it('is given up after a day, which others are told of, and sent again by a person', async () => {
    const away = await HookReceiver.start();
    await away.stop();
    const channelId = await aChannel('webhook', { url: box.seal(away.url) } as never);
    await startWorker();
    const ids = [await aDelivery(channelId, 11), await aDelivery(channelId, 12)];
    await pass(env, 1.1);
    expect(await statesOf(ids)).toEqual(['dead', 'dead']);
    await startWatch(1800);
    await until(() => mail.mails.length > 0, 'somebody to be told');
    expect(mail.mails.map(({ headers }) => headers.subject)).toEqual([
      '[Longshore] Alert: Alerts could not be delivered (A webhook)',
    ]);
    const back = await HookReceiver.start(away.port);
    const deliveries = alertDeliveryStore(database);
    for (const id of ids) {
      expect(await deliveries.revive(id, await now())).toBe(true);
      await orchestrator.wakeAlertDelivery(id);
    }
    await until(async () => (await statesOf(ids)).every((state) => state === 'delivered'), 'both to arrive');
    expect(back.hooks.map(({ headers }) => headers['webhook-id'])).toEqual(ids);
    await pass(env, 0.3);
    expect(mail.mails.at(-1)!.headers.subject).toBe('[Longshore] Over: Alerts could not be delivered (A webhook)');
    await back.stop();
  }, 180_000);

  it.each([
    [410, 1, 0.01, 'dropped'],
    [404, 6, 2 * HOUR, 'dead'],
  ])('that is answered with %i is given up after so many tries (%i)', async (status, tries, days, state) => {
    receiver.answer = () => ({ status });
    await startWorker();
    const id = await aDelivery(await aChannel('slack'), 20 + tries);
    await pass(env, days);
    expect(await deliveryOf(id)).toMatchObject({ state, tries });
  });

  it('to a channel that is gone is dropped', async () => {
    receiver.answer = () => ({ status: 500 });
    await startWorker();
    const channelId = await aChannel('webhook');
    const id = await aDelivery(channelId, 31);
    await pass(env, HOUR);
    await alertChannelStore(database).remove(channelId);
    await pass(env, 2 * HOUR);
    expect(await deliveryOf(id)).toMatchObject({ state: 'dropped' });
  });

  it('leaves neither the address nor the secret of its channel at the workflow engine', async () => {
    await startWorker();
    const id = await aDelivery(await aChannel('webhook'), 41);
    await until(async () => (await deliveryOf(id)).state === 'delivered', 'it to arrive');
    const history = await historyOf(alertDeliveryId(id));
    expect(history).toContain(id);
    for (const secret of [SECRET, SECRET.slice(6), 'of-the-receiver', String(receiver.port)])
      expect(history).not.toContain(secret);
  });
});
