import { amazonAccount } from '../../domain/amazon-account';
import { quantityPatches } from '../../domain/listing-changes';
import type { WantedListing } from '../../domain/listing';
import type { OrderInput } from '../../domain/orders/order-record';
import { withPulse } from '../pulse';
import type { OrderDependencies } from './dependencies';

/** Taking off sale what the store has no stock of. */
export function sellingSteps({ connectors, ledger, listings }: OrderDependencies) {
  return {
    /**
     * Sets the quantity of these SKUs at Amazon to 0, whatever the source says; the next sync that reads them sends what the source
     * says by then. SKUs that were never sent are left alone.
     *
     * @throws ApplicationFailure, of the first that fails.
     */
    async stopSelling({ connectorId, skus }: OrderInput & { skus: string[] }): Promise<void> {
      await withPulse(async ({ signal }) => {
        const connector = await connectors.get(connectorId);
        if (!connector) return;
        const account = amazonAccount(connectorId, connector.config);
        for (const [sku, { wanted, sentHashes, sentProductType }] of await ledger.bySku(connectorId, skus)) {
          if (!wanted?.quantity || !sentHashes) continue;
          const productType = sentProductType ?? wanted.productType;
          await listings.patch(account, sku, productType, quantityPatches(withoutStock(wanted)), signal);
          // The next sync sends what the source says by then, also when that is what was sent last.
          const { quantity: _stopped, ...rest } = sentHashes;
          await ledger.change(connectorId, [{ sku, change: { sentHashes: rest } }]);
        }
      });
    },
  };
}

function withoutStock(wanted: WantedListing): WantedListing {
  const quantity = Object.fromEntries(
    Object.entries(wanted.quantity ?? {}).map(([name, values]) => [
      name,
      values.map((value) => ({ ...value, quantity: 0 })),
    ])
  );
  return { ...wanted, quantity };
}
