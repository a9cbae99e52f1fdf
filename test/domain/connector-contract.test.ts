import fc from 'fast-check';
import { parseConnector, SECRET_FIELDS, type ContractResult } from '../../domain/connector-contract';

const SECRETS = {
  appToken: 'store-token-secret',
  clientSecret: 'amzn1.oa2-cs.v1.secret',
  refreshToken: 'Atzr|refresh-token-secret',
};

/** A VTEX connector with only what is required. */
function vtexInput() {
  return {
    name: 'Shop to Amazon US',
    source: {
      type: 'vtex',
      account: 'shop',
      appKey: 'vtexappkey-shop',
      appToken: SECRETS.appToken,
      salesChannel: '1',
      affiliateId: 'MZN',
      affiliateEmail: 'amazon@shop.example',
    },
    amazon: {
      country: 'US',
      sellerId: 'A2EXAMPLE1234',
      clientId: 'amzn1.application-oa2-client.0123456789abcdef',
      clientSecret: SECRETS.clientSecret,
      refreshToken: SECRETS.refreshToken,
    },
    listing: { sendKits: false },
    offer: { minimumStock: 3 },
  };
}

type Change = [path: string, value: unknown];

/** The input with fields set, or taken away where the value is undefined. */
function changed(...changes: Change[]): Record<string, unknown> {
  const input = structuredClone(vtexInput()) as Record<string, unknown>;
  for (const [path, value] of changes) {
    const keys = path.split('.');
    const last = keys.pop()!;
    let at = input;
    for (const key of keys) at = (at[key] ??= {}) as Record<string, unknown>;
    if (value === undefined) delete at[last];
    else at[last] = value;
  }
  return input;
}

const fileSource: Change = ['source', { type: 'file', path: '/data/catalog.jsonl', format: 'jsonl' }];

function problemsOf(result: ContractResult): string[] {
  return result.ok ? [] : result.problems.map(({ field, code }) => `${field}: ${code}`);
}

function configOf(result: ContractResult) {
  if (!result.ok) throw new Error(problemsOf(result).join(', '));
  return result.config;
}

describe('a configuration that is right', () => {
  const result = parseConnector(vtexInput());

  test('is kept complete, with every default filled in (S2, S5, S7–S13)', () => {
    expect(configOf(result)).toEqual({
      name: 'Shop to Amazon US',
      source: {
        type: 'vtex',
        account: 'shop',
        appKey: 'vtexappkey-shop',
        salesChannel: '1',
        affiliateId: 'MZN',
        affiliateEmail: 'amazon@shop.example',
      },
      amazon: {
        country: 'US',
        sellerId: 'A2EXAMPLE1234',
        clientId: 'amzn1.application-oa2-client.0123456789abcdef',
      },
      listing: {
        requirements: 'LISTING',
        appliedRequirements: 'ENFORCED',
        productTypes: [],
        fieldLocale: 'en_US',
        valueLocales: ['en_US'],
        skuLimit: 1000,
        sendVariations: true,
        sendPrice: true,
        sendKits: false,
        statuses: ['active'],
      },
      offer: { minimumStock: 3 },
      orders: {},
      schedule: { mode: 'synchronization', everyMinutes: 60, fullEveryHours: 24 },
    });
  });

  test('is parted from its secrets', () => {
    expect(result).toMatchObject({
      secrets: {
        'source.appToken': SECRETS.appToken,
        'amazon.clientSecret': SECRETS.clientSecret,
        'amazon.refreshToken': SECRETS.refreshToken,
      },
    });
    for (const secret of Object.values(SECRETS)) expect(JSON.stringify(configOf(result))).not.toContain(secret);
  });

  test('can be written again as it was kept, when its secrets are stored', () => {
    const config = configOf(result);
    const again = parseConnector(config, new Set(SECRET_FIELDS));

    expect(again).toEqual({ ok: true, config, secrets: {} });
  });

  test.each([
    ['saleslayer', { type: 'saleslayer', connectorCode: 'CN1', secretKey: 'secret-key-1' }, 'visible'],
    ['saleslayer, REST', { type: 'saleslayer', apiKey: 'secret-key-1' }, 'visible'],
    ['file', { type: 'file', path: '/data/catalog.jsonl', format: 'jsonl' }, 'active'],
    ['file', { type: 'file', path: 'C:\\data', columns: { sku: 'Nummer' }, weightUnit: 'lb' }, 'active'],
  ])(
    'of %s needs neither kits nor minimum stock, and exports what its first status says (S9)',
    (_case, source, status) => {
      const config = configOf(
        parseConnector(changed(['source', source], ['listing', undefined], ['offer', undefined]))
      );

      expect(config.listing).toMatchObject({ sendKits: false, statuses: [status] });
      expect(config.offer).toEqual({ minimumStock: 0 });
    }
  );

  test.each([
    ['MX', 'es_MX'],
    ['UK', 'en_GB'],
    ['BR', 'pt_BR'],
  ])('speaks the language of %s (S4, S13)', (country, locale) => {
    const { listing } = configOf(parseConnector(changed(['amazon.country', country])));

    expect(listing).toMatchObject({ fieldLocale: locale, valueLocales: [locale] });
  });

  test('may be a vendor’s, when its source is no VTEX store (S3)', () => {
    const vendor = changed(fileSource, ['amazon.sellerId', undefined], ['amazon.vendorCode', 'ABC12']);

    expect(configOf(parseConnector(vendor)).amazon.vendorCode).toBe('ABC12');
  });

  test.each([
    ['schedule.everyMinutes', 5],
    ['schedule.everyMinutes', 10_080],
    ['listing.skuLimit', 1],
    ['listing.skuLimit', 1_000_000],
    ['listing.valueLocales', ['en_US', 'es_US']],
    ['listing.statuses', ['active', 'inactive']],
    ['offer.minimumStock', 0],
    ['offer.stock', { buffer: 2, percentage: 50, cap: 9999 }],
    ['offer.price', { factor: '1.000001', add: -0.5, floor: 1, ceiling: '1000000', largestChangePercent: 20 }],
    ['offer.price', { rounding: { to: 'ending', ending: 9.99, direction: 'up' } }],
    ['offer.price', { floor: '9.90', ceiling: 9.9 }],
    ['orders.defaultZipCode', '98109'],
  ])('%s may be %j', (path, value) => {
    expect(problemsOf(parseConnector(changed([path, value])))).toEqual([]);
  });
});

describe('one thing wrong', () => {
  const cases: [string, Change[], string[]][] = [
    ['a vowel in the affiliate id (V1)', [['source.affiliateId', 'AMZ']], ['source.affiliateId: affiliate_id_vowel']],
    ['a malformed e-mail address (V2)', [['source.affiliateEmail', 'nobody']], ['source.affiliateEmail: email']],
    ['a sales channel in words (V3)', [['source.salesChannel', 'main']], ['source.salesChannel: format']],
    ['an MWS token (V5)', [['amazon.refreshToken', 'amzn.mws.1234']], ['amazon.refreshToken: mws_token']],
    ['an access token (V5)', [['amazon.refreshToken', 'Atza|abcdefghijklm']], ['amazon.refreshToken: access_token']],
    ['no minimum stock (V6)', [['offer', undefined]], ['offer.minimumStock: required']],
    ['a negative minimum stock (V6)', [['offer.minimumStock', -1]], ['offer.minimumStock: too_small']],
    ['half a unit (V6)', [['offer.minimumStock', 1.5]], ['offer.minimumStock: wrong_type']],
    [
      'a ZIP code of another country (V8)',
      [['orders.defaultZipCode', '01310-100']],
      ['orders.defaultZipCode: zip_format'],
    ],
    [
      'a ZIP code without VTEX (V8)',
      [fileSource, ['orders.defaultZipCode', '98109']],
      ['orders.defaultZipCode: vtex_only'],
    ],
    ['no word about kits (V12)', [['listing', undefined]], ['listing.sendKits: required']],
    ['neither seller nor vendor (S3)', [['amazon.sellerId', undefined]], ['amazon: seller_or_vendor']],
    ['both seller and vendor (S3)', [['amazon.vendorCode', 'ABC12']], ['amazon: seller_and_vendor']],
    [
      'a vendor with a VTEX store (V4)',
      [
        ['amazon.sellerId', undefined],
        ['amazon.vendorCode', 'ABC12'],
      ],
      ['amazon.sellerId: required'],
    ],
    ['a short seller id (V4)', [['amazon.sellerId', 'A1']], ['amazon.sellerId: format']],
    ['no client secret (S3)', [['amazon.clientSecret', undefined]], ['amazon.clientSecret: required']],
    ['the ISO code of the UK (S4)', [['amazon.country', 'GB']], ['amazon.country: unknown_choice']],
    ['no country (S4)', [['amazon.country', undefined]], ['amazon.country: required']],
    ['field names in no language (S5)', [['listing.fieldLocale', 'xx']], ['listing.fieldLocale: locale_unknown']],
    ['unknown requirements (S7)', [['listing.requirements', 'ALL']], ['listing.requirements: unknown_choice']],
    [
      'a status of another source (S9)',
      [['listing.statuses', ['active', 'draft']]],
      ['listing.statuses.1: status_unknown'],
    ],
    ['no status at all (S9)', [['listing.statuses', []]], ['listing.statuses: too_small']],
    ['a period under five minutes (S12)', [['schedule.everyMinutes', 4]], ['schedule.everyMinutes: too_small']],
    ['a period over a week (S12)', [['schedule.everyMinutes', 10_081]], ['schedule.everyMinutes: too_big']],
    [
      'a language the marketplace refuses (S13)',
      [['listing.valueLocales', ['en_US', 'fr_FR']]],
      ['listing.valueLocales.1: locale_not_accepted'],
    ],
    ['no place for any SKU (S2)', [['listing.skuLimit', 0]], ['listing.skuLimit: too_small']],
    ['a misspelt field', [['listing.sendPrices', true]], ['listing.sendPrices: unknown_field']],
    ['an unknown source', [['source', { type: 'shopify' }]], ['source.type: unknown_choice']],
    ['a source that does not say what it is', [['source', {}]], ['source.type: unknown_choice']],
    ['no source', [['source', undefined]], ['source: required']],
    ['an empty name', [['name', '  ']], ['name: empty']],
    [
      'half of the Sales Layer credential',
      [['source', { type: 'saleslayer', connectorCode: 'CN1' }]],
      ['source.secretKey: required'],
    ],
    [
      'both Sales Layer APIs',
      [['source', { type: 'saleslayer', connectorCode: 'CN1', secretKey: 'secret-key-1', apiKey: 'secret-key-2' }]],
      ['source: two_apis'],
    ],
  ];

  const yen: Change = ['amazon.country', 'JP'];
  const ruleCases: [string, Change[], string[]][] = [
    ['no percent', [['offer.stock.percentage', 0]], ['offer.stock.percentage: too_small']],
    ['more than there is', [['offer.stock.percentage', 101]], ['offer.stock.percentage: too_big']],
    ['half a unit kept back', [['offer.stock.buffer', 0.5]], ['offer.stock.buffer: wrong_type']],
    ['more than is ever offered', [['offer.stock.cap', 10_000]], ['offer.stock.cap: too_big']],
    ['nothing offered', [['offer.stock.cap', 0]], ['offer.stock.cap: too_small']],
    ['a misspelt stock rule', [['offer.stock.bufer', 1]], ['offer.stock.bufer: unknown_field']],
    ['a factor of nothing', [['offer.price.factor', 0]], ['offer.price.factor: out_of_range']],
    ['a factor below nothing', [['offer.price.factor', '-1.1']], ['offer.price.factor: out_of_range']],
    ['a factor of seven places', [['offer.price.factor', '1.0000001']], ['offer.price.factor: decimal']],
    ['a factor with a comma', [['offer.price.factor', '1,19']], ['offer.price.factor: decimal']],
    ['a factor that is no number', [['offer.price.factor', true]], ['offer.price.factor: unknown_choice']],
    ['an addition of half a cent', [['offer.price.add', 0.005]], ['offer.price.add: decimal']],
    ['a floor of nothing', [['offer.price.floor', 0]], ['offer.price.floor: out_of_range']],
    [
      'a floor above the ceiling',
      [
        ['offer.price.floor', '10.01'],
        ['offer.price.ceiling', 10],
      ],
      ['offer.price.floor: floor_above_ceiling'],
    ],
    ['rounding to nothing in particular', [['offer.price.rounding', {}]], ['offer.price.rounding.to: required']],
    [
      'an ending that is not said',
      [['offer.price.rounding', { to: 'ending' }]],
      ['offer.price.rounding.ending: required'],
    ],
    [
      'an ending that is not used',
      [['offer.price.rounding', { to: 'cent', ending: 0.99 }]],
      ['offer.price.rounding.ending: ending_unused'],
    ],
    ['no change at all', [['offer.price.largestChangePercent', 0]], ['offer.price.largestChangePercent: too_small']],
    ['hundredths of a yen', [yen, ['offer.price.floor', 9.5]], ['offer.price.floor: currency_digits']],
    ['tenths of a yen', [yen, ['offer.price.rounding', { to: 'tenth' }]], ['offer.price.rounding.to: currency_digits']],
    [
      'prices that end in 0.99 yen',
      [yen, ['offer.price.rounding', { to: 'ending', ending: 0.99 }]],
      ['offer.price.rounding.ending: currency_digits'],
    ],
  ];

  const file = (fields: Record<string, unknown>): Change[] => [
    ['source', { type: 'file', path: '/data/products.csv', ...fields }],
  ];
  const fileCases: [string, Change[], string[]][] = [
    ['a path that begins nowhere', file({ path: 'products.csv' }), ['source.path: format']],
    ['a format that is not read', file({ format: 'xlsx' }), ['source.format: unknown_choice']],
    ['a column for no field', file({ columns: { colour: 'Farbe' } }), ['source.columns.colour: unknown_field']],
    ['a column without a name', file({ columns: { sku: ' ' } }), ['source.columns.sku: empty']],
    ['images from no web address', file({ imageBaseUrl: '/media' }), ['source.imageBaseUrl: format']],
    ['less than no stock', file({ defaults: { stock: -1 } }), ['source.defaults.stock: too_small']],
    ['a mark that divides nothing', file({ decimalMark: "'" }), ['source.decimalMark: unknown_choice']],
  ];

  test.each([...cases, ...ruleCases, ...fileCases])('%s', (_case, changes, problems) => {
    expect(problemsOf(parseConnector(changed(...changes)))).toEqual(problems);
  });

  test.each([[undefined], [null], ['text'], [[]], [42]])('a body that is %j', (body) => {
    expect(parseConnector(body).ok).toBe(false);
    expect(problemsOf(parseConnector(body))).toHaveLength(1);
  });
});

test('who names an unknown source reads which there are', () => {
  expect(parseConnector(changed(['source', { type: 'shopify' }]))).toMatchObject({
    problems: [{ message: "Say what kind of source this is: 'vtex', 'saleslayer' or 'file'." }],
  });
});

test('every problem is reported at once, rules between fields included', () => {
  const input = {
    name: '',
    source: { type: 'vtex', account: 'My Shop', salesChannel: 1, affiliateId: 'AMZ', affiliateEmail: 'nobody' },
    amazon: { country: 'US', sellerId: 'x', vendorCode: 'ABC12', clientId: 'abc', refreshToken: 'amzn.mws.1' },
    listing: { requirements: 'ALL', valueLocales: ['fr_FR'], statuses: ['draft'], skuLimit: '5' },
    orders: { defaultZipCode: '1', errorEmail: '@' },
    schedule: { everyMinutes: 1, mode: 'never' },
    extra: true,
  };

  expect(problemsOf(parseConnector(input)).sort()).toEqual(
    [
      'name: empty',
      'source.account: format',
      'source.appKey: required',
      'source.appToken: required',
      'source.salesChannel: wrong_type',
      'source.affiliateId: affiliate_id_vowel',
      'source.affiliateEmail: email',
      'amazon.sellerId: format',
      'amazon: seller_and_vendor',
      'amazon.clientId: format',
      'amazon.clientSecret: required',
      'amazon.refreshToken: mws_token',
      'listing.requirements: unknown_choice',
      'listing.valueLocales.0: locale_not_accepted',
      'listing.statuses.0: status_unknown',
      'listing.skuLimit: wrong_type',
      'listing.sendKits: required',
      'offer.minimumStock: required',
      'orders.defaultZipCode: zip_format',
      'orders.errorEmail: email',
      'schedule.everyMinutes: too_small',
      'schedule.mode: unknown_choice',
      'extra: unknown_field',
    ].sort()
  );
});

describe('secrets', () => {
  test('that are stored need not be repeated', () => {
    const input = changed(
      ['source.appToken', undefined],
      ['amazon.clientSecret', undefined],
      ['amazon.refreshToken', undefined]
    );

    expect(problemsOf(parseConnector(input))).toEqual([
      'amazon.clientSecret: required',
      'amazon.refreshToken: required',
      'source.appToken: required',
    ]);
    expect(parseConnector(input, new Set(SECRET_FIELDS))).toMatchObject({ ok: true, secrets: {} });
  });

  test('are never repeated in a message, however wrong they and the rest are', () => {
    const marker = 'S3CR3T';
    const wrong = fc.constantFrom(
      `${marker}`,
      `amzn.mws.${marker}`,
      `Atza|${marker}`,
      `Atzr|${marker} x`,
      marker.repeat(1000),
      [marker],
      { [marker.toLowerCase()]: marker }
    );
    fc.assert(
      fc.property(
        fc.subarray([...SECRET_FIELDS], { minLength: 1 }),
        wrong,
        fc.boolean(),
        (fields, value, salesLayer) => {
          const source: Change[] = salesLayer ? [['source', { type: 'saleslayer' }]] : [];
          const result = parseConnector(
            changed(...source, ['name', ''], ...fields.map((field): Change => [field, value]))
          );
          expect(result.ok).toBe(false);
          expect(JSON.stringify(result)).not.toContain(marker);
        }
      )
    );
  });
});

test.each<[string, Change[], string]>([
  [
    'a country that cannot be made text',
    [['amazon.country', { toString: 1, valueOf: 1 }]],
    'amazon.country: unknown_choice',
  ],
  [
    'a source named like a property of every object',
    [
      ['source.type', 'constructor'],
      ['listing.statuses', ['active']],
    ],
    'source.type: unknown_choice',
  ],
])('%s is a problem like any other', (_case, changes, problem) => {
  expect(problemsOf(parseConnector(changed(...changes)))).toContain(problem);
});

test('never throws, whatever is written', () => {
  fc.assert(
    fc.property(fc.anything(), fc.anything(), (one, other) => {
      const inputs = [one, { source: one, amazon: other, listing: one, offer: other, orders: one, schedule: other }];
      for (const input of inputs) {
        const result = parseConnector(input);
        expect(result.ok).toBe(false);
        if (!result.ok) expect(result.problems.length).toBeGreaterThan(0);
      }
    })
  );
});
