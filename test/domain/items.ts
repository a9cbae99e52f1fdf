import fc from 'fast-check';
import type { CatalogItem } from '../../domain/catalog-item';
import type { RuleSettings } from '../../domain/listing-rules';

/** A SKU with nothing wrong about it. */
export function anItem(changes: Partial<CatalogItem> = {}): CatalogItem {
  return {
    sku: 'MH01-XS-Black',
    sourceId: '1',
    productId: '1',
    title: 'Chaz Kangeroo Hoodie',
    brand: 'Luma',
    descriptionHtml: '<p>Warm.</p><ul><li>Gray</li><li>Soft</li></ul>',
    categories: ['Men/Tops/Hoodies & Sweatshirts'],
    options: { size: 'XS', color: 'Black' },
    attributes: { material: ['Wool', 'Cotton'] },
    images: ['https://images.example/main.jpg', 'https://images.example/back.jpg'],
    gtins: ['4006381333931'],
    weightGrams: 600,
    price: { minorUnits: 5250, currency: 'USD' },
    stock: { kind: 'units', units: 10 },
    status: 'active',
    isKit: false,
    ...changes,
  };
}

export function someSettings(changes: Partial<RuleSettings> = {}): RuleSettings {
  return {
    marketplaceId: 'ATVPDKIKX0DER',
    country: 'US',
    currency: 'USD',
    valueLocales: ['en_US'],
    requirements: 'LISTING',
    appliedRequirements: 'ENFORCED',
    productTypes: [],
    statuses: ['active'],
    sendKits: false,
    sendPrice: true,
    minimumStock: 3,
    priceList: 'sales channel 1',
    ...changes,
  };
}

const anyNumber = fc.oneof(
  fc.integer({ min: -10, max: 20 }),
  fc.double(),
  fc.constantFrom(1_000_000, 2_147_483_647, NaN, Infinity, -Infinity)
);
const anyText = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '<p>Text</p>', 'Shirts', 'Gear/Bags', '__proto__', 'A & B')
);

/** Items as no source should send them. */
export const anyItem: fc.Arbitrary<CatalogItem> = fc.record(
  {
    sku: anyText,
    sourceId: anyText,
    productId: anyText,
    title: anyText,
    brand: anyText,
    descriptionHtml: anyText,
    categories: fc.array(anyText, { maxLength: 3 }),
    options: fc.dictionary(fc.constantFrom('size', 'color', 'toString', '__proto__'), anyText),
    attributes: fc.dictionary(fc.constantFrom('material', 'color', 'toString'), fc.array(anyText, { maxLength: 3 })),
    images: fc.array(fc.oneof(anyText, fc.webUrl()), { maxLength: 12 }),
    gtins: fc.array(fc.oneof(anyText, fc.constant('4006381333931')), { maxLength: 3 }),
    weightGrams: anyNumber,
    price: fc.record({ minorUnits: anyNumber, currency: fc.constantFrom('USD', 'BRL', '') }),
    stock: fc.oneof(
      fc.record({ kind: fc.constant('units' as const), units: anyNumber }),
      fc.constant({ kind: 'unlimited' as const })
    ),
    status: fc.oneof(anyText, fc.constantFrom('active', 'inactive', 'draft')),
    isKit: fc.boolean(),
    components: fc.array(
      fc.record({
        sourceId: fc.constantFrom('1', '2'),
        units: anyNumber,
        stock: fc.record({ kind: fc.constant('units' as const), units: anyNumber }),
      }),
      { maxLength: 2 }
    ),
  },
  {
    requiredKeys: [
      'sku',
      'sourceId',
      'productId',
      'title',
      'brand',
      'descriptionHtml',
      'categories',
      'options',
      'attributes',
      'images',
      'gtins',
      'stock',
      'status',
      'isKit',
    ],
  }
);

/** Every combination of settings that a configuration can hold. */
export const anySettings: fc.Arbitrary<RuleSettings> = fc
  .record({
    requirements: fc.constantFrom('LISTING', 'LISTING_PRODUCT_ONLY', 'LISTING_OFFER_ONLY'),
    appliedRequirements: fc.constantFrom('ENFORCED', 'NOT_ENFORCED'),
    productTypes: fc.constantFrom([], ['SHIRT'], ['WATCH', 'BACKPACK']),
    statuses: fc.constantFrom(['active'], ['inactive'], ['active', 'inactive']),
    valueLocales: fc.constantFrom(['en_US'], ['en_US', 'es_US']),
    sendKits: fc.boolean(),
    sendPrice: fc.boolean(),
    minimumStock: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant(1_000_000)),
    stockRules: fc.constantFrom(undefined, { buffer: 2 }, { percentage: 30, cap: 4 }),
    priceRules: fc.constantFrom(
      undefined,
      { currency: 'USD', factor: 1_190_000, add: -5, floor: 10, largestChangePercent: 10 },
      { currency: 'USD', factor: 1, add: 0, rounding: { step: 100, ending: 99, direction: 'down' } }
    ),
  } as const)
  .map((changes) => someSettings(changes as Partial<RuleSettings>));
