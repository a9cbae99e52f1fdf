import { randomBytes } from 'node:crypto';
import type { Connection } from 'mongoose';
import { takingIn } from '../../activities/notifications/take-in';
import { createKeyring } from '../../adapters/secrets/keyring';
import { createSqsQueue } from '../../adapters/sqs';
import { OutsideError } from '../../domain/errors';
import { UnreadableNotification, type Notice, type NotificationHandler } from '../../domain/ports/notifications';
import { withDatabase } from '../../embedded/mongodb';
import { connectDatabase } from '../../models/database';
import { deadLetterModel, deadLetterStore } from '../../models/dead-letters';
import { notificationQueueStore } from '../../models/notification-queues';
import { seenNoticeModel, seenNoticeStore } from '../../models/seen-notices';
import { listen, type Listener } from '../../worker/queue-listener';
import { startElasticMq, type QueueServer } from '../elasticmq/server';

const TYPE = 'ORDER_CHANGE';
const secretBox = createKeyring(`test:${randomBytes(32).toString('base64')}`);

let server: QueueServer;
let database: Connection;
let url: string;
let listeners: Listener[] = [];
let log: { level: 'info' | 'warn'; message: string; facts: object }[] = [];
let queues = 0;

beforeAll(async () => {
  server = await startElasticMq();
  database = await connectDatabase(
    withDatabase(process.env.TEST_MONGODB_URI!, `queue_${randomBytes(6).toString('hex')}`)
  );
  await seenNoticeModel(database).createIndexes();
  await deadLetterModel(database).createIndexes();
}, 420_000);
afterAll(async () => {
  await server?.stop();
  await database?.dropDatabase();
  await database?.close();
});
beforeEach(async () => {
  log = [];
  url = await server.createQueue(`q${(queues += 1)}`);
  await deadLetterModel(database).deleteMany({});
});
afterEach(async () => {
  await Promise.all(listeners.map((each) => each.stop(5_000)));
  listeners = [];
});

/** A worker's listener on the test's queue. */
function aWorker(handler: NotificationHandler, hiddenSeconds?: number): Listener {
  const logger = {
    info: (facts: object, message: string) => void log.push({ level: 'info', facts, message }),
    warn: (facts: object, message: string) => void log.push({ level: 'warn', facts, message }),
  };
  const deadLetters = deadLetterStore(database);
  const listener = listen({
    queues: [createSqsQueue({ url, region: server.region, endpoint: server.endpoint, timeoutMs: 5_000 })],
    takingIn: takingIn({
      handlers: { [TYPE]: handler },
      seen: seenNoticeStore(database),
      deadLetters,
      secretBox,
      logger,
    }),
    deadLetters,
    states: notificationQueueStore(database),
    hiddenSeconds,
    logger,
  });
  listeners.push(listener);
  return listener;
}

const aNotice = (id: string, payload: object = {}): string =>
  JSON.stringify({
    NotificationType: TYPE,
    EventTime: '2026-05-01T10:00:00.000Z',
    Payload: payload,
    NotificationMetadata: { NotificationId: `${id}-${url.slice(-4)}` },
  });

async function until(isSo: () => boolean | Promise<boolean>, what: string, seconds = 20): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`waited ${seconds} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function isEmpty(): Promise<boolean> {
  const { waiting, inFlight } = await server.count(url);
  return waiting + inFlight === 0;
}

describe('the listener on a notification queue', () => {
  it('hands every notification to its handler once, however often it is delivered and whoever listens', async () => {
    const handled: string[] = [];
    const slowly: NotificationHandler = async ({ id }) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      handled.push(id);
    };
    for (let workers = 0; workers < 3; workers += 1) aWorker(slowly);
    const ids = Array.from({ length: 30 }, (_, index) => `n${index}`);
    for (const id of [...ids, ...ids]) await server.send(url, aNotice(id));
    await until(isEmpty, 'the queue to be empty', 40);
    expect(handled.sort()).toEqual(ids.map((id) => `${id}-${url.slice(-4)}`).sort());
    expect(await deadLetterStore(database).count()).toBe(0);
  });

  it('passes on what Amazon says, in one casing', async () => {
    const handled: Notice[] = [];
    aWorker(async (notice) => void handled.push(notice));
    await server.send(
      url,
      aNotice('same', { OrderChangeNotification: { SellerId: 'A1', OrderItems: [{ SellerSKU: 'S' }] } })
    );
    await until(() => handled.length === 1, 'the notification');
    expect(handled[0]).toEqual({
      type: TYPE,
      id: `same-${url.slice(-4)}`,
      eventTime: new Date('2026-05-01T10:00:00.000Z'),
      payload: { orderChangeNotification: { sellerId: 'A1', orderItems: [{ sellerSKU: 'S' }] } },
    });
  });

  it('has a notification that failed delivered again, after a pause', async () => {
    const tries: number[] = [];
    aWorker(async () => {
      tries.push(Date.now());
      if (tries.length === 1) throw new OutsideError('transient', 'No answer.', { system: 'x', operation: 'y' });
    });
    await server.send(url, aNotice('later'));
    await until(() => tries.length === 2, 'the second try');
    expect(tries[1]! - tries[0]!).toBeGreaterThan(4_000);
    await until(isEmpty, 'the queue to be empty');
  });

  it('puts poison with the dead letters, sealed, and goes on', async () => {
    const handled: string[] = [];
    aWorker(async ({ id }) => {
      if (id.startsWith('hopeless')) throw new UnreadableNotification('No connector is of this seller.');
      handled.push(id);
    });
    for (const body of ['{"oops', '[]', aNotice('hopeless'), aNotice('hopeless'), aNotice('good')])
      await server.send(url, body);
    await server.send(
      url,
      JSON.stringify({ notificationType: 'NEVER_HEARD_OF', payload: { newClientSecret: 's3cret' } })
    );
    await until(isEmpty, 'the queue to be empty');
    expect(handled).toEqual([`good-${url.slice(-4)}`]);
    const letters = await deadLetterStore(database).page(undefined, 10);
    expect(letters.map(({ reason }) => reason).sort()).toEqual([
      'No connector is of this seller.',
      'Nothing is done about notifications of the type NEVER_HEARD_OF: remove the subscription at Amazon.',
      "The message is no notification of Amazon's: it is not an object.",
      'The message is not JSON.',
    ]);
    const whole = JSON.stringify(await deadLetterModel(database).find().lean());
    expect(whole).not.toContain('s3cret');
    expect(letters.map(({ body }) => secretBox.open(body)).join()).toContain('s3cret');
  });

  it('gives up on one that fails for two hours, and tells nothing of what its handler said', async () => {
    const failing = takingIn({
      handlers: { [TYPE]: async () => Promise.reject(new Error('The secret s3cret is wrong.')) },
      seen: seenNoticeStore(database),
      deadLetters: deadLetterStore(database),
      secretBox,
      logger: { warn: () => undefined },
    });
    const delivery = (deliveries: number) =>
      failing.deliver('any', { body: aNotice('ill'), messageId: 'm', sentAt: new Date(), receipt: '', deliveries });
    const pauses: number[] = [];
    for (let deliveries = 1; deliveries < 16; deliveries += 1) {
      const delivered = await delivery(deliveries);
      pauses.push('againIn' in delivered ? delivered.againIn : NaN);
    }
    expect(pauses.slice(0, 4)).toEqual([5, 10, 20, 40]);
    expect(Math.max(...pauses)).toBe(900);
    expect(pauses.reduce((sum, each) => sum + each) / 3600).toBeCloseTo(2.1, 1);
    expect(await delivery(16)).toEqual({ kind: 'dead' });
    const [letter] = await deadLetterStore(database).page(undefined, 1);
    expect(letter!.reason).toBe('It could not be handled (Error): press retry; if it fails again, report it.');
  });

  it('hands over the turn of a worker that was lost, once its time is up', async () => {
    const seen = seenNoticeStore(database);
    expect(await seen.take('lost', 200)).toMatchObject({ kind: 'ours' });
    expect(await seen.take('lost', 200)).toEqual({ kind: 'busy' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const turns = await Promise.all([seen.take('lost', 5_000), seen.take('lost', 5_000), seen.take('lost', 5_000)]);
    const ours = turns.filter((turn) => turn.kind === 'ours');
    expect(ours).toHaveLength(1);
    await seen.noteHandled('lost', ours[0]!.holder);
    expect(await seen.take('lost', 200)).toEqual({ kind: 'handled' });
  });

  it('tries a dead letter again when a person wants it, and takes it away when that works', async () => {
    let isMended = false;
    aWorker(async () => {
      if (!isMended) throw new UnreadableNotification('No connector is of this seller.');
    });
    const store = deadLetterStore(database);
    await server.send(url, aNotice('again'));
    await until(async () => (await store.count()) === 1, 'the dead letter');
    const [{ _id } = { _id: '' }] = await store.page(undefined, 1);
    await store.wantRetry(_id);
    const state = async () => (await store.page(undefined, 1))[0];
    await until(async () => (await state())?.retries === 1 && (await state())?.state === 'dead', 'the first retry');
    isMended = true;
    await store.wantRetry(_id);
    await until(async () => (await store.count()) === 0, 'the dead letter to be gone');
  });

  it('finishes what it has begun when it is stopped, and leaves the rest', async () => {
    const handled: string[] = [];
    const begun: string[] = [];
    const listener = aWorker(async ({ id }) => {
      begun.push(id);
      await new Promise((resolve) => setTimeout(resolve, 500));
      handled.push(id);
    });
    await server.send(url, aNotice('begun'));
    await until(() => begun.length === 1, 'the notification');
    const stopped = listener.stop(5_000);
    await stopped;
    await server.send(url, aNotice('left'));
    expect(handled).toEqual([`begun-${url.slice(-4)}`]);
    // The last request may still take it; then it comes back when it is no longer hidden.
    expect(await isEmpty()).toBe(false);
  });

  it('keeps a notification hidden that takes longer than the queue hides it', async () => {
    let begun = 0;
    const slowly: NotificationHandler = async () => {
      begun += 1;
      await new Promise((resolve) => setTimeout(resolve, 9_000));
    };
    aWorker(slowly, 3);
    aWorker(slowly, 3);
    await server.send(url, aNotice('slow'));
    await until(async () => begun > 0 && (await isEmpty()), 'the queue to be empty');
    expect(begun).toBe(1);
  });

  it('warns once of a queue that is away, and goes on when it is back', async () => {
    const handled: string[] = [];
    aWorker(async ({ id }) => void handled.push(id));
    await server.send(url, aNotice('before'));
    await until(() => handled.length === 1, 'the first notification');
    await server.stop();
    const name = url.slice(url.lastIndexOf('/') + 1);
    const state = async () => (await notificationQueueStore(database).all()).find(({ _id }) => _id === name);
    await until(async () => ((await state())?.failingSince ?? null) !== null, 'the queue to count as failing');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(log.filter(({ message }) => message.includes('cannot be read'))).toHaveLength(1);
    server = await startElasticMq(server.port);
    await server.createQueue(name);
    await server.send(url, aNotice('after'));
    await until(() => handled.length === 2, 'the second notification', 60);
    await until(async () => (await state())?.failingSince === null, 'the queue to count as well');
    expect(log.filter(({ message }) => message.includes('is back'))).toHaveLength(1);
  }, 180_000);
});
