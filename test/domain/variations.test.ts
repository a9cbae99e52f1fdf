import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { marketplace } from '../../sandbox/amazon/marketplaces';
import { productTypeSchema } from '../../sandbox/amazon/product-types';
import { parseCatalog, type CatalogProduct } from '../../sandbox/catalog';
import { generateCatalog } from '../../sandbox/catalog-generator';
import type { CatalogItem } from '../../domain/catalog-item';
import { mapItem, productTypeOf } from '../../domain/default-mapping';
import { displayCode, isIntegrated, type WantedListing } from '../../domain/listing';
import { PayloadValidator } from '../../domain/payload-validation';
import { themeOf, variationRulesOf, type Theme } from '../../domain/variation-theme';
import {
  asChild,
  asParent,
  familyOf,
  isParent,
  parentItem,
  parentSkuIn,
  parentSkuOf,
  themeIn,
  whyItWaits,
  type Family,
  type FamilyContext,
} from '../../domain/variations';
import { describeWithLuma, lumaCatalog } from '../sandbox/amazon-models';
import { anItem, anyItem, someSettings } from './items';

const settings = someSettings();
const US = settings.marketplaceId;

function definitionOf(productType: string, requirements: WantedListing['requirements'] = 'LISTING') {
  return productTypeSchema({
    productType,
    marketplace: marketplace(US)!,
    requirements,
    enforcement: 'ENFORCED',
    locale: 'en_US',
  });
}

const SHIRT = definitionOf('SHIRT');
const shirtRules = variationRulesOf(SHIRT);

function rulesWith(...themes: string[]) {
  return { ...shirtRules, themes };
}

function siblings(...options: Record<string, string>[]) {
  return options.map((each, index) => ({ sku: `S-${index + 1}`, options: each }));
}

function member(changes: Partial<CatalogItem>) {
  const item = anItem({ productId: '7', productReference: 'MH01', productTitle: 'Chaz Hoodie', ...changes });
  return { item, wanted: mapItem(item, 'SHIRT', settings, 5) };
}

const SMALL = member({ sku: 'MH01-S', title: 'Chaz Hoodie-S', options: { size: 'S', color: 'Black' } });
const LARGE = member({ sku: 'MH01-L', title: 'Chaz Hoodie-L', options: { size: 'L', color: 'Black' } });

function contextWith(changes: Partial<FamilyContext> = {}): FamilyContext {
  return {
    scope: 'con_1',
    rules: shirtRules,
    settings: { marketplaceId: US, sendVariations: true, requirements: 'LISTING' },
    ...changes,
  };
}

function family(members: Parameters<typeof familyOf>[0], changes: Partial<FamilyContext> = {}) {
  const found: Family = familyOf(members, contextWith(changes));
  if (found.kind !== 'family') throw new Error(found.reason);
  const { parent, children } = found;
  const { listing, item, ...named } = parent;
  return { children, parent: { ...named, wanted: listing(mapItem(item, parent.productType, settings, 0)) } };
}

describe('the rules of a definition', () => {
  test('name its themes, without those that are out of use', () => {
    expect(shirtRules.themes).toEqual(['COLOR', 'SIZE', 'SIZE/COLOR', 'COLOR/SIZE']);
    expect(shirtRules.attributes).toEqual(expect.arrayContaining(['size', 'color', 'item_name']));
    expect(shirtRules.required).toEqual(['item_name', 'brand', 'product_description']);
  });

  test.each([
    ['a type without variations', definitionOf('WATCH')],
    ['offers on products that exist', definitionOf('SHIRT', 'LISTING_OFFER_ONLY')],
    ['a schema without properties', {}],
    [
      'a relation that is missing',
      { properties: { variation_theme: { items: { properties: { name: { enum: ['SIZE'] } } } }, parentage_level: {} } },
    ],
  ])('have no themes for %s', (_, schema) => {
    expect(variationRulesOf(schema).themes).toEqual([]);
  });

  test('are found behind references and in open lists', () => {
    const schema = {
      $defs: { theme: { anyOf: [{ type: 'string' }, { enum: ['SIZE', 'COLOR'] }] } },
      properties: {
        parentage_level: {},
        child_parent_sku_relationship: {},
        variation_theme: { items: { properties: { name: { $ref: '#/$defs/theme' } } } },
      },
    };
    expect(variationRulesOf(schema).themes).toEqual(['SIZE', 'COLOR']);
  });
});

describe('the theme of a product', () => {
  test.each<[string, Record<string, string>[], string[], Theme]>([
    [
      'names exactly what differs',
      [
        { size: 'S', color: 'Black' },
        { size: 'M', color: 'Black' },
      ],
      ['SIZE/COLOR', 'COLOR', 'SIZE'],
      { theme: 'SIZE', attributes: { size: 'size' } },
    ],
    [
      'is found by Portuguese options',
      [
        { Tamanho: 'P', Cor: 'Preto' },
        { Tamanho: 'M', Cor: 'Azul' },
      ],
      ['SIZE', 'COLOR', 'SIZE/COLOR'],
      { theme: 'SIZE/COLOR', attributes: { Tamanho: 'size', Cor: 'color' } },
    ],
    [
      'is found by Spanish options',
      [{ tamaño: '38' }, { tamaño: '40' }],
      ['SIZE_NAME'],
      { theme: 'SIZE_NAME', attributes: { tamaño: 'size' } },
    ],
    [
      'is the first of two that name the same',
      [
        { talla: 'S', color: 'A' },
        { talla: 'M', color: 'B' },
      ],
      ['COLOR_NAME/SIZE_NAME', 'SIZE/COLOR'],
      { theme: 'COLOR_NAME/SIZE_NAME', attributes: { talla: 'size', color: 'color' } },
    ],
    [
      'may name more than differs, where all have it',
      [
        { size: 'S', color: 'Black' },
        { size: 'M', color: 'Black' },
      ],
      ['COLOR', 'SIZE/COLOR'],
      { theme: 'SIZE/COLOR', attributes: { size: 'size', color: 'color' } },
    ],
    [
      'may name less than differs, where that is enough',
      [
        { size: 'S', color: 'Black' },
        { size: 'M', color: 'Blue' },
      ],
      ['COLOR'],
      { theme: 'COLOR', attributes: { color: 'color' } },
    ],
    [
      'goes by the name of the attribute',
      [{ style: 'Slim' }, { style: 'Wide' }],
      ['STYLE'],
      { theme: 'STYLE', attributes: { style: 'style' } },
    ],
    [
      'reads options of siblings that are named in two ways',
      [{ color: 'Black' }, { cor: 'Blue' }],
      ['COLOR'],
      { theme: 'COLOR', attributes: { color: 'color', cor: 'color' } },
    ],
  ])('%s', (_, options, themes, expected) => {
    expect(themeOf(siblings(...options), rulesWith(...themes))).toEqual(expected);
  });

  test.each<[string, Record<string, string>[], string[], string]>([
    ['Amazon knows none', [{ size: 'S' }, { size: 'M' }], [], 'Amazon has no variations of its product type.'],
    ['it is a single SKU', [{ size: 'S' }], ['SIZE'], 'It is the only SKU of its product.'],
    [
      'two SKUs cannot be told apart',
      [{ size: 'S' }, { size: 'M' }, { size: 's ' }],
      ['SIZE'],
      'S-1 and S-3 have the same options (size S), so nothing tells them apart. Give them different ones in the source.',
    ],
    [
      'there are no options',
      [{}, { size: ' ' }],
      ['SIZE'],
      'S-1 and S-2 have no options, so nothing tells them apart. Give them a size, a color or the like in the source.',
    ],
    [
      'one SKU lacks what the others have',
      [{ size: 'S' }, { size: 'M' }, { color: 'Black' }],
      ['SIZE'],
      'S-3 has no size, which the other SKUs of the product have. Give it one in the source.',
    ],
    [
      'no theme speaks of the difference',
      [
        { size: 'S', sabor: 'Limón' },
        { size: 'S', sabor: 'Fresa' },
      ],
      ['SIZE', 'COLOR'],
      'The SKUs of the product differ in flavor, and Amazon has no variation theme of the product type that tells them apart by it. Its themes are SIZE and COLOR.',
    ],
    [
      'the definition lacks the attribute of the theme',
      [{ sabor: 'Limón' }, { sabor: 'Fresa' }],
      ['FLAVOR'],
      'The SKUs of the product differ in flavor, and Amazon has no variation theme of the product type that tells them apart by it. Its themes are FLAVOR.',
    ],
  ])('is none when %s', (_, options, themes, none) => {
    expect(themeOf(siblings(...options), rulesWith(...themes))).toEqual({ none });
  });

  test('stays the one it was sent under for as long as it fits, also with one SKU', () => {
    const rules = rulesWith('SIZE', 'COLOR', 'SIZE/COLOR');
    const sizes = siblings({ size: 'S', color: 'Black' }, { size: 'M', color: 'Black' });
    expect(themeOf(sizes, rules, 'SIZE/COLOR')).toMatchObject({ theme: 'SIZE/COLOR' });
    expect(themeOf(sizes.slice(1), rules, 'SIZE/COLOR')).toMatchObject({ theme: 'SIZE/COLOR' });
    expect(themeOf(sizes, rules, 'COLOR')).toMatchObject({ theme: 'SIZE' });
    expect(themeOf(sizes, rules, 'GONE')).toMatchObject({ theme: 'SIZE' });
    expect(themeOf([], rules, 'SIZE')).toHaveProperty('none');
  });

  const anyOptions = fc.dictionary(
    fc.constantFrom('size', 'Tamanho', 'color', 'Cor', 'style', 'sabor', '__proto__', 'toString', ''),
    fc.constantFrom('', 'A', 'B', 'C', 'a'),
    { maxKeys: 4 }
  );
  const anyThemes = fc.uniqueArray(
    fc.constantFrom('SIZE', 'COLOR', 'SIZE/COLOR', 'COLOR/SIZE', 'STYLE', 'FLAVOR', '/')
  );

  test('tells every SKU from every other, whatever it is, and does not hang on their order', () => {
    fc.assert(
      fc.property(
        fc.array(anyOptions, { maxLength: 6 }),
        anyThemes,
        fc.option(fc.constant('SIZE')),
        (all, themes, known) => {
          const rows = siblings(...all);
          const found = themeOf(rows, rulesWith(...themes), known ?? undefined);
          const turned = themeOf([...rows].reverse(), rulesWith(...themes), known ?? undefined);
          if ('none' in found) {
            expect(found.none.length).toBeGreaterThan(10);
            expect(turned).toHaveProperty('none');
            return;
          }
          expect(turned).toEqual(found);
          expect(themes).toContain(found.theme);
          const combinations = rows.map(({ options }) =>
            Object.entries(found.attributes)
              .flatMap(([option, attribute]) =>
                options[option] ? [`${attribute}=${options[option].toLowerCase()}`] : []
              )
              .sort()
              .join()
          );
          expect(new Set(combinations).size).toBe(rows.length);
          // What was chosen once is chosen again.
          expect(themeOf(rows, rulesWith(...themes), found.theme)).toEqual(found);
        }
      )
    );
  });
});

describe('a family', () => {
  test('is a parent without offer and children that name it', () => {
    const { parent, children } = family([LARGE, SMALL]);
    expect(parent).toMatchObject({ sku: 'MH01', theme: 'SIZE' });
    expect(parent.wanted).toEqual({
      productType: 'SHIRT',
      requirements: 'LISTING',
      details: {
        item_name: [{ value: 'Chaz Hoodie', language_tag: 'en_US', marketplace_id: US }],
        brand: [{ value: 'Luma', language_tag: 'en_US', marketplace_id: US }],
        product_description: [expect.objectContaining({ language_tag: 'en_US' })],
        bullet_point: [expect.objectContaining({ value: 'Gray' }), expect.objectContaining({ value: 'Soft' })],
        material: expect.any(Array) as unknown,
        main_product_image_locator: [{ media_location: 'https://images.example/main.jpg', marketplace_id: US }],
        parentage_level: [{ value: 'parent', marketplace_id: US }],
        child_parent_sku_relationship: [{ child_relationship_type: 'variation', marketplace_id: US }],
        variation_theme: [{ name: 'SIZE' }],
      },
    });
    expect([...children.keys()].sort()).toEqual(['MH01-L', 'MH01-S']);
    expect(children.get('MH01-S')).toEqual({
      ...SMALL.wanted,
      details: {
        ...SMALL.wanted.details,
        parentage_level: [{ value: 'child', marketplace_id: US }],
        child_parent_sku_relationship: [
          { child_relationship_type: 'variation', parent_sku: 'MH01', marketplace_id: US },
        ],
        variation_theme: [{ name: 'SIZE' }],
      },
    });
  });

  test('passes its definition, parent and children', () => {
    const { parent, children } = family([LARGE, SMALL]);
    const validator = new PayloadValidator(SHIRT, 'SHIRT');
    for (const { details, price, quantity } of [parent.wanted, ...children.values()])
      expect(validator.validate({ ...details, ...price, ...quantity }, 'ENFORCED')).toEqual([]);
  });

  test('keeps of a parent what its definition asks of everything, but never a price or a quantity', () => {
    const wanted = { ...SMALL.wanted, details: { ...SMALL.wanted.details, ...SMALL.wanted.price } };
    const parent = asParent(wanted, {
      theme: 'SIZE',
      attributes: { size: 'size' },
      marketplaceId: US,
      keep: ['condition_type', 'purchasable_offer', 'externally_assigned_product_identifier'],
    });
    expect(Object.keys(parent.details)).toEqual(
      expect.arrayContaining(['condition_type', 'externally_assigned_product_identifier', 'color'])
    );
    for (const name of ['purchasable_offer', 'size']) expect(parent.details).not.toHaveProperty(name);
    expect(parent).not.toHaveProperty('quantity');
  });

  test('keeps the parent that was sent', () => {
    const known = { sku: 'OLD', theme: 'SIZE/COLOR' };
    expect(family([SMALL, LARGE], { known }).parent).toMatchObject(known);
    expect(family([SMALL], { known }).parent).toMatchObject(known);
    expect(family([SMALL, LARGE], { known: { sku: 'OLD', theme: 'COLOR' } }).parent).toMatchObject({
      sku: 'OLD',
      theme: 'SIZE',
    });
  });

  test.each<[string, Parameters<typeof familyOf>[0], Partial<FamilyContext>, string]>([
    [
      'V10 is on',
      [SMALL, LARGE],
      { settings: { marketplaceId: US, sendVariations: false, requirements: 'LISTING' } },
      'It is sent alone. This connector sends no variations.',
    ],
    [
      'only offers are sent',
      [SMALL, LARGE],
      { settings: { marketplaceId: US, sendVariations: true, requirements: 'LISTING_OFFER_ONLY' } },
      'It is offered on a product that is at Amazon already, with its own variations.',
    ],
    ['there is one SKU', [SMALL], {}, 'It is sent alone. It is the only SKU of its product.'],
    [
      'the product types differ',
      [SMALL, { ...LARGE, wanted: { ...LARGE.wanted, productType: 'COAT' } }],
      {},
      'It is sent alone. The SKUs of its product have different product types (COAT, SHIRT).',
    ],
    [
      'what it varies by is not sent',
      [member({ sku: 'A', options: { style: 'Slim' } }), member({ sku: 'B', options: { style: 'Wide' } })],
      { rules: rulesWith('STYLE') },
      'It is sent alone. It varies by style, and nothing is sent as style of A. Map style to the option that holds it.',
    ],
  ])('is none when %s', (_, members, changes, reason) => {
    expect(familyOf(members, contextWith(changes))).toEqual({ kind: 'alone', reason });
  });
});

describe('the parent as an item', () => {
  test('has the words that its SKUs share, where the source has no title of the product', () => {
    const titles = (...all: string[]): string =>
      parentItem(
        all.map((title, index) => anItem({ sku: `S-${index}`, title })),
        'P'
      ).title;
    expect(titles('Chaz Hoodie-XS-Black', 'Chaz Hoodie-XL-Black')).toBe('Chaz Hoodie');
    expect(titles('Tênis Azul (38)', 'Tênis Azul (39)')).toBe('Tênis Azul');
    expect(titles('Tee!', 'Tee!')).toBe('Tee!');
    expect(titles('Red tee', 'Blue tee')).toBe('Red tee');
    expect(titles('Only one, XL')).toBe('Only one, XL');
  });

  test('has what its SKUs share in each language, and the first image', () => {
    const pt = (productTitle: string) => ({ pt: { title: `${productTitle} P`, productTitle } });
    const one = anItem({ sku: 'B', translations: pt('Moletom'), attributes: { material: ['Wool'], cut: ['A'] } });
    const two = anItem({ sku: 'A', images: [], attributes: { material: ['Wool'], cut: ['B'] } });
    expect(parentItem([one, two], 'P')).toMatchObject({
      sku: 'P',
      options: {},
      attributes: { material: ['Wool'] },
      translations: { pt: { title: 'Moletom', productTitle: 'Moletom' } },
      images: ['https://images.example/main.jpg'],
      gtins: [],
      stock: { kind: 'units', units: 0 },
    });
    expect(parentItem([one, two], 'P')).not.toHaveProperty('weightGrams');
    expect(parentItem([one, two], 'P')).not.toHaveProperty('price');
  });

  test('is the same whatever the order of its SKUs', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyItem, { minLength: 1, maxLength: 4, selector: ({ sku }) => sku }), (items) => {
        expect(parentItem([...items].reverse(), 'P')).toEqual(parentItem(items, 'P'));
      })
    );
  });
});

describe("the parent's SKU", () => {
  const of = (changes: Partial<CatalogItem>, isTaken?: (sku: string) => boolean): string =>
    parentSkuOf([anItem({ sku: 'A-1', productId: '7', ...changes })], 'con_1', undefined, isTaken);

  test.each([
    ["the merchant's reference", { productReference: ' MH01 ' }, 'MH01'],
    ['the product id where there is no reference', {}, '7-HASH-parent'],
    ['the product id where the reference is that of a SKU', { productReference: 'a-1' }, '7-HASH-parent'],
    ['the product id where the reference is too long', { productReference: 'é'.repeat(21) }, '7-HASH-parent'],
    ['cut where the product id is too long', { productId: 'x'.repeat(60) }, `${'x'.repeat(24)}-HASH-parent`],
  ])('is %s', (_, changes, expected) => {
    expect(of(changes).replace(/[0-9a-f]{8}(?=-parent$)/, 'HASH')).toBe(expected);
  });

  test('is another one in another connector, where it has no reference', () => {
    const siblings = [anItem({ sku: 'A-1', productId: '7' })];
    expect(parentSkuOf(siblings, 'con_1')).toBe(parentSkuOf(siblings, 'con_1'));
    expect(parentSkuOf(siblings, 'con_1')).not.toBe(parentSkuOf(siblings, 'con_2'));
  });

  test('is never that of something else', () => {
    expect(of({ productReference: 'MH01' }, (sku) => sku === 'MH01')).toMatch(/^7-.{8}-parent$/);
    const known = { sku: 'A-1', theme: 'SIZE' };
    expect(parentSkuOf([anItem({ sku: 'A-1', productId: '7' })], 'con_1', known)).toMatch(/^7-.{8}-parent$/);
    expect(parentSkuOf([anItem({ sku: 'A-2', productId: '7' })], 'con_1', known)).toBe('A-1');
  });

  test('is always one that Amazon takes', () => {
    fc.assert(
      fc.property(anyItem, fc.option(fc.string({ unit: 'binary' })), (item, reference) => {
        const sku = parentSkuOf([{ ...item, productReference: reference ?? undefined }], 'con_1');
        expect(Buffer.byteLength(sku)).toBeLessThanOrEqual(40);
        expect([sku.trim(), sku === item.sku]).toEqual([sku, false]);
        expect(sku).not.toBe('');
      })
    );
  });
});

describe('a child', () => {
  const terms = { parentSku: 'P', theme: 'SIZE', marketplaceId: US };

  test('is a child once', () => {
    fc.assert(
      fc.property(anyItem, (item) => {
        const wanted = mapItem(item, 'SHIRT', settings, 1);
        const child = asChild(wanted, terms);
        expect(asChild(child, terms)).toEqual(child);
        expect(asChild(asChild(wanted, { ...terms, parentSku: 'Q', theme: 'COLOR' }), terms)).toEqual(child);
        expect([parentSkuIn(child), themeIn(child), isParent(child)]).toEqual(['P', 'SIZE', false]);
        expect([parentSkuIn(wanted), themeIn(wanted), isParent(wanted)]).toEqual([undefined, undefined, false]);
        expect(child.quantity).toEqual(wanted.quantity);
      })
    );
  });

  test.each([
    ['live', undefined],
    ['submitted', undefined],
    ['pending', 'It waits for its parent P, which is sent first.'],
    ['retrying', 'It waits for its parent P, which is sent first.'],
    ['not_visible', undefined],
    ['rejected', 'Its parent P was refused: No brand. It is sent once that is mended.'],
    ['blocked', 'Its parent P is held back: No brand. It is sent once that is mended.'],
  ] as const)('of a parent that is %s says why it waits: %s', (state, expected) => {
    expect(whyItWaits({ sku: 'P', state, reason: 'No brand.' })).toBe(expected);
  });

  test.each([
    ['live', undefined, true],
    ['paused', 'live', true],
    ['live', 'submitted', false],
    ['live', 'rejected', false],
    ['submitted', 'live', false],
  ] as const)('that is %s under a parent that is %s is integrated: %s (V16)', (state, parent, expected) => {
    expect(isIntegrated(state, parent)).toBe(expected);
    expect(displayCode('13737', isIntegrated(state, parent))).toBe(expected ? '13737p' : '13737');
  });
});

function familiesOf(products: CatalogProduct[]): string[] {
  return products.flatMap((product) => {
    const { name: productTitle, refId: productReference, brand, descriptionHtml, categories } = product;
    const productType = productTypeOf({ categories });
    if (!productType || product.skus.length < 2) return [];
    const members = product.skus.map((sku) => {
      const facts = { brand, descriptionHtml, categories, productTitle, productReference, options: sku.options };
      const item = anItem({ ...facts, sku: sku.refId, productId: String(product.productId), title: sku.name });
      return { item, wanted: mapItem(item, productType, settings, 5) };
    });
    const rules = variationRulesOf(definitionOf(productType));
    const found = familyOf(members, contextWith({ rules }));
    if (found.kind === 'alone') return [`${productType} alone: ${found.reason}`];
    expect([found.parent.sku, found.children.size]).toEqual([product.refId, product.skus.length]);
    return [`${productType} ${found.parent.theme}`];
  });
}

const NO_VARIATIONS = 'It is sent alone. Amazon has no variations of its product type.';

test('the products of the generated catalogue are families wherever Amazon knows variations', () => {
  expect([...new Set(familiesOf(generateCatalog(1000)))].sort()).toEqual([
    'BACKPACK COLOR/SIZE',
    'BACKPACK SIZE',
    'COAT SIZE',
    'COAT SIZE/COLOR',
    'PANTS SIZE',
    'PANTS SIZE/COLOR',
    'SHIRT SIZE',
    'SHIRT SIZE/COLOR',
    'SHORTS SIZE',
    'SHORTS SIZE/COLOR',
    `SPORTING_GOODS alone: ${NO_VARIATIONS}`,
    'SWEATSHIRT SIZE',
    'SWEATSHIRT SIZE/COLOR',
    `WATCH alone: ${NO_VARIATIONS}`,
  ]);
});

describeWithLuma("a real store's catalogue", () => {
  test('has a family of every product with several SKUs', () => {
    const themes = familiesOf(parseCatalog(readFileSync(lumaCatalog!, 'utf8'))).map((each) => each.split(' ')[1]);
    expect(themes).toHaveLength(147);
    expect([...new Set(themes)].sort()).toEqual(['SIZE', 'SIZE/COLOR']);
  });
});
