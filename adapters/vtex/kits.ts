import type { KitComponent, SourceStock } from '../../domain/catalog-item';
import type { VtexClient } from './client';
import { stockOfUnits, type Offers } from './offers';
import type { SimulatedReading } from './reading';
import { kitRows, type SkuContext } from './wire';

/** A component's SKU and how many of it one kit takes. */
type KitPart = Pick<KitComponent, 'sourceId' | 'units'>;

/** Reads what kits are made of. */
export interface Kits {
  /** What one kit takes; empty when the store does not say. */
  partsOf(kit: SkuContext, signal: AbortSignal): Promise<KitPart[]>;
  /** The parts with their stock, by what was simulated of them and else by the inventory. */
  withStock(
    parts: readonly KitPart[],
    simulated: ReadonlyMap<string, SimulatedReading>,
    signal: AbortSignal
  ): Promise<KitComponent[]>;
}

export function createKits(client: VtexClient, offers: Offers): Kits {
  /** A part need not be for sale by itself: what a simulation leaves out may lie in the warehouse. */
  async function stockOf(skuId: string, reading: SimulatedReading | undefined, signal: AbortSignal) {
    if (reading && 'failure' in reading) throw reading.failure;
    const units = reading?.value?.stockBalance;
    return units === undefined ? offers.inventoryOf(skuId, signal) : stockOfUnits(units);
  }

  return {
    async partsOf(kit, signal) {
      if (kit.KitItems?.length) return kit.KitItems.map(({ Id, Amount }) => part(Id, Amount));
      const rows = await client.find(
        {
          operation: 'read kit',
          needs: 'catalog',
          method: 'GET',
          host: 'store',
          path: `/api/catalog/pvt/stockkeepingunitkit?parentSkuId=${encodeURIComponent(kit.Id)}`,
        },
        kitRows,
        signal
      );
      return (rows ?? []).map(({ StockKeepingUnitId, Quantity }) => part(StockKeepingUnitId, Quantity));
    },

    withStock: (parts, simulated, signal) =>
      Promise.all(
        parts.map(async ({ sourceId, units }) => ({
          sourceId,
          units,
          stock: await stockOf(sourceId, simulated.get(sourceId), signal),
        }))
      ),
  };
}

/** As many kits as the scarcest component allows; undefined when no component is known. */
export function stockByComponents(components: readonly KitComponent[]): SourceStock | undefined {
  if (components.length === 0) return undefined;
  const kits = components.flatMap(({ units, stock }) =>
    stock.kind === 'unlimited' ? [] : [Math.floor(stock.units / units)]
  );
  return kits.length === 0 ? { kind: 'unlimited' } : { kind: 'units', units: Math.min(...kits) };
}

function part(sourceId: string, units: number | null | undefined): KitPart {
  return { sourceId, units: Math.max(1, Math.trunc(units ?? 1)) };
}
