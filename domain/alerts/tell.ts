import { createHash } from 'node:crypto';
import type { Alert, AlertChange, AlertItem, AlertMessage, Channel, MessageKind } from './alert';
import { classOf, isAtLeast } from './alert-events';
import { NOTHING_TOLD } from './follow';
import { isQuiet, localTime } from './local-time';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** More at once than this go together. */
const ALONE_AT_MOST = 5;
/** So many fit into one message. */
const SUMMED_UP_AT_MOST = 50;

/** Something that a channel is to be told. */
interface Due {
  alert: Alert;
  change: AlertChange;
  to: string[];
}

/** What is told, and what is to be remembered of it. */
interface Telling {
  messages: Omit<AlertMessage, 'id'>[];
  /** Alerts whose `told` changes, as they are then. */
  alerts: Alert[];
}

/** What a channel is told of the alerts now, or what is held back for it. Quiet hours let pass what is critical. */
export function tellChannel(channel: Channel, alerts: readonly Alert[], now: Date): Telling {
  const due = alerts.flatMap((alert) => dueOf(channel, alert, now) ?? []);
  const quiet = isQuiet(channel.quietHours, channel.timeZone, now);
  const passes = ({ alert }: Due): boolean => !quiet || alert.severity === 'critical';
  const told = due.filter(passes);
  const held = due.filter((each) => !passes(each) && !toldOf(channel, each.alert).heldSince);
  return {
    messages: messagesOf(channel, told, now),
    alerts: [
      ...held.map(({ alert }) => noted(channel, alert, { ...toldOf(channel, alert), heldSince: now })),
      ...told.map(({ alert, change }) =>
        change === 'firing' || change === 'reminder'
          ? noted(channel, alert, { lastAt: now, heldSince: null })
          : noted(channel, alert, undefined)
      ),
    ],
  };
}

/** What stands for a channel, once a day at its hour; undefined when it is not due. After an outage there is one, not several. */
export function digestOf(
  channel: Channel,
  alerts: readonly Alert[],
  now: Date
): { day: string; message: Omit<AlertMessage, 'id'> } | undefined {
  if (channel.digestHour === null) return undefined;
  const { day, hour } = localTime(now, channel.timeZone);
  if (hour < channel.digestHour || (channel.digestDay !== null && day <= channel.digestDay)) return undefined;
  const shown = alerts.flatMap((alert) => {
    const isShown = concerns(channel, alert) && !classOf(alert.event).isNews;
    if (!isShown) return [];
    if (!alert.endedAt) return hasLasted(channel, alert, now) ? [itemOf(alert, 'reminder')] : [];
    const isRecent = now.getTime() - alert.endedAt.getTime() < DAY_MS;
    return isRecent && hasLasted(channel, alert, alert.endedAt) ? [itemOf(alert, 'recovered')] : [];
  });
  return { day, message: { channelId: channel.id, kind: 'digest', to: channel.addresses, items: shown, at: now } };
}

/** The local date of the last digest that a channel has no right to any more, as it is set up now. */
export function digestDayAtStart({ digestHour, timeZone }: Pick<Channel, 'digestHour' | 'timeZone'>, now: Date) {
  if (digestHour === null) return null;
  const { day, hour } = localTime(now, timeZone);
  return hour >= digestHour ? day : null;
}

/** Gives messages of one moment their ids, which sort as they stand. */
export function withIds(messages: readonly Omit<AlertMessage, 'id'>[], now: Date): AlertMessage[] {
  const time = now.getTime().toString(16).padStart(12, '0');
  return messages.map((message, index) => {
    const keys = message.items.map(({ key, change }) => [key, change]);
    const hash = createHash('sha256').update(JSON.stringify([message.channelId, message.to, message.kind, keys]));
    const place = index.toString(16).padStart(4, '0');
    return { id: `adl_${time}${place}${hash.digest('hex').slice(0, 16)}`, ...message };
  });
}

function dueOf(channel: Channel, alert: Alert, now: Date): Due | undefined {
  const change = changeOf(channel, alert, now);
  const others = recipientsOf(channel, alert);
  // Who was told of it here hears of its end here.
  const to = others ?? (change === 'recovered' ? channel.addresses : undefined);
  return change && to && { alert, change, to };
}

function changeOf(channel: Channel, alert: Alert, now: Date): AlertChange | undefined {
  const { lastAt, heldSince } = toldOf(channel, alert);
  const { isNews } = classOf(alert.event);
  if (alert.endedAt) {
    if (isNews) return heldSince && !lastAt ? 'firing' : undefined;
    if (lastAt) return isSubscribed(channel, alert) ? 'recovered' : undefined;
    return heldSince ? 'passed' : undefined;
  }
  if (lastAt) {
    const isDue = alert.absentSince === null && now.getTime() - lastAt.getTime() >= DAY_MS;
    return isDue && !isNews && concerns(channel, alert) ? 'reminder' : undefined;
  }
  if (heldSince) return 'firing';
  const isThere = alert.absentSince === null && concerns(channel, alert) && hasLasted(channel, alert, now);
  return isThere ? 'firing' : undefined;
}

function toldOf({ id }: Channel, alert: Alert) {
  return alert.told[id] ?? NOTHING_TOLD;
}

function noted({ id }: Channel, alert: Alert, told: Alert['told'][string] | undefined): Alert {
  const { [id]: _before, ...others } = alert.told;
  return { ...alert, told: told ? { ...others, [id]: told } : others };
}

function isSubscribed({ events }: Channel, { event }: Alert): boolean {
  return events.length === 0 || events.includes(event);
}

/** Whether a channel wants to hear of an alert at all. */
function concerns(channel: Channel, alert: Alert): boolean {
  if (!isSubscribed(channel, alert) || !isAtLeast(alert.severity, channel.minimumSeverity)) return false;
  // What cannot be delivered there is not told there.
  if (alert.event === 'dead_letters' && alert.key === deadLettersKey(channel.id)) return false;
  return !classOf(alert.event).isNews || alert.since >= channel.createdAt;
}

export function deadLettersKey(channelId: string): string {
  return `dead_letters:${channelId}`;
}

/** Time in failure decides, and not how often something failed. */
function hasLasted({ thresholdMinutes }: Channel, { event, since }: Alert, at: Date): boolean {
  const minutes = thresholdMinutes[event] ?? classOf(event).afterMinutes;
  return at.getTime() - since.getTime() >= minutes * MINUTE_MS;
}

/** Undefined where everybody of a channel is mailed about the alert in another way. */
function recipientsOf({ kind, addresses }: Channel, { mailedTo }: Alert): string[] | undefined {
  if (kind !== 'email') return [];
  const mailed = new Set(mailedTo.map(plainAddress));
  const others = addresses.filter((each) => !mailed.has(plainAddress(each)));
  return others.length > 0 ? others : undefined;
}

/** `Ops <Ops@example.com>` is `ops@example.com`. */
function plainAddress(address: string): string {
  return (/<([^<>]+)>\s*$/.exec(address)?.[1] ?? address).trim().toLowerCase();
}

/** One message for each thing; one for all where they are many, or where some were held back. */
function messagesOf(channel: Channel, due: readonly Due[], now: Date): Omit<AlertMessage, 'id'>[] {
  const groups = new Map<string, Due[]>();
  for (const each of due) groups.set(each.to.join(), [...(groups.get(each.to.join()) ?? []), each]);
  return [...groups.values()].flatMap((group) => {
    const base = { channelId: channel.id, to: group[0]!.to, at: now };
    const wasHeld = group.some(({ alert }) => toldOf(channel, alert).heldSince);
    const items = group.map(({ alert, change }) => itemOf(alert, change));
    if (wasHeld || group.length > ALONE_AT_MOST)
      return inParts(items).map((part) => ({ ...base, kind: 'summary' as const, items: part }));
    return items.map((item) => ({ ...base, kind: item.change as MessageKind, items: [item] }));
  });
}

/** Receivers take some 100 KB at once. */
function inParts(items: AlertItem[]): AlertItem[][] {
  const parts = Math.ceil(items.length / SUMMED_UP_AT_MOST);
  return Array.from({ length: parts }, (_, at) => items.slice(at * SUMMED_UP_AT_MOST, (at + 1) * SUMMED_UP_AT_MOST));
}

function itemOf(alert: Alert, change: AlertChange): AlertItem {
  const { key, event, severity, connectorId, about, message, action, link, since, endedAt } = alert;
  return { change, key, event, severity, connectorId, about, message, action, link, since, endedAt };
}
