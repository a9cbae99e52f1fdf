/** How much an alert matters, the least first. Quiet hours hold back all but the last. */
export const ALERT_SEVERITIES = ['info', 'warning', 'error', 'critical'] as const;
export type AlertSeverity = (typeof ALERT_SEVERITIES)[number];

interface AlertClass {
  /** Plain words, as a heading. */
  title: string;
  /** A condition is told once it has lasted for so long, unless a channel says otherwise; in minutes. */
  afterMinutes: number;
  /** Something that happened, and no state that ends: told once, without reminders and without an end. */
  isNews?: true;
}

/** What people are alerted of (B14). `docs/alerts.md` says of each when it is raised and what to do. */
export const ALERT_EVENTS = {
  run_failed: { title: 'Syncs fail', afterMinutes: 30 },
  run_stuck: { title: 'A sync does not move', afterMinutes: 240 },
  sync_overdue: { title: 'No sync is started', afterMinutes: 30 },
  problems_rising: { title: 'More SKUs have problems', afterMinutes: 30 },
  connector_parked: { title: 'A connector waits for somebody', afterMinutes: 10 },
  outside_away: { title: 'Amazon or the source does not answer', afterMinutes: 30 },
  credential_due: { title: 'A credential lapses', afterMinutes: 0 },
  hold_in_trouble: { title: 'Stock is not held for orders', afterMinutes: 15 },
  order_failed: { title: 'Orders cannot be handled', afterMinutes: 30 },
  schema_changed: { title: 'Amazon has changed a product type', afterMinutes: 0, isNews: true },
  dead_letters: { title: 'Alerts could not be delivered', afterMinutes: 0 },
} as const satisfies Record<string, AlertClass>;

export type AlertEvent = keyof typeof ALERT_EVENTS;

export const ALERT_EVENT_NAMES = Object.keys(ALERT_EVENTS) as AlertEvent[];

export function classOf(event: AlertEvent): AlertClass {
  return ALERT_EVENTS[event];
}

export function isAtLeast(severity: AlertSeverity, least: AlertSeverity): boolean {
  return ALERT_SEVERITIES.indexOf(severity) >= ALERT_SEVERITIES.indexOf(least);
}
