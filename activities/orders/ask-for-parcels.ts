import { OutsideError } from '../../domain/errors';
import type { WatchedAccount } from '../../domain/orders/order-record';
import { isNewsOfStore } from '../../domain/orders/parcels';
import { stateOf, type OrderDocument } from '../../models/orders';
import { withPulse } from '../pulse';
import type { OrderDependencies, StoreOfOrders } from './dependencies';
import { watchedConnectors } from './watched-connectors';

/** The store is asked for the parcels of an order so often, until all of it is sent or Amazon says that it is. */
const ASK_EVERY_MS = 30 * 60_000;
/** … as far as this many a run allow, for all the stores of an account: 28,800 requests a day. */
const ASKED_A_RUN = 60;

/** Asking stores for what they have sent (B20). */
export function parcelSteps(deps: OrderDependencies) {
  const { orders, orchestrator, storeOf, logger } = deps;

  async function askFor(order: OrderDocument, store: StoreOfOrders, signal: AbortSignal): Promise<void> {
    const { sellerId, amazonOrderId, connectorId } = order;
    const found = await store.integration.find(amazonOrderId, signal);
    if (!found || !isNewsOfStore(stateOf(order), found, Date.now())) return;
    await orchestrator.tellOrder({ sellerId, amazonOrderId, connectorId }, { kind: 'store', order: found });
  }

  return {
    /** Asks for the orders that wait longest, and tells each what is new. A store that does not answer is left to the next run. */
    async askForParcels(watched: WatchedAccount): Promise<void> {
      await withPulse(async ({ signal }) => {
        const connectors = await watchedConnectors(deps, watched);
        for (const connector of connectors) {
          const before = new Date(Date.now() - ASK_EVERY_MS);
          const most = Math.max(1, Math.floor(ASKED_A_RUN / connectors.length));
          const due = await orders.toAskForParcels([connector._id], before, most);
          if (due.length === 0) continue;
          try {
            const store = await storeOf(connector);
            for (const order of due) {
              // Before: one that the store cannot answer must not stand before the others for ever.
              await orders.noteParcelsAsked(order._id, new Date());
              await askFor(order, store, signal);
            }
          } catch (error) {
            if (signal.aborted || !(error instanceof OutsideError)) throw error;
            logger.warn(
              { connectorId: connector._id, code: error.code, said: error.message },
              'no parcels were asked for'
            );
          }
        }
      });
    },
  };
}
