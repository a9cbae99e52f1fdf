import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Listing } from './amazon/listing-book';
import { CatalogError, formatCatalog, parseCatalog, type CatalogProduct } from './catalog';
import type { SandboxClock } from './clock';
import type { Journal } from './journal';
import { Store, type SkuChange, type StoreSku } from './vtex/store';
import { newWorldSettings, World, worldKey, type SalesChannel, type WorldSettings } from './world';

export interface WorldRequest {
  /** Absent: a world that exists keeps its catalogue. */
  products?: CatalogProduct[];
  marketplaceIds?: string[];
  affiliateCreation?: 'allowed' | 'refused';
  salesChannels?: SalesChannel[];
}

/** All worlds of this sandbox, found by name, by VTEX account, by LWA client and by seller. */
export class Worlds {
  private readonly byName = new Map<string, World>();
  private readonly byAccountName = new Map<string, World>();
  private readonly byClient = new Map<string, World>();
  private readonly bySellerId = new Map<string, World>();

  constructor(
    private readonly journal: Journal,
    private readonly clock: SandboxClock,
    private readonly options: { visibleAfterMs: number; dataDir?: string }
  ) {}

  /** Brings back the worlds of the journal: their catalogues, what was changed in them, and their listings. */
  restore(): void {
    for (const [, value] of this.journal.entries('world/')) {
      const settings = value as WorldSettings;
      const store = new Store(settings.account, this.readCatalog(settings.catalogDigest));
      for (const [, added] of this.journal.entries(additionPrefix(settings.name))) store.add(added as CatalogProduct);
      const prefix = changePrefix(settings.name);
      for (const [key, change] of this.journal.entries(prefix)) {
        store.change(Number(key.slice(prefix.length)), change as SkuChange);
      }
      const world = this.add(new World(settings, store, this.journal, this.clock, this.options.visibleAfterMs));
      for (const [, listing] of this.journal.entries(world.listings.keyPrefix)) {
        world.listings.restore(listing as Listing);
      }
      world.feeds.restore();
      world.orders.restore();
      world.reservations.restore();
      world.storeOrders.restore();
    }
  }

  /**
   * Makes the world, or brings an existing one to the request. The same catalogue again changes nothing; another one
   * replaces the store (and what was changed in it) and leaves the Amazon side alone.
   */
  put(name: string, request: WorldRequest): World {
    const existing = this.byName.get(name);
    const settings = existing?.settings ?? newWorldSettings(name);
    if (request.marketplaceIds) {
      settings.marketplaceIds = request.marketplaceIds;
      settings.participatingIn = [...request.marketplaceIds];
    }
    if (request.affiliateCreation) settings.affiliateCreation = request.affiliateCreation;
    if (request.salesChannels) settings.salesChannels = request.salesChannels;
    const store = request.products ? this.storeFor(settings, request.products) : undefined;
    const world =
      existing ??
      this.add(
        new World(
          settings,
          store ?? new Store(settings.account, []),
          this.journal,
          this.clock,
          this.options.visibleAfterMs
        )
      );
    if (existing && store) existing.store = store;
    world.save();
    return world;
  }

  /** @returns undefined when the world already holds exactly these products. */
  private storeFor(settings: WorldSettings, products: CatalogProduct[]): Store | undefined {
    const text = formatCatalog(products);
    const digest = createHash('sha256').update(text).digest('hex');
    if (digest === settings.catalogDigest) return undefined;
    this.writeCatalog(digest, text);
    settings.catalogDigest = digest;
    this.forgetChanges(settings.name);
    return new Store(settings.account, products);
  }

  /** Changes one SKU of the store and remembers it. */
  changeSku(world: World, skuId: number, change: SkuChange): void {
    world.store.change(skuId, change);
    const key = `${changePrefix(world.settings.name)}${skuId}`;
    this.journal.put(key, { ...((this.journal.get(key) as SkuChange | undefined) ?? {}), ...change });
  }

  /**
   * Adds products to the store, or SKUs to products that it has, and remembers them. One that was removed may come back.
   *
   * @throws CatalogError when a SKU's id is in use; then nothing is added.
   */
  addProducts(world: World, products: CatalogProduct[]): StoreSku[] {
    const { name } = world.settings;
    const ids = products.flatMap(({ skus }) => skus.map(({ skuId }) => skuId));
    const taken = ids.find((skuId) => world.store.sku(skuId));
    if (taken !== undefined) throw new CatalogError(`skuId ${taken} is in use in world ${name}`);
    for (const skuId of ids) this.journal.delete(`${changePrefix(name)}${skuId}`);
    return products.flatMap((product) => {
      this.journal.put(`${additionPrefix(name)}${product.skus.map(({ skuId }) => skuId).join('+')}`, product);
      return world.store.add(product);
    });
  }

  private forgetChanges(name: string): void {
    this.journal.deleteAll(changePrefix(name));
    this.journal.deleteAll(additionPrefix(name));
  }

  all(): World[] {
    return [...this.byName.values()];
  }

  named(name: string): World | undefined {
    return this.byName.get(name);
  }

  ofAccount(account: string): World | undefined {
    return this.byAccountName.get(account);
  }

  ofClient(clientId: string): World | undefined {
    return this.byClient.get(clientId);
  }

  ofSeller(sellerId: string): World | undefined {
    return this.bySellerId.get(sellerId);
  }

  clear(): void {
    for (const world of this.all()) {
      this.journal.delete(worldKey(world.settings.name));
      this.forgetChanges(world.settings.name);
      this.journal.deleteAll(world.listings.keyPrefix);
      this.journal.deleteAll(world.feeds.keyPrefix);
      this.journal.deleteAll(world.orders.keyPrefix);
      this.journal.deleteAll(world.reservations.keyPrefix);
      this.journal.deleteAll(world.storeOrders.keyPrefix);
      world.storeOrders.forget();
    }
    for (const index of [this.byName, this.byAccountName, this.byClient, this.bySellerId]) index.clear();
  }

  private add(world: World): World {
    this.byName.set(world.settings.name, world);
    this.byAccountName.set(world.identity.account, world);
    this.byClient.set(world.identity.clientId, world);
    this.bySellerId.set(world.identity.sellerId, world);
    return world;
  }

  /** Catalogues lie beside the journal under the digest of their content, written whole or not at all. */
  private writeCatalog(digest: string, text: string): void {
    const { dataDir } = this.options;
    if (!dataDir) return;
    const path = join(dataDir, `catalog-${digest}.jsonl`);
    if (existsSync(path)) return;
    writeFileSync(`${path}.next`, text);
    renameSync(`${path}.next`, path);
  }

  private readCatalog(digest: string): CatalogProduct[] {
    if (!digest) return [];
    return parseCatalog(readFileSync(join(this.options.dataDir ?? '', `catalog-${digest}.jsonl`), 'utf8'));
  }
}

function changePrefix(worldName: string): string {
  return `sku/${worldName}/`;
}

function additionPrefix(worldName: string): string {
  return `added/${worldName}/`;
}
