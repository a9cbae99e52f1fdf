/**
 * How Amazon takes a seller SKU, whatever it is sent: `invalid` refuses at once (HTTP 200, status INVALID), `refuse` accepts
 * and refuses when it processes, `refuse-late` does so five times later, `never-visible` accepts and never shows it.
 */
export const AMAZON_MOODS = ['invalid', 'refuse', 'refuse-late', 'never-visible'] as const;
export type AmazonMood = (typeof AMAZON_MOODS)[number];

interface CatalogKitItem {
  /** refId of the component SKU. */
  refId: string;
  quantity: number;
}

export interface CatalogSku {
  skuId: number;
  /** The merchant's own reference; becomes VTEX's AlternateIds.RefId and the usual seller SKU at Amazon. */
  refId: string;
  name: string;
  options: Record<string, string>;
  /** Currency units; null: no price (a kit then costs what its components cost). */
  price: number | null;
  /** Units in the only warehouse; null counts as 0. A kit has none of its own. */
  quantity: number | null;
  weightKg: number | null;
  /** Absolute URLs, or paths that are served under the account's image host. */
  images: string[];
  isKit: boolean;
  kitItems: CatalogKitItem[];
  active: boolean;
  unlimited: boolean;
  ean: string | null;
  mood: AmazonMood | null;
}

export interface CatalogProduct {
  productId: number;
  refId: string;
  name: string;
  brand: string;
  descriptionHtml: string;
  /** Paths, `Men/Tops/Tees`; the first is the main one. */
  categories: string[];
  attributes: Record<string, string | string[]>;
  active: boolean;
  /** Ids of the trade policies it is assigned to. */
  salesChannels: number[];
  skus: CatalogSku[];
}

/** The catalogue text is not what a world can be made of; the message names the line. */
export class CatalogError extends Error {}

/**
 * One product a line (NDJSON). Required: product `productId`, `name`, `skus`; SKU `skuId`, `refId`, `name`. Optional besides
 * the fields above: SKU `kitComponents` as another name of `kitItems`, SKU `sandbox: {amazon: mood}`.
 *
 * @throws CatalogError naming the line
 */
export function parseCatalog(ndjson: string): CatalogProduct[] {
  const products: CatalogProduct[] = [];
  const seen = new Set<number>();
  ndjson.split('\n').forEach((text, index) => {
    if (!text.trim()) return;
    const product = parseProduct(text, index + 1);
    for (const sku of product.skus) {
      if (seen.has(sku.skuId)) throw new CatalogError(`line ${index + 1}: skuId ${sku.skuId} appears twice`);
      seen.add(sku.skuId);
    }
    products.push(product);
  });
  if (products.length === 0) throw new CatalogError('the catalogue holds no product');
  return products;
}

/** The inverse of {@link parseCatalog}, with every field written out. */
export function formatCatalog(products: CatalogProduct[]): string {
  const lines = products.map(({ skus, ...product }) =>
    JSON.stringify({
      ...product,
      skus: skus.map(({ mood, ...sku }) => ({ ...sku, ...(mood ? { sandbox: { amazon: mood } } : {}) })),
    })
  );
  return `${lines.join('\n')}\n`;
}

type Fields = Record<string, unknown>;

function parseProduct(text: string, line: number): CatalogProduct {
  let fields: Fields;
  try {
    fields = JSON.parse(text) as Fields;
  } catch {
    throw new CatalogError(`line ${line}: not JSON`);
  }
  const where = `line ${line}: `;
  const skus = fields.skus;
  if (!Array.isArray(skus)) throw new CatalogError(`${where}skus must be an array`);
  return {
    productId: integer(fields, 'productId', where),
    refId: optionalText(fields.refId),
    name: requiredText(fields, 'name', where),
    brand: optionalText(fields.brand),
    descriptionHtml: optionalText(fields.descriptionHtml),
    categories: Array.isArray(fields.categories) ? fields.categories.map(String) : [],
    attributes: (fields.attributes ?? {}) as Record<string, string | string[]>,
    active: fields.active !== false,
    salesChannels: Array.isArray(fields.salesChannels) ? fields.salesChannels.map(Number) : [1],
    skus: skus.map((sku, index) => parseSku(sku as Fields, `${where}sku ${index + 1}: `)),
  };
}

function parseSku(fields: Fields, where: string): CatalogSku {
  const kitItems = (fields.kitComponents ?? fields.kitItems ?? []) as CatalogKitItem[];
  const mood = (fields.sandbox as Fields | undefined)?.amazon ?? null;
  if (mood !== null && !AMAZON_MOODS.includes(mood as AmazonMood)) {
    throw new CatalogError(`${where}sandbox.amazon must be one of ${AMAZON_MOODS.join(', ')}`);
  }
  return {
    skuId: integer(fields, 'skuId', where),
    refId: requiredText(fields, 'refId', where),
    name: requiredText(fields, 'name', where),
    options: (fields.options ?? {}) as Record<string, string>,
    price: typeof fields.price === 'number' ? fields.price : null,
    quantity: typeof fields.quantity === 'number' ? fields.quantity : null,
    weightKg: typeof fields.weightKg === 'number' ? fields.weightKg : null,
    images: Array.isArray(fields.images) ? fields.images.map(String) : [],
    isKit: fields.isKit === true || kitItems.length > 0,
    kitItems,
    active: fields.active !== false,
    unlimited: fields.unlimited === true,
    ean: typeof fields.ean === 'string' ? fields.ean : null,
    mood: mood as AmazonMood | null,
  };
}

function integer(fields: Fields, name: string, where: string): number {
  const value = fields[name];
  if (!Number.isInteger(value)) throw new CatalogError(`${where}${name} must be an integer`);
  return value as number;
}

function requiredText(fields: Fields, name: string, where: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || value === '') throw new CatalogError(`${where}${name} must be a text`);
  return value;
}

function optionalText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
