import type { CatalogItem, ItemTexts } from './catalog-item';
import type { AmazonAttributes, WantedListing } from './listing';
import { textsIn, translationFor } from './mapping-languages';
import { isSellableAmount, toUnits, type Money } from './money';
import { bulletsOf, cutToBytes, toPlainLine, toPlainText } from './plain-text';

/**
 * What the built-in mapping needs to know: the one that every connector has, and that mappings of its own (S14) change attribute
 * by attribute. Amazon's names and shapes of attributes are those of the Product Type Definitions.
 */
export interface MappingSettings {
  marketplaceId: string;
  /** S13. Every text is sent once per locale. */
  valueLocales: readonly string[];
  /** S7. Which groups of attributes are sent. */
  requirements: WantedListing['requirements'];
  /** V11. */
  sendPrice: boolean;
  /** V7. */
  shippingTemplate?: string;
}

/** Amazon's limits, in bytes of UTF-8. */
export const TEXT_LIMITS = { item_name: 200, product_description: 2000, bullet_point: 500 } as const;

const MOST_BULLETS = 5;
const MOST_MATERIALS = 5;
const MOST_OTHER_IMAGES = 8;

/**
 * The words by which a category tells its product type: English, Portuguese, Spanish; lower case, without accents, in the
 * singular. At one level the match of most words wins, then the earlier row.
 */
const CATEGORY_WORDS: readonly CategoryRow[] = [
  {
    productType: 'PANTS',
    words: `pant, trouser, legging, jean, sweatpant, jogger, tight, slack, chino, calca, pantalon, pantalones, vaquero,
      malla`,
  },
  {
    productType: 'SWEATSHIRT',
    words: `sweatshirt, hoodie, hoody, hoodlie, sweater, pullover, jumper, fleece, moletom, moletons, sueter, sueteres,
      blusao, sudadera, jersey, jerseis, buzo`,
  },
  {
    productType: 'COAT',
    words: `jacket, coat, parka, windbreaker, outerwear, raincoat, anorak, jaqueta, casaco, corta vento, chaqueta,
      abrigo, cazadora, chamarra, campera, cortaviento, impermeable, impermeavel, impermeaveis`,
  },
  {
    productType: 'SHIRT',
    words: `shirt, t shirt, tshirt, tee, tank, tank top, polo, blouse, bra, camisole, jersey shirt, camisa, camiseta,
      regata, blusa, top, top feminino, polera, playera, remera, musculosa, sujetador, sutia, sutias`,
  },
  {
    productType: 'SHORTS',
    words: `short, pant short, short pant, bermuda, calcao, calcoes, pantalon corto, pantalones cortos`,
  },
  {
    productType: 'BACKPACK',
    words: `bag, backpack, rucksack, duffel, duffle, messenger bag, tote, satchel, mochila, bolsa, bolso, sacola, morral`,
  },
  {
    productType: 'WATCH',
    words: `watch, smartwatch, wristwatch, relogio, reloj, relojes`,
  },
];

/** Asked only when no row above matches at any level: words that stand over many kinds of things. */
const GENERAL_CATEGORY_WORDS: readonly CategoryRow[] = [
  {
    productType: 'SPORTING_GOODS',
    words: `fitness, exercise, workout, gym, yoga, pilates, training, sport, sporting good, athletic, ball, dumbbell,
      outdoor, esporte, esportivo, academia, treino, ginastica, exercicio, deporte, deportivo, gimnasio,
      entrenamiento, ejercicio, balon, pelota, bola`,
  },
];

interface CategoryRow {
  productType: string;
  words: string;
}

/** Per table, the product type and the rank of every phrase and of its plurals in -s and -es. */
const WORD_TABLES = [CATEGORY_WORDS, GENERAL_CATEGORY_WORDS].map((rows) => {
  const phrases = new Map<string, { productType: string; rank: number }>();
  rows.forEach(({ productType, words }, row) => {
    for (const phrase of words.split(','))
      for (const plural of ['', 's', 'es']) {
        const key = `${phrase.trim()}${plural}`;
        if (!phrases.has(key)) phrases.set(key, { productType, rank: row - rows.length * key.split(' ').length });
      }
  });
  return phrases;
});

/**
 * The product type that the item's categories speak of: the most specific level first, the longest paths first; undefined
 * when no level of any path holds a word that is known.
 */
export function productTypeOf(item: Pick<CatalogItem, 'categories'>): string | undefined {
  const paths = item.categories
    .map((path) => path.split('/').map(wordsOf).reverse())
    .sort((one, other) => other.length - one.length);
  for (const table of WORD_TABLES)
    for (const levels of paths)
      for (const level of levels) {
        const found = bestMatch(level, table);
        if (found) return found;
      }
  return undefined;
}

/** Lower case, without accents or signs: `['hoodies', 'sweatshirts']`. */
function wordsOf(level: string): string[] {
  const plain = toPlainLine(level).normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.match(/[\p{L}\p{N}]+/gu) ?? [];
}

function bestMatch(words: string[], table: (typeof WORD_TABLES)[number]): string | undefined {
  const phrases = words.flatMap((word, at) => [word, `${word} ${words[at + 1] ?? ''}`]);
  const found = phrases.map((phrase) => table.get(phrase)).filter((match) => match !== undefined);
  return found.sort((one, other) => one.rank - other.rank)[0]?.productType;
}

/**
 * What Amazon is to have of an item. An attribute without a value is left out.
 *
 * @param quantity - the units to offer, as the rules decided.
 * @param details - everything but price and quantity; as the built-in mapping has it unless given.
 */
export function mapItem(
  item: CatalogItem,
  productType: string,
  settings: MappingSettings,
  quantity: number,
  details: AmazonAttributes = builtInDetails(item, settings)
): WantedListing {
  const { requirements, sendPrice } = settings;
  const price = requirements === 'LISTING_PRODUCT_ONLY' || !sendPrice ? undefined : sellablePrice(item);
  return {
    productType,
    requirements,
    details,
    ...(price && { price: priceAttributes(price, settings) }),
    ...(requirements !== 'LISTING_PRODUCT_ONLY' && { quantity: quantityAttributes(quantity) }),
  };
}

/** Everything but price and quantity, as the built-in mapping has it. */
export function builtInDetails(item: CatalogItem, settings: MappingSettings): AmazonAttributes {
  const { requirements } = settings;
  return {
    ...(requirements !== 'LISTING_OFFER_ONLY' && productAttributes(item, settings)),
    ...(requirements !== 'LISTING_PRODUCT_ONLY' && offerTerms(settings)),
  };
}

/** The item's price, unless it is no amount that anything can be sold for. */
export function sellablePrice(item: Pick<CatalogItem, 'price'>): Money | undefined {
  return item.price && isSellableAmount(item.price) ? item.price : undefined;
}

/** The texts that Amazon requires of a product, in the item's own language, as they are sent; empty when the source has none. */
export function requiredTexts(item: CatalogItem): { item_name: string; brand: string; product_description: string } {
  return { brand: toPlainLine(item.brand), ...titleAndDescription(item) };
}

function titleAndDescription(texts: ItemTexts): { item_name: string; product_description: string } {
  return {
    item_name: cutToBytes(toPlainLine(texts.title), TEXT_LIMITS.item_name),
    product_description: cutToBytes(toPlainText(texts.descriptionHtml), TEXT_LIMITS.product_description),
  };
}

/** The images Amazon can fetch, the main one first. */
export function usableImages(item: Pick<CatalogItem, 'images'>): string[] {
  const addresses = item.images.map((each) => each.trim()).filter((each) => /^https?:\/\/[^\s/]+\/\S*$/i.test(each));
  return [...new Set(addresses)].slice(0, 1 + MOST_OTHER_IMAGES);
}

/** The first GTIN whose check digit is right, as Amazon names its kind. */
export function usableGtin(
  item: Pick<CatalogItem, 'gtins'>
): { type: 'ean' | 'upc' | 'gtin'; value: string } | undefined {
  for (const each of item.gtins) {
    const value = each.replace(/[\s-]/g, '');
    const type = GTIN_KINDS.get(value.length);
    if (type && isGtin(value)) return { type, value };
  }
  return undefined;
}

const GTIN_KINDS = new Map([
  [8, 'ean'],
  [12, 'upc'],
  [13, 'ean'],
  [14, 'gtin'],
] as const satisfies [number, string][]) as ReadonlyMap<number, 'ean' | 'upc' | 'gtin'>;

/** GS1: weights 3 and 1 from the right, the sum divisible by ten. Only zeros is a filler and no GTIN. */
function isGtin(digits: string): boolean {
  if (!/^\d+$/.test(digits) || /^0+$/.test(digits)) return false;
  const sum = [...digits].reverse().reduce((total, digit, index) => total + Number(digit) * (index % 2 ? 3 : 1), 0);
  return sum % 10 === 0;
}

/** The texts of an item in one language. An attribute may have several values. */
function textAttributes(item: CatalogItem, locale: string): Record<TextAttribute, string[]> {
  const texts = textsIn(item, locale);
  const { item_name, product_description } = titleAndDescription(texts);
  // What the translation has goes before what the item has, even under another name.
  const layers = [translationFor(item, locale), item].filter((layer) => layer !== undefined);
  return {
    item_name: some(item_name),
    brand: some(toPlainLine(item.brand)),
    product_description: some(product_description),
    bullet_point: bulletsOf(texts.descriptionHtml)
      .slice(0, MOST_BULLETS)
      .map((bullet) => cutToBytes(bullet, TEXT_LIMITS.bullet_point)),
    color: onlyValue(layers, ['color', 'colour', 'cor', 'colores', 'cores']),
    size: onlyValue(layers, ['size', 'tamanho', 'talla', 'tamaño', 'tamano']),
    material: valuesOf(layers, ['material', 'materials', 'materiais', 'materiales']).slice(0, MOST_MATERIALS),
  };
}

const TEXT_ATTRIBUTES = [
  'item_name',
  'brand',
  'product_description',
  'bullet_point',
  'color',
  'size',
  'material',
] as const;
type TextAttribute = (typeof TEXT_ATTRIBUTES)[number];

/** The texts of an item, each once per language of S13. */
function textsOf(item: CatalogItem, { marketplaceId, valueLocales }: MappingSettings): AmazonAttributes {
  let own: Record<TextAttribute, string[]> | undefined;
  const perLocale = valueLocales.map((locale) => ({
    locale,
    texts: translationFor(item, locale) ? textAttributes(item, locale) : (own ??= textAttributes(item, locale)),
  }));
  return Object.fromEntries(
    TEXT_ATTRIBUTES.map((name) => [
      name,
      perLocale.flatMap(({ locale, texts }) =>
        texts[name].map((value) => ({ value, language_tag: locale, marketplace_id: marketplaceId }))
      ),
    ])
  );
}

function productAttributes(item: CatalogItem, settings: MappingSettings): AmazonAttributes {
  const here = { marketplace_id: settings.marketplaceId };
  const [mainImage, ...otherImages] = usableImages(item);
  const gtin = usableGtin(item);
  const grams = item.weightGrams;

  return withValues({
    ...textsOf(item, settings),
    item_weight:
      grams !== undefined && Number.isFinite(grams) && grams > 0 ? [{ value: grams, unit: 'grams', ...here }] : [],
    main_product_image_locator: some(mainImage).map((media_location) => ({ media_location, ...here })),
    ...Object.fromEntries(
      otherImages.map((media_location, index) => [
        `other_product_image_locator_${index + 1}`,
        [{ media_location, ...here }],
      ])
    ),
    ...(gtin
      ? { externally_assigned_product_identifier: [{ ...gtin, ...here }] }
      : { supplier_declared_has_product_identifier_exemption: [{ value: true, ...here }] }),
  });
}

/** What belongs to the offer and changes as seldom as the product: it travels with the details. */
function offerTerms({ marketplaceId, shippingTemplate }: MappingSettings): AmazonAttributes {
  return withValues({
    condition_type: [{ value: 'new_new', marketplace_id: marketplaceId }],
    merchant_shipping_group: some(shippingTemplate).map((value) => ({ value, marketplace_id: marketplaceId })),
  });
}

function priceAttributes(price: Money, { marketplaceId }: MappingSettings): AmazonAttributes {
  return {
    purchasable_offer: [
      {
        audience: 'ALL',
        currency: price.currency,
        marketplace_id: marketplaceId,
        our_price: [{ schedule: [{ value_with_tax: toUnits(price) }] }],
      },
    ],
  };
}

function quantityAttributes(quantity: number): AmazonAttributes {
  return { fulfillment_availability: [{ fulfillment_channel_code: 'DEFAULT', quantity }] };
}

/**
 * The values under the first of the keys that has some, in the first of the layers that has any: an option tells SKUs apart, so
 * it goes before an attribute.
 */
function valuesOf(layers: readonly Partial<ItemTexts>[], keys: readonly string[]): string[] {
  const found = layers.flatMap(({ options = {}, attributes = {} }) => [
    ...keys.map((key) => (Object.hasOwn(options, key) ? [options[key]!] : [])),
    ...keys.map((key) => (Object.hasOwn(attributes, key) ? attributes[key]! : [])),
  ]);
  return (
    found
      .map((values) => [...new Set(values.map(toPlainLine))].filter((value) => value !== ''))
      .find((values) => values.length > 0) ?? []
  );
}

/** Several values describe the product and not this SKU, which has one. */
function onlyValue(layers: readonly Partial<ItemTexts>[], keys: readonly string[]): string[] {
  const values = valuesOf(layers, keys);
  return values.length === 1 ? values : [];
}

function some(value: string | undefined): string[] {
  return value ? [value] : [];
}

function withValues(attributes: AmazonAttributes): AmazonAttributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value.length > 0));
}
