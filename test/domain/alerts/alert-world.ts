import type { Alert, AlertMessage, Channel, Condition } from '../../../domain/alerts/alert';
import { evaluate } from '../../../domain/alerts/evaluate';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const START = Date.parse('2026-03-02T09:00:00Z');

export function channel(parts: Partial<Channel> = {}): Channel {
  return {
    id: 'ach_one',
    name: 'One',
    kind: 'slack',
    isEnabled: true,
    addresses: [],
    events: [],
    minimumSeverity: 'info',
    thresholdMinutes: {},
    timeZone: 'UTC',
    quietHours: null,
    digestHour: null,
    digestDay: null,
    createdAt: new Date(START - DAY),
    ...parts,
  };
}

export function condition(parts: Partial<Condition> = {}): Condition {
  return {
    key: 'run_failed:con_1',
    event: 'run_failed',
    severity: 'error',
    connectorId: 'con_1',
    about: 'Luma US',
    message: 'No sync has ended well.',
    action: 'Look at the run.',
    link: '/v1/syncs/syn_1',
    mailedTo: [],
    since: new Date(START),
    ...parts,
  };
}

/** What keeps alerts between looks, as the database does. */
export class AlertWorld {
  readonly alerts = new Map<string, Alert>();
  readonly messages: AlertMessage[] = [];

  constructor(readonly channels: Channel[]) {}

  look(at: number, conditions: readonly Condition[]): AlertMessage[] {
    const { alerts, messages, digests } = evaluate([...this.alerts.values()], conditions, this.channels, new Date(at));
    for (const alert of alerts) this.alerts.set(alert.key, alert);
    for (const { channelId, day } of digests) this.channels.find(({ id }) => id === channelId)!.digestDay = day;
    this.messages.push(...messages);
    return messages;
  }

  /** Looks again and again, while `standing` says what stands. */
  run(from: number, to: number, standing: (at: number) => readonly Condition[], everyMs = MINUTE): void {
    for (let at = from; at < to; at += everyMs) this.look(at, standing(at));
  }

  /** What was told when, in minutes or days since the start. */
  told(unit: number = MINUTE): string[] {
    return this.messages.map(
      ({ at, kind, items }) =>
        `${Number(((at.getTime() - START) / unit).toFixed(2))} ${kind}${
          kind === 'summary' || kind === 'digest'
            ? `: ${items.map(({ change, key }) => `${change} ${key}`).join(', ')}`
            : ''
        }`
    );
  }
}
