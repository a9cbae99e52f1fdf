import { proxyActivities } from '@temporalio/workflow';
import type { OrderActivities } from '../activities/orders';
import type { WatchedAccount } from '../domain/orders/order-record';

/** What fails comes again with the next run. */
const { readOrdersPage, lookAtHeldOrders } = proxyActivities<OrderActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '30 seconds',
  retry: { initialInterval: '2 seconds', maximumInterval: '30 seconds', maximumAttempts: 3 },
});

/** As many as Amazon gives at once to an account that has asked for none lately. Source: searchOrders, burst of 20. */
const PAGES_A_RUN = 20;

/**
 * One look at what has changed among the orders of an account, and at the orders that stock is held for. How far it has come is in
 * the database: what this run does not get to is the next one's.
 */
export async function orderWatch(account: WatchedAccount): Promise<void> {
  for (let page = 1; page <= PAGES_A_RUN; page++) {
    const read = await readOrdersPage(account);
    if (read === 'unwatched') return;
    if (read !== 'more') break;
  }
  await lookAtHeldOrders(account);
}
