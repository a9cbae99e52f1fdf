import type { CatalogItem, UnreadableItem } from '../../domain/catalog-item';
import { BadValue } from '../source-values';
import { itemOf, productSourceId, variantSourceId, type ItemContext } from './items';
import type { RecordFile } from './record-file';
import { valueOf } from './roles';

/** What a reading answers for one SKU. */
export type Outcome = { item: CatalogItem } | { unreadable: UnreadableItem };

/** Where a SKU stands in the order of a catalogue: its product's id, then its own. */
export type Key = [product: string, variant: string];

/** Numbers by size, and before everything that is none. */
function compareIds(one: string, other: string): number {
  const [isNumber, isOtherNumber] = [/^\d+$/.test(one), /^\d+$/.test(other)];
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  if (isNumber && one.length !== other.length) return one.length - other.length;
  return one < other ? -1 : one > other ? 1 : 0;
}

export function compareKeys([product, variant]: Key, [otherProduct, otherVariant]: Key): number {
  return compareIds(product, otherProduct) || compareIds(variant, otherVariant);
}

/** Records joined: which SKUs there are, and what each of them is. */
export class Catalogue {
  private readonly variants = new Map<string, string[]>();
  private context: Promise<ItemContext> | undefined;

  constructor(
    readonly records: RecordFile,
    private readonly currency: string
  ) {
    for (const [id, { parents }] of records.places.variant) {
      const product = parents[0] ?? '';
      const siblings = this.variants.get(product);
      if (siblings) siblings.push(id);
      else this.variants.set(product, [id]);
    }
  }

  /** In the order of their ids, which is the same in every reading; also those that are missing and have variants. */
  productIds(): string[] {
    return [...new Set([...this.records.places.product.keys(), ...this.variants.keys()])].sort(compareIds);
  }

  variantIds(productId: string): string[] {
    return (this.variants.get(productId) ?? []).sort(compareIds);
  }

  productOfVariant(id: string): string | undefined {
    return this.records.places.variant.get(id)?.parents[0];
  }

  /** The source ids of a product's SKUs: its variants', or its own. */
  sourceIds(productId: string): string[] {
    const variants = this.variantIds(productId);
    if (variants.length > 0) return variants.map(variantSourceId);
    return this.records.places.product.has(productId) ? [productSourceId(productId)] : [];
  }

  /** The product that a source id belongs to; undefined when there is no such SKU. */
  productOf(sourceId: string): string | undefined {
    const id = sourceId.slice(1);
    const product = sourceId.startsWith('v') ? this.productOfVariant(id) : id;
    return product !== undefined && this.sourceIds(product).includes(sourceId) ? product : undefined;
  }

  /** The SKUs of a product, or those of them that are wanted. */
  async outcomes(productId: string, isWanted: (sourceId: string) => boolean = () => true): Promise<[Key, Outcome][]> {
    const context = await (this.context ??= this.contextOf());
    const product = await this.records.get({ kind: 'product', id: productId });
    const variants = this.variantIds(productId);
    const all: [Key, Outcome][] = [];
    for (const id of variants) {
      const sourceId = variantSourceId(id);
      if (!isWanted(sourceId)) continue;
      const variant = await this.records.get({ kind: 'variant', id });
      const read = (): CatalogItem => {
        if (!product) throw new BadValue(`Its product ${productId} is not among those that Sales Layer lists.`);
        return itemOf(product, variant, variants.length, context);
      };
      all.push([[productId, id], outcomeOf(sourceId, read)]);
    }
    if (product && variants.length === 0 && isWanted(productSourceId(productId)))
      all.push([[productId, ''], outcomeOf(productSourceId(productId), () => itemOf(product, undefined, 0, context))]);
    return all;
  }

  /** Ids of products in any of these categories, or in one below them. */
  productsIn(categoryIds: ReadonlySet<string>): string[] {
    const { category, product } = this.records.places;
    const isIn = (id: string, below: ReadonlySet<string> = new Set()): boolean =>
      categoryIds.has(id) ||
      (!below.has(id) && (category.get(id)?.parents ?? []).some((parent) => isIn(parent, new Set([...below, id]))));
    return [...product].flatMap(([id, { parents }]) => (parents.some((parent) => isIn(parent)) ? [id] : []));
  }

  private async contextOf(): Promise<ItemContext> {
    const { languages } = this.records.head;
    const language = languages[0] ?? '';
    const names = new Map<string, { name: string; parent: string | undefined }>();
    for (const [id, { parents }] of this.records.places.category) {
      const record = await this.records.get({ kind: 'category', id });
      names.set(id, { name: (record && valueOf('title', record, language)) ?? '', parent: parents[0] });
    }
    const pathOf = (id: string, below: readonly string[] = []): string[] => {
      const found = names.get(id);
      if (!found || below.includes(id)) return [];
      const above = found.parent === undefined ? [] : pathOf(found.parent, [...below, id]);
      return found.name === '' ? above : [...above, found.name];
    };
    return { currency: this.currency, languages, categoryPath: (id) => pathOf(id).join('/') };
  }
}

function outcomeOf(sourceId: string, read: () => CatalogItem): Outcome {
  try {
    return { item: read() };
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    return { unreadable: { sourceId, reason: error.message } };
  }
}
