import type { CatalogSource } from './source';

/** What the beginning of a Sales Layer catalogue shows. */
export interface SalesLayerLook {
  /** Languages of its texts, the default one first; empty when it does not say. */
  languages: string[];
  /** The attributes that are read as price, stock, brand …; absent where none has a name that is known. */
  fields: { price?: string; stock?: string; brand?: string; gtin?: string };
  /** True when products or variants are listed in it. */
  hasProducts: boolean;
}

/** What only a Sales Layer catalogue can do. */
export interface SalesLayerCatalogue extends CatalogSource {
  /** Proves the credentials, then looks at the first page; throws as the readings do. */
  look(signal: AbortSignal): Promise<SalesLayerLook>;
}
