import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
  type MessageSystemAttributeName,
} from '@aws-sdk/client-sqs';
import { OutsideError, type FailureCode } from '../../domain/errors';
import type { NotificationQueue, QueueMessage } from '../../domain/ports/notifications';

export interface SqsQueueOptions {
  /** As SQS shows it, `https://sqs.<region>.amazonaws.com/<account>/<name>`. */
  url: string;
  /** Named by the URL, where it is Amazon's, unless given. */
  region?: string;
  /** Of another server that speaks SQS. */
  endpoint?: string;
  /** How long a request may take beyond what it waits for, in milliseconds. */
  timeoutMs: number;
}

/** The longest that SQS waits for messages, and the most that it gives at once. Source: ReceiveMessage. */
const WAIT_SECONDS = 20;
const AT_ONCE = 10;
/** What a client of Amazon's does by itself when a request fails. */
const ATTEMPTS = 2;
const ATTRIBUTES: MessageSystemAttributeName[] = ['SentTimestamp', 'ApproximateReceiveCount'];
/** Where a queue of another server says nothing of a region, it takes any. */
const ANY_REGION = 'us-east-1';

/** A queue of SQS. Amazon's client finds the credentials where it always does: environment, profile, container, instance. */
export function createSqsQueue({
  url,
  region = regionOf(url),
  endpoint,
  timeoutMs,
}: SqsQueueOptions): NotificationQueue {
  const client = new SQSClient({
    region,
    ...(endpoint !== undefined && { endpoint }),
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: timeoutMs, requestTimeout: WAIT_SECONDS * 1000 + timeoutMs },
  });
  const of = { QueueUrl: url };
  return {
    name: url.slice(url.lastIndexOf('/') + 1),

    receive: (hiddenSeconds, signal) =>
      answered('ReceiveMessage', async () => {
        const { Messages = [] } = await client.send(
          new ReceiveMessageCommand({
            ...of,
            MaxNumberOfMessages: AT_ONCE,
            WaitTimeSeconds: WAIT_SECONDS,
            VisibilityTimeout: hiddenSeconds,
            MessageSystemAttributeNames: ATTRIBUTES,
          }),
          { abortSignal: signal }
        );
        return Messages.flatMap(messageOf);
      }),

    hide: ({ receipt }, seconds) =>
      answered('ChangeMessageVisibility', async () => {
        const change = { ...of, ReceiptHandle: receipt, VisibilityTimeout: seconds };
        await client.send(new ChangeMessageVisibilityCommand(change));
      }),

    delete: ({ receipt }) =>
      answered('DeleteMessage', async () => {
        await client.send(new DeleteMessageCommand({ ...of, ReceiptHandle: receipt }));
      }),

    close: () => client.destroy(),
  };
}

/** One without a body has nothing to be handled by, and cannot be. */
function messageOf({ Body = '', MessageId, ReceiptHandle, Attributes }: Message): QueueMessage[] {
  if (!MessageId || !ReceiptHandle) return [];
  const sentAt = Number(Attributes?.SentTimestamp);
  return [
    {
      body: Body,
      messageId: MessageId,
      receipt: ReceiptHandle,
      sentAt: new Date(Number.isFinite(sentAt) ? sentAt : Date.now()),
      deliveries: Number(Attributes?.ApproximateReceiveCount ?? 1),
    },
  ];
}

function regionOf(url: string): string {
  return /^https:\/\/sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\//.exec(url)?.[1] ?? ANY_REGION;
}

/** What the client adds to an error. Its message may repeat the request. */
interface SqsError {
  name?: string;
  $metadata?: { httpStatusCode?: number };
}

const REMEDIES: Record<string, { code: FailureCode; remedy: string }> = {
  QueueDoesNotExist: { code: 'config', remedy: 'there is no such queue: correct SQS_QUEUE_URLS' },
  InvalidAddress: { code: 'config', remedy: 'there is no such queue: correct SQS_QUEUE_URLS' },
  AccessDenied: {
    code: 'auth.forbidden',
    remedy: 'it may not be read: allow it in the policy of the queue or the role',
  },
  AccessDeniedException: {
    code: 'auth.forbidden',
    remedy: 'it may not be read: allow it in the policy of the queue or the role',
  },
  InvalidClientTokenId: { code: 'auth.forbidden', remedy: 'its keys are not valid: correct them' },
  SignatureDoesNotMatch: { code: 'auth.forbidden', remedy: 'its keys are not valid: correct them' },
  CredentialsProviderError: {
    code: 'auth.forbidden',
    remedy: 'the worker has no AWS credentials: give it a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  },
};

async function answered<T>(operation: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const { name = 'unknown', $metadata } = error as SqsError;
    const status = $metadata?.httpStatusCode;
    const { code, remedy } = REMEDIES[name] ?? { code: 'transient', remedy: 'it did not answer properly' };
    throw new OutsideError(code, `The notification queue refused ${operation}: ${remedy} (${name}).`, {
      system: 'sqs',
      operation,
      ...(status !== undefined && { status }),
    });
  }
}
