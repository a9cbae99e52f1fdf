import { createVtexOrders, type VtexOrdersOptions } from '../../../adapters/vtex/orders';
import type { StockUnits } from '../../../domain/ports/reservations';
import { never, SandboxWorld } from '../sandbox-world';

export interface SkuBook {
  start: number;
  sold: number;
  held: number;
  available: number;
  price: number | null;
}

interface StoreBook {
  skus: Record<string, SkuBook>;
  reservations: Record<string, { status: number; units: Record<string, number> }>;
  orders: Record<string, { state: string; value: number; units: Record<string, number>; isWrittenDown: boolean }>;
}

/** A sandbox's store with an affiliate, and the adapters that hold its stock and place orders in it. */
export class StoreWithOrders {
  private constructor(readonly world: SandboxWorld) {}

  static async start(): Promise<StoreWithOrders> {
    return new StoreWithOrders(await SandboxWorld.start());
  }

  /** As new; the store's codes and prices stay the same. */
  async reset(): Promise<void> {
    await this.world.control('POST', '/reset');
    await this.world.control('PUT', '/worlds/w', { generate: 60, seed: 1 });
    await this.world
      .store()
      .putAffiliate(
        { id: 'MZN', name: 'Amazon', followUpEmail: 'a@example.com', salesChannel: '1', endpoint: null },
        never
      );
  }

  orders(options: Partial<VtexOrdersOptions> = {}) {
    return createVtexOrders({
      ...this.world.facts.vtex,
      affiliateId: 'MZN',
      urlTemplate: `${this.world.sandbox.url}/vtex/{account}`,
      pricingUrlTemplate: `${this.world.sandbox.url}/vtex-pricing/{account}`,
      requestsInFlight: 10,
      timeoutMs: 5_000,
      connector: { name: 'Longshore', endpoint: 'http://127.0.0.1:9/hooks/secret-of-the-hook' },
      ...options,
    });
  }

  change(sku: string, what: object): Promise<unknown> {
    return this.world.control('POST', `/worlds/w/skus/${sku}`, what);
  }

  manners(manners: object): Promise<unknown> {
    return this.world.control('POST', '/worlds/w/vtex', manners);
  }

  async books(): Promise<StoreBook> {
    const all = await this.world.control<{ vtex: Record<string, StoreBook> }>('GET', '/books');
    return all.vtex[this.world.facts.vtex.account]!;
  }

  /** Ids of SKUs that are for sale and are no kits. */
  async plainSkus(): Promise<string[]> {
    const { items } = await this.world.store().readPage(null, 60, never);
    return items
      .filter((each) => !each.isKit && each.price && each.status === 'active' && each.stock.kind === 'units')
      .map((each) => each.sourceId);
  }

  /** One whose parts are two SKUs with limited stock. */
  async kit(): Promise<{ sourceId: string; parts: StockUnits[] }> {
    const { items } = await this.world.store().readPage(null, 60, never);
    const kit = items.find((each) => each.isKit && each.price && each.stock.kind === 'units' && each.stock.units > 0)!;
    return { sourceId: kit.sourceId, parts: kit.components!.map(({ sourceId, units }) => ({ sourceId, units })) };
  }
}
