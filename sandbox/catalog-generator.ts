import type { AmazonMood, CatalogProduct, CatalogSku } from './catalog';
import { seededRandom } from './random';

/**
 * The troublesome kinds of a generated catalogue, each with its share of the SKUs and how many SKUs a product of it holds.
 * Everything else is a plain, sellable SKU. Below {@link MAKEUP_FROM} SKUs all are plain.
 */
export const MAKEUP = {
  kit: { share: 4 / 300, perProduct: 1 },
  outOfStock: { share: 12 / 300, perProduct: 4 },
  lowStock: { share: 10 / 300, perProduct: 5 },
  unlimited: { share: 6 / 300, perProduct: 3 },
  inactiveSku: { share: 6 / 300, perProduct: 3 },
  inactiveProduct: { share: 6 / 300, perProduct: 3 },
  otherChannel: { share: 2 / 300, perProduct: 2 },
  unpriced: { share: 5 / 300, perProduct: 5 },
  noBrand: { share: 3 / 300, perProduct: 3 },
  noImage: { share: 4 / 300, perProduct: 4 },
  longTitle: { share: 3 / 300, perProduct: 3 },
  noDescription: { share: 3 / 300, perProduct: 3 },
  amazonInvalid: { share: 2 / 300, perProduct: 2 },
  amazonRefuse: { share: 3 / 300, perProduct: 3 },
  amazonRefuseLate: { share: 2 / 300, perProduct: 2 },
  amazonNeverVisible: { share: 2 / 300, perProduct: 2 },
} as const;

export type Kind = keyof typeof MAKEUP | 'plain';

/** Smallest catalogue that holds one of each kind. */
const MAKEUP_FROM = 40;

const PLAIN_PER_PRODUCT = 12;
const LINES = [
  { noun: 'Tee', category: 'Men/Tops/Tees', sizes: ['XS', 'S', 'M', 'L', 'XL'], weightKg: 0.2 },
  { noun: 'Hoodie', category: 'Men/Tops/Hoodies & Sweatshirts', sizes: ['XS', 'S', 'M', 'L', 'XL'], weightKg: 0.6 },
  { noun: 'Jacket', category: 'Women/Tops/Jackets', sizes: ['XS', 'S', 'M', 'L', 'XL'], weightKg: 0.8 },
  { noun: 'Pant', category: 'Women/Bottoms/Pants', sizes: ['28', '29', '30', '32', '34'], weightKg: 0.5 },
  { noun: 'Short', category: 'Men/Bottoms/Shorts', sizes: ['32', '33', '34', '36'], weightKg: 0.3 },
  { noun: 'Backpack', category: 'Gear/Bags', sizes: ['20L', '30L'], weightKg: 1.1 },
  { noun: 'Watch', category: 'Gear/Watches', sizes: ['38mm', '42mm'], weightKg: 0.12 },
  { noun: 'Yoga Brick', category: 'Gear/Fitness Equipment', sizes: ['S', 'L'], weightKg: 0.4 },
];
const COLORS = ['Black', 'Blue', 'Gray', 'Green', 'Orange', 'Red', 'White', 'Yellow'];
const MATERIALS = ['Cotton', 'Polyester', 'Wool', 'Nylon', 'Organic Cotton'];
const BRANDS = ['Northpier', 'Halyard', 'Saltline'];
const ADJECTIVES = ['Harbour', 'Meridian', 'Breakwater', 'Tidewater', 'Lantern', 'Capstan', 'Windward', 'Driftwood'];
const MOODS: Partial<Record<Kind, AmazonMood>> = {
  amazonInvalid: 'invalid',
  amazonRefuse: 'refuse',
  amazonRefuseLate: 'refuse-late',
  amazonNeverVisible: 'never-visible',
};

/** How many SKUs of each kind {@link generateCatalog} makes out of `count`. */
export function makeup(count: number): Record<Kind, number> {
  const kinds = Object.keys(MAKEUP) as (keyof typeof MAKEUP)[];
  const counts = Object.fromEntries(
    kinds.map((kind) => [kind, count < MAKEUP_FROM ? 0 : Math.max(1, Math.floor(count * MAKEUP[kind].share + 1e-9))])
  ) as Record<Kind, number>;
  counts.plain = count - kinds.reduce((sum, kind) => sum + counts[kind], 0);
  return counts;
}

/**
 * A catalogue of exactly `count` SKUs; the same count and seed give the same bytes on any machine. Some plain SKUs carry a
 * refId with a slash, a space or a percent sign, as merchants' do.
 */
export function generateCatalog(count: number, seed = 1): CatalogProduct[] {
  const random = seededRandom(seed);
  const counts = makeup(count);
  const products: CatalogProduct[] = [];
  const nextSkuId = counter();
  const add = (kind: Kind, perProduct: number) => {
    for (let left = counts[kind]; left > 0; left -= perProduct) {
      const size = Math.min(left, perProduct);
      products.push(makeProduct({ kind, productId: products.length + 1, size, random, nextSkuId, products }));
    }
  };
  add('plain', PLAIN_PER_PRODUCT);
  for (const kind of Object.keys(MAKEUP) as (keyof typeof MAKEUP)[]) add(kind, MAKEUP[kind].perProduct);
  return products;
}

interface Draft {
  kind: Kind;
  productId: number;
  size: number;
  random: () => number;
  nextSkuId: () => number;
  /** Products made before, for a kit to take its components from. */
  products: CatalogProduct[];
}

function makeProduct(draft: Draft): CatalogProduct {
  const { kind, productId, random } = draft;
  const line = pick(LINES, random);
  const name = kind === 'kit' ? `${pick(ADJECTIVES, random)} Travel Kit` : `${pick(ADJECTIVES, random)} ${line.noun}`;
  const basePrice = 15 + Math.floor(random() * 80) + 0.9;
  const product: CatalogProduct = {
    productId,
    refId: `LS${String(productId).padStart(5, '0')}`,
    name: kind === 'longTitle' ? `${name} ${'édition spéciale '.repeat(7)}`.trim() : name,
    brand: kind === 'noBrand' ? '' : pick(BRANDS, random),
    descriptionHtml:
      kind === 'noDescription'
        ? ''
        : `<p>The ${name} is made for long days outside.</p>\n<p>&bull; Dries fast.<br />&bull; Machine wash.</p>`,
    categories: [line.category],
    attributes: { material: pick(MATERIALS, random), pattern: 'Solid' },
    active: kind !== 'inactiveProduct',
    salesChannels: kind === 'otherChannel' ? [2] : [1],
    skus: [],
  };
  const firstColor = Math.floor(random() * COLORS.length);
  for (let index = 0; index < draft.size; index += 1) {
    const size = line.sizes[index % line.sizes.length] ?? 'M';
    const color = COLORS[(firstColor + Math.floor(index / line.sizes.length)) % COLORS.length] ?? 'Black';
    product.skus.push(makeSku(draft, product, { size, color, weightKg: line.weightKg, price: basePrice, index }));
  }
  return product;
}

interface Variation {
  size: string;
  color: string;
  weightKg: number;
  price: number;
  index: number;
}

function makeSku(draft: Draft, product: CatalogProduct, variation: Variation): CatalogSku {
  const { kind, random } = draft;
  const skuId = draft.nextSkuId();
  const isKit = kind === 'kit';
  const options = { size: variation.size, color: variation.color };
  const suffix = isKit ? '' : `-${variation.size}-${variation.color}`;
  const image = `/${product.refId.toLowerCase()}-${variation.color.toLowerCase()}`;
  return {
    skuId,
    refId: isKit ? `${product.refId}-KIT` : awkward(`${product.refId}${suffix}`, kind, skuId),
    name: kind === 'longTitle' ? longTitle(product.name, skuId) : `${product.name}${suffix}`,
    options: isKit ? {} : options,
    price: kind === 'unpriced' ? null : isKit ? null : variation.price,
    quantity:
      isKit || kind === 'outOfStock'
        ? 0
        : kind === 'lowStock'
          ? 1 + (variation.index % 2)
          : 5 + Math.floor(random() * 195),
    weightKg: isKit ? null : variation.weightKg,
    images: kind === 'noImage' ? [] : [`${image}_main.jpg`, `${image}_back.jpg`],
    isKit,
    kitItems: isKit ? componentsOf(draft) : [],
    active: kind !== 'inactiveSku',
    unlimited: kind === 'unlimited',
    ean: skuId % 2 === 0 ? ean13(skuId) : null,
    mood: MOODS[kind] ?? null,
  };
}

/** Under 200 characters and over 200 bytes. */
function longTitle(productName: string, skuId: number): string {
  return `${`${productName} ${'à manches longues '.repeat(8)}`.slice(0, 190).trim()} ${skuId}`;
}

function componentsOf({ products, random }: Draft): CatalogSku['kitItems'] {
  const plain = products.filter((product) => product.skus.length > 0 && product.skus[0]?.isKit === false);
  return [0, 1].map((index) => {
    const product = plain[(Math.floor(random() * plain.length) + index) % plain.length];
    return { refId: product?.skus[index]?.refId ?? product?.skus[0]?.refId ?? '', quantity: index + 1 };
  });
}

/** Every fortieth plain SKU has a reference that only survives careful percent-encoding. */
function awkward(refId: string, kind: Kind, skuId: number): string {
  if (kind !== 'plain' || skuId % 40 !== 0) return refId;
  return refId.replace('-', skuId % 3 === 0 ? '/' : skuId % 3 === 1 ? ' ' : '%');
}

/** A valid EAN-13 under the in-store prefix 2. */
function ean13(skuId: number): string {
  const digits = `2${String(skuId).padStart(11, '0')}`;
  const sum = [...digits].reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 3), 0);
  return `${digits}${(10 - (sum % 10)) % 10}`;
}

function pick<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)] as T;
}

function counter(): () => number {
  let last = 0;
  return () => (last += 1);
}
