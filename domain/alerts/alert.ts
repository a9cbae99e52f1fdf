import type { AlertEvent, AlertSeverity } from './alert-events';

/** Something that is wrong at this moment, as the database shows it. */
export interface Condition {
  /** Names what is wrong with what; the same for as long as it is the same condition. */
  key: string;
  event: AlertEvent;
  severity: AlertSeverity;
  connectorId: string | null;
  /** What it is about, in words: a connector's name, a channel's. */
  about: string;
  /** What is wrong, in a sentence. */
  message: string;
  /** What to do, in a sentence. */
  action: string;
  /** Where to look: a path of the API. */
  link: string;
  /** Addresses that are mailed about it in another way: they get no second mail. */
  mailedTo: string[];
  since: Date;
}

/** What a channel was told of a condition. */
export interface Told {
  /** When it was last told that the condition stands; null when it never was. */
  lastAt: Date | null;
  /** Since when something is to be told that quiet hours hold back; null when nothing is. */
  heldSince: Date | null;
}

/** A condition over time, the last one of its key. */
export interface Alert extends Condition {
  /** When the condition was first missing, since it was last there; null while it is there. */
  absentSince: Date | null;
  /** When it was taken for over; null while it is not. */
  endedAt: Date | null;
  /** How often it has come back since it was last away for a day. */
  relapses: number;
  /** By channel. */
  told: Record<string, Told>;
}

export const CHANNEL_KINDS = ['email', 'slack', 'webhook'] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

/** From and to a time of day, such as `22:00` and `07:00`; over midnight where `to` is earlier. */
export interface QuietHours {
  from: string;
  to: string;
}

/** Whom to tell what, and when. */
export interface Channel {
  id: string;
  name: string;
  kind: ChannelKind;
  isEnabled: boolean;
  /** Of a channel of kind `email`. */
  addresses: string[];
  /** Empty: all of them. */
  events: AlertEvent[];
  minimumSeverity: AlertSeverity;
  /** Instead of the event's own, in minutes. */
  thresholdMinutes: Partial<Record<AlertEvent, number>>;
  /** IANA name: `Europe/Madrid`. */
  timeZone: string;
  quietHours: QuietHours | null;
  /** 0–23, in the channel's time zone; null for no digest. */
  digestHour: number | null;
  /** The local date of the last digest, `2026-03-29`; null before the first. */
  digestDay: string | null;
  createdAt: Date;
}

/**
 * What a message says of an alert. `firing`: it stands, and is news to the channel. `reminder`: it still stands. `recovered`: it is
 * over. `passed`: it came and went while the channel was not to be disturbed.
 */
export type AlertChange = 'firing' | 'reminder' | 'recovered' | 'passed';

export type AlertItem = Omit<Condition, 'mailedTo'> & { change: AlertChange; endedAt: Date | null };

/** `summary`: several together. `digest`: what stands, once a day. `test`: somebody has pressed the button. */
export const MESSAGE_KINDS = ['firing', 'reminder', 'recovered', 'summary', 'digest', 'test'] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** One message to one channel. */
export interface AlertMessage {
  /** `adl_` and 32 hex digits; ids sort by time. */
  id: string;
  channelId: string;
  kind: MessageKind;
  /** Of a mail: to whom. Empty for the others. */
  to: string[];
  items: AlertItem[];
  at: Date;
}
