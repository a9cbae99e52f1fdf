/** Units of a SKU in one warehouse. */
export interface WarehouseUnits {
  skuId: number;
  warehouseId: string;
  units: number;
}

/** Units that cannot be sold because a reservation or an order has them, by SKU and warehouse. */
export class HeldStock {
  private readonly held = new Map<string, number>();

  take(taken: readonly WarehouseUnits[]): void {
    for (const each of taken) this.add(each, each.units);
  }

  giveBack(given: readonly WarehouseUnits[]): void {
    for (const each of given) this.add(each, -each.units);
  }

  of(skuId: number, warehouseId: string): number {
    return this.held.get(`${skuId}@${warehouseId}`) ?? 0;
  }

  private add({ skuId, warehouseId }: WarehouseUnits, units: number): void {
    this.held.set(`${skuId}@${warehouseId}`, this.of(skuId, warehouseId) + units);
  }
}
