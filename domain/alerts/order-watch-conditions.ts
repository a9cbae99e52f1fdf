import { FAILURES, isPassing } from '../errors';
import { orderWatchId } from '../ids';
import type { Condition } from './alert';
import type { UnreadOrders } from './alert-facts';
import { isYetToWork, later } from './connector-conditions';

/** Connectors that a message names. */
const NAMED = 3;

/**
 * Orders that cannot be read, one condition for an account however many connectors have orders in it. While nobody reads them no
 * stock is held for what is bought at Amazon, whatever state the connectors and their syncs are in.
 *
 * @param upSince - what passes by itself may have lasted because nothing ran here before.
 */
export function ordersUnread(unread: UnreadOrders, now: Date, upSince: Date): Condition[] {
  const { code, since } = unread.problem;
  if (isYetToWork(code, since, now)) return [];
  return [
    isPassing(code)
      ? condition(unread, 'outside_away', 'error', later(since, upSince))
      : condition(unread, 'connector_parked', 'critical', since),
  ];
}

function condition(
  { sellerId, region, connectors, problem }: UnreadOrders,
  event: Condition['event'],
  severity: Condition['severity'],
  since: Date
): Condition {
  const [only, ...others] = connectors;
  return {
    key: `${event}:${orderWatchId(sellerId, region)}`,
    event,
    severity,
    connectorId: only && others.length === 0 ? only.id : null,
    about: `orders of ${sellerId} in ${region}`,
    message: `The orders of seller ${sellerId} in ${region} (${namesOf(connectors)}) are not read, and no stock is held for new ones. ${problem.said}`,
    action: `${FAILURES[problem.code].action} Orders are read again by themselves then, from where they were left.`,
    link: '/v1/order-watches',
    mailedTo: [],
    since,
  };
}

function namesOf(connectors: UnreadOrders['connectors']): string {
  const named = connectors.slice(0, NAMED).map(({ name }) => name);
  const more = connectors.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
