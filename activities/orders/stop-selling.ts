import { amazonAccount } from '../../domain/amazon-account';
import { isPassing, OutsideError } from '../../domain/errors';
import { quantityPatches } from '../../domain/listing-changes';
import type { WantedListing } from '../../domain/listing';
import type { OrderInput } from '../../domain/orders/order-record';
import type { AmazonAccount, SubmissionAnswer } from '../../domain/ports/amazon';
import type { ListingDocument } from '../../models/listings';
import { withPulse } from '../pulse';
import type { OrderDependencies } from './dependencies';

/** Taking off sale what the store has no stock of. */
export function sellingSteps({ connectors, ledger, listings }: OrderDependencies) {
  async function stop(account: AmazonAccount, entry: ListingDocument, signal: AbortSignal): Promise<void> {
    const { connectorId, sku, wanted, sentHashes, sentProductType } = entry;
    if (!wanted?.quantity || !sentHashes) return;
    const productType = sentProductType ?? wanted.productType;
    const answer = await listings.patch(account, sku, productType, quantityPatches(withoutStock(wanted)), signal);
    if (answer.status === 'INVALID') throw refusal(sku, answer);
    // The next sync sends what the source says by then, also when that is what was sent last.
    const { quantity: _stopped, ...rest } = sentHashes;
    await ledger.change(connectorId, [{ sku, change: { sentHashes: rest } }]);
  }

  return {
    /**
     * Sets the quantity of these SKUs at Amazon to 0, whatever the source says; the next sync that reads them sends what the source
     * says by then. SKUs that were never sent are left alone, and one that fails keeps no other on sale.
     *
     * @throws ApplicationFailure, when all were tried: the first that may pass, else the first.
     */
    async stopSelling({ connectorId, skus }: OrderInput & { skus: string[] }): Promise<void> {
      await withPulse(async ({ signal }) => {
        const connector = await connectors.get(connectorId);
        if (!connector) return;
        const account = amazonAccount(connectorId, connector.config);
        const failures: OutsideError[] = [];
        for (const entry of (await ledger.bySku(connectorId, skus)).values())
          await stop(account, entry, signal).catch((error: unknown) => {
            if (signal.aborted || !(error instanceof OutsideError)) throw error;
            failures.push(error);
          });
        const failure = failures.find(({ code }) => isPassing(code)) ?? failures[0];
        if (failure) throw failure;
      });
    },
  };
}

/** INVALID comes with HTTP 200. */
function refusal(sku: string, { problems }: SubmissionAnswer): OutsideError {
  const said = problems.map(({ message }) => message).join(' ');
  return new OutsideError('rejected', `Amazon does not set SKU ${sku} to quantity 0. ${said}`.trim(), {
    system: 'amazon',
    operation: 'patchListingsItem',
  });
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
