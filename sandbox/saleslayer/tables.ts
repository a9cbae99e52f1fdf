import type { CatalogProduct } from '../catalog';
import type { Store, StoreSku } from '../vtex/store';
import type { SalesLayerAccount } from './accounts';

export type TableName = 'catalogue' | 'products' | 'product_formats';
export type Cell = string | string[] | null;

export interface Column {
  name: string;
  /** The name without its language. */
  basename: string;
  language?: string;
  type: 'string' | 'list' | 'numeric';
}

/** One category, product or variant. */
export interface Row {
  id: number;
  reference: string;
  /** `ID_PARENT`, `ID_catalogue`, `ID_products`: ids of the rows it belongs to; a root category has 0. */
  parents: number[];
  /** V visible, I invisible, D draft. */
  status: 'V' | 'I' | 'D';
  values: Record<string, Cell>;
  images: string[];
}

export interface Table {
  columns: Column[];
  rows: Row[];
}

export type Tables = Record<TableName, Table>;

/**
 * The world's catalogue as Sales Layer would have it: stock and price are ordinary attributes, a product of one SKU without
 * options has no variants, and texts are there in every language of the account.
 */
export function tablesOf({ world, settings }: SalesLayerAccount): Tables {
  const { store } = world;
  const { languages, drafts, hasOffers } = settings;
  const texts = (basename: string, value: string): Record<string, Cell> =>
    Object.fromEntries(languages.map((language, index) => [`${basename}_${language}`, said(value, language, index)]));
  const status = (reference: string, isActive: boolean): Row['status'] =>
    drafts.includes(reference) ? 'D' : isActive ? 'V' : 'I';

  const offerOf = (sku: StoreSku): Record<string, Cell> => ({
    ...(hasOffers && { price: sku.price === null ? null : String(sku.price), stock: stockOf(sku, store) }),
    weight: sku.weightKg === null ? null : String(sku.weightKg),
    ean: sku.ean,
    is_kit: sku.isKit ? 'Yes' : null,
  });

  function productRow(product: CatalogProduct, skus: StoreSku[]): Row {
    const only = isWhole(skus) ? skus[0] : undefined;
    const reference = only?.refId ?? product.refId;
    return {
      id: product.productId,
      reference,
      parents: product.categories.map((path) => store.categoryLine(path).at(-1)?.id ?? 0),
      status: status(reference, product.active && (only?.active ?? true)),
      values: {
        ...texts('product_name', only?.name ?? product.name),
        ...texts('product_description', product.descriptionHtml),
        brand: product.brand || null,
        ...product.attributes,
        ...(only && offerOf(only)),
      },
      images: (only?.images ?? []).map((path) => imageUrl(store, path)),
    };
  }

  function variantRow(sku: StoreSku): Row {
    const { color, ...options } = sku.options;
    return {
      id: sku.skuId,
      reference: sku.refId,
      parents: [sku.product.productId],
      status: status(sku.refId, sku.active),
      values: {
        ...texts('format_name', sku.name),
        ...options,
        ...(color !== undefined && texts('color', color)),
        ...offerOf(sku),
      },
      images: sku.images.map((path) => imageUrl(store, path)),
    };
  }

  const groups = new Map<CatalogProduct, StoreSku[]>();
  for (const sku of store.skus()) groups.set(sku.product, [...(groups.get(sku.product) ?? []), sku]);
  const categories = store.categories().map((category): Row => ({
    id: category.id,
    reference: `C${category.id}`,
    parents: [category.parentId ?? 0],
    status: 'V',
    values: texts('section_name', category.name),
    images: [],
  }));
  const products = [...groups].map(([product, skus]) => productRow(product, skus));
  const variants = [...groups.values()].flatMap((skus) => (isWhole(skus) ? [] : skus.map(variantRow)));
  return {
    catalogue: tableOf(categories, settings),
    products: tableOf(products, settings),
    product_formats: tableOf(variants, settings),
  };
}

function isWhole(skus: StoreSku[]): boolean {
  return skus.length === 1 && Object.keys(skus[0]!.options).length === 0;
}

/** The default language has the catalogue's own text; the others say the same, marked with their name. */
function said(value: string, language: string, index: number): Cell {
  return value === '' ? null : index === 0 ? value : `${value} [${language}]`;
}

function stockOf(sku: StoreSku, store: Store): string {
  return sku.unlimited ? 'unlimited' : String(store.available(sku));
}

function imageUrl(store: Store, path: string): string {
  return /^https?:/.test(path) ? path : `https://media.saleslayer.example/${store.account}${path}`;
}

/** Columns in no order that means anything: each configuration of the connector has its own. */
function tableOf(rows: Row[], { languages, configuration }: SalesLayerAccount['settings']): Table {
  const names = new Map<string, Column['type']>();
  for (const { values } of rows)
    for (const [name, value] of Object.entries(values))
      if (Array.isArray(value)) names.set(name, 'list');
      else if (!names.has(name)) names.set(name, ['price', 'stock', 'weight'].includes(name) ? 'numeric' : 'string');
  const columns = [...names].map(([name, type]): Column => {
    const language = languages.find((each) => name.endsWith(`_${each}`));
    return { name, type, basename: language ? name.slice(0, -language.length - 1) : name, language };
  });
  const turn = columns.length === 0 ? 0 : (configuration * 3) % columns.length;
  return { rows, columns: [...columns.slice(turn), ...columns.slice(0, turn)] };
}
