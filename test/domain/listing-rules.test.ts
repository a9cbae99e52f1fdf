import fc from 'fast-check';
import type { ConnectorConfig } from '../../domain/connector';
import { KIT_NOT_SENT, type Verdict } from '../../domain/listing';
import { draftOf, judge, overLimit, ruleSettingsOf } from '../../domain/listing-rules';
import { priceRulesOf, type PriceSettings } from '../../domain/price-rules';
import { MOST_UNITS_OFFERED } from '../../domain/stock-rules';
import { anItem, anyItem, anySettings, someSettings } from './items';

function units(count: number) {
  return { stock: { kind: 'units', units: count } as const };
}

function blocked(verdict: Verdict) {
  if (verdict.kind !== 'block') throw new Error(`expected a block, got ${verdict.kind}`);
  return verdict;
}

function wantedOf(verdict: Verdict) {
  if (verdict.kind === 'block') throw new Error(`expected a listing, got a block: ${verdict.reasons.join(' ')}`);
  return verdict.wanted;
}

describe('minimum stock (V6)', () => {
  test.each([
    ['below the minimum', 2, 3, 'pause', 0],
    ['at the minimum', 3, 3, 'sell', 3],
    ['above the minimum', 4, 3, 'sell', 4],
    ['nothing, minimum 0', 0, 0, 'sell', 0],
    ['nothing, minimum 1', 0, 1, 'pause', 0],
    ['the last unit, minimum 1', 1, 1, 'sell', 1],
    ['oversold, minimum 0', -4, 0, 'sell', 0],
    ['oversold, minimum 1', -4, 1, 'pause', 0],
    ['a fraction that only rounds up to the minimum', 2.9, 3, 'pause', 0],
    ['a fraction above the minimum', 3.9, 3, 'sell', 3],
    ['more than is ever offered', 50_000, 3, 'sell', MOST_UNITS_OFFERED],
    ['more than is ever offered, under a higher minimum', 50_000, 60_000, 'pause', 0],
    ['not a number', NaN, 1, 'pause', 0],
  ] as const)('%s', (_case, stock, minimumStock, kind, quantity) => {
    const verdict = judge(anItem(units(stock)), someSettings({ minimumStock }));

    expect(verdict).toMatchObject({ kind, quantity });
    expect(wantedOf(verdict).quantity).toEqual({
      fulfillment_availability: [{ fulfillment_channel_code: 'DEFAULT', quantity }],
    });
  });

  test('unlimited stock sells above any minimum, at the most units ever offered', () => {
    const verdict = judge(anItem({ stock: { kind: 'unlimited' } }), someSettings({ minimumStock: 1_000_000 }));

    expect(verdict).toMatchObject({ kind: 'sell', quantity: MOST_UNITS_OFFERED });
    expect(verdict.reasons[0]).toBe(
      'Quantity 9999: the source does not limit the stock, and at most 9999 are offered.'
    );
  });

  test('a paused offer says why and when it sells again', () => {
    expect(judge(anItem(units(1)), someSettings()).reasons[0]).toBe(
      'Quantity 0: the source has 1 unit, fewer than the minimum of 3. It sells again at 3.'
    );
  });

  test('a paused offer needs no price: sources often price only what is in stock', () => {
    const verdict = judge(anItem({ price: undefined, ...units(0) }), someSettings());

    expect(verdict.kind).toBe('pause');
    expect(verdict.reasons).toContain('No price is sent: it has none in sales channel 1.');
  });
});

describe('stock rules (B12)', () => {
  test('what they leave as nothing is paused, for a reason of its own', () => {
    const verdict = judge(anItem(units(5)), someSettings({ stockRules: { buffer: 5 } }));

    expect(verdict).toMatchObject({ kind: 'pause', quantity: 0 });
    expect(verdict.reasons[0]).toBe(
      'Quantity 0: the source has 5 units; 5 are kept back. Nothing is left to offer. It sells again at 6.'
    );
  });

  test('what waits to be mended follows the stock by the same rules', () => {
    const verdict = blocked(judge(anItem({ brand: '' }), someSettings({ stockRules: { percentage: 50 } })));

    expect(verdict).toMatchObject({ ifSent: 'leave', quantityIfSent: 5 });
  });

  test('a kit sells what its parts make', () => {
    const parts = { components: [{ sourceId: '17', units: 2, stock: { kind: 'units', units: 9 } as const }] };
    const settings = someSettings({ sendKits: true });

    expect(judge(anItem({ isKit: true, ...parts }), settings)).toMatchObject({ kind: 'sell', quantity: 4 });
    expect(judge(anItem({ isKit: true, ...parts }), { ...settings, minimumStock: 5 }).kind).toBe('pause');
  });
});

describe('price rules (B12)', () => {
  const priced = (verdict: Verdict) =>
    (wantedOf(verdict).price?.purchasable_offer?.[0]?.our_price as [{ schedule: unknown[] }])[0].schedule[0];
  const rules = (settings: PriceSettings) => someSettings({ priceRules: priceRulesOf(settings, 'USD') });

  test('the price that they make is sent, and each of them says what it did', () => {
    const verdict = judge(anItem(), rules({ factor: 1.1, ceiling: 55 }));

    expect(priced(verdict)).toEqual({ value_with_tax: 55 });
    expect(verdict.reasons[1]).toBe(
      'Price 55 USD: its price in sales channel 1 is 52.5 USD; times 1.1; lowered to the ceiling of 55 USD.'
    );
    expect(verdict.problems).toBeUndefined();
  });

  test('a price too far from the last one stays behind, and the SKU goes on selling at that', () => {
    const known = { lastPrice: { minorUnits: 4000, currency: 'USD' } };
    const verdict = judge(anItem(), rules({ largestChangePercent: 20 }), known);

    expect(verdict.kind).toBe('sell');
    expect(priced(verdict)).toEqual({ value_with_tax: 40 });
    expect(verdict.reasons[1]).toBe(
      'Price 40 USD: the last one that was sent. 52.5 USD waits for approval: its price in sales channel 1.'
    );
    expect(verdict.problems).toEqual([
      {
        code: 'price_change',
        message:
          "Its price would change from 40 USD to 52.5 USD, by more than 20 %. It keeps 40 USD until the new price is approved, or until the connector's offer.price.largestChangePercent is raised.",
        severity: 'warning',
        owner: 'merchant',
        attributes: ['purchasable_offer'],
      },
    ]);
    expect(verdict.heldBackPrice).toEqual({ minorUnits: 5250, currency: 'USD' });

    const approved = judge(anItem(), rules({ largestChangePercent: 20 }), {
      ...known,
      approvedPrice: { minorUnits: 5250, currency: 'USD' },
    });
    expect(priced(approved)).toEqual({ value_with_tax: 52.5 });
    expect([approved.problems, approved.heldBackPrice]).toEqual([undefined, undefined]);
  });

  test('a price that they make nothing holds the SKU back like a missing one', () => {
    const verdict = blocked(judge(anItem(), rules({ add: -60 })));

    expect(verdict.problems.map(({ code, message }) => [code, message])).toEqual([
      [
        'invalid',
        'Its price in sales channel 1 is 52.5 USD, of which the price rules make -7.5 USD: nothing can be sold for that. Correct the rules, or set a floor.',
      ],
    ]);
  });

  test.each([1e11 + 1, 1.5e308])('an amount of %d minor units is no price, with rules and without', (minorUnits) => {
    const item = anItem({ price: { minorUnits, currency: 'USD' } });

    for (const settings of [someSettings(), rules({ factor: 1.19 })])
      expect(blocked(judge(item, settings)).problems[0]?.message).toContain('correct it in the source');
  });

  test('a price that they make far too large holds the SKU back, however far it may change', () => {
    const { problems } = blocked(
      judge(anItem(), rules({ factor: 900_000_000, largestChangePercent: 5 }), {
        lastPrice: { minorUnits: 4000, currency: 'USD' },
      })
    );

    expect(problems[0]?.message).toContain('Correct the rules, or set a ceiling.');
    expect(judge(anItem(), rules({ factor: 900_000_000, ceiling: 60 })).kind).toBe('sell');
  });

  test('they touch no price in another currency, and none that is not sent', () => {
    const foreign = anItem({ price: { minorUnits: 100, currency: 'BRL' } });
    expect(blocked(judge(foreign, rules({ factor: 2 }))).problems[0]?.message).toContain('is in BRL');

    const known = { lastPrice: { minorUnits: 1, currency: 'USD' } };
    const unpriced = judge(anItem(), { ...rules({ largestChangePercent: 1 }), sendPrice: false }, known);
    expect(wantedOf(unpriced).price).toBeUndefined();
    expect(unpriced.problems).toBeUndefined();
  });

  test('what would be sent of an item that is held back has the price that they make', () => {
    expect(draftOf(anItem({ brand: '' }), rules({ factor: 2 }))?.price).toEqual(
      wantedOf(judge(anItem(), rules({ factor: 2 }))).price
    );
  });
});

describe('status (S9)', () => {
  test.each([
    ['active', ['active'], undefined],
    ['Active ', ['active'], undefined],
    ['inactive', ['active', 'inactive'], undefined],
    ['inactive', ['active'], 'inactive'],
    ['active', ['inactive'], 'status'],
    ['draft', ['visible'], 'status'],
    ['invisible', ['visible', 'draft'], 'status'],
    ['', ['active'], 'status'],
  ])("status '%s' where %j are chosen: %s", (status, statuses, reason) => {
    const verdict = judge(anItem({ status }), someSettings({ statuses }));

    expect(verdict.kind === 'block' ? verdict.reason : undefined).toBe(reason);
    if (verdict.kind === 'block') expect(verdict.ifSent).toBe('stop-selling');
  });
});

describe('kits (V12, V13)', () => {
  test('a kit that is not to be sent carries exactly the sentence of the documentation, and stays as it is', () => {
    const verdict = blocked(judge(anItem({ isKit: true, brand: '', price: undefined }), someSettings()));

    expect(verdict).toMatchObject({ reason: 'kit', ifSent: 'leave' });
    expect(verdict.problems.map(({ message }) => message)).toEqual([
      'The connector is configured not to send SKUs of the Kit type',
    ]);
    expect(KIT_NOT_SENT).toBe('The connector is configured not to send SKUs of the Kit type');
  });

  test('a kit sells with its own stock when kits are sent', () => {
    expect(judge(anItem({ isKit: true }), someSettings({ sendKits: true }))).toMatchObject({
      kind: 'sell',
      quantity: 10,
    });
  });

  test('an inactive kit goes off sale for its status, and says both', () => {
    const verdict = blocked(judge(anItem({ isKit: true, status: 'inactive' }), someSettings()));

    expect(verdict).toMatchObject({ reason: 'inactive', ifSent: 'stop-selling' });
    expect(verdict.problems.map(({ code }) => code)).toEqual(['inactive', 'kit']);
  });
});

describe('product types (S1)', () => {
  test('categories that say nothing block the SKU and name themselves', () => {
    const verdict = blocked(judge(anItem({ categories: ['Home/Lamps'] }), someSettings()));

    expect(verdict).toMatchObject({ reason: 'unmapped', ifSent: 'leave' });
    expect(verdict.problems[0]?.message).toContain('(Home/Lamps)');
  });

  test('a type that this connector does not send is left to another, whatever its stock', () => {
    const verdict = blocked(judge(anItem(units(0)), someSettings({ productTypes: ['WATCH'] })));

    expect(verdict).toMatchObject({ reason: 'unmapped', ifSent: 'leave' });
    expect(verdict.problems[0]?.message).toBe(
      "Its product type is SWEATSHIRT, and this connector sends only WATCH. Add SWEATSHIRT to the connector's product types, or leave it to another connector."
    );
  });

  test('one of the chosen types sells', () => {
    expect(judge(anItem(), someSettings({ productTypes: ['WATCH', 'SWEATSHIRT'] })).kind).toBe('sell');
  });
});

describe('required values (S7, S8)', () => {
  const bare = anItem({ title: ' ', brand: '', descriptionHtml: '<p>&nbsp;</p>', price: undefined });

  test('all that is missing is reported at once, the product type first', () => {
    const verdict = blocked(judge({ ...bare, categories: [] }, someSettings()));

    expect(verdict).toMatchObject({ reason: 'unmapped', ifSent: 'leave' });
    expect(verdict.problems.map(({ code, attributes, owner }) => [code, attributes?.[0], owner])).toEqual([
      ['unmapped', undefined, 'merchant'],
      ['invalid', 'item_name', 'merchant'],
      ['invalid', 'brand', 'merchant'],
      ['invalid', 'product_description', 'merchant'],
      ['invalid', 'purchasable_offer', 'merchant'],
    ]);
  });

  test.each([
    ['LISTING', ['item_name', 'brand', 'product_description', 'purchasable_offer']],
    ['LISTING_PRODUCT_ONLY', ['item_name', 'brand', 'product_description']],
    ['LISTING_OFFER_ONLY', ['purchasable_offer']],
  ] as const)('%s asks for %j', (requirements, attributes) => {
    const verdict = blocked(judge(bare, someSettings({ requirements })));

    expect(verdict.reason).toBe('invalid');
    expect(verdict.problems.flatMap((problem) => problem.attributes ?? [])).toEqual(attributes);
  });

  test('not enforced: sent all the same, and said', () => {
    const verdict = judge(bare, someSettings({ appliedRequirements: 'NOT_ENFORCED' }));

    expect(verdict.kind).toBe('sell');
    expect(wantedOf(verdict).price).toBeUndefined();
    expect(verdict.reasons).toContain(
      'It has no brand; give it one in the source. Sent all the same: required values are not enforced.'
    );
  });

  test('a SKU without a price says in which sales channel', () => {
    const verdict = blocked(judge(anItem({ price: undefined }), someSettings()));

    expect(verdict.problems[0]?.message).toBe(
      'It has no price in sales channel 1; give it one in the source, or switch the sending of prices off.'
    );
  });

  test('a price of nothing is no price', () => {
    const verdict = blocked(judge(anItem({ price: { minorUnits: 0, currency: 'USD' } }), someSettings()));

    expect(verdict.problems[0]?.message).toContain('is 0 USD, which nothing can be sold for');
  });

  test.each(['ENFORCED', 'NOT_ENFORCED'] as const)('a price in another currency is never sent (%s)', (applied) => {
    const item = anItem({ price: { minorUnits: 5250, currency: 'BRL' } });
    const verdict = blocked(judge(item, someSettings({ appliedRequirements: applied })));

    expect(verdict.reason).toBe('invalid');
    expect(verdict.problems[0]?.message).toContain('is in BRL, and Amazon US sells in USD');
  });

  test('what is broken keeps its entry at Amazon, but what is broken and out of stock goes off sale', () => {
    expect(blocked(judge(anItem({ brand: '' }), someSettings())).ifSent).toBe('leave');
    expect(blocked(judge(anItem({ brand: '', ...units(2) }), someSettings())).ifSent).toBe('stop-selling');
  });

  test('without the quantity in its hands a connector takes nothing off sale', () => {
    const settings = someSettings({ requirements: 'LISTING_PRODUCT_ONLY' });

    expect(blocked(judge(anItem({ status: 'inactive' }), settings)).ifSent).toBe('leave');
    expect(blocked(judge(anItem({ brand: '', ...units(0) }), settings)).ifSent).toBe('leave');
  });

  test('a missing image is a remark and no block', () => {
    const verdict = judge(anItem({ images: ['/m/h/mh01.jpg'] }), someSettings());

    expect(verdict.kind).toBe('sell');
    expect(verdict.reasons).toContain('It has no image; Amazon may hide it from search until the source has one.');
  });

  test('a wrong GTIN and texts that are cut are remarks', () => {
    const { reasons } = judge(anItem({ gtins: ['4006381333932'], title: 'word '.repeat(60) }), someSettings());

    expect(reasons).toContain('None of its GTINs has a right check digit (4006381333932); it is sent as having none.');
    expect(reasons).toContain('Its title is longer than Amazon takes and is cut at a word.');
  });
});

describe('what is sent', () => {
  test('no price when the connector leaves prices to Amazon (V11)', () => {
    const verdict = judge(anItem({ price: undefined }), someSettings({ sendPrice: false }));

    expect(verdict.kind).toBe('sell');
    expect(wantedOf(verdict).price).toBeUndefined();
    expect(verdict.reasons).toContain('No price is sent: this connector leaves prices to Amazon.');
  });

  test('neither price nor quantity for LISTING_PRODUCT_ONLY, which no stock pauses', () => {
    const verdict = judge(anItem(units(0)), someSettings({ requirements: 'LISTING_PRODUCT_ONLY' }));

    expect(verdict.kind).toBe('sell');
    expect(Object.keys(wantedOf(verdict))).toEqual(['productType', 'requirements', 'details']);
  });

  test('reasons for the quantity and the price', () => {
    expect(judge(anItem(), someSettings()).reasons).toEqual([
      'Quantity 10: the source has 10 units, not fewer than the minimum of 3.',
      'Price 52.5 USD: its price in sales channel 1.',
    ]);
  });
});

describe('any item under any settings', () => {
  test('gets a verdict with reasons, and never throws', () => {
    fc.assert(
      fc.property(anyItem, anySettings, (item, settings) => {
        const verdict = judge(item, settings);
        expect(verdict.reasons.length).toBeGreaterThan(0);
        expect(verdict.reasons.every((reason) => reason.length > 10)).toBe(true);
      }),
      { numRuns: 500 }
    );
  });

  test('is offered in whole units, never negative and never above the most', () => {
    fc.assert(
      fc.property(anyItem, anySettings, (item, settings) => {
        const verdict = judge({ ...item, categories: ['Shirts'], price: undefined }, { ...settings, sendPrice: false });
        if (verdict.kind === 'block') return;
        expect(Number.isInteger(verdict.quantity)).toBe(true);
        expect(verdict.quantity).toBeGreaterThanOrEqual(0);
        expect(verdict.quantity).toBeLessThanOrEqual(MOST_UNITS_OFFERED);
        const sent = verdict.wanted.quantity?.fulfillment_availability?.[0]?.quantity;
        if (settings.requirements === 'LISTING_PRODUCT_ONLY') expect(sent).toBeUndefined();
        else expect(sent).toBe(verdict.quantity);
      }),
      { numRuns: 500 }
    );
  });

  test('a block always names a problem under its own reason', () => {
    fc.assert(
      fc.property(anyItem, anySettings, (item, settings) => {
        const verdict = judge(item, settings);
        if (verdict.kind !== 'block') return;
        expect(verdict.problems[0]?.code).toBe(verdict.reason);
        expect(verdict.problems.every(({ message, owner }) => message !== '' && owner === 'merchant')).toBe(true);
      })
    );
  });

  test('more stock never pauses what sold with less', () => {
    const count = fc.integer({ min: -5, max: 20_000 });
    fc.assert(
      fc.property(count, count, fc.integer({ min: 0, max: 20_000 }), (one, other, minimumStock) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        const settings = someSettings({ minimumStock });
        if (judge(anItem(units(less)), settings).kind === 'sell')
          expect(judge(anItem(units(more)), settings).kind).toBe('sell');
      })
    );
  });
});

test('the SKU limit blocks without touching what was sent (S2)', () => {
  const verdict = blocked(overLimit(1000));

  expect(verdict).toMatchObject({ reason: 'over_limit', ifSent: 'stop-selling' });
  expect(verdict.problems[0]?.message).toBe('Over the limit of 1,000 SKUs of this connector; an admin can raise it.');
  expect(overLimit(1).reasons[0]).toContain('1 SKU of');
});

describe('the settings of a configuration', () => {
  const config: ConnectorConfig = {
    name: 'Shop',
    source: {
      type: 'vtex',
      account: 'shop',
      appKey: 'key',
      salesChannel: '2',
      affiliateId: 'MZN',
      affiliateEmail: 'a@example.com',
    },
    amazon: { country: 'MX', sellerId: 'A1234567890', clientId: 'amzn1.application-oa2-client.abc123' },
    listing: {
      requirements: 'LISTING',
      appliedRequirements: 'ENFORCED',
      productTypes: [],
      fieldLocale: 'es_MX',
      valueLocales: ['es_MX', 'en_US', 'es_MX'],
      skuLimit: 1000,
      sendVariations: true,
      sendPrice: true,
      sendKits: false,
      statuses: ['active'],
    },
    offer: { minimumStock: 2, shippingTemplate: 'Fast' },
    orders: {},
    schedule: { mode: 'synchronization', everyMinutes: 60, fullEveryHours: 24 },
  };

  test('hold the marketplace, each language once, and where prices come from', () => {
    expect(ruleSettingsOf(config)).toEqual({
      marketplaceId: 'A1AM78C64UM0Y8',
      country: 'MX',
      currency: 'MXN',
      valueLocales: ['es_MX', 'en_US'],
      requirements: 'LISTING',
      appliedRequirements: 'ENFORCED',
      productTypes: [],
      statuses: ['active'],
      sendKits: false,
      sendPrice: true,
      minimumStock: 2,
      shippingTemplate: 'Fast',
      priceList: 'sales channel 2',
    });
  });

  test('hold the rules on stock, and those on prices in whole numbers', () => {
    const offer = { minimumStock: 2, stock: { cap: 5 }, price: { factor: '1.19', floor: 9.9 } };

    expect(ruleSettingsOf({ ...config, offer })).toMatchObject({
      stockRules: { cap: 5 },
      priceRules: { currency: 'MXN', factor: 1_190_000, add: 0, floor: 990 },
    });
    expect(ruleSettingsOf({ ...config, offer: { ...offer, price: {} } }).priceRules).toBeUndefined();
  });

  test.each([
    [{ type: 'saleslayer', connectorCode: 'CN1' } as const, 'Sales Layer'],
    [{ type: 'file', path: '/data/catalog.jsonl', format: 'jsonl' } as const, 'the file'],
  ])('name the price list of %j', (source, priceList) => {
    expect(ruleSettingsOf({ ...config, source }).priceList).toBe(priceList);
  });
});
