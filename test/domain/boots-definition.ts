import type { JsonSchema } from '../../domain/product-type-schema';

const MARKETPLACE = { $ref: '#/$defs/marketplace_id' };
const LANGUAGE = { $ref: '#/$defs/language_tag' };

interface Options {
  title: string;
  value?: JsonSchema;
  localized?: boolean;
  most?: number;
  parts?: Record<string, JsonSchema>;
  required?: string[];
}

/** One attribute as Amazon writes them: a list of objects with a marketplace, and a language where it is a text. */
function attribute({ title, value, localized = false, most = 1, parts, required }: Options): JsonSchema {
  const own = parts ?? { value: { title, ...value } };
  const service = localized ? ['language_tag', 'marketplace_id'] : ['marketplace_id'];
  return {
    title,
    description: `Provide the ${title.toLowerCase()} of the item`,
    type: 'array',
    minItems: 1,
    minUniqueItems: 1,
    maxUniqueItems: most,
    selectors: [...service].reverse(),
    items: {
      type: 'object',
      required: [...(required ?? Object.keys(own)), ...service],
      properties: { ...own, ...(localized && { language_tag: LANGUAGE }), marketplace_id: MARKETPLACE },
      additionalProperties: false,
    },
  };
}

function list(values: string[], names: string[] = values): JsonSchema {
  return { type: 'string', enum: values, enumNames: names };
}

function measure(...units: string[]): JsonSchema {
  return {
    type: 'object',
    required: ['unit', 'value'],
    properties: { unit: { title: 'Unit', ...list(units) }, value: { title: 'Value', type: 'number' } },
    additionalProperties: false,
  };
}

/** A product type with every shape that Amazon's attributes have, in the marketplace of Mexico. */
export const BOOTS: JsonSchema = {
  $defs: {
    marketplace_id: { type: 'string', hidden: true, enum: ['A1AM78C64UM0Y8', 'ATVPDKIKX0DER'] },
    language_tag: { type: 'string', hidden: true, enum: ['es_MX', 'en_US'] },
  },
  type: 'object',
  required: ['item_name', 'brand'],
  additionalProperties: false,
  properties: {
    item_name: attribute({ title: 'Title', value: { type: 'string', maxLength: 200 }, localized: true }),
    brand: attribute({ title: 'Brand', value: { type: 'string' }, localized: true }),
    product_description: attribute({ title: 'Description', value: { type: 'string' }, localized: true }),
    bullet_point: attribute({ title: 'Bullet', value: { type: 'string' }, localized: true, most: 5 }),
    color: attribute({
      title: 'Color',
      value: { anyOf: [{ type: 'string' }, list(['Black', 'Brown'], ['Negro', 'Café'])] },
      localized: true,
    }),
    size: attribute({ title: 'Size', value: { type: 'string' }, localized: true }),
    material: attribute({ title: 'Material', value: { type: 'string' }, localized: true, most: 3 }),
    warranty_description: attribute({
      title: 'Warranty',
      value: { type: 'string', maxLength: 20, maxUtf8ByteLength: 25 },
      localized: true,
    }),
    department: attribute({
      title: 'Department',
      value: list(['mens', 'womens', 'unisex'], ['Hombres', 'Mujeres', 'Unisex']),
    }),
    country_of_origin: attribute({ title: 'Country of origin', value: list(['MX', 'BR'], ['México', 'Brasil']) }),
    special_feature: attribute({ title: 'Special features', value: { type: 'string' }, most: 5 }),
    number_of_items: attribute({ title: 'Number of items', value: { type: 'integer', minimum: 1 } }),
    is_waterproof: attribute({
      title: 'Is waterproof',
      value: { type: 'boolean', enum: [true, false], enumNames: ['Sí', 'No'] },
    }),
    item_weight: attribute({
      title: 'Weight',
      parts: { unit: { title: 'Unit', ...list(['grams', 'kilograms']) }, value: { title: 'Value', type: 'number' } },
    }),
    item_dimensions: attribute({
      title: 'Dimensions',
      parts: { length: measure('centimeters', 'inches'), width: measure('centimeters', 'inches') },
    }),
    shaft_height: attribute({ title: 'Shaft height', parts: { unit: list(['inches']), value: { type: 'number' } } }),
    closure: attribute({
      title: 'Closure',
      parts: {
        type: {
          type: 'array',
          minUniqueItems: 1,
          maxUniqueItems: 1,
          selectors: ['language_tag'],
          items: {
            type: 'object',
            required: ['value', 'language_tag'],
            properties: { value: { title: 'Closure type', type: 'string' }, language_tag: LANGUAGE },
            additionalProperties: false,
          },
        },
      },
    }),
    main_product_image_locator: attribute({
      title: 'Main image',
      parts: { media_location: { type: 'string', format: 'uri' } },
    }),
    externally_assigned_product_identifier: attribute({
      title: 'Identifier',
      parts: { type: list(['ean', 'upc', 'gtin']), value: { type: 'string' } },
    }),
    supplier_declared_has_product_identifier_exemption: attribute({
      title: 'Has no identifier',
      value: { type: 'boolean' },
    }),
    condition_type: attribute({ title: 'Condition', value: list(['new_new', 'used_good']) }),
  },
};
