import { addValue, idsOf, plainName, type Kind, type RecordId, type SourceRecord } from './records';
import type { Envelope } from './wire';

/** The tables that matter; connectors may have others. */
export const TABLES: readonly (readonly [table: string, kind: Kind])[] = [
  ['catalogue', 'category'],
  ['products', 'product'],
  ['product_formats', 'variant'],
];

const JOINS: Record<Kind, string> = { category: 'ID_PARENT', product: 'ID_catalogue', variant: 'ID_products' };

/** What stands at one place of every row of a table. */
export interface Column {
  /** Without its language. */
  name: string;
  /** Empty when it has none. */
  language: string;
  /** Of images: where the address of the largest size stands in each nested row. */
  largest?: number;
}

/** Columns by their place in a row; undefined for places that hold no value: keys, joins and files. */
export function columnsOf(page: Envelope, table: string, languages: readonly string[]): (Column | undefined)[] {
  const info = page.data_schema_info[table] ?? {};
  return (page.data_schema[table] ?? []).map((field) => {
    const name = nameOf(field);
    if (KEYS.test(name)) return undefined;
    const { type, language_code: code, basename } = info[name] ?? {};
    if (type === 'file') return undefined;
    const sizes = typeof field === 'object' && field !== null ? Object.values(field)[0] : undefined;
    if (Array.isArray(sizes) || type === 'image') return { name, language: '', largest: largestOf(sizes) };
    const suffix = code ?? languages.find((each) => name.endsWith(`_${each}`));
    if (!suffix) return { name, language: '' };
    return { name: basename || name.replace(new RegExp(`_${suffix}$`), ''), language: suffix };
  });
}

const KEYS = /^(?:STATUS|ID|REF|ID_.*)$/;

/** A field with sizes is written as an object of one key. */
function nameOf(field: unknown): string {
  return typeof field === 'object' && field !== null ? (Object.keys(field)[0] ?? '') : String(field);
}

/** `ORG` is the image as it was uploaded; of the others the one with the most pixels. */
function largestOf(sizes: unknown): number {
  const all = Array.isArray(sizes) ? (sizes as unknown[]) : ['STATUS', 'ID', 'ORG'];
  const original = all.findIndex((size) => nameOfSize(size) === 'ORG');
  if (original !== -1) return original;
  const pixels = all.map((size, place) => (place < 2 ? -1 : pixelsOf(size)));
  return pixels.indexOf(Math.max(...pixels));
}

function nameOfSize(size: unknown): unknown {
  return typeof size === 'object' && size !== null && 'field' in size ? size.field : size;
}

function pixelsOf(size: unknown): number {
  const { width, height } = (typeof size === 'object' && size !== null ? size : {}) as Record<string, unknown>;
  return (Number(width) || 0) * (Number(height) || 0);
}

/** The records of a page. Cells are known by their place alone: index i of a row is index i of its table's schema. */
export function recordsOf(page: Envelope, languages: readonly string[]): SourceRecord[] {
  return TABLES.flatMap(([table, kind]) => {
    const columns = columnsOf(page, table, languages);
    const names = (page.data_schema[table] ?? []).map(nameOf);
    const places = { id: names.indexOf('ID'), join: names.indexOf(JOINS[kind]), reference: names.indexOf('REF') };
    return (page.data[table] ?? []).flatMap((row) => {
      const id = idsOf(row[places.id])[0];
      return row[0] === 'D' || id === undefined ? [] : [recordOf(row, { kind, id }, columns, places)];
    });
  });
}

function recordOf(
  row: readonly unknown[],
  { kind, id }: RecordId,
  columns: readonly (Column | undefined)[],
  places: { join: number; reference: number }
): SourceRecord {
  const reference = row[places.reference];
  const record: SourceRecord = {
    kind,
    id,
    parents: idsOf(row[places.join]),
    reference: typeof reference === 'string' || typeof reference === 'number' ? String(reference).trim() : '',
    fields: {},
    images: {},
  };
  columns.forEach((column, place) => {
    if (!column) return;
    const { name, language, largest } = column;
    if (largest === undefined) addValue(record.fields, plainName(kind, name), language, row[place]);
    else record.images[plainName(kind, name)] = imagesOf(row[place], largest);
  });
  return record;
}

/** Null when the cell, or an image in it, is marked `U`: as it was when it was read before. */
function imagesOf(cell: unknown, largest: number): string[] | null {
  if (typeof cell === 'string') return cell === 'U' ? null : cell === '' ? [] : [cell];
  if (!Array.isArray(cell)) return [];
  const images = cell as unknown[];
  if (images[0] === 'U') return null;
  const addresses: string[] = [];
  for (const image of images) {
    if (!Array.isArray(image) || image[0] === 'D') continue;
    const address: unknown =
      image[largest] ?? image.findLast((each) => typeof each === 'string' && /^https?:/.test(each));
    if (typeof address === 'string' && address !== '') addresses.push(address);
    else if (image[0] === 'U') return null;
  }
  return addresses;
}

/** What a page says is gone: a `D` row has its id and no more. */
export function removalsOf(page: Envelope): RecordId[] {
  return TABLES.flatMap(([table, kind]) =>
    (page.data[table] ?? []).flatMap((row) => (row[0] === 'D' ? idsOf(row[1]).map((id) => ({ kind, id })) : []))
  );
}
