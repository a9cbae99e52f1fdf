import { isDeepStrictEqual } from 'node:util';
import type { Alert, AlertMessage, Channel, Condition } from './alert';
import { missed, seen } from './follow';
import { digestOf, tellChannel, withIds } from './tell';

/** What comes of a look at the conditions. */
export interface Evaluation {
  /** Those that have changed, as they are to be kept. */
  alerts: Alert[];
  messages: AlertMessage[];
  /** Digests that are among the messages: by channel, the local date. */
  digests: { channelId: string; day: string }[];
}

/**
 * Who is to be told what, now. Pure: of the same state at the same time the same comes out, and after the changes are kept, nothing
 * more does. Alerts that nothing happens to are not in the answer.
 *
 * @param known - every alert that is not over, and those that are over of which somebody was told, or that may come back.
 */
export function evaluate(
  known: readonly Alert[],
  conditions: readonly Condition[],
  channels: readonly Channel[],
  now: Date
): Evaluation {
  const before = new Map(known.map((alert) => [alert.key, alert]));
  const alerts = new Map<string, Alert>();
  for (const condition of conditions) alerts.set(condition.key, seen(before.get(condition.key), condition, now));
  for (const alert of known) if (!alerts.has(alert.key)) alerts.set(alert.key, missed(alert, now));

  const messages: Omit<AlertMessage, 'id'>[] = [];
  const digests: Evaluation['digests'] = [];
  for (const channel of channels) {
    if (!channel.isEnabled) continue;
    const told = tellChannel(channel, [...alerts.values()], now);
    for (const alert of told.alerts) alerts.set(alert.key, alert);
    messages.push(...told.messages);
    const digest = digestOf(channel, [...alerts.values()], now);
    if (!digest) continue;
    messages.push(digest.message);
    digests.push({ channelId: channel.id, day: digest.day });
  }
  return {
    alerts: [...alerts.values()].filter((alert) => !isDeepStrictEqual(alert, before.get(alert.key))),
    messages: withIds(messages, now),
    digests,
  };
}
