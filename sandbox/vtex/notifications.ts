import type { SandboxClock } from '../clock';
import type { Affiliate, World } from '../world';
import { deliver, type Delivery } from './callbacks';
import type { SkuChange, StoreSku } from './store';

/**
 * Who is told of a change: affiliates about every SKU of the product, one of them twice and the last first, as the real one
 * does; about the changed SKU only, once; or nobody.
 */
export const TELLINGS = ['product', 'sku', 'nobody'] as const;
export type Telling = (typeof TELLINGS)[number];

const KEPT = 20_000;

/** A notification, and what became of it. */
interface Sent extends Delivery {
  /** Increases by one with each notification. */
  seq: number;
  affiliateId: string;
  skuId: number;
  /** Of its field names. */
  casing: 'pascal' | 'camel';
  isRemoved: boolean;
}

/** A SKU with the trade policies that it was of before a change. */
interface Before {
  sku: StoreSku;
  salesChannels: readonly number[];
}

/** Tells the affiliates' endpoints which SKUs have changed, one call for each SKU and affiliate. */
export class Notifications {
  private sent: { world: string; entry: Sent }[] = [];
  private lastSeq = 0;
  /** The last moment given: epoch milliseconds, and how often it was given before. */
  private last = { at: 0, count: 0 };
  /** Rises when everything is forgotten, which ends what is under way. */
  private era = 0;

  constructor(private readonly clock: SandboxClock) {}

  /** To be called before a change; what it returns, after it. */
  watch(world: World, changed: StoreSku): (change: SkuChange, telling: Telling) => void {
    const before: Before[] = changed.product.skus.flatMap(({ skuId }) => {
      const sku = world.store.sku(skuId);
      return sku ? [{ sku, salesChannels: [...sku.product.salesChannels] }] : [];
    });
    return (change, telling) => {
      if (telling === 'nobody') return;
      const concerned = telling === 'sku' ? before.filter(({ sku }) => sku === changed) : before;
      for (const affiliate of Object.values(world.settings.affiliates)) {
        const told = concerned.flatMap((each) => this.notice(world, affiliate, each, change));
        const twice = telling === 'product' ? [...told, ...told.slice(0, 1)] : told;
        for (const { skuId, isRemoved, body } of twice.reverse()) this.send(world, affiliate, skuId, isRemoved, body);
      }
    };
  }

  /** Tells every affiliate of SKUs that are new in its trade policy. */
  announce(world: World, added: readonly StoreSku[]): void {
    for (const affiliate of Object.values(world.settings.affiliates))
      for (const sku of added) {
        const change = { name: sku.name, price: sku.price, quantity: sku.quantity ?? 0 };
        for (const { skuId, isRemoved, body } of this.notice(world, affiliate, { sku, salesChannels: [] }, change))
          this.send(world, affiliate, skuId, isRemoved, body);
      }
  }

  /** Of one world, oldest first. */
  of(world: string): { waiting: number; sent: Sent[] } {
    const sent = this.sent.filter((each) => each.world === world).map(({ entry }) => entry);
    return { waiting: sent.filter(({ isDone }) => !isDone).length, sent };
  }

  clear(): void {
    this.era += 1;
    this.sent = [];
  }

  /** Nothing for a SKU that the affiliate's trade policy has not and had not. */
  private notice(world: World, affiliate: Affiliate, { sku, salesChannels }: Before, change: SkuChange) {
    const channel = Number(affiliate.salesChannel);
    const isThere = world.store.sku(sku.skuId) !== undefined && sku.product.salesChannels.includes(channel);
    if (!isThere && !salesChannels.includes(channel)) return [];
    const changes = (...names: (keyof SkuChange)[]): boolean => names.some((name) => change[name] !== undefined);
    const body = {
      IdSku: String(sku.skuId),
      ProductId: sku.product.productId,
      An: world.identity.account,
      IdAffiliate: affiliate.id,
      DateModified: this.moment(),
      IsActive: sku.active && sku.product.active,
      StockModified: changes('quantity', 'reserved', 'unlimited'),
      PriceModified: changes('price'),
      HasStockKeepingUnitModified: changes('name', 'images', 'active', 'productActive', 'salesChannels', 'remove'),
      HasStockKeepingUnitRemovedFromAffiliate: !isThere,
    };
    return [{ skuId: sku.skuId, isRemoved: !isThere, body }];
  }

  private send(world: World, affiliate: Affiliate, skuId: number, isRemoved: boolean, body: object): void {
    if (!affiliate.searchURIEndpoint) return;
    const seq = (this.lastSeq += 1);
    const casing = seq % 2 === 1 ? 'pascal' : 'camel';
    const entry: Sent = {
      seq,
      affiliateId: affiliate.id,
      skuId,
      casing,
      isRemoved,
      tries: 0,
      status: null,
      isDone: false,
    };
    this.sent.push({ world: world.settings.name, entry });
    if (this.sent.length > KEPT * 1.2) this.sent = this.sent.slice(-KEPT);
    const { era } = this;
    const text = casing === 'pascal' ? body : inCamelCase(body);
    void deliver(entry, affiliate.searchURIEndpoint, text, () => era !== this.era || !affiliate.searchURIEndpoint);
  }

  /** Now, with seven decimals; no two are the same. */
  private moment(): string {
    const { at, count } = this.last;
    const now = this.clock.now();
    this.last = now > at ? { at: now, count: 0 } : { at, count: count + 1 };
    return `${this.clock.iso(this.last.at).slice(0, -1)}${String(this.last.count).padStart(4, '0')}Z`;
  }
}

/** The other spelling of the same, with `idSKU` and with ids of the other type. */
function inCamelCase(body: object): object {
  const swapped = Object.entries(body).map(([name, value]: [string, unknown]) => {
    const camel = name === 'IdSku' ? 'idSKU' : name.charAt(0).toLowerCase() + name.slice(1);
    if (name === 'IdSku') return [camel, Number(value)];
    return [camel, name === 'ProductId' ? String(value) : value];
  });
  return { ...(Object.fromEntries(swapped) as object), version: 'v1' };
}
