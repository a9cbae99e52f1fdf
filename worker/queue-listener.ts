import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivered, TakingIn } from '../activities/notifications/take-in';
import type { NotificationQueue, QueueMessage } from '../domain/ports/notifications';
import type { DeadLetterStore } from '../models/dead-letters';
import type { NotificationQueueDocument, NotificationQueueStore } from '../models/notification-queues';

export interface ListenerOptions {
  queues: readonly NotificationQueue[];
  takingIn: TakingIn;
  deadLetters: Pick<DeadLetterStore, 'takeRetry'>;
  states: Pick<NotificationQueueStore, 'noteWell' | 'noteFailing'>;
  /** How long a message stays hidden while it is handled, again and again; a worker that dies gives it back after so long. */
  hiddenSeconds?: number;
  logger: {
    info: (facts: object, message: string) => void;
    warn: (facts: object, message: string) => void;
  };
}

/** What listens until it is stopped. */
export interface Listener {
  /** Receives no more, and waits for what is being handled, so long at most; what is not done by then is delivered again. */
  stop(graceMs: number): Promise<void>;
}

const HIDDEN_SECONDS = 30;
/** Messages of one queue that are handled at once, of which the last ten may come with one answer. */
const IN_HAND = 40;
const AT_ONCE = 10;
/** Between two tries to read a queue that is away. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** How often a queue that stays away is warned of, and how often counts are written. */
const WARN_EVERY_MS = 600_000;
const WRITE_EVERY_MS = 10_000;
/** How often dead letters that are to be tried again are looked for. */
const RETRY_EVERY_MS = 2_000;

/** Listens to notification queues, beside other workers that do the same. Nothing that fails ends it. */
export function listen(options: ListenerOptions): Listener {
  const stopping = new AbortController();
  const { signal } = stopping;
  const done = Promise.all([
    ...options.queues.map((queue) => listenTo(queue, options, signal)),
    retryDeadLetters(options, signal),
  ]);
  return {
    async stop(graceMs) {
      stopping.abort();
      await Promise.race([done, sleep(graceMs, undefined, { ref: false })]);
      for (const queue of options.queues) queue.close();
    },
  };
}

async function listenTo(queue: NotificationQueue, options: ListenerOptions, signal: AbortSignal): Promise<void> {
  const { takingIn, logger, hiddenSeconds = HIDDEN_SECONDS } = options;
  const inHand = new Set<Promise<void>>();
  const health = healthOf(queue, options);

  async function take(message: QueueMessage): Promise<void> {
    const keeping = setInterval(() => {
      // Nothing else is lost than the time until it is delivered again.
      queue.hide(message, hiddenSeconds).catch(() => undefined);
    }, hiddenSeconds * 333);
    try {
      const delivered = await takingIn.deliver(queue.name, message).finally(() => clearInterval(keeping));
      health.count(delivered.kind);
      if ('againIn' in delivered) await queue.hide(message, delivered.againIn);
      else await queue.delete(message);
    } catch (error) {
      // It comes back when it is no longer hidden.
      logger.warn({ queue: queue.name, messageId: message.messageId, reason: nameOf(error) }, 'a notification waits');
    }
  }

  while (!signal.aborted) {
    if (inHand.size > IN_HAND - AT_ONCE) {
      await Promise.race(inHand);
      continue;
    }
    try {
      const messages = await queue.receive(hiddenSeconds, signal);
      for (const message of messages) {
        const handled: Promise<void> = take(message).finally(() => inHand.delete(handled));
        inHand.add(handled);
      }
      await health.well();
    } catch (error) {
      if (!signal.aborted) await sleep(await health.failing(error), undefined, { signal }).catch(() => undefined);
    }
  }
  await Promise.all(inHand);
  await health.write();
}

/** What is told of a queue: to the log when it turns, to the database now and then. */
function healthOf(queue: NotificationQueue, { states, logger }: ListenerOptions) {
  let failures = 0;
  let since = new Date();
  let warnedAt = -Infinity;
  let writtenAt = -Infinity;
  let counts: NotificationQueueDocument['counts'] = {};

  /** No more than figures are lost while the database is away. */
  async function kept(write: Promise<void>): Promise<void> {
    await write.catch(() => undefined);
  }

  async function write(): Promise<void> {
    const written = counts;
    counts = {};
    writtenAt = Date.now();
    await kept(states.noteWell(queue.name, written));
  }

  return {
    count(outcome: Delivered['kind']): void {
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    },

    async well(): Promise<void> {
      if (failures > 0) logger.info({ queue: queue.name, since }, 'the notification queue is back');
      const isBack = failures > 0;
      failures = 0;
      warnedAt = -Infinity;
      if (isBack || Date.now() - writtenAt > WRITE_EVERY_MS) await write();
    },

    /** @returns how long to wait, in milliseconds. */
    async failing(error: unknown): Promise<number> {
      const now = Date.now();
      failures += 1;
      if (failures === 1) since = new Date(now);
      const reason = error instanceof Error ? error.message : 'unknown';
      if (now - warnedAt > WARN_EVERY_MS) {
        warnedAt = now;
        logger.warn({ queue: queue.name, since, reason }, 'the notification queue cannot be read; it is tried again');
      }
      await kept(states.noteFailing(queue.name, since, reason));
      const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
      return longest * (0.5 + Math.random() / 2);
    },

    write,
  };
}

async function retryDeadLetters(options: ListenerOptions, signal: AbortSignal): Promise<void> {
  const { takingIn, deadLetters, logger } = options;
  while (!signal.aborted) {
    try {
      for (let letter = await deadLetters.takeRetry(); letter; letter = await deadLetters.takeRetry())
        await takingIn.retry(letter);
    } catch (error) {
      logger.warn({ reason: nameOf(error) }, 'dead letters could not be tried again');
    }
    await sleep(RETRY_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}
