import type { CatalogItem, UnreadableItem } from '../catalog-item';

/** One page of a source's assortment. */
export interface SourcePage {
  items: CatalogItem[];
  /** Listed, but not readable this time; never a reason to stop. */
  unreadable: UnreadableItem[];
  /** Where the next page begins; null after the last. Opaque to everybody but the source. */
  nextCursor: string | null;
  /**
   * With the first page of a reading, where the source can tell changes: what `readChanges` takes to tell what changed since
   * this reading began. Kept by the caller once the whole reading is safely handled, and not before. Opaque, without secrets.
   */
  changesToken?: string;
}

/** One page of what changed since an earlier reading. */
export interface ChangesPage extends SourcePage {
  /** Source ids that left the assortment; some may never have been read. */
  removed: string[];
  /**
   * True when the source cannot tell what changed and lists everything instead: what none of the pages lists is gone. The same
   * on every page of a reading.
   */
  isEverything: boolean;
}

export interface SalesChannel {
  id: string;
  name: string;
  isActive: boolean;
  /** ISO 4217; empty when the store does not say. Its prices are in this currency. */
  currency: string;
}

/** An affiliate as the store has it (V1, V2). */
export interface Affiliate {
  id: string;
  name: string;
  followUpEmail: string;
  salesChannel: string;
  /** Where the store sends change notifications. */
  endpoint: string | null;
}

/** What a freight simulation found (V8). */
export interface ShippingQuote {
  /** True when at least one service delivers to the ZIP code. */
  deliverable: boolean;
  /** The SKU that was simulated, by the source's id; null when the assortment is empty. */
  sourceId: string | null;
  /** e.g. `Express, 3 business days`. */
  services: string[];
}

/**
 * Where a catalogue lives. Every method throws `OutsideError` for failures of the source, classified; a SKU that cannot be
 * read is reported in its page instead.
 */
export interface CatalogSource {
  /** Reads one page of the assortment of the connector's sales channel, at most `size` SKUs. */
  readPage(cursor: string | null, size: number, signal: AbortSignal): Promise<SourcePage>;
  /** Reads the named SKUs only, by the source's ids. */
  readItems(sourceIds: readonly string[], signal: AbortSignal): Promise<Omit<SourcePage, 'nextCursor'>>;
  /**
   * How single changes come to be known: the source sends notices, or is asked. Absent where `readChanges` can tell no more than
   * that there are some.
   */
  tellsChanges?: 'by notice' | 'when asked';
  /**
   * A token by which `readChanges` tells what is known to have changed, where by `token` itself it would list everything because
   * there may be more. Absent where there is no such difference.
   */
  newsToken?(token: string): string;
  /**
   * Reads one page of what changed since the reading that gave `token`. Absent where the source can only be read whole.
   * Asks the source for no more than the changes; safe to repeat with the same arguments.
   */
  readChanges?(token: string, cursor: string | null, size: number, signal: AbortSignal): Promise<ChangesPage>;
}

/** What only a VTEX store can do. */
export interface VtexStore extends CatalogSource {
  /** The store's trade policies; also the proof that it is reachable with these keys. */
  salesChannels(signal: AbortSignal): Promise<SalesChannel[]>;
  affiliate(id: string, signal: AbortSignal): Promise<Affiliate | undefined>;
  /** Creates or replaces. `OutsideError` with code `auth.forbidden` when the store refuses creation by API. */
  putAffiliate(affiliate: Affiliate, signal: AbortSignal): Promise<void>;
  /** No error when it is gone already. */
  deleteAffiliate(id: string, signal: AbortSignal): Promise<void>;
  /** Simulates freight for one SKU of the assortment to a ZIP code; country as ISO 3166 alpha-3. */
  quoteShipping(zipCode: string, country: string, signal: AbortSignal): Promise<ShippingQuote>;
}

/** What the beginning of each file of a source shows. */
export interface FileLook {
  files: {
    name: string;
    /** How it is read, for people: `a Shopify product export, UTF-8, separated by commas`. */
    form: string;
    /** SKUs that can be read in its beginning. */
    skus: number;
    /** Rows of its beginning that cannot. */
    unreadable: number;
    /** Why the first of them cannot, each with its line. */
    problems: string[];
    /** Whether its beginning is all of it. */
    isWhole: boolean;
  }[];
}

/** What only a catalogue in files can do. */
export interface FileCatalogue extends CatalogSource {
  /** Looks at the beginning of every file, without reading them through. */
  look(signal: AbortSignal): Promise<FileLook>;
}
