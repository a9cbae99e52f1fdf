import type { Catalogue } from './catalogue';
import type { RecordFile } from './record-file';
import { type Kind, type RecordId, type SourceRecord } from './records';

const KINDS: readonly Kind[] = ['category', 'product', 'variant'];

/** What one reading of changes said: records on disk, and what it said is gone. */
export interface Delta {
  records: RecordFile;
  removed: readonly RecordId[];
}

/**
 * The records of an earlier reading with the changes since then, in a file of their own. What a change leaves out stands as it
 * was: images that are marked unchanged. A product that goes takes its variants with it.
 */
export async function merge(before: RecordFile, { records, removed }: Delta, into: RecordFile): Promise<void> {
  const gone = { category: new Set<string>(), product: new Set<string>(), variant: new Set<string>() };
  for (const { kind, id } of removed) if (!records.places[kind].has(id)) gone[kind].add(id);
  into.head = { languages: records.head.languages.length > 0 ? records.head.languages : before.head.languages };
  for (const kind of KINDS) {
    for (const [id, { parents }] of before.places[kind]) {
      const isGone = gone[kind].has(id) || (kind === 'variant' && parents.some((parent) => gone.product.has(parent)));
      if (!isGone && !records.places[kind].has(id)) await into.copy({ kind, id }, before);
    }
    for (const id of records.places[kind].keys()) {
      const record = (await records.get({ kind, id }))!;
      await into.add(Object.values(record.images).includes(null) ? await withImages(record, before) : record);
    }
  }
}

async function withImages(record: SourceRecord, before: RecordFile): Promise<SourceRecord> {
  const old = await before.get(record);
  const images = Object.entries(record.images).map(([field, said]) => [field, said ?? old?.images[field] ?? null]);
  return { ...record, images: Object.fromEntries(images) as SourceRecord['images'] };
}

/** Which SKUs a reading of changes touches: product by product those to list, and the source ids that are gone. */
export function touchedBy(
  { records, removed }: Delta,
  before: Catalogue,
  now: Catalogue
): { products: { id: string; sourceIds: ReadonlySet<string> }[]; removed: string[] } {
  const ofKind = (kind: Kind): string[] => removed.flatMap((each) => (each.kind === kind ? [each.id] : []));
  const categories = new Set([...records.places.category.keys(), ...ofKind('category')]);
  const whole = new Set([
    ...records.places.product.keys(),
    ...(categories.size > 0 ? [...before.productsIn(categories), ...now.productsIn(categories)] : []),
  ]);
  const variants = new Set([...records.places.variant.keys(), ...ofKind('variant')]);
  const some = [...variants].flatMap((id) =>
    [before.productOfVariant(id) ?? [], now.productOfVariant(id) ?? []].flat()
  );
  const ids = [...new Set([...whole, ...some, ...ofKind('product')])];

  const gone = new Set<string>();
  const products = ids.flatMap((id) => {
    const old = new Set(before.sourceIds(id));
    const present = now.sourceIds(id);
    for (const sourceId of old) if (now.productOf(sourceId) === undefined) gone.add(sourceId);
    // A product's own stock counts for a single variant only.
    const isAll = whole.has(id) || before.variantIds(id).length > 1 !== now.variantIds(id).length > 1;
    const listed = present.filter((each) => isAll || !old.has(each) || variants.has(each.slice(1)));
    return listed.length > 0 ? [{ id, sourceIds: new Set(listed) }] : [];
  });
  return { products, removed: [...gone] };
}
