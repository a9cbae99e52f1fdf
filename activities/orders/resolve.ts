import type { OrderLine } from '../../domain/orders/order-state';
import type { OrderDependencies } from './dependencies';

/** Which SKUs of the store these are; those that the ledger does not know are left out. A kit whose parts are unknown is unknown too. */
export async function linesOf(
  { ledger, items }: Pick<OrderDependencies, 'ledger' | 'items'>,
  connectorId: string,
  skus: readonly string[]
): Promise<OrderLine[]> {
  const lines: OrderLine[] = [];
  for (const [sku, { sourceId, isKit }] of await ledger.bySku(connectorId, skus)) {
    if (!isKit) {
      lines.push({ sku, sourceId });
      continue;
    }
    const kit = await items.item(connectorId, sku);
    const parts = kit?.components?.map((part) => ({ sourceId: part.sourceId, units: part.units })) ?? [];
    if (parts.length > 0) lines.push({ sku, sourceId, parts });
  }
  return lines;
}
