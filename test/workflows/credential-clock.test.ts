import { randomBytes } from 'node:crypto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { Connection } from 'mongoose';
import pino from 'pino';
import { createCredentialClockActivities, type CredentialClockActivities } from '../../activities/credential-clock';
import { createMailer } from '../../adapters/mail';
import { createKeyring } from '../../adapters/secrets/keyring';
import { createOrchestrator } from '../../adapters/temporal/orchestrator';
import { credentialClockId } from '../../domain/ids';
import type { Orchestrator } from '../../domain/ports/orchestrator';
import type { ReminderNote } from '../../domain/reminders';
import { withDatabase } from '../../embedded/mongodb';
import { connectorModel } from '../../models/connectors';
import { credentialQueries } from '../../models/credential-queries';
import { rotationStore } from '../../models/credential-rotations';
import { credentialModel, credentialStore, type CredentialDocument } from '../../models/credentials';
import { connectDatabase } from '../../models/database';
import { MailServer } from '../mail-server';
import { startTimeSkipping } from '../time-skipping/server';

const DAY = 24 * 3600_000;
const SECRET = 'amzn1.oa2-cs.v1.of-the-clock-tests';
const TOKEN = 'Atzr|of-the-clock-tests';
const SELLER = 'A2CLOCKSELLER';

let database: Connection;
let env: TestWorkflowEnvironment;
let mail: MailServer;
let orchestrator: Orchestrator & { close(): Promise<void> };
const workers = new Set<{ stop(): Promise<void> }>();
const clocks: { id: string; clientId: string }[] = [];
const taskQueue = 'credential-clocks';

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const name = `clocks_${randomBytes(6).toString('hex')}`;
  [database, env, mail] = await Promise.all([
    connectDatabase(withDatabase(process.env.TEST_MONGODB_URI!, name)),
    startTimeSkipping(),
    MailServer.start(),
  ]);
  orchestrator = createOrchestrator({ address: env.address, namespace: 'default', taskQueue });
}, 360_000);
afterEach(endClocks);
afterAll(async () => {
  await orchestrator.close();
  await mail.stop();
  await env.teardown();
  await database.dropDatabase();
  await database.close();
});

/** The server's time is one for all: a clock that a test left at work would hold that of the next. */
async function endClocks(): Promise<void> {
  for (const worker of workers) await worker.stop();
  const worker = await startWorker(mail.url);
  for (const { id, clientId } of clocks) {
    await credentialStore(database).forget(clientId, SELLER);
    await orchestrator.credentialChanged(id);
    const clock = env.client.workflow.getHandle(credentialClockId(id));
    await until(async () => (await clock.describe()).status.name === 'COMPLETED', 'the clock to end');
  }
  clocks.length = 0;
  await worker.stop();
}

/** A worker of the clocks alone. Its start and end stand for those of the service. */
async function startWorker(
  smtpUrl?: string,
  change: (activities: CredentialClockActivities) => CredentialClockActivities = (activities) => activities
): Promise<{ stop(): Promise<void> }> {
  const to = ['ops@example.com', 'merchant@example.com'];
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle: { codePath: process.env.TEST_WORKFLOW_BUNDLE ?? '' },
    activities: change(
      createCredentialClockActivities({
        credentials: credentialStore(database),
        rotations: rotationStore(database),
        orchestrator,
        queries: credentialQueries(database),
        mailer: smtpUrl
          ? createMailer({ smtpUrl, from: 'Longshore <ls@example.com>', to, timeoutMs: 2_000 })
          : undefined,
        logger: pino({ level: 'silent' }),
        publicUrl: 'https://longshore.example',
      })
    ),
    shutdownGraceTime: 1000,
    // What a worker that was stopped has cached is waited for by this server, in real time.
    maxCachedWorkflows: 0,
  });
  const done = worker.run();
  const started = {
    async stop() {
      workers.delete(started);
      worker.shutdown();
      await done;
    },
  };
  workers.add(started);
  return started;
}

/** A credential of its own with a connector. Its secret is so many days old by the test's clock, its authorisation new. */
async function credentialOfNow(
  clientName: string,
  { secretAge = 0, name = `Shop ${clientName}` }: { secretAge?: number; name?: string } = {}
) {
  const clientId = `amzn1.application-oa2-client.${clientName}`;
  const store = credentialStore(database);
  const start = await env.currentTimeMs();
  const id = await rotate(clientId);
  clocks.push({ id, clientId });
  await store.setDates(id, {
    secretCreatedAt: new Date(start - secretAge * DAY),
    authorisedAt: { [SELLER]: new Date(start) },
  });
  const connector = { _id: `con_${clientName}`, credentialId: id, state: 'active', config: { name } };
  await connectorModel(database).collection.insertOne(connector as never);
  const dayOf = (date: Date): number => (date.getTime() - start) / DAY;
  return {
    id,
    clientId,
    start,
    store,
    document: async (): Promise<CredentialDocument> => (await store.get(id))!,
    mailed: () => mail.mails.filter(({ text }) => text.includes(clientId)),
    /** When what was sent, in days of the test. */
    timesOf: (notes: ReminderNote[] = []): string[] =>
      notes
        .filter(({ state }) => state === 'sent')
        .map(({ at, day, dueAt }) => `day ${dayOf(at).toFixed(1)}: ${day} days before day ${Math.round(dayOf(dueAt))}`),
    /** Puts a new secret into use, as onboarding does once Amazon has accepted it. */
    rotate: () => rotate(clientId),
  };
}

async function rotate(clientId: string): Promise<string> {
  const store = credentialStore(database);
  const box = createKeyring(`test:${randomBytes(32).toString('base64')}`);
  const id = await store.propose(clientId, SELLER, { clientSecret: box.seal(SECRET), refreshToken: box.seal(TOKEN) });
  await store.promote(SELLER, (await store.newest(clientId, SELLER))!, { clientSecret: true, refreshToken: false });
  await store.setDates(id, { secretCreatedAt: new Date(await env.currentTimeMs()) });
  return id;
}

/** Lets days pass one by one, as the clocks' own timers do. */
async function pass(days: number): Promise<void> {
  for (let left = days; left > 0; left -= 1) await env.sleep(Math.min(left, 1) * DAY);
}

/**
 * Lets days pass while no worker runs. The server's clock stands while a workflow is to be woken, once it has waited so long
 * that no worker can be there it is told to go on.
 */
async function passWithoutWorker(days: number): Promise<void> {
  const testService = env.connection.testService!;
  let held = 0;
  for (let left = days; left > 0; left -= 1) {
    const slept = env.sleep(DAY).then(() => true);
    const hasPassed = await Promise.race([slept, new Promise((resolve) => setTimeout(resolve, 1_000, false))]);
    if (hasPassed) continue;
    await testService.unlockTimeSkipping({});
    held += 1;
    await slept;
  }
  for (; held > 0; held -= 1) await testService.lockTimeSkipping({});
}

/** Waits, with a bound and in real time, until something is so. */
async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 40_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`waited 40 s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Waits until a clock has looked and sleeps. */
async function asleep(credentialId: string): Promise<void> {
  await until(async () => {
    const { events } = await env.client.workflow.getHandle(credentialClockId(credentialId)).fetchHistory();
    const hasLooked = events?.some((event) => event.activityTaskCompletedEventAttributes);
    const last = events?.at(-1);
    return Boolean(hasLooked && (last?.timerStartedEventAttributes ?? last?.workflowTaskCompletedEventAttributes));
  }, 'the clock to sleep');
}

/** Everything that the runs of a clock have left at the engine, decoded, its latest run first. */
async function historiesOf(credentialId: string): Promise<string[]> {
  const texts: string[] = [];
  for (let runId: string | undefined, isFirst = true; isFirst || runId; isFirst = false) {
    const history = await env.client.workflow.getHandle(credentialClockId(credentialId), runId).fetchHistory();
    const plain = JSON.stringify(history);
    const payloads = [...plain.matchAll(/"data": ?"([A-Za-z0-9+/=]+)"/g)];
    texts.push([plain, ...payloads.map(([, data]) => Buffer.from(data!, 'base64').toString('utf8'))].join('\n'));
    runId = history.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
  }
  return texts;
}

describe('the clock of a credential', () => {
  it('sends each reminder once in 200 days, through restarts, an outage of 10 days, a notice of Amazon and a rotation', async () => {
    const credential = await credentialOfNow('long');
    await credential.store.setDates(credential.id, {
      authorisedAt: { [SELLER]: new Date(credential.start - 300 * DAY) },
    });
    let worker = await startWorker(mail.url);
    await orchestrator.startCredentialClock(credential.id);
    await pass(20);
    await worker.stop();
    worker = await startWorker(mail.url);
    await pass(47.5);
    // The seller has renewed the authorisation, and a person has said so.
    await credential.store.setDates(credential.id, { authorisedAt: { [SELLER]: new Date(await env.currentTimeMs()) } });
    await orchestrator.credentialChanged(credential.id);
    await pass(42.5);
    const notice = {
      expiresAt: new Date(credential.start + 176 * DAY).toISOString(),
      noticedAt: new Date(await env.currentTimeMs()).toISOString(),
    };
    await orchestrator.expiryNoticed(credential.id, notice);
    await orchestrator.expiryNoticed(credential.id, notice);
    await pass(10);
    await worker.stop();
    worker = await startWorker(mail.url);
    await pass(40);
    await worker.stop();
    await passWithoutWorker(10);
    worker = await startWorker(mail.url);
    await pass(8.5);
    await credential.rotate();
    await orchestrator.credentialChanged(credential.id);
    // A notice about the secret of before that comes late.
    await orchestrator.expiryNoticed(credential.id, notice);
    await pass(21.5);
    await asleep(credential.id);
    await worker.stop();

    const { reminders, secretExpiresAt } = await credential.document();
    expect(secretExpiresAt).toBeNull();
    expect(credential.timesOf(reminders['client-secret'])).toEqual([
      'day 90.0: 90 days before day 180',
      'day 110.0: 90 days before day 176', // the date that Amazon gives is news
      'day 146.0: 30 days before day 176',
      'day 170.0: 7 days before day 176', // in the place of 14 and 7, which the outage has swallowed
      'day 173.0: 3 days before day 176',
      'day 175.0: 1 days before day 176',
      'day 176.0: 0 days before day 176',
      'day 177.0: -1 days before day 176',
      'day 178.0: -2 days before day 176',
    ]);
    expect(credential.timesOf(reminders[`authorisation:${SELLER}`])).toEqual([
      'day 0.0: 90 days before day 65', // what begins late is told at once
      'day 35.0: 30 days before day 65',
      'day 51.0: 14 days before day 65',
      'day 58.0: 7 days before day 65',
      'day 62.0: 3 days before day 65',
      'day 64.0: 1 days before day 65',
      'day 65.0: 0 days before day 65',
      'day 66.0: -1 days before day 65',
      'day 67.0: -2 days before day 65',
    ]);
    const dateOf = (day: number): string => new Date(credential.start + day * DAY).toISOString().slice(0, 10);
    const secret = "The client secret of Longshore's application at Amazon";
    const seller = `The authorisation by seller ${SELLER}`;
    expect(credential.mailed().map(({ headers }) => headers.subject)).toEqual(
      [
        `${seller} expires in 65 days (${dateOf(65)})`,
        ...[30, 14, 7, 3].map((days) => `${seller} expires in ${days} days (${dateOf(65)})`),
        `${seller} expires in 1 day (${dateOf(65)})`,
        `${seller} has expired (${dateOf(65)})`,
        `${seller} expired 1 day ago (${dateOf(65)})`,
        `${seller} expired 2 days ago (${dateOf(65)})`,
        `${secret} expires in 90 days (${dateOf(180)})`,
        `${secret} expires in 66 days (${dateOf(176)})`,
        `${secret} expires in 30 days (${dateOf(176)})`,
        `${secret} expires in 6 days (${dateOf(176)})`,
        `${secret} expires in 3 days (${dateOf(176)})`,
        `${secret} expires in 1 day (${dateOf(176)})`,
        `${secret} has expired (${dateOf(176)})`,
        `${secret} expired 1 day ago (${dateOf(176)})`,
        `${secret} expired 2 days ago (${dateOf(176)})`,
      ].map((subject) => `[Longshore] ${subject}`)
    );
    expect(new Set(credential.mailed().map(({ headers }) => headers['message-id'])).size).toBe(18);
    const sealed = (await credential.document()).clientSecret.current!.box;
    const histories = await historiesOf(credential.id);
    expect(histories.length).toBeGreaterThan(18);
    for (const text of [...histories, ...credential.mailed().map(({ raw }) => raw)])
      for (const hidden of [SECRET, TOKEN, sealed]) expect(text).not.toContain(hidden);
  }, 240_000);

  it('mails in plain text and HTML what happens when, what to do, and who', async () => {
    const credential = await credentialOfNow('words', { secretAge: 173.5, name: 'Möbel <Süd> & Co' });
    const worker = await startWorker(mail.url);
    await orchestrator.startCredentialClock(credential.id);
    await asleep(credential.id);
    await worker.stop();
    const [only, ...others] = credential.mailed();
    expect(others).toEqual([]);
    expect(only!.from).toBe('ls@example.com');
    expect(only!.to).toEqual(['ops@example.com', 'merchant@example.com']);
    for (const body of [only!.text, only!.html]) {
      expect(body).toContain('expires in 7 days');
      expect(body).toContain(credential.clientId);
      expect(body).toContain('no listing, price or quantity is sent any more');
      expect(body).toContain('rotate the client secret');
      expect(body).toContain('Whoever administers the application');
      expect(body).toContain(`https://longshore.example/v1/credentials/${credential.id}`);
    }
    expect(only!.text).toContain('Connectors: Möbel <Süd> & Co (con_words)');
    expect(only!.html).toContain('<td>Möbel &lt;Süd&gt; &amp; Co (con_words)</td>');
  });

  it('sends one mail when a mail server that was away for hours is back, and shows until then why none came', async () => {
    const credential = await credentialOfNow('away', { secretAge: 165.9 });
    const gone = await MailServer.start();
    await gone.stop();
    const worker = await startWorker(gone.url);
    await orchestrator.startCredentialClock(credential.id);
    await pass(0.3);
    const statesOf = async () =>
      (await credential.document()).reminders['client-secret']?.map(({ day, state }) => [day, state]);
    await until(async () => (await statesOf())?.length === 2, 'both reminders to be given up');
    expect(await statesOf()).toEqual([
      [30, 'not_sent'],
      [14, 'not_sent'],
    ]);
    const [note] = (await credential.document()).reminders['client-secret']!;
    expect(note!.reason).toMatch(/^The mail server did not take the message \(E/);
    const back = await MailServer.start({}, gone.port);
    await pass(0.2);
    await asleep(credential.id);
    await worker.stop();
    await back.stop();
    expect(back.mails.map(({ headers }) => headers.subject)).toEqual([expect.stringContaining('expires in 14 days')]);
    expect(await statesOf()).toEqual([
      [30, 'not_sent'],
      [14, 'sent'],
    ]);
  });

  it('notes that nothing can be mailed without a mail server, and mails what stands then once there is one', async () => {
    const credential = await credentialOfNow('unset', { secretAge: 100 });
    const silent = await startWorker();
    await orchestrator.startCredentialClock(credential.id);
    await pass(0.5);
    await asleep(credential.id);
    await silent.stop();
    const [note, ...more] = (await credential.document()).reminders['client-secret']!;
    expect(note).toMatchObject({ state: 'not_sent', day: 90, reason: expect.stringContaining('SMTP_URL') });
    expect(more).toEqual([]);
    const worker = await startWorker(mail.url);
    await pass(0.1);
    await until(async () => credential.mailed().length > 0, 'the mail');
    await asleep(credential.id);
    await worker.stop();
    expect(credential.mailed().map(({ headers }) => headers.subject)).toEqual([
      expect.stringContaining('expires in 80 days'),
    ]);
    expect((await credential.document()).reminders['client-secret']).toMatchObject([{ state: 'sent', day: 90 }]);
  });

  it('does not mail again what the mail server took while the database was away and the worker was replaced', async () => {
    const credential = await credentialOfNow('once', { secretAge: 177 });
    const failing = await startWorker(mail.url, (activities) => ({
      ...activities,
      noteReminder: async () => {
        throw new Error('the database is away');
      },
    }));
    await orchestrator.startCredentialClock(credential.id);
    await until(async () => credential.mailed().length > 0, 'the mail');
    await failing.stop();
    expect((await credential.document()).reminders).toEqual({});
    const worker = await startWorker(mail.url);
    await pass(0.5);
    await asleep(credential.id);
    await worker.stop();
    expect(credential.mailed()).toHaveLength(1);
    expect((await credential.document()).reminders['client-secret']).toMatchObject([{ state: 'sent', day: 3 }]);
    // An attempt that was lost with the first worker holds the server's clock for the minute it may take.
  }, 180_000);

  it('reminds of the end of the client secret before while that is used again, of which nobody tells the clock', async () => {
    const credential = await credentialOfNow('again', { secretAge: 1 });
    const set = (change: object) => credentialModel(database).updateOne({ _id: credential.id }, { $set: change });
    const { current } = (await credential.document()).clientSecret;
    const until = new Date(credential.start + 6 * DAY);
    await set({ 'clientSecret.previous': { secret: current, until } });
    const worker = await startWorker(mail.url);
    await orchestrator.startCredentialClock(credential.id);
    await pass(1);
    expect(credential.mailed()).toEqual([]);
    await set({ 'clientSecret.fallback': { tryAgainAt: new Date(credential.start) } });
    await pass(2.5);
    await set({ 'clientSecret.fallback': null });
    await pass(3.5);
    await asleep(credential.id);
    await worker.stop();
    const { reminders } = await credential.document();
    expect(credential.timesOf(reminders['client-secret'])).toEqual([
      'day 1.0: 7 days before day 6',
      'day 3.0: 3 days before day 6',
    ]);
    expect(credential.mailed()).toHaveLength(2);
  }, 120_000);

  it('mails nothing about what no connector uses, and ends with its credential', async () => {
    const credential = await credentialOfNow('unused', { secretAge: 179.5 });
    await connectorModel(database).collection.deleteOne({ credentialId: credential.id });
    await startWorker(mail.url);
    await orchestrator.startCredentialClock(credential.id);
    await pass(3);
    await asleep(credential.id);
    expect(credential.mailed()).toEqual([]);
    await endClocks();
  });
});
