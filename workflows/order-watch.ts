import { proxyActivities } from '@temporalio/workflow';
import type { OrderActivities } from '../activities/orders';
import type { WatchedAccount } from '../domain/orders/order-record';

/** What fails comes again with the next run. */
const { readOrdersPage, lookAtHeldOrders, askForParcels } = proxyActivities<OrderActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '30 seconds',
  retry: { initialInterval: '2 seconds', maximumInterval: '30 seconds', maximumAttempts: 3 },
});

/**
 * One look at what has changed among the orders of an account, at the orders that stock is held for, and at the parcels that stores
 * have sent. A run searches once, whatever waits: as often as runs follow each other is what Amazon allows. How far it has come is in
 * the database: what this run does not get to is the next one's.
 */
export async function orderWatch(account: WatchedAccount): Promise<void> {
  if ((await readOrdersPage(account)) === 'unwatched') return;
  await lookAtHeldOrders(account);
  await askForParcels(account);
}
