import { builtInDetails } from '../../domain/default-mapping';
import { textsIn, translationFor } from '../../domain/mapping-languages';
import { anItem } from './items';

describe('the translation that serves a locale', () => {
  test.each([
    ['the locale itself', 'en', ['es', 'es_MX', 'es_AR'], 'es_MX', 'es_MX'],
    ['its language', 'en', ['es_AR', 'es', 'pt'], 'es_MX', 'es'],
    ['another region of its language', 'en', ['pt', 'es_ES', 'es_AR'], 'es_MX', 'es_AR'],
    ['however it is written', 'en', ['ES-mx'], 'es_MX', 'ES-mx'],
    ['none in another language', 'en', ['pt', 'fr'], 'es_MX', undefined],
    ['none where the item’s own is the locale', 'es_MX', ['es', 'es_AR'], 'es_MX', undefined],
    ['none where the item’s own is as good', 'es', ['es_AR'], 'es_MX', undefined],
    ['a better one than the item’s own', 'es', ['es_MX'], 'es_MX', 'es_MX'],
    ['the one there is where the item does not say its own', undefined, ['en_GB'], 'en_US', 'en_GB'],
  ])('%s', (_, language, translations, locale, found) => {
    const item = anItem({
      language,
      translations: Object.fromEntries(translations.map((each) => [each, { title: each }])),
    });

    expect(translationFor(item, locale)?.title).toBe(found);
  });

  test('is none where there are no translations', () => {
    const item = anItem({ language: 'en' });

    expect(translationFor(item, 'es_MX')).toBeUndefined();
    expect(textsIn(item, 'es_MX')).toBe(item);
  });

  test('leaves the item’s own where it has nothing to say', () => {
    const item = anItem({
      translations: { es: { title: '', options: { size: '', color: 'Negro' }, attributes: { material: [] } } },
    });

    expect(textsIn(item, 'es_MX')).toMatchObject({
      title: item.title,
      descriptionHtml: item.descriptionHtml,
      options: { size: 'XS', color: 'Negro' },
      attributes: { material: ['Wool', 'Cotton'] },
    });
  });
});

describe('the built-in mapping in several languages (S13)', () => {
  const settings = {
    marketplaceId: 'A1AM78C64UM0Y8',
    valueLocales: ['es_MX', 'en_US'],
    requirements: 'LISTING',
    sendPrice: true,
  } as const;
  const texts = (name: string, details: ReturnType<typeof builtInDetails>) =>
    details[name]?.map(({ language_tag, value }) => [language_tag, value]);

  test('sends each text in each language', () => {
    const details = builtInDetails(
      anItem({
        language: 'en',
        translations: {
          es: {
            title: 'Sudadera Chaz',
            descriptionHtml: '<p>Cálida.</p><ul><li>Gris</li></ul>',
            options: { talla: 'Ch', color: 'Negro' },
            attributes: { material: ['Lana'] },
          },
        },
      }),
      settings
    );

    expect(texts('item_name', details)).toEqual([
      ['es_MX', 'Sudadera Chaz'],
      ['en_US', 'Chaz Kangeroo Hoodie'],
    ]);
    expect(texts('bullet_point', details)).toEqual([
      ['es_MX', 'Gris'],
      ['en_US', 'Gray'],
      ['en_US', 'Soft'],
    ]);
    expect(texts('size', details)).toEqual([
      ['es_MX', 'Ch'],
      ['en_US', 'XS'],
    ]);
    expect(texts('color', details)).toEqual([
      ['es_MX', 'Negro'],
      ['en_US', 'Black'],
    ]);
    expect(texts('material', details)).toEqual([
      ['es_MX', 'Lana'],
      ['en_US', 'Wool'],
      ['en_US', 'Cotton'],
    ]);
    expect(texts('brand', details)).toEqual([
      ['es_MX', 'Luma'],
      ['en_US', 'Luma'],
    ]);
  });

  test('is the same with and without translations into other languages', () => {
    const plain = builtInDetails(anItem(), settings);

    expect(JSON.stringify(builtInDetails(anItem({ translations: { fr: { title: 'Pull' } } }), settings))).toBe(
      JSON.stringify(plain)
    );
  });
});
