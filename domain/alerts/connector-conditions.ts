import type { WaitingFor } from '../connector';
import { SECRET_PENDING_MS } from '../credential-clock';
import type { OrderStage } from '../orders/order-view';
import type { Condition } from './alert';
import type { ConnectorFacts, OrderFacts } from './alert-facts';
import type { AlertEvent, AlertSeverity } from './alert-events';
import { riseOf } from './problem-levels';

/** The time, and who is mailed about orders where nobody else is named. */
interface Context {
  now: Date;
  /** What stood still before may have stood still because nothing ran here. */
  upSince: Date;
  operators: readonly string[];
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** A run that counts nothing for so long is looked at; a shorter time is how syncs are. */
const STILL_MS = 10 * MINUTE_MS;
/** A sync is overdue after so many of its periods, and no sooner than after an hour. */
const OVERDUE = { periods: 3, atLeastMs: 60 * MINUTE_MS } as const;
/** What only a person can end is told for so long. */
export const ATTENTION_FOR_MS = 7 * DAY_MS;
/** Orders that a message names. */
const NAMED = 3;

/** Stages of orders whose stock is not held. */
export const UNHELD_STAGES: readonly OrderStage[] = ['unheld', 'reserving'];
/** Stages of orders that do not get on. */
export const FAILED_STAGES: readonly OrderStage[] = ['failing', 'attention', 'undoing'];

/** Each tells whether its condition is there, for one connector. */
export const ALL_CONDITIONS_OF_CONNECTORS = [
  runFailed,
  runStuck,
  syncOverdue,
  problemsRising,
  parked,
  outsideAway,
  holdInTrouble,
  orderFailed,
];

function runFailed(connector: ConnectorFacts): Condition[] {
  if (connector.state !== 'active') return [];
  const completed = connector.ended.findIndex(({ outcome }) => outcome === 'completed');
  const failed = completed === -1 ? connector.ended : connector.ended.slice(0, completed);
  const [last, first] = [failed[0], failed.at(-1)];
  if (!last || !first) return [];
  return [
    condition(connector, 'run_failed', 'error', first.endedAt, {
      message: `No sync has ended well since then. The last one: ${last.reason ?? 'it failed'}`,
      action: 'Look at the run. The next one starts by itself; what Amazon has stays as it is until then.',
      link: `/v1/syncs/${last.id}`,
    }),
  ];
}

function runStuck(connector: ConnectorFacts, { now, upSince }: Context): Condition[] {
  return connector.atWork.flatMap((run) => {
    const isOwn = run.waitingFor === null || ['feed', 'throttled'].includes(run.waitingFor.code);
    const since = later(run.stillSince, upSince);
    if (run.paused || !isOwn || now.getTime() - since.getTime() < STILL_MS) return [];
    const where = run.waitingFor?.message ?? `It is in the phase ${run.phase}.`;
    return [
      condition(connector, 'run_stuck', 'error', since, {
        of: run.id,
        message: `Nothing has moved in the run since then. ${where}`,
        action: 'See that workers run and what they log; then cancel the run, and the next one goes on where it was.',
        link: `/v1/syncs/${run.id}`,
      }),
    ];
  });
}

function syncOverdue(connector: ConnectorFacts, { now, upSince }: Context): Condition[] {
  const { state, atWork, lastStartedAt, activatedAt, everyMinutes } = connector;
  if (state !== 'active' || atWork.length > 0 || !activatedAt) return [];
  const allowed = Math.max(OVERDUE.periods * everyMinutes * MINUTE_MS, OVERDUE.atLeastMs);
  const since = new Date(later(later(lastStartedAt ?? activatedAt, activatedAt), upSince).getTime() + allowed);
  if (since > now) return [];
  return [
    condition(connector, 'sync_overdue', 'error', since, {
      message: `A sync is due every ${everyMinutes} minutes, and none was started${lastStartedAt ? ` since ${lastStartedAt.toISOString()}` : ''}.`,
      action:
        'See that workers run and that the schedule is there: pause the connector and resume it to have it made anew.',
      link: `/v1/connectors/${connector.id}`,
    }),
  ];
}

function problemsRising(connector: ConnectorFacts): Condition[] {
  const rise = connector.state === 'active' ? riseOf(connector.levels) : undefined;
  if (!rise) return [];
  const { from, to } = rise;
  return [
    condition(connector, 'problems_rising', 'warning', to.at, {
      message: `${to.problems} of ${to.total} SKUs have problems; at ${from.at.toISOString()} it was ${from.problems}.`,
      action: 'Look at the problems, the most frequent first: each says who has to do what.',
      link: `/v1/connectors/${connector.id}/problems`,
    }),
  ];
}

function parked(connector: ConnectorFacts, { now }: Context): Condition[] {
  const { id, state, stateReason, changedAt, activatedAt } = connector;
  const link = `/v1/connectors/${id}`;
  const action = 'Correct what the message names; everything goes on by itself then.';
  if (state === 'failed')
    return [
      condition(connector, 'connector_parked', 'critical', changedAt, {
        message: stateReason ?? 'The connector has failed.',
        action,
        link,
      }),
    ];
  const waiting = [...connector.atWork.map(({ waitingFor }) => waitingFor), activatedAt ? connector.waitingFor : null];
  const first = earliest(
    waiting
      .filter((each) => each !== null)
      .filter((each) => isForPeople(each.code) && !isYetToWork(each.code, new Date(each.since), now))
  );
  if (!first) return [];
  return [
    condition(connector, 'connector_parked', 'critical', new Date(first.since), {
      message: first.message,
      action: first.field ? `Correct ${first.field} of the connector; everything goes on by itself then.` : action,
      link,
    }),
  ];
}

function outsideAway(connector: ConnectorFacts, { upSince }: Context): Condition[] {
  const waiting = connector.atWork.flatMap(({ waitingFor }) => waitingFor ?? []);
  const first = earliest(waiting.filter(({ code }) => code === 'transient'));
  if (!first) return [];
  return [
    condition(connector, 'outside_away', 'error', later(new Date(first.since), upSince), {
      message: first.message,
      action: 'Look at the status pages of Amazon and of the store. It is tried again by itself.',
      link: `/v1/connectors/${connector.id}`,
    }),
  ];
}

function holdInTrouble(connector: ConnectorFacts, context: Context): Condition[] {
  return ofOrders(connector, context, UNHELD_STAGES, 'hold_in_trouble', {
    what: 'no stock is held',
    action: 'Look at the order: its reason says what the store lacks. It is tried again by itself.',
  });
}

function orderFailed(connector: ConnectorFacts, context: Context): Condition[] {
  return ofOrders(connector, context, FAILED_STAGES, 'order_failed', {
    what: 'something has to be done',
    action: 'Look at the orders: the messages of each say what happened and what to do.',
  });
}

function ofOrders(
  connector: ConnectorFacts,
  { now, upSince, operators }: Context,
  stages: readonly OrderStage[],
  event: AlertEvent,
  words: { what: string; action: string }
): Condition[] {
  const orders = connector.orders.filter(
    ({ stage, since }) =>
      stages.includes(stage) && (stage !== 'attention' || now.getTime() - since.getTime() < ATTENTION_FOR_MS)
  );
  const [first] = [...orders].sort((one, other) => one.since.getTime() - other.since.getTime());
  if (!first) return [];
  const named = orders.slice(0, NAMED).map(({ amazonOrderId }) => amazonOrderId);
  const more = orders.length - named.length;
  const since = first.stage === 'attention' ? first.since : later(first.since, upSince);
  return [
    condition(connector, event, 'error', since, {
      message: `Of ${orders.length === 1 ? 'an order' : `${orders.length} orders`} ${words.what}: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}. ${first.reason}`,
      action: words.action,
      link: `/v1/orders?connectorId=${connector.id}&state=${first.stage}`,
      mailedTo: mailedTo(orders, connector.errorEmail, operators),
    }),
  ];
}

/** V14 mails each order: who gets those mails needs none about them together. */
function mailedTo(
  orders: readonly OrderFacts[],
  errorEmail: string | undefined,
  operators: readonly string[]
): string[] {
  if (!orders.every(({ isMailed }) => isMailed)) return [];
  return errorEmail ? [errorEmail] : [...operators];
}

function condition(
  { id, name }: ConnectorFacts,
  event: AlertEvent,
  severity: AlertSeverity,
  since: Date,
  words: { message: string; action: string; link: string; of?: string; mailedTo?: string[] }
): Condition {
  const { of, message, action, link, mailedTo = [] } = words;
  const key = [event, id, ...(of ? [of] : [])].join(':');
  return { key, event, severity, connectorId: id, about: name, message, action, link, mailedTo, since };
}

/** A failure that does not pass by itself: somebody has to change something. */
function isForPeople(code: string): boolean {
  return code !== 'feed' && code !== 'transient' && code !== 'throttled';
}

/** A new client secret that Amazon does not take yet needs nobody for a while. */
export function isYetToWork(code: string, since: Date, now: Date): boolean {
  return code === 'auth.secret_pending' && now.getTime() - since.getTime() < SECRET_PENDING_MS;
}

function earliest(waiting: readonly WaitingFor[]): WaitingFor | undefined {
  return [...waiting].sort((one, other) => Date.parse(one.since) - Date.parse(other.since))[0];
}

export function later(one: Date, other: Date): Date {
  return one > other ? one : other;
}
