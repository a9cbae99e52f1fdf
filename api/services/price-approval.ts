import { isSameMoney, shownMoney, type Money } from '../../domain/money';
import { listingQueries } from '../../models/listing-queries';
import type { ListingDocument } from '../../models/listings';
import { viewOfMoney } from '../contracts/money-view';
import { notFound, Problem } from '../errors';
import { auditService } from './audit';
import type { By } from './by';
import type { ServiceDeps } from './index';
import { syncService } from './syncs';

/** Letting a price through that is too far from the last one (B12). */
export function priceApproval(deps: Pick<ServiceDeps, 'connection' | 'orchestrator' | 'clock'>) {
  const listings = listingQueries(deps.connection);
  const syncs = syncService(deps);
  const audit = auditService(deps);

  /** @throws Problem `not_found`, `price_not_waiting` */
  async function requireWaiting(connectorId: string, sku: string, price: Money): Promise<ListingDocument> {
    const found = await listings.get(connectorId, sku);
    if (!found) throw notFound('listing');
    if (found.heldBackPrice && isSameMoney(found.heldBackPrice, price)) return found;
    throw notWaiting(price, found.heldBackPrice ?? null);
  }

  return {
    /**
     * Approves the price that a SKU waits with, and starts a run that sends it. Where no run can be started, nothing is
     * approved.
     *
     * @returns the run's id.
     * @throws Problem `not_found`, `price_not_waiting`, `not_active`, `sync_running`, `workflows_unavailable`
     */
    async approvePrice(connectorId: string, sku: string, price: Money, by: By): Promise<{ id: string }> {
      const { sentPrice } = await requireWaiting(connectorId, sku, price);
      const opened = await syncs.open(connectorId, { mode: 'synchronization', scope: 'skus', skus: [sku] });
      const now = await listings.approvePrice(connectorId, sku, price);
      if (!now.isApproved) {
        // A run that ended after the first look has read another price.
        await syncs.abandon(opened, 'The price that was to be approved waits no more.');
        throw notWaiting(price, now.heldBackPrice);
      }
      await audit.note(by, {
        action: 'listing.price_approved',
        target: { type: 'listing', id: sku },
        connectorId,
        changes: [{ field: 'price', before: sentPrice && shownMoney(sentPrice), after: shownMoney(price) }],
      });
      try {
        await syncs.begin(opened, by);
      } catch (error) {
        const hasNotBegun = error instanceof Problem && error.code === 'workflows_unavailable';
        if (hasNotBegun) await listings.withdrawApproval(connectorId, sku);
        throw error;
      }
      return { id: opened.syncId };
    },
  };
}

function notWaiting(price: Money, waiting: Money | null): Problem {
  const detail = waiting
    ? `${shownMoney(price)} does not wait for approval any more: ${shownMoney(waiting)} does. Look at that one, and approve it if it is right.`
    : 'No price of this SKU waits for approval.';
  return new Problem('price_not_waiting', detail, { heldBackPrice: waiting && viewOfMoney(waiting) });
}
