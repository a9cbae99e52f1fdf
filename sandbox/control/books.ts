import { issuesOfListing, parentSkuOf, priceOf, quantityOf, statusOf } from '../amazon/listing-view';
import type { Listing } from '../amazon/listing-book';
import type { Issue } from '../amazon/schema-issues';
import type { Affiliate, World } from '../world';
import { stockBook, storeOrderBook, reservationBook, unitsWanted } from './orders-books';

/** What a real Amazon would now hold of one seller SKU. */
interface AmazonBook {
  marketplaceId: string;
  productType: string;
  requirements: string;
  attributes: object;
  /** BUYABLE and DISCOVERABLE, as summaries show them. */
  status: string[];
  /** null until content came through once. */
  asin: string | null;
  issues: Issue[];
  quantity: number;
  /** Currency units. */
  price: number | null;
  /** Of a variation's child. */
  parentSku: string | null;
  /** `processing` while a submission waits; else what the last processed one became; `hidden` is never shown to the seller. */
  state: 'processing' | 'live' | 'refused' | 'hidden';
  puts: number;
  patches: number;
  submissions: number;
  /** Submissions that changed nothing of what had been accepted before. */
  repeats: number;
}

interface VtexBook {
  affiliates: Record<string, Affiliate>;
  skus: Record<string, SkuBook>;
  /** By lockId. */
  reservations: ReturnType<typeof reservationBook>;
  /** By order id. */
  orders: ReturnType<typeof storeOrderBook>;
}

interface SkuBook extends ReturnType<typeof stockBook> {
  refId: string;
  price: number | null;
  quantity: number;
  reserved: number;
  active: boolean;
}

/** By seller, then by SKU; a SKU that lies in a second marketplace is `<sku>@<marketplaceId>` there. */
export function amazonBooks(worlds: World[]): Record<string, Record<string, AmazonBook>> {
  return Object.fromEntries(
    worlds.map((world) => {
      const first = world.settings.marketplaceIds[0];
      const books = world.listings.all().map((listing) => {
        const key = listing.marketplaceId === first ? listing.sku : `${listing.sku}@${listing.marketplaceId}`;
        return [key, amazonBook(listing, world)] as const;
      });
      return [world.identity.sellerId, Object.fromEntries(books)];
    })
  );
}

/** By account; SKUs by id. */
export function vtexBooks(worlds: World[]): Record<string, VtexBook> {
  return Object.fromEntries(
    worlds.map((world) => {
      const { identity, settings, store } = world;
      const wanted = unitsWanted(world);
      const skus = store.skus().map((sku) => {
        const book = {
          refId: sku.refId,
          price: store.price(sku),
          quantity: sku.isKit ? store.available(sku) : (sku.quantity ?? 0),
          reserved: sku.reserved,
          active: sku.active && sku.product.active,
          ...stockBook(world, sku, wanted),
        };
        return [String(sku.skuId), book] as const;
      });
      return [
        identity.account,
        {
          affiliates: settings.affiliates,
          skus: Object.fromEntries(skus),
          reservations: reservationBook(world),
          orders: storeOrderBook(world),
        },
      ];
    })
  );
}

function amazonBook(listing: Listing, { listings }: World): AmazonBook {
  return {
    marketplaceId: listing.marketplaceId,
    productType: listing.productType,
    requirements: listing.requirements,
    attributes: listing.attributes,
    status: statusOf(listing, listings),
    asin: listing.hasContent ? listing.asin : null,
    issues: issuesOfListing(listing),
    quantity: quantityOf(listing),
    price: priceOf(listing),
    parentSku: parentSkuOf(listing) ?? null,
    state: listing.queue.length > 0 ? 'processing' : (listing.outcome ?? 'processing'),
    puts: listing.puts,
    patches: listing.patches,
    submissions: listing.submissions,
    repeats: listing.repeats,
  };
}
