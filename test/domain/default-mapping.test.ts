import { mapItem, productTypeOf, usableGtin, type MappingSettings } from '../../domain/default-mapping';
import { utf8Length } from '../../domain/plain-text';
import { anItem } from './items';

const US = 'ATVPDKIKX0DER';

function map(changes: Parameters<typeof anItem>[0] = {}, settings: Partial<MappingSettings> = {}) {
  return mapItem(
    anItem(changes),
    'SWEATSHIRT',
    { marketplaceId: US, valueLocales: ['en_US'], requirements: 'LISTING', sendPrice: true, ...settings },
    10
  );
}

describe('the product type of a category', () => {
  test.each([
    ['SWEATSHIRT', ['Men/Tops/Hoodies & Sweatshirts', 'Collections/Eco Friendly']],
    ['COAT', ['Women/Tops/Jackets']],
    ['SHIRT', ['Men/Tops/Tees']],
    ['SHIRT', ['Women/Tops/Bras & Tanks']],
    ['SHIRT', ['Short-Sleeve T-Shirts']],
    ['PANTS', ['Men/Bottoms/Pants', 'Promotions/Pants']],
    ['SHORTS', ['Women/Bottoms/Shorts']],
    ['BACKPACK', ['Gear/Bags/Collections/New Luma Yoga Collection']],
    ['WATCH', ['Gear/Watches']],
    ['SPORTING_GOODS', ['Gear/Fitness Equipment']],
    ['SHIRT', ['Roupas/Camisetas']],
    ['PANTS', ['Roupas/Calças de moletom']],
    ['SHORTS', ['Ropa/Pantalones cortos']],
    ['SWEATSHIRT', ['Ropa/Suéteres']],
    ['WATCH', ['Acessórios/Relógios']],
    ['BACKPACK', ['Equipaje/MOCHILAS']],
    ['SPORTING_GOODS', ['Deportes']],
    [undefined, ['Shorthand/Teetotal/Watchtower']],
    [undefined, ['', '/', '&amp;']],
    [undefined, []],
  ])('%s for %j', (productType, categories) => {
    expect(productTypeOf({ categories })).toBe(productType);
  });

  test('the most specific level decides', () => {
    expect(productTypeOf({ categories: ['Shirts/Pants'] })).toBe('PANTS');
    expect(productTypeOf({ categories: ['Pants/Shirts'] })).toBe('SHIRT');
  });

  test('a longer path goes before a shorter one', () => {
    expect(productTypeOf({ categories: ['Watches', 'Men/Tops/Tees'] })).toBe('SHIRT');
  });

  test('a word that stands over many kinds of things gives way to any that names one', () => {
    expect(productTypeOf({ categories: ['Bags/Sports/Yoga'] })).toBe('BACKPACK');
  });
});

describe('a listing in Amazon’s shapes', () => {
  test('holds every attribute that has a value, and only those', () => {
    const here = { marketplace_id: US };
    const text = { language_tag: 'en_US', ...here };

    expect(map({}, { shippingTemplate: 'Fast' })).toEqual({
      productType: 'SWEATSHIRT',
      requirements: 'LISTING',
      details: {
        item_name: [{ value: 'Chaz Kangeroo Hoodie', ...text }],
        brand: [{ value: 'Luma', ...text }],
        product_description: [{ value: 'Warm.\n• Gray\n• Soft', ...text }],
        bullet_point: [
          { value: 'Gray', ...text },
          { value: 'Soft', ...text },
        ],
        color: [{ value: 'Black', ...text }],
        size: [{ value: 'XS', ...text }],
        material: [
          { value: 'Wool', ...text },
          { value: 'Cotton', ...text },
        ],
        item_weight: [{ value: 600, unit: 'grams', ...here }],
        main_product_image_locator: [{ media_location: 'https://images.example/main.jpg', ...here }],
        other_product_image_locator_1: [{ media_location: 'https://images.example/back.jpg', ...here }],
        externally_assigned_product_identifier: [{ type: 'ean', value: '4006381333931', ...here }],
        condition_type: [{ value: 'new_new', ...here }],
        merchant_shipping_group: [{ value: 'Fast', ...here }],
      },
      price: {
        purchasable_offer: [
          { audience: 'ALL', currency: 'USD', ...here, our_price: [{ schedule: [{ value_with_tax: 52.5 }] }] },
        ],
      },
      quantity: { fulfillment_availability: [{ fulfillment_channel_code: 'DEFAULT', quantity: 10 }] },
    });
  });

  test('leaves out what the source does not have', () => {
    const { details, price } = map({
      brand: '',
      descriptionHtml: '',
      options: {},
      attributes: {},
      images: [],
      gtins: [],
      weightGrams: undefined,
      price: undefined,
    });

    expect(Object.keys(details)).toEqual([
      'item_name',
      'supplier_declared_has_product_identifier_exemption',
      'condition_type',
    ]);
    expect(price).toBeUndefined();
  });

  test('LISTING_OFFER_ONLY holds the terms of the offer and nothing of the product (S7)', () => {
    const wanted = map({}, { requirements: 'LISTING_OFFER_ONLY', shippingTemplate: 'Fast' });

    expect(Object.keys(wanted.details)).toEqual(['condition_type', 'merchant_shipping_group']);
    expect(wanted.price).toBeDefined();
    expect(wanted.quantity).toBeDefined();
  });

  test('LISTING_PRODUCT_ONLY holds nothing of the offer (S7)', () => {
    const wanted = map({}, { requirements: 'LISTING_PRODUCT_ONLY', shippingTemplate: 'Fast' });

    expect(wanted.details.condition_type).toBeUndefined();
    expect(wanted.details.merchant_shipping_group).toBeUndefined();
    expect(wanted.price).toBeUndefined();
    expect(wanted.quantity).toBeUndefined();
  });

  test('holds no price where prices are left to Amazon (V11)', () => {
    expect(map({}, { sendPrice: false }).price).toBeUndefined();
  });

  test('holds every text once per language (S13)', () => {
    const { details } = map({}, { valueLocales: ['es_MX', 'en_US'] });

    expect(details.item_name?.map(({ language_tag }) => language_tag)).toEqual(['es_MX', 'en_US']);
    expect(details.bullet_point).toHaveLength(4);
  });

  test('keeps to Amazon’s limits in bytes, and cuts at words', () => {
    const long = 'ação '.repeat(600);
    const { details } = map({ title: long, descriptionHtml: `<ul>${`<li>${long}</li>`.repeat(7)}</ul>` });

    const [title, description] = [details.item_name?.[0]?.value, details.product_description?.[0]?.value] as string[];
    expect(utf8Length(title!)).toBeLessThanOrEqual(200);
    expect(title).toMatch(/ação$/);
    expect(utf8Length(description!)).toBeLessThanOrEqual(2000);
    expect(details.bullet_point).toHaveLength(5);
    expect(details.bullet_point?.every(({ value }) => utf8Length(value as string) <= 500)).toBe(true);
  });

  test('reads entities in titles and attributes', () => {
    const { details } = map({ title: 'HeatTec&reg; Tee', attributes: { material: ['CoolTech&trade;'] } });

    expect(details.item_name?.[0]?.value).toBe('HeatTec® Tee');
    expect(details.material?.[0]?.value).toBe('CoolTech™');
  });

  test('takes colour and size under the names of three languages, options first', () => {
    const { details } = map({ options: { cor: 'Azul' }, attributes: { color: ['Red'], talla: ['M'] } });

    expect(details.color?.[0]?.value).toBe('Azul');
    expect(details.size?.[0]?.value).toBe('M');
  });

  test('sends no colour when there are several: they are the product’s and not the SKU’s', () => {
    expect(map({ options: {}, attributes: { color: ['Red', 'Blue'] } }).details.color).toBeUndefined();
  });

  test('sends nine images at most, each once, and only those Amazon can fetch', () => {
    const images = ['/m/h/a.jpg', 'ftp://x.example/a.jpg', ...Array(2).fill('http://x.example/0.jpg')];
    for (let index = 1; index < 12; index++) images.push(`http://x.example/${index}.jpg`);
    const { details } = map({ images });

    expect(details.main_product_image_locator?.[0]?.media_location).toBe('http://x.example/0.jpg');
    expect(details.other_product_image_locator_8?.[0]?.media_location).toBe('http://x.example/8.jpg');
    expect(Object.keys(details).filter((name) => name.includes('image_locator'))).toHaveLength(9);
  });

  test.each([0, -1, NaN, Infinity])('sends no weight of %d', (weightGrams) => {
    expect(map({ weightGrams }).details.item_weight).toBeUndefined();
  });
});

describe('GTINs', () => {
  test.each([
    ['an EAN', '4006381333931', { type: 'ean', value: '4006381333931' }],
    ['a short EAN', '96385074', { type: 'ean', value: '96385074' }],
    ['a UPC', '036000291452', { type: 'upc', value: '036000291452' }],
    ['a GTIN of 14', '10614141000415', { type: 'gtin', value: '10614141000415' }],
    ['blanks and dashes', '4 006381-333931', { type: 'ean', value: '4006381333931' }],
    ['a wrong check digit', '4006381333932', undefined],
    ['another length', '400638133393', undefined],
    ['only zeros', '0000000000000', undefined],
    ['letters', '400638133393X', undefined],
  ])('%s', (_case, gtin, found) => {
    expect(usableGtin({ gtins: ['junk', gtin] })).toEqual(found);
  });
});
