/** A notification of Amazon's, as its queue delivered it. */
export interface Notice {
  /** As Amazon's documentation names it, e.g. `ORDER_CHANGE`. */
  type: string;
  /** Amazon's NotificationId: the same however often it is delivered. */
  id: string;
  /** When it happened, as Amazon says; deliveries come in any order. */
  eventTime: Date;
  /** What Amazon says has happened. The names of all fields begin in lower case, whichever of its two casings Amazon used. */
  payload: unknown;
}

/**
 * What is done about notifications of one type. On return the notification is done with, and leaves the queue. Whatever is thrown brings
 * it back later, except for `UnreadableNotification`. One may be delivered again, also to two processes at once, and after
 * newer ones.
 *
 * @throws UnreadableNotification for one that no later try would handle: it goes to the dead letters at once.
 */
export type NotificationHandler = (notice: Notice) => Promise<void>;

/** A notification that nothing can be done with. The message says why in a sentence, and holds nothing that might be a secret. */
export class UnreadableNotification extends Error {
  override readonly name = 'UnreadableNotification';
}

/** A message as the queue delivered it. */
export interface QueueMessage {
  body: string;
  /** The queue's own id, the same for every delivery of the message. */
  messageId: string;
  sentAt: Date;
  /** How often it was delivered, this time included. */
  deliveries: number;
  /** Names this delivery to the queue. */
  receipt: string;
}

/**
 * A queue of notifications. It delivers at least once and in no order; what was delivered stays hidden for a while and then comes back,
 * unless it is deleted. Throws `OutsideError` where the queue does not answer or refuses.
 */
export interface NotificationQueue {
  /** For people: the queue's name, without its address. */
  readonly name: string;
  /** Waits until there are messages, 20 s at most; ten at most come at once. They are hidden for `hiddenSeconds`. */
  receive(hiddenSeconds: number, signal: AbortSignal): Promise<QueueMessage[]>;
  /** Hides a message from now on for so long; 0 has it delivered again at once. */
  hide(message: QueueMessage, seconds: number): Promise<void>;
  /** No error where it is gone. */
  delete(message: QueueMessage): Promise<void>;
  close(): void;
}
