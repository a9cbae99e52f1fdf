import type { Money } from './money';

/** What a source says may be sold of a SKU. */
export type SourceStock = { kind: 'units'; units: number } | { kind: 'unlimited' };

/** What an item says about itself, in one language. */
export interface ItemTexts {
  title: string;
  /** The product's own title, without what tells this SKU from its siblings. */
  productTitle?: string;
  descriptionHtml: string;
  /** What tells this SKU from its siblings, e.g. `{ size: 'XS', color: 'Black' }`. Keys are lower case. */
  options: Record<string, string>;
  /** Further attributes; keys are lower case. */
  attributes: Record<string, string[]>;
}

/** One part of a kit. */
export interface KitComponent {
  /** The source's id of the component's SKU. */
  sourceId: string;
  /** How many of it one kit takes; at least 1. */
  units: number;
  stock: SourceStock;
}

/** One SKU as its source describes it, in the words of no source in particular. */
export interface CatalogItem extends ItemTexts {
  /** The code under which it is sold at Amazon: the merchant's reference, else the source's own id. */
  sku: string;
  /** The source's id of the SKU. */
  sourceId: string;
  productId: string;
  /** The merchant's reference of the product, where it has one of its own. */
  productReference?: string;
  /** The language of its texts, as the source names it: `en`, `en_US`; absent when the source does not say. */
  language?: string;
  /** Its texts in further languages, by language; what is missing in one is missing there. */
  translations?: Record<string, Partial<ItemTexts>>;
  /** Empty when the source has none. */
  brand: string;
  /** Category paths, `/` between levels, most specific last. */
  categories: string[];
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
  /** Of a kit, what it is made of; absent when the source does not say. */
  components?: KitComponent[];
}

/** A SKU that the source lists but whose data could not be read this time. */
export interface UnreadableItem {
  sourceId: string;
  /** Plain, without secrets. */
  reason: string;
  /** True when another try may succeed although nothing changes in the source. */
  isPassing?: boolean;
}
