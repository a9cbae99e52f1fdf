import { OutsideError } from '../../domain/errors';
import { readNotification } from '../../domain/notifications';
import {
  UnreadableNotification,
  type Notice,
  type NotificationHandler,
  type QueueMessage,
} from '../../domain/ports/notifications';
import type { SecretBox } from '../../domain/ports/secrets';
import type { DeadLetterDocument, DeadLetterStore } from '../../models/dead-letters';
import type { SeenNoticeStore } from '../../models/seen-notices';

export interface TakeInDependencies {
  /** By type of notification. */
  handlers: Record<string, NotificationHandler>;
  seen: SeenNoticeStore;
  deadLetters: Pick<DeadLetterStore, 'put' | 'remove' | 'noteFailedRetry'>;
  secretBox: SecretBox;
  logger: { warn: (facts: object, message: string) => void };
}

/**
 * What became of a delivery. `handled`, `repeated` and `dead` are done with and leave the queue; the others come back after so many
 * seconds.
 */
export type Delivered = { kind: 'handled' | 'repeated' | 'dead' } | { kind: 'busy' | 'failed'; againIn: number };

/** A notification that fails for any reason that may pass is a dead letter after so many deliveries: some two hours. */
const DELIVERIES = 16;
const FIRST_PAUSE_SECONDS = 5;
const LONGEST_PAUSE_SECONDS = 900;
/** How soon a repetition is looked at again while the first delivery is being handled. */
const BUSY_PAUSE_SECONDS = 5;
/** Longer than a delivery stays hidden unless it is kept. */
const TURN_MS = 30_000;

type Outcome = { kind: 'handled' | 'repeated' | 'busy' } | { kind: 'hopeless' | 'failed'; reason: string };

/** Takes messages off a queue: each notification is handled once, and what cannot be handled is put away for people. */
export function takingIn(deps: TakeInDependencies) {
  const { handlers, seen, deadLetters, secretBox, logger } = deps;

  async function handle(notice: Notice): Promise<Outcome> {
    const handler = Object.hasOwn(handlers, notice.type) ? handlers[notice.type] : undefined;
    if (!handler)
      return {
        kind: 'hopeless',
        reason: `Nothing is done about notifications of the type ${notice.type}: remove the subscription at Amazon.`,
      };
    const turn = await seen.take(notice.id, TURN_MS);
    if (turn.kind !== 'ours') return { kind: turn.kind === 'busy' ? 'busy' : 'repeated' };
    const keeping = setInterval(() => {
      // A turn that is lost has the notification handled twice, which its handler bears.
      seen.keep(notice.id, turn.holder, TURN_MS).catch(() => undefined);
    }, TURN_MS / 3);
    try {
      await handler(notice);
      await seen.noteHandled(notice.id, turn.holder);
      return { kind: 'handled' };
    } catch (error) {
      await seen.giveBack(notice.id, turn.holder);
      return { kind: error instanceof UnreadableNotification ? 'hopeless' : 'failed', reason: reasonOf(error) };
    } finally {
      clearInterval(keeping);
    }
  }

  async function putAway(queue: string, message: QueueMessage, notice: Notice | null, reason: string): Promise<void> {
    const { messageId, sentAt, deliveries } = message;
    const { id: notificationId = null, type = null, eventTime = null } = notice ?? {};
    const body = secretBox.seal(message.body);
    await deadLetters.put({ queue, messageId, notificationId, type, eventTime, reason, deliveries, body, sentAt });
    logger.warn({ queue, messageId, type, reason }, 'a notification was put with the dead letters');
  }

  return {
    /** Rejects where the database is away: then nothing is known, and the message comes back. */
    async deliver(queue: string, message: QueueMessage): Promise<Delivered> {
      const notice = read(message);
      const outcome = 'reason' in notice ? notice : await handle(notice);
      if (!('reason' in outcome))
        return outcome.kind === 'busy' ? { kind: 'busy', againIn: BUSY_PAUSE_SECONDS } : { kind: outcome.kind };
      if (outcome.kind === 'failed' && message.deliveries < DELIVERIES) {
        logger.warn({ queue, messageId: message.messageId, reason: outcome.reason }, 'a notification waits');
        return { kind: 'failed', againIn: pauseAfter(message.deliveries) };
      }
      await putAway(queue, message, 'reason' in notice ? null : notice, outcome.reason);
      return { kind: 'dead' };
    },

    /** Tries a dead letter again, as a person wanted. */
    async retry({ _id, messageId, sentAt, deliveries, body }: DeadLetterDocument): Promise<void> {
      let opened: string;
      try {
        opened = secretBox.open(body);
      } catch {
        const reason = `It is sealed with the key '${body.keyId}', which ENCRYPTION_KEYS lacks: put it back, and retry.`;
        return deadLetters.noteFailedRetry(_id, reason);
      }
      const notice = read({ body: opened, messageId, sentAt, deliveries, receipt: '' });
      const outcome = 'reason' in notice ? notice : await handle(notice);
      if (outcome.kind === 'busy') return;
      if ('reason' in outcome) await deadLetters.noteFailedRetry(_id, outcome.reason);
      else await deadLetters.remove(_id);
    },
  };
}

export type TakingIn = ReturnType<typeof takingIn>;

/** How long a message that could not be handled stays hidden, in seconds. */
function pauseAfter(deliveries: number): number {
  return Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** Math.max(0, deliveries - 1));
}

function read(message: QueueMessage): Notice | { kind: 'hopeless'; reason: string } {
  try {
    return readNotification(message);
  } catch (error) {
    if (!(error instanceof UnreadableNotification)) throw error;
    return { kind: 'hopeless', reason: error.message };
  }
}

/** What anything else says of itself may repeat the notification, which may hold a secret. */
function reasonOf(error: unknown): string {
  if (error instanceof UnreadableNotification || error instanceof OutsideError) return error.message;
  return `It could not be handled (${error instanceof Error ? error.name : 'unknown'}): press retry; if it fails again, report it.`;
}
