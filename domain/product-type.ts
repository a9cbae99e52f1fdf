import type { WantedListing } from './listing';

export type Requirements = WantedListing['requirements'];

/** Amazon's name for a marketplace's own schema locale: the one whose values are valid there (S5). */
export const SCHEMA_LOCALE = 'DEFAULT';

/** Which definition: Amazon has one for each of these. */
export interface DefinitionKey {
  /** Upper case: `SHIRT`. */
  productType: string;
  marketplaceId: string;
  requirements: Requirements;
  /** {@link SCHEMA_LOCALE} for values, `es_ES` and the like for labels. */
  locale: string;
}

/** Attributes that Amazon shows together. */
export interface AttributeGroup {
  name: string;
  title: string;
  attributes: string[];
}

/** A definition without its schema. */
export interface DefinitionHead {
  productType: string;
  /** In the locale asked for. */
  displayName: string;
  /** Amazon's version, opaque. */
  version: string;
  /** MD5 of the schema in base64, as Amazon gives it; some answers write it in hex. */
  checksum: string;
  groups: AttributeGroup[];
  /** Keywords of Amazon's vocabulary, as its meta-schema declares them. */
  vocabulary: string[];
}

/** What a new version of a definition changed (B19). Attribute names in alphabetical order. */
export interface DefinitionChanges {
  added: string[];
  removed: string[];
  /** Asked for now, and not before. */
  newlyRequired: string[];
  /** Asked for under more or other conditions than before, each in words. */
  newlyConditional: { attribute: string; when: string }[];
  /** Lists of allowed values that differ; `part` is the path inside the attribute. */
  changedValues: { attribute: string; part: string; added: string[]; removed: string[] }[];
}

/** A change that was noticed. */
export interface NoticedChange extends DefinitionChanges {
  fromVersion: string;
  at: Date;
  /** SKUs of the ledger that the change touches, and all that have this product type. */
  skus: { touched: number; ofType: number };
}

/** A definition as it is kept. */
export interface KeptDefinition extends DefinitionKey, DefinitionHead {
  firstSeenAt: Date;
  /** When Amazon was last asked whether this is still the one. */
  lookedAt: Date;
  /** What it changed against the version before; null for the first. */
  change: NoticedChange | null;
}
