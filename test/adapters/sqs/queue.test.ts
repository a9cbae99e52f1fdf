import { createSqsQueue } from '../../../adapters/sqs';
import type { NotificationQueue, QueueMessage } from '../../../domain/ports/notifications';
import { startElasticMq, type QueueServer } from '../../elasticmq/server';

let server: QueueServer;
let opened: NotificationQueue[] = [];
const never = new AbortController().signal;

beforeAll(async () => {
  server = await startElasticMq();
}, 420_000);
afterAll(async () => {
  await server?.stop();
});
afterEach(() => {
  for (const queue of opened) queue.close();
  opened = [];
});

function at(url: string, endpoint = server.endpoint): NotificationQueue {
  const queue = createSqsQueue({ url, region: server.region, endpoint, timeoutMs: 3_000 });
  opened.push(queue);
  return queue;
}

async function oneOf(queue: NotificationQueue, hiddenSeconds = 30): Promise<QueueMessage> {
  const [message] = await queue.receive(hiddenSeconds, never);
  return message!;
}

describe('a queue of SQS', () => {
  it('delivers a message with its age and how often it was delivered, and forgets it when it is deleted', async () => {
    const url = await server.createQueue('told');
    const queue = at(url);
    expect(queue.name).toBe('told');
    await server.send(url, 'hello');
    const first = await oneOf(queue, 1);
    expect(first).toMatchObject({ body: 'hello', deliveries: 1 });
    expect(Math.abs(Date.now() - first.sentAt.getTime())).toBeLessThan(20_000);
    const second = await oneOf(queue);
    expect(second).toMatchObject({ messageId: first.messageId, deliveries: 2 });
    await queue.delete(second);
    expect(await server.count(url)).toEqual({ waiting: 0, inFlight: 0 });
  });

  it('delivers ten at once at most', async () => {
    const url = await server.createQueue('many');
    for (let count = 0; count < 12; count += 1) await server.send(url, `${count}`);
    const messages = await at(url).receive(30, never);
    expect(messages.length).toBeGreaterThan(1);
    expect(messages.length).toBeLessThanOrEqual(10);
  });

  it('hides a message for as long as it is told, from then on', async () => {
    const url = await server.createQueue('hidden');
    const queue = at(url);
    await server.send(url, 'soon');
    const message = await oneOf(queue);
    await queue.hide(message, 0);
    expect(await oneOf(queue)).toMatchObject({ messageId: message.messageId, deliveries: 2 });
  });

  it('stops waiting at once when it is to', async () => {
    const queue = at(await server.createQueue('empty'));
    const stopping = new AbortController();
    const begun = Date.now();
    setTimeout(() => stopping.abort(), 200);
    await expect(queue.receive(30, stopping.signal)).rejects.toThrow();
    expect(Date.now() - begun).toBeLessThan(5_000);
  });

  it('says what is to be done where there is none of that name', async () => {
    const queue = at(`${server.endpoint}/000000000000/nowhere`);
    await expect(queue.receive(30, never)).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('correct SQS_QUEUE_URLS') as string,
      facts: { system: 'sqs', operation: 'ReceiveMessage' },
    });
  });

  it('counts as away where its server does not answer', async () => {
    const queue = at('http://127.0.0.1:9/000000000000/away', 'http://127.0.0.1:9');
    await expect(queue.receive(30, never)).rejects.toMatchObject({ code: 'transient' });
  });
});
