import type { AmazonMood, CatalogProduct, CatalogSku } from '../catalog';
import { HeldStock, type WarehouseUnits } from './stock-held';

/** What VTEX writes as the stock of an SKU whose quantity is unlimited. */
export const UNLIMITED_FILLER = 1_000_000;

/** The main warehouse has the catalogue's quantities; the other one what the control API puts there. */
export const WAREHOUSE_ID = '1_1';
export const OTHER_WAREHOUSE_ID = '1_2';

export interface StoreSku extends CatalogSku {
  product: CatalogProduct;
  /** Units in the main warehouse that somebody else holds, as the control API says; not those of the store's reservations. */
  reserved: number;
  /** Units in the other warehouse. */
  elsewhere: number;
}

/** A change made through the control API; absent fields stay as they are. */
export interface SkuChange {
  price?: number | null;
  quantity?: number;
  reserved?: number;
  elsewhere?: number;
  active?: boolean;
  productActive?: boolean;
  name?: string;
  unlimited?: boolean;
  mood?: AmazonMood | null;
  images?: string[];
  /** Ids of the trade policies of its product. */
  salesChannels?: number[];
  remove?: boolean;
}

interface Category {
  id: number;
  name: string;
  parentId: number | null;
}

/** One VTEX account's catalogue, prices and stock. Prices are currency units. */
export class Store {
  /** Units that reservations and orders keep from others. */
  held = new HeldStock();
  private readonly skusById = new Map<number, StoreSku>();
  private readonly skusByRefId = new Map<string, StoreSku>();
  private sortedSkus: StoreSku[] | undefined;
  private readonly productsById = new Map<number, CatalogProduct>();
  private readonly categoriesByPath = new Map<string, Category>();
  private readonly brandIds = new Map<string, number>();
  private readonly fieldIds = new Map<string, number>();
  private readonly fieldValueIds = new Map<string, number>();

  constructor(
    readonly account: string,
    products: CatalogProduct[]
  ) {
    for (const product of products) this.add(product);
  }

  /** Takes in a product, or further SKUs of one that is there: then everything else of it stays as it is. */
  add(given: CatalogProduct): StoreSku[] {
    const { skus, ...fields } = structuredClone(given);
    const product = this.productsById.get(given.productId) ?? { ...fields, skus: [] };
    this.productsById.set(product.productId, product);
    for (const path of product.categories) this.addCategory(path);
    if (product.brand && !this.brandIds.has(product.brand)) {
      this.brandIds.set(product.brand, 2_000_000 + this.brandIds.size);
    }
    const ids = new Set(skus.map(({ skuId }) => skuId));
    product.skus = [...product.skus.filter(({ skuId }) => !ids.has(skuId)), ...skus];
    this.sortedSkus = undefined;
    return skus.map((sku) => this.addSku({ ...sku, product, reserved: 0, elsewhere: 0 }));
  }

  private addSku(sku: StoreSku): StoreSku {
    this.skusById.set(sku.skuId, sku);
    this.skusByRefId.set(sku.refId, sku);
    return sku;
  }

  private addCategory(path: string): void {
    const names = path.split('/');
    names.forEach((name, depth) => {
      const key = names.slice(0, depth + 1).join('/');
      if (this.categoriesByPath.has(key)) return;
      const parent = this.categoriesByPath.get(names.slice(0, depth).join('/'));
      this.categoriesByPath.set(key, { id: this.categoriesByPath.size + 1, name, parentId: parent?.id ?? null });
    });
  }

  /** Ascending by id. */
  skus(): StoreSku[] {
    return (this.sortedSkus ??= [...this.skusById.values()].sort((one, other) => one.skuId - other.skuId));
  }

  sku(skuId: number): StoreSku | undefined {
    return this.skusById.get(skuId);
  }

  /** By refId, or else by id written as text. */
  find(refIdOrId: string): StoreSku | undefined {
    return (
      this.skusByRefId.get(refIdOrId) ?? (/^\d+$/.test(refIdOrId) ? this.skusById.get(Number(refIdOrId)) : undefined)
    );
  }

  product(productId: number): CatalogProduct | undefined {
    return this.productsById.get(productId);
  }

  products(): CatalogProduct[] {
    return [...this.productsById.values()];
  }

  change(skuId: number, change: SkuChange): void {
    const sku = this.skusById.get(skuId);
    if (!sku) return;
    if (change.remove) {
      this.skusById.delete(skuId);
      this.skusByRefId.delete(sku.refId);
      this.sortedSkus = undefined;
      return;
    }
    const { remove: _remove, productActive, salesChannels, ...fields } = change;
    Object.assign(sku, fields);
    if (productActive !== undefined) sku.product.active = productActive;
    if (salesChannels !== undefined) sku.product.salesChannels = salesChannels;
  }

  /** Categories of a path from the root down. */
  categoryLine(path: string): Category[] {
    const names = path.split('/');
    return names.flatMap((_, depth) => this.categoriesByPath.get(names.slice(0, depth + 1).join('/')) ?? []);
  }

  categories(): Category[] {
    return [...this.categoriesByPath.values()];
  }

  /** 0 for a product without a brand. */
  brandId(brand: string): number {
    return this.brandIds.get(brand) ?? 0;
  }

  /** Stable within this store; numbers are given in the order of first use. */
  fieldId(name: string): number {
    return numberOf(this.fieldIds, name, 20);
  }

  fieldValueId(name: string, value: string): number {
    return numberOf(this.fieldValueIds, `${name}=${value}`, 100);
  }

  /** Currency units; null: not priced. A kit without a price of its own costs what its components cost. */
  price(sku: StoreSku): number | null {
    if (sku.price !== null || !sku.isKit) return sku.price;
    let total = 0;
    for (const item of sku.kitItems) {
      const price = this.skusByRefId.get(item.refId)?.price ?? null;
      if (price === null) return null;
      total += price * item.quantity;
    }
    return Math.round(total * 100) / 100;
  }

  /** Units that can be sold now; a kit's are as many as its components allow. */
  available(sku: StoreSku): number {
    if (sku.isKit) return this.availableKits(sku);
    if (sku.unlimited) return UNLIMITED_FILLER;
    return this.free(sku, WAREHOUSE_ID) + this.free(sku, OTHER_WAREHOUSE_ID);
  }

  /** Units of one warehouse that can be sold now. */
  free(sku: StoreSku, warehouseId: string): number {
    const held = this.held.of(sku.skuId, warehouseId);
    if (warehouseId === OTHER_WAREHOUSE_ID) return Math.max(0, sku.elsewhere - held);
    if (warehouseId !== WAREHOUSE_ID) return 0;
    return sku.unlimited ? UNLIMITED_FILLER : Math.max(0, (sku.quantity ?? 0) - sku.reserved - held);
  }

  /** From which warehouses so many units come, the main one first; undefined when there are not enough. */
  allocate(sku: StoreSku, units: number): WarehouseUnits[] | undefined {
    const main = Math.min(units, this.free(sku, WAREHOUSE_ID));
    const other = units - main;
    if (other > this.free(sku, OTHER_WAREHOUSE_ID)) return undefined;
    return [
      { skuId: sku.skuId, warehouseId: WAREHOUSE_ID, units: main },
      { skuId: sku.skuId, warehouseId: OTHER_WAREHOUSE_ID, units: other },
    ].filter((each) => each.units > 0);
  }

  private availableKits(kit: StoreSku): number {
    if (kit.kitItems.length === 0) return 0;
    return Math.min(
      ...kit.kitItems.map((item) => {
        const component = this.skusByRefId.get(item.refId);
        return component && component.active ? Math.floor(this.available(component) / item.quantity) : 0;
      })
    );
  }

  imageUrl(path: string): string {
    if (/^https?:/.test(path)) return path;
    return `http://${this.account}.vteximg.com.br/arquivos/ids${path.startsWith('/') ? '' : '/'}${path}`;
  }
}

function numberOf(ids: Map<string, number>, key: string, first: number): number {
  const known = ids.get(key);
  if (known !== undefined) return known;
  ids.set(key, first + ids.size);
  return first + ids.size - 1;
}
