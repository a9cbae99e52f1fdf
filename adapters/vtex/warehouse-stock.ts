import type { StockUnits } from '../../domain/ports/reservations';
import type { VtexClient } from './client';
import { freeIn, readInventory } from './inventory';
import { warehouses } from './order-wire';

/** Units of a SKU in one warehouse. */
export interface WarehouseUnits extends StockUnits {
  warehouseId: string;
  /** Through which they leave it, where the store has said so. */
  dockId?: string;
}

/** Stock of one SKU by warehouse, the most first. */
export interface WarehouseStock {
  of(sourceId: string, signal: AbortSignal): Promise<{ warehouseId: string; free: number }[]>;
  /** Each warehouse's first dock. */
  docks(signal: AbortSignal): Promise<Map<string, string>>;
}

export function createWarehouseStock(client: VtexClient): WarehouseStock {
  return {
    async of(sourceId, signal) {
      return (await readInventory(client, sourceId, signal))
        .flatMap((balance) =>
          balance.warehouseId ? [{ warehouseId: balance.warehouseId, free: freeIn(balance) }] : []
        )
        .sort((one, other) => other.free - one.free);
    },

    async docks(signal) {
      const found = await client.read(
        {
          operation: 'list warehouses',
          needs: 'logistics',
          method: 'GET',
          host: 'store',
          path: '/api/logistics/pvt/configuration/warehouses',
        },
        warehouses,
        signal
      );
      return new Map(
        found.flatMap(({ id, warehouseDocks }) => {
          const [first] = warehouseDocks ?? [];
          return first ? [[id, first.dockId]] : [];
        })
      );
    },
  };
}

/**
 * From which warehouses the units come.
 *
 * @param taken - what the same hold takes already.
 * @returns undefined when there are not enough.
 */
export function spread(
  { sourceId, units }: StockUnits,
  stock: readonly { warehouseId: string; free: number }[],
  taken: readonly WarehouseUnits[]
): WarehouseUnits[] | undefined {
  let left = units;
  const from: WarehouseUnits[] = [];
  for (const { warehouseId, free } of stock) {
    const others = taken.filter((each) => each.sourceId === sourceId && each.warehouseId === warehouseId);
    const some = Math.min(left, free - others.reduce((sum, each) => sum + each.units, 0));
    if (some <= 0) continue;
    from.push({ sourceId, units: some, warehouseId });
    left -= some;
  }
  return left > 0 ? undefined : from;
}
