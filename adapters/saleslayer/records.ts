/** What Sales Layer keeps: categories, products, and the variants of products. */
export type Kind = 'category' | 'product' | 'variant';

/** A field's values by language; `''` for what is the same in all of them. */
export type Values = Record<string, string[]>;

/** One row of either API in one form: what it says, not yet what it means. */
export interface SourceRecord {
  kind: Kind;
  id: string;
  /** Ids of what it belongs to: a category's parent, a product's categories, a variant's product. */
  parents: string[];
  /** The merchant's own code; empty when it has none. */
  reference: string;
  /** By the name of the field, in lower case and without the name of its table. Empty fields are left out. */
  fields: Record<string, Values>;
  /** Addresses by field, each image in its largest size; null: not said again because nothing changed. */
  images: Record<string, string[] | null>;
}

export interface RecordId {
  kind: Kind;
  id: string;
}

/** One page of a reading. What `isEverything` says holds for all pages of it. */
export interface RecordPage {
  /** True when all records are listed, and what is not among them is gone. */
  isEverything: boolean;
  /** The source's own time when the reading began, in Unix seconds. */
  time: number;
  /** Languages of the texts, the default one first; empty when it does not say. */
  languages: string[];
  records: SourceRecord[];
  /** Some may never have been listed. */
  removed: RecordId[];
}

/** One of the two APIs of Sales Layer. Throws `OutsideError`. */
export interface SalesLayerApi {
  /** Whether a reading can be asked for changes alone. */
  tellsChanges: boolean;
  /** How old a reading may be, in milliseconds, when single SKUs are asked for: each costs a reading where nothing is at hand. */
  freshForMs: number;
  /** Everything, or what changed since an earlier reading's `time`. */
  read(since: number | undefined, signal: AbortSignal): AsyncGenerator<RecordPage>;
  /** Proves the credentials, and answers the beginning of a reading with the names of all its fields. */
  look(signal: AbortSignal): Promise<{ languages: string[]; fields: string[]; hasProducts: boolean }>;
}

/** What the fields of a table begin with, in both APIs and in the usual connectors. */
const PREFIXES: Record<Kind, RegExp> = {
  category: /^(?:section|category|catalogue|cat)_/,
  product: /^(?:product|prod)_/,
  variant: /^(?:format|frmt|variant)_/,
};

/** `product_name` of a product is its `name`. */
export function plainName(kind: Kind, name: string): string {
  const lower = name.trim().toLowerCase();
  return lower.replace(PREFIXES[kind], '') || lower;
}

/** Puts a value under its field and language; what is there already stays. */
export function addValue(fields: SourceRecord['fields'], name: string, language: string, value: unknown): void {
  const values = textsOf(value);
  if (values.length === 0) return;
  const field = (fields[name] ??= {});
  field[language] ??= values;
}

/** Scalars as texts, without the empty ones; what is nested is no value. */
function textsOf(value: unknown): string[] {
  return [value].flat().flatMap((each: unknown) => {
    if (typeof each !== 'string' && typeof each !== 'number' && typeof each !== 'boolean') return [];
    const text = String(each).trim();
    return text === '' ? [] : [text];
  });
}

/** Ids from a cell that holds one, several, or several in one text; 0 is nobody. */
export function idsOf(cell: unknown): string[] {
  return textsOf(cell)
    .flatMap((each) => each.split(','))
    .map((each) => each.trim())
    .filter((each) => each !== '' && each !== '0');
}
