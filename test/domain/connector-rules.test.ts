import fc from 'fast-check';
import {
  affiliateIdRule,
  fieldLocaleRule,
  quantityConflict,
  refreshTokenRule,
  valueLocaleRule,
  zipCodeRule,
  type QuantityOwner,
} from '../../domain/connector-rules';
import { LABEL_LOCALES, MARKETPLACES } from '../../domain/marketplaces';

describe('affiliate id (V1)', () => {
  test.each([
    ['MZN', undefined],
    ['BBB', undefined],
    ['XYZ', undefined],
    ['AMZ', 'affiliate_id_vowel'],
    ['MZU', 'affiliate_id_vowel'],
    ['amz', 'affiliate_id_vowel'],
    ['mzn', 'affiliate_id_case'],
    ['MZn', 'affiliate_id_case'],
    ['MZ1', 'affiliate_id_letters'],
    ['MZ ', 'affiliate_id_letters'],
    ['MÇN', 'affiliate_id_letters'],
    ['MZ', 'affiliate_id_length'],
    ['MZNB', 'affiliate_id_length'],
    ['', 'affiliate_id_length'],
  ])("'%s' → %s", (value, code) => {
    expect(affiliateIdRule(value)?.code).toBe(code);
  });

  test('the message names the vowel, and shows how to write lower case', () => {
    expect(affiliateIdRule('AMZ')?.message).toBe(
      "The affiliate id must be three consonants; 'AMZ' has the vowel A. Try MZN."
    );
    expect(affiliateIdRule('mzn')?.message).toBe('Write the affiliate id in capital letters: MZN.');
  });

  test('accepts three capital consonants and nothing else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z0-9]{2,4}$/)), (value) => {
        expect(affiliateIdRule(value) === undefined).toBe(/^[BCDFGHJKLMNPQRSTVWXYZ]{3}$/.test(value));
      })
    );
  });
});

describe('refresh token (V5)', () => {
  test.each([
    ['Atzr|IwEBIExampleExample', undefined],
    ['amzn.mws.11111111-2222-3333-4444-555555555555', 'mws_token'],
    ['AMZN.MWS.1', 'mws_token'],
    ['Atza|IwEBIExampleExample', 'access_token'],
    ['Atzr|short', 'refresh_token_format'],
    ['Atzr|IwEBIExample Example', 'refresh_token_format'],
    [' Atzr|IwEBIExampleExample', 'refresh_token_format'],
    ['Atzr|IwEBIExampleExample\n', 'refresh_token_format'],
    ['atzr|IwEBIExampleExample', 'refresh_token_format'],
    ['', 'refresh_token_format'],
  ])("'%s' → %s", (value, code) => {
    expect(refreshTokenRule(value)?.code).toBe(code);
  });

  test('who pastes an MWS token reads that MWS closed and what to paste instead', () => {
    expect(refreshTokenRule('amzn.mws.1')?.message).toMatch(/Amazon closed MWS.*refresh token.*Atzr\|/);
  });

  test('no message repeats the token', () => {
    const token = fc
      .tuple(fc.constantFrom('amzn.mws.', 'Atza|', 'Atzr|', ''), fc.uuid())
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(token, (value) => {
        expect(refreshTokenRule(value)?.message ?? '').not.toContain(value.slice(-36));
      })
    );
  });
});

describe('default ZIP code (V8)', () => {
  test.each([
    ['US', ['98109', '98109-1234'], ['9810', '981090', '98109-12', 'ABCDE', '98109 1234']],
    ['CA', ['M5V 2T6', 'm5v2t6'], ['D5V 2T6', 'M5V-2T6', 'M5V 2T']],
    ['MX', ['06600'], ['6600', '06600-1']],
    ['BR', ['01310-100', '01310100'], ['01310', '01310-10']],
    ['IE', ['D02 X285', 'D6WX285'], ['D2 X285', '02D X285']],
    ['ES', ['28013'], ['2801']],
    ['UK', ['EC1A 1BB', 'M1 1AE', 'sw1a1aa'], ['EC1A', '12345']],
    ['FR', ['75001'], ['7500']],
    ['BE', ['1000'], ['10000']],
    ['NL', ['1012 JS', '1012js'], ['1012']],
    ['DE', ['10115'], ['1011', 'D-10115']],
    ['IT', ['00184'], ['184']],
    ['SE', ['111 20', '11120'], ['1112']],
    ['ZA', ['8001'], ['80011']],
    ['PL', ['00-001'], ['00001']],
    ['EG', ['11511'], ['1151']],
    ['TR', ['34000'], ['3400']],
    ['SA', ['11564', '11564-1234'], ['1156']],
    ['IN', ['110001'], ['11000']],
    ['SG', ['018956'], ['18956']],
    ['AU', ['2000'], ['20000']],
    ['JP', ['100-0001', '1000001'], ['100001']],
  ])('%s accepts %j and refuses %j', (country, good, bad) => {
    for (const zip of good) expect([zip, zipCodeRule(zip, country)]).toEqual([zip, undefined]);
    for (const zip of bad) expect([zip, zipCodeRule(zip, country)?.code]).toEqual([zip, 'zip_format']);
  });

  test('a country without postal codes takes none', () => {
    expect(zipCodeRule('00000', 'AE')?.code).toBe('zip_country');
  });

  test('every marketplace but AE has a form, whose example it accepts', () => {
    const formless = MARKETPLACES.filter(({ country }) => zipCodeRule('?', country)?.code === 'zip_country');
    expect(formless.map(({ country }) => country)).toEqual(['AE']);
    for (const { country } of MARKETPLACES.filter((each) => !formless.includes(each))) {
      const example = /should look like (.+)\.$/.exec(zipCodeRule('?', country)!.message)![1]!;
      expect([country, zipCodeRule(example, country)]).toEqual([country, undefined]);
    }
  });
});

describe('locales (S5, S13)', () => {
  test.each([
    ['es_MX', 'MX', undefined],
    ['en_US', 'MX', undefined],
    ['en_GB', 'MX', 'locale_not_accepted'],
    ['es-MX', 'MX', 'locale_not_accepted'],
    ['pt_BR', 'BR', undefined],
    ['', 'US', 'locale_not_accepted'],
  ])("values in '%s' at Amazon %s → %s", (locale, country, code) => {
    expect(valueLocaleRule(locale, country)?.code).toBe(code);
  });

  test('the message lists what the marketplace accepts', () => {
    expect(valueLocaleRule('de_DE', 'MX')?.message).toBe(
      "Amazon MX does not accept values in 'de_DE'; choose from es_MX, en_US."
    );
  });

  test('a country that is unknown is another rule’s matter', () => {
    expect(valueLocaleRule('de_DE', 'XX')).toBeUndefined();
  });

  test.each(['es_ES', 'en', 'pt_BR'])("field names in '%s' are there", (locale) => {
    expect(fieldLocaleRule(locale)).toBeUndefined();
  });

  test.each(['es-ES', 'xx', '', 'ES_ES'])("field names in '%s' are not", (locale) => {
    expect(fieldLocaleRule(locale)?.message).toContain(LABEL_LOCALES.join(', '));
  });
});

describe('who owns a quantity (S1)', () => {
  const owner = (changes: Partial<QuantityOwner> = {}): QuantityOwner => ({
    id: 'con_1',
    name: 'One',
    seller: 'A1',
    country: 'ES',
    productTypes: [],
    stockSource: 'vtex:shop:1',
    ...changes,
  });

  test.each([
    ['itself', {}, {}, false],
    ['another seller', {}, { id: 'con_2', seller: 'A2' }, false],
    ['the same seller and country', {}, { id: 'con_2' }, true],
    [
      'the same, with other product types',
      { productTypes: ['SHIRT'] },
      { id: 'con_2', productTypes: ['WATCH'] },
      false,
    ],
    [
      'the same, sharing one product type',
      { productTypes: ['SHIRT', 'WATCH'] },
      { id: 'con_2', productTypes: ['WATCH'] },
      true,
    ],
    ['the same, one with all product types', { productTypes: ['SHIRT'] }, { id: 'con_2' }, true],
    ['another country of the region, the same stock', {}, { id: 'con_2', country: 'FR' }, false],
    ['another country of the region, other stock', {}, { id: 'con_2', country: 'FR', stockSource: 'file:x' }, true],
    ['another region, other stock', {}, { id: 'con_2', country: 'US', stockSource: 'file:x' }, false],
  ])('%s', (_case, one, other, conflict) => {
    expect(quantityConflict(owner(one), owner(other)) !== undefined).toBe(conflict);
    expect(quantityConflict(owner(other), owner(one)) !== undefined).toBe(conflict);
  });

  test('the message names the other connector', () => {
    expect(quantityConflict(owner(), owner({ id: 'con_2', name: 'Two' }))).toContain("'Two' (con_2)");
  });
});
