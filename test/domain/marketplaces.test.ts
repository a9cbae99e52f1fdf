import { LABEL_LOCALES, marketplaceOf, MARKETPLACES, requireMarketplace } from '../../domain/marketplaces';

test.each([
  ['US', 'ATVPDKIKX0DER', 'NA', 'USD', 'en_US'],
  ['MX', 'A1AM78C64UM0Y8', 'NA', 'MXN', 'es_MX'],
  ['BR', 'A2Q3Y263D00KWC', 'NA', 'BRL', 'pt_BR'],
  ['UK', 'A1F83G8C2ARO7P', 'EU', 'GBP', 'en_GB'],
  ['IN', 'A21TJRUUN4KGV', 'EU', 'INR', 'en_IN'],
  ['JP', 'A1VC38T7YXB528', 'FE', 'JPY', 'ja_JP'],
])('%s decides id, region, currency and language (S4)', (country, id, region, currency, nativeLocale) => {
  expect(marketplaceOf(country)).toMatchObject({ country, id, region, currency, nativeLocale });
});

test('the UK is UK and not GB', () => {
  expect(marketplaceOf('GB')).toBeUndefined();
  expect(() => requireMarketplace('GB')).toThrow(RangeError);
});

test('no country and no id is there twice', () => {
  expect(new Set(MARKETPLACES.map(({ country }) => country)).size).toBe(MARKETPLACES.length);
  expect(new Set(MARKETPLACES.map(({ id }) => id)).size).toBe(MARKETPLACES.length);
});

test.each(MARKETPLACES.map((each) => [each.country, each] as const))(
  'the languages of %s begin with its own, are there once, and Amazon has field names in them',
  (_country, { nativeLocale, valueLocales, currency }) => {
    expect(valueLocales[0]).toBe(nativeLocale);
    expect(new Set(valueLocales).size).toBe(valueLocales.length);
    for (const locale of valueLocales) expect(LABEL_LOCALES).toContain(locale);
    expect(currency).toMatch(/^[A-Z]{3}$/);
  }
);
