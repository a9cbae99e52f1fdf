import type { VtexClient } from './client';
import { inventory, type Inventory } from './wire';

/** What a SKU's warehouses hold; empty for one that VTEX keeps no stock of. */
export async function readInventory(
  client: VtexClient,
  skuId: string,
  signal: AbortSignal
): Promise<NonNullable<Inventory['balance']>> {
  const found = await client.find(
    {
      operation: 'read inventory',
      needs: 'logistics',
      method: 'GET',
      host: 'store',
      path: `/api/logistics/pvt/inventory/skus/${encodeURIComponent(skuId)}`,
    },
    inventory,
    signal
  );
  return found?.balance ?? [];
}

/** What can be sold from one warehouse; without end where it is unlimited. */
export function freeIn({
  totalQuantity,
  reservedQuantity,
  hasUnlimitedQuantity,
}: NonNullable<Inventory['balance']>[number]): number {
  return hasUnlimitedQuantity ? Infinity : Math.max(0, (totalQuantity ?? 0) - (reservedQuantity ?? 0));
}
