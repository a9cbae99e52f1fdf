import type { Money } from './money';

/** What a source says may be sold of a SKU. */
export type SourceStock = { kind: 'units'; units: number } | { kind: 'unlimited' };

/** One SKU as its source describes it, in the words of no source in particular. */
export interface CatalogItem {
  /** The code under which it is sold at Amazon: the merchant's reference, else the source's own id. */
  sku: string;
  /** The source's id of the SKU. */
  sourceId: string;
  productId: string;
  title: string;
  /** Empty when the source has none. */
  brand: string;
  descriptionHtml: string;
  /** Category paths, `/` between levels, most specific last. */
  categories: string[];
  /** What tells this SKU from its siblings, e.g. `{ size: 'XS', color: 'Black' }`. Keys are lower case. */
  options: Record<string, string>;
  /** Further attributes; keys are lower case. */
  attributes: Record<string, string[]>;
  /** Absolute URLs, the main image first. */
  images: string[];
  /** GTINs: EAN, UPC. */
  gtins: string[];
  weightGrams?: number;
  /** Absent when the source has no price for it in this sales channel. */
  price?: Money;
  stock: SourceStock;
  /** In the source's own words: `active` or `inactive` for VTEX and files, `visible`, `invisible`, `draft` for Sales Layer. */
  status: string;
  isKit: boolean;
}

/** A SKU that the source lists but whose data could not be read this time. */
export interface UnreadableItem {
  sourceId: string;
  /** Plain, without secrets. */
  reason: string;
}
