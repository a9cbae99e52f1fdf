import type { Marketplace } from './marketplaces';
import { conditions } from './product-type-conditions';
import { attributesOfTheme, VARIATION_ATTRIBUTES } from './variation-themes';

export const REQUIREMENTS = ['LISTING', 'LISTING_PRODUCT_ONLY', 'LISTING_OFFER_ONLY'] as const;
export type Requirements = (typeof REQUIREMENTS)[number];
export const ENFORCEMENTS = ['ENFORCED', 'NOT_ENFORCED'] as const;
type Enforcement = (typeof ENFORCEMENTS)[number];
export const PARENTAGE_LEVELS = ['NONE', 'CHILD', 'PARENT'] as const;
export type ParentageLevel = (typeof PARENTAGE_LEVELS)[number];

const META_SCHEMA_ID = 'https://schemas.amazon.com/selling-partners/definitions/product-types/meta-schema/v1';
export const PRODUCT_TYPE_VERSION = 'LsSb2026aA0=';

/** Offer-only and partial submissions may name this literal instead of a real product type. */
export const GENERIC_PRODUCT_TYPE = 'PRODUCT';

type Text = { en: string; es: string };
type Json = Record<string, unknown>;

interface ProductTypeRow {
  displayName: Text;
  /** Words that an item's title is recognised by. */
  words: string[];
  /** Values of `variation_theme`; empty: the type knows no variations. */
  themes: string[];
}

const APPAREL_THEMES = ['COLOR', 'SIZE', 'SIZE/COLOR', 'COLOR/SIZE', 'COLOR_NAME', 'SIZE_NAME', 'SIZE_NAME/COLOR_NAME'];
const BAG_THEMES = ['COLOR', 'SIZE', 'COLOR/SIZE', 'STYLE', 'COLOR/STYLE', 'COLOR_NAME'];
/** Older spellings: still taken, and named in the schema as out of use. */
const isOutOfUse = (theme: string): boolean => theme.includes('_NAME');

export const PRODUCT_TYPES: Record<string, ProductTypeRow> = {
  SHIRT: type('Shirt', 'Camisa', ['shirt', 'tee', 'tank', 'bra', 'top'], APPAREL_THEMES),
  SWEATSHIRT: type('Sweatshirt', 'Sudadera', ['sweatshirt', 'hoodie', 'pullover'], APPAREL_THEMES),
  COAT: type('Coat', 'Abrigo', ['coat', 'jacket', 'parka', 'shell'], APPAREL_THEMES),
  PANTS: type('Pants', 'Pantalones', ['pants', 'pant', 'leggings', 'capri', 'tights'], APPAREL_THEMES),
  SHORTS: type('Shorts', 'Pantalones cortos', ['shorts', 'short'], APPAREL_THEMES),
  BACKPACK: type('Backpack', 'Mochila', ['backpack', 'bag', 'tote', 'duffle', 'messenger'], BAG_THEMES),
  WATCH: type('Watch', 'Reloj', ['watch'], []),
  SPORTING_GOODS: type(
    'Sporting Goods',
    'Artículos deportivos',
    ['yoga', 'ball', 'strap', 'brick', 'roller', 'kit', 'fitness'],
    []
  ),
};

function type(en: string, es: string, words: string[], themes: string[]): ProductTypeRow {
  return { displayName: { en, es }, words, themes };
}

const GROUPS = {
  product_identity: { en: 'Product Identity', es: 'Identidad del producto' },
  offer: { en: 'Offer', es: 'Oferta' },
  product_details: { en: 'Product Details', es: 'Detalles del producto' },
  images: { en: 'Images', es: 'Imágenes' },
  variations: { en: 'Variations', es: 'Variaciones' },
  shipping: { en: 'Shipping', es: 'Envío' },
  safety_and_compliance: { en: 'Safety & Compliance', es: 'Seguridad y cumplimiento' },
} as const satisfies Record<string, Text>;

type Group = keyof typeof GROUPS;

interface Context {
  marketplace: Marketplace;
  productType: string;
  label: (text: Text) => string;
}

interface AttributeRow {
  group: Group;
  title: Text;
  description: Text;
  /** Required by LISTING wherever its group is part of the requirements set. */
  required: boolean;
  /** Part of LISTING_OFFER_ONLY. */
  offer: boolean;
  selectors: string[];
  /** Most instances for one combination of selector values. */
  max: number;
  itemRequired: string[];
  properties: (context: Context) => Json;
}

const MARKETPLACE_ID = { $ref: '#/$defs/marketplace_id' };
const LANGUAGE_TAG = { $ref: '#/$defs/language_tag' };

interface AttributeOptions {
  required?: boolean;
  offer?: boolean;
  max?: number;
  description?: Text;
}

/** `[{value, language_tag, marketplace_id}]` */
function localizedText(
  group: Group,
  en: string,
  es: string,
  limits: Json,
  options: AttributeOptions = {}
): AttributeRow {
  return attribute(
    group,
    en,
    es,
    ['marketplace_id', 'language_tag'],
    ['value', 'language_tag', 'marketplace_id'],
    options,
    () => ({
      value: { type: 'string', minLength: 1, ...limits },
      language_tag: LANGUAGE_TAG,
      marketplace_id: MARKETPLACE_ID,
    })
  );
}

/** `[{value, marketplace_id}]` */
function plainValue(group: Group, en: string, es: string, value: Json, options: AttributeOptions = {}): AttributeRow {
  return attribute(group, en, es, ['marketplace_id'], ['value', 'marketplace_id'], options, () => ({
    value,
    marketplace_id: MARKETPLACE_ID,
  }));
}

/** `[{media_location, marketplace_id}]` */
function imageLocator(en: string, es: string, options: AttributeOptions = {}): AttributeRow {
  return attribute('images', en, es, ['marketplace_id'], ['media_location', 'marketplace_id'], options, () => ({
    media_location: { type: 'string', format: 'uri', pattern: '^https?://', maxLength: 2048 },
    marketplace_id: MARKETPLACE_ID,
  }));
}

function attribute(
  group: Group,
  en: string,
  es: string,
  selectors: string[],
  itemRequired: string[],
  options: AttributeOptions,
  properties: AttributeRow['properties']
): AttributeRow {
  return {
    group,
    title: { en, es },
    description: options.description ?? {
      en: `Provide the ${en.toLowerCase()} of the product`,
      es: `Indica: ${es.toLowerCase()}`,
    },
    required: options.required ?? false,
    offer: options.offer ?? false,
    selectors,
    max: options.max ?? 1,
    itemRequired,
    properties,
  };
}

const CONDITIONS = [
  'new_new',
  'new_open_box',
  'new_oem',
  'refurbished_refurbished',
  'used_like_new',
  'used_very_good',
  'used_good',
  'used_acceptable',
  'collectible_like_new',
  'collectible_very_good',
  'collectible_good',
  'collectible_acceptable',
  'club_club',
];

const ATTRIBUTES: Record<string, AttributeRow> = {
  item_name: localizedText('product_identity', 'Title', 'Título', { maxUtf8ByteLength: 200 }, { required: true }),
  brand: localizedText('product_identity', 'Brand Name', 'Marca', { maxUtf8ByteLength: 100 }, { required: true }),
  externally_assigned_product_identifier: attribute(
    'product_identity',
    'External Product ID',
    'Identificador externo',
    ['marketplace_id', 'type'],
    ['type', 'value', 'marketplace_id'],
    { max: 1 },
    () => ({
      type: closedList(['ean', 'upc', 'gtin'], ['EAN', 'UPC', 'GTIN']),
      value: { type: 'string', pattern: '^[0-9]{8,14}$' },
      marketplace_id: MARKETPLACE_ID,
    })
  ),
  supplier_declared_has_product_identifier_exemption: plainValue(
    'product_identity',
    'Product identifier exemption',
    'Exención de identificador',
    { type: 'boolean', enum: [true, false], enumNames: ['Yes', 'No'] }
  ),
  merchant_suggested_asin: plainValue('product_identity', 'Suggested ASIN', 'ASIN sugerido', {
    type: 'string',
    pattern: '^[A-Z0-9]{10}$',
  }),
  product_description: localizedText(
    'product_details',
    'Product Description',
    'Descripción',
    { maxLength: 2000 },
    { required: true }
  ),
  bullet_point: localizedText('product_details', 'Bullet Point', 'Viñeta', { maxUtf8ByteLength: 500 }, { max: 10 }),
  color: localizedText('product_details', 'Color', 'Color', { maxUtf8ByteLength: 100 }),
  size: localizedText('product_details', 'Size', 'Talla', { maxUtf8ByteLength: 100 }),
  style: localizedText('product_details', 'Style', 'Estilo', { maxUtf8ByteLength: 100 }),
  material: localizedText('product_details', 'Material', 'Material', { maxUtf8ByteLength: 200 }, { max: 5 }),
  item_weight: attribute(
    'product_details',
    'Item Weight',
    'Peso',
    ['marketplace_id'],
    ['value', 'unit', 'marketplace_id'],
    {},
    () => ({
      value: { type: 'number', exclusiveMinimum: 0, maximum: 1_000_000 },
      unit: closedList(['kilograms', 'grams', 'pounds', 'ounces'], ['Kilograms', 'Grams', 'Pounds', 'Ounces']),
      marketplace_id: MARKETPLACE_ID,
    })
  ),
  condition_type: plainValue('offer', 'Item Condition', 'Estado', closedList(CONDITIONS, CONDITIONS), {
    required: true,
    offer: true,
  }),
  purchasable_offer: attribute(
    'offer',
    'Your Price',
    'Precio',
    ['marketplace_id', 'currency', 'audience'],
    ['currency', 'our_price', 'marketplace_id'],
    { offer: true },
    ({ marketplace }) => ({
      audience: { ...closedList(['ALL', 'B2B'], ['Sell on Amazon', 'Amazon Business']), default: 'ALL' },
      currency: closedList([marketplace.currency], [marketplace.currency]),
      our_price: priceSchedule(),
      minimum_seller_allowed_price: priceSchedule(),
      maximum_seller_allowed_price: priceSchedule(),
      start_at: {
        type: 'object',
        required: ['value'],
        properties: { value: { type: 'string', format: 'date-time' } },
        additionalProperties: false,
      },
      end_at: {
        type: 'object',
        required: ['value'],
        properties: { value: { type: 'string', format: 'date-time' } },
        additionalProperties: false,
      },
      marketplace_id: MARKETPLACE_ID,
    })
  ),
  fulfillment_availability: attribute(
    'offer',
    'Fulfillment Availability',
    'Disponibilidad',
    ['fulfillment_channel_code'],
    ['fulfillment_channel_code', 'quantity'],
    { required: true, offer: true },
    () => ({
      fulfillment_channel_code: closedList(['DEFAULT'], ['Merchant']),
      quantity: { type: 'integer', minimum: 0, maximum: 2_147_483_647 },
      lead_time_to_ship_max_days: { type: 'integer', minimum: 0, maximum: 30 },
      restock_date: { type: 'string', format: 'date' },
    })
  ),
  merchant_shipping_group: plainValue(
    'shipping',
    'Merchant Shipping Group',
    'Grupo de envío',
    { type: 'string', minLength: 1 },
    { offer: true }
  ),
  main_product_image_locator: imageLocator('Main Image', 'Imagen principal'),
  ...Object.fromEntries(
    [1, 2, 3, 4, 5, 6, 7, 8].map((n) => [
      `other_product_image_locator_${n}`,
      imageLocator(`Other Image ${n}`, `Otra imagen ${n}`),
    ])
  ),
  parentage_level: attribute(
    'variations',
    'Parentage Level',
    'Nivel de parentesco',
    ['marketplace_id'],
    ['value', 'marketplace_id'],
    {},
    ({ label }) => ({
      value: closedList(
        ['parent', 'child'],
        [label({ en: 'Parent', es: 'Principal' }), label({ en: 'Child', es: 'Variante' })]
      ),
      marketplace_id: MARKETPLACE_ID,
    })
  ),
  child_parent_sku_relationship: attribute(
    'variations',
    'Parentage Relationship',
    'Relación',
    ['marketplace_id'],
    ['child_relationship_type', 'marketplace_id'],
    {},
    ({ label }) => ({
      child_relationship_type: closedList(['variation'], [label({ en: 'Variation', es: 'Variación' })]),
      parent_sku: { type: 'string', minLength: 1, maxLength: 40 },
      marketplace_id: MARKETPLACE_ID,
    })
  ),
  variation_theme: attribute(
    'variations',
    'Variation Theme',
    'Tema de variación',
    ['marketplace_id'],
    ['name'],
    {},
    ({ productType, label }) => ({
      name: themeNames(PRODUCT_TYPES[productType]?.themes ?? [], label),
      marketplace_id: MARKETPLACE_ID,
    })
  ),
  country_of_origin: plainValue('safety_and_compliance', 'Country of Origin', 'País de origen', {
    type: 'string',
    pattern: '^[A-Z]{2}$',
  }),
};

function closedList(values: string[], names: string[]): Json {
  return { type: 'string', enum: values, enumNames: names };
}

/** `SIZE/COLOR` is called Size/Color, Talla/Color. */
function themeNames(themes: string[], label: Context['label']): Json {
  const names = themes.map((theme) =>
    attributesOfTheme(theme)
      .map((name) => label(ATTRIBUTES[name]?.title ?? { en: name, es: name }))
      .join('/')
  );
  return { ...closedList(themes, names), $lifecycle: { enumDeprecated: themes.filter(isOutOfUse) } };
}

/** `[{schedule: [{value_with_tax}]}]`, currency units. */
function priceSchedule(): Json {
  const schedule = {
    type: 'array',
    minItems: 1,
    maxItems: 1,
    items: {
      type: 'object',
      required: ['value_with_tax'],
      properties: { value_with_tax: { type: 'number', exclusiveMinimum: 0, maximum: 1_000_000_000 } },
      additionalProperties: false,
    },
  };
  const item = { type: 'object', required: ['schedule'], properties: { schedule }, additionalProperties: false };
  return { type: 'array', minItems: 1, maxItems: 1, items: item };
}

export interface SchemaRequest {
  productType: string;
  marketplace: Marketplace;
  requirements: Requirements;
  enforcement: Enforcement;
  /** `en_US`, `es_ES`, …; labels are Spanish for `es…` and English otherwise. */
  locale: string;
  parentageLevel?: ParentageLevel;
}

/**
 * Names of the attributes that a product type knows in a requirements set, in the order shown to people. A parent has no
 * offer and no identifier; what is neither parent nor child has nothing to do with variations.
 */
export function attributeNames(
  productType: string,
  requirements: Requirements,
  parentageLevel?: ParentageLevel
): string[] {
  const varies = (PRODUCT_TYPES[productType]?.themes.length ?? 0) > 0 && parentageLevel !== 'NONE';
  return Object.entries(ATTRIBUTES)
    .filter(([name, row]) => belongsTo(row, requirements) && (varies || !VARIATION_ATTRIBUTES.includes(name)))
    .filter(([name, row]) => parentageLevel !== 'PARENT' || !(row.offer || IDENTIFIERS.includes(name)))
    .map(([name]) => name);
}

const IDENTIFIERS = [
  'externally_assigned_product_identifier',
  'supplier_declared_has_product_identifier_exemption',
  'merchant_suggested_asin',
];

export function selectorsOf(attributeName: string): string[] {
  return ATTRIBUTES[attributeName]?.selectors ?? ['marketplace_id'];
}

/**
 * The JSON Schema (2019-09 with Amazon's vocabulary) of a product type. LISTING wants the attributes that Amazon's real types
 * want most often; a product needs an offer, and an identifier or the declared exemption from one, unless it is a variation
 * parent.
 */
export function productTypeSchema(request: SchemaRequest): Json {
  const { productType, marketplace, requirements, parentageLevel } = request;
  const context: Context = { marketplace, productType, label: labelIn(request.locale) };
  const names = attributeNames(productType, requirements, parentageLevel);
  const enforced = request.enforcement === 'ENFORCED';
  const wanted = names.filter((name) => ATTRIBUTES[name]?.required);
  const asksForOffer = (name: string) => ATTRIBUTES[name]?.offer === true;
  const mayBeParent = names.includes('parentage_level') && parentageLevel === undefined;
  const offer = mayBeParent ? wanted.filter(asksForOffer) : [];
  const themes = PRODUCT_TYPES[productType]?.themes ?? [];
  return {
    $schema: META_SCHEMA_ID,
    $id: `https://schemas.amazon.com/selling-partners/definitions/product-types/schema/v1/${productType}`,
    $comment: `Amazon product type definition schema for ${productType}`,
    $defs: definitions(marketplace),
    type: 'object',
    required: enforced ? wanted.filter((name) => !offer.includes(name)) : [],
    properties: Object.fromEntries(names.map((name) => [name, attributeSchema(name, context)])),
    additionalProperties: false,
    ...(enforced && requirements !== 'LISTING_OFFER_ONLY'
      ? { allOf: conditions({ themes, offer, parentageLevel }) }
      : {}),
  };
}

export function propertyGroups({ productType, requirements, locale, parentageLevel }: SchemaRequest): Json {
  const label = labelIn(locale);
  const names = attributeNames(productType, requirements, parentageLevel);
  const groups = Object.entries(GROUPS).map(([group, title]) => {
    const propertyNames = names.filter((name) => ATTRIBUTES[name]?.group === group);
    return [group, { title: label(title), description: label(title), propertyNames }] as const;
  });
  return Object.fromEntries(groups.filter(([, group]) => group.propertyNames.length > 0));
}

export function displayName(productType: string, locale: string): string {
  const row = PRODUCT_TYPES[productType];
  return row ? labelIn(locale)(row.displayName) : productType;
}

/** The vocabulary that product type schemas are written in. */
export function metaSchema(): Json {
  const size = { type: 'integer', minimum: 0 };
  return {
    $schema: 'https://json-schema.org/draft/2019-09/schema',
    $id: META_SCHEMA_ID,
    title: 'Amazon product type definition meta-schema',
    allOf: [{ $ref: 'https://json-schema.org/draft/2019-09/schema' }],
    properties: {
      editable: { type: 'boolean' },
      hidden: { type: 'boolean' },
      enumNames: { type: 'array', items: { type: 'string' } },
      selectors: { type: 'array', items: { type: 'string' } },
      minUniqueItems: size,
      maxUniqueItems: size,
      minUtf8ByteLength: size,
      maxUtf8ByteLength: size,
    },
  };
}

function belongsTo(row: AttributeRow, requirements: Requirements): boolean {
  if (requirements === 'LISTING') return true;
  return requirements === 'LISTING_OFFER_ONLY' ? row.offer : !row.offer;
}

function definitions(marketplace: Marketplace): Json {
  return {
    marketplace_id: {
      type: 'string',
      editable: false,
      hidden: true,
      default: marketplace.id,
      enum: [marketplace.id],
      enumNames: [marketplace.name],
    },
    language_tag: {
      type: 'string',
      editable: false,
      hidden: true,
      default: marketplace.languages[0],
      enum: marketplace.languages,
      enumNames: marketplace.languages,
    },
  };
}

function attributeSchema(name: string, context: Context): Json {
  const row = ATTRIBUTES[name];
  if (!row) return {};
  const properties = Object.fromEntries(
    Object.entries(row.properties(context)).map(([property, schema]) => [
      property,
      '$ref' in (schema as Json)
        ? schema
        : { title: context.label(row.title), editable: true, hidden: false, ...(schema as Json) },
    ])
  );
  return {
    title: context.label(row.title),
    description: context.label(row.description),
    type: 'array',
    minItems: 1,
    minUniqueItems: 1,
    maxUniqueItems: row.max,
    selectors: row.selectors,
    items: { type: 'object', required: row.itemRequired, properties, additionalProperties: false },
  };
}

function labelIn(locale: string): (text: Text) => string {
  return (text) => (/^es(_|$)/.test(locale) ? text.es : text.en);
}
