import type { AlertMessage } from '../alerts/alert';
import type { DeliveryAnswer } from '../alerts/delivery';

/** Where a channel's messages go. What is in it is secret, but for addresses of people. */
export type AlertTarget =
  | { kind: 'email'; addresses: readonly string[] }
  | { kind: 'slack'; url: string }
  | { kind: 'webhook'; url: string; secret: string };

/** Hands alerts to the outside world. */
export interface AlertSender {
  /** One try. What goes wrong is an answer; throws the signal's reason when it aborts, and nothing else. */
  send(target: AlertTarget, message: AlertMessage, signal: AbortSignal): Promise<DeliveryAnswer>;
}
