import { z } from 'zod';
import { UnreadableNotification, type Notice } from './ports/notifications';

/** Names that Amazon's own schemas give to other types than its examples and its deliveries do. */
const ALIASES: Record<string, string> = { LISTINGS_ITEM_STATUS_CHANGED: 'LISTINGS_ITEM_STATUS_CHANGE' };

/** A moment, which is UTC where it does not say. */
export const moment = z.iso
  .datetime({ offset: true, local: true })
  .transform((text) => new Date(/(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`));

/** What is read of an envelope; everything else in it may be there, be missing or be anything. */
const envelope = z.object({
  notificationType: z.string().min(1),
  eventTime: moment.optional().catch(undefined),
  payload: z.record(z.string(), z.unknown()),
  notificationMetadata: z
    .object({
      notificationId: z.string().min(1).optional().catch(undefined),
      publishTime: moment.optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
});

/** What the queue itself says of a message. */
export interface QueuedMessage {
  body: string;
  /** The queue's own id, the same for every delivery of the message. */
  messageId: string;
  sentAt: Date;
}

/**
 * Reads a message of a notification queue, in either of Amazon's casings. Where Amazon leaves out id or time, those of the queue stand
 * in for them.
 *
 * @throws UnreadableNotification
 */
export function readNotification({ body, messageId, sentAt }: QueuedMessage): Notice {
  let message: unknown;
  try {
    message = JSON.parse(body);
  } catch {
    throw new UnreadableNotification('The message is not JSON.');
  }
  const parsed = envelope.safeParse(inCamelCase(message));
  if (!parsed.success) {
    const fields = parsed.error.issues.map(({ path }) => path.join('.')).filter((path) => path !== '');
    const what = fields.length > 0 ? `its ${fields.join(' and ')} cannot be read` : 'it is not an object';
    throw new UnreadableNotification(`The message is no notification of Amazon's: ${what}.`);
  }
  const { notificationType, eventTime, payload, notificationMetadata } = parsed.data;
  return {
    type: ALIASES[notificationType] ?? notificationType,
    id: notificationMetadata?.notificationId ?? messageId,
    eventTime: eventTime ?? notificationMetadata?.publishTime ?? sentAt,
    payload,
  };
}

/** The same with all names of fields beginning in lower case. */
function inCamelCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inCamelCase);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name.charAt(0).toLowerCase() + name.slice(1), inCamelCase(each)])
  );
}
