import { randomUUID } from 'node:crypto';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SandboxClock } from '../clock';

export const CASINGS = ['pascal', 'camel'] as const;
/** How Amazon begins the names of fields: its older notifications with capitals, its newer ones without. */
export type Casing = (typeof CASINGS)[number];

/** Where a seller's notifications go, and how badly. */
export interface NoticeQueue {
  /** Of an SQS queue. */
  url: string;
  /** Of its server, where it is not Amazon's own. */
  endpoint?: string;
  region: string;
  /** Of notifications that do not say; each second one is the other way round for `mixed`. */
  casing: Casing | 'mixed';
  /** How often each notification is sent, as often as it may be delivered. */
  copies: number;
  /** Each copy is sent after a random time of up to so long, in milliseconds, so that a later one may come first. */
  spreadMs: number;
}

/** A notification to be sent. Of what is absent, Amazon's own habits decide. */
export interface NewNotice {
  type: string;
  /** In either casing. */
  payload: object;
  casing?: Casing;
  copies?: number;
  notificationId?: string;
  /** Epoch ms. */
  eventAt?: number;
}

/** A message, and what became of it. */
interface SentMessage {
  /** null: a text that is no notification. */
  type: string | null;
  notificationId: string | null;
  state: 'waiting' | 'sent' | 'failed';
  /** What the queue's server said. */
  error: string | null;
}

const KEPT = 20_000;
/** The sandbox has no account at Amazon's; a stand-in of SQS takes any keys. */
const CREDENTIALS = { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' };
const clients = new Map<string, SQSClient>();

interface SenderOptions {
  clock: SandboxClock;
  /** Undefined while notifications go nowhere. */
  queue: () => NoticeQueue | undefined;
}

/** Sends a seller's notifications to its queue, with Amazon's own client. Nothing is sent before a queue is named. */
export class NoticeSender {
  private sent: SentMessage[] = [];
  private count = 0;

  constructor(private readonly options: SenderOptions) {}

  /** Sends it later than it returns; {@link all} says what became of it. */
  send(notice: NewNotice): void {
    const queue = this.options.queue();
    if (!queue) return;
    const { clock } = this.options;
    const { type, payload, notificationId = randomUUID(), copies = queue.copies } = notice;
    this.count += 1;
    const mixed: Casing = this.count % 2 === 0 ? 'camel' : 'pascal';
    const casing = notice.casing ?? (queue.casing === 'mixed' ? mixed : queue.casing);
    const envelope = {
      NotificationVersion: '1.0',
      NotificationType: type,
      PayloadVersion: '1.0',
      EventTime: clock.iso(notice.eventAt),
      Payload: payload,
      NotificationMetadata: {
        ApplicationId: 'amzn1.sellerapps.app.00000000-0000-4000-8000-000000000000',
        SubscriptionId: '00000000-0000-4000-8000-000000000001',
        PublishTime: clock.iso(),
        NotificationId: notificationId,
      },
    };
    const text = JSON.stringify(inCasing(envelope, casing));
    for (let copy = 0; copy < copies; copy += 1) this.put(queue, text, type, notificationId);
  }

  /** Sends a text as it is: poison. */
  sendText(text: string): void {
    const queue = this.options.queue();
    if (queue) this.put(queue, text, null, null);
  }

  /** The oldest first. */
  all(): SentMessage[] {
    return this.sent;
  }

  private put(queue: NoticeQueue, text: string, type: string | null, notificationId: string | null): void {
    const message: SentMessage = { type, notificationId, state: 'waiting', error: null };
    this.sent.push(message);
    if (this.sent.length > KEPT * 1.2) this.sent = this.sent.slice(-KEPT);
    const send = (): void => void deliver(queue, text, message);
    if (queue.spreadMs === 0) send();
    else setTimeout(send, Math.random() * queue.spreadMs);
  }
}

async function deliver({ url, endpoint, region }: NoticeQueue, text: string, message: SentMessage): Promise<void> {
  try {
    await clientOf(endpoint, region).send(new SendMessageCommand({ QueueUrl: url, MessageBody: text }));
    message.state = 'sent';
  } catch (error) {
    message.state = 'failed';
    message.error = error instanceof Error ? error.message : 'unknown';
  }
}

function clientOf(endpoint: string | undefined, region: string): SQSClient {
  const key = `${endpoint} ${region}`;
  let client = clients.get(key);
  if (!client) {
    client = new SQSClient({ ...(endpoint && { endpoint }), region, credentials: CREDENTIALS });
    clients.set(key, client);
  }
  return client;
}

/** The same with the first letter of all names of fields as asked. */
function inCasing(value: unknown, casing: Casing): unknown {
  if (Array.isArray(value)) return value.map((each) => inCasing(each, casing));
  if (value === null || typeof value !== 'object') return value;
  const first = (letter: string): string => (casing === 'pascal' ? letter.toUpperCase() : letter.toLowerCase());
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [first(name.charAt(0)) + name.slice(1), inCasing(each, casing)])
  );
}
