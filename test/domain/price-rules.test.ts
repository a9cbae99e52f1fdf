import fc from 'fast-check';
import type { Money } from '../../domain/money';
import { decidePrice, priceRulesOf, type PriceSettings } from '../../domain/price-rules';

function usd(minorUnits: number): Money {
  return { minorUnits, currency: 'USD' };
}

function decided(minorUnits: number, settings: PriceSettings, currency = 'USD') {
  return decidePrice({ minorUnits, currency }, priceRulesOf(settings, currency));
}

describe('factor, addition, rounding, floor and ceiling (B12)', () => {
  const ending = (end: string, direction: 'nearest' | 'up' | 'down' = 'nearest'): PriceSettings => ({
    rounding: { to: 'ending', ending: end, direction },
  });

  test.each<[string, number, PriceSettings, number]>([
    ['nothing set', 5250, {}, 5250],
    ['a factor', 5000, { factor: 1.19 }, 5950],
    ['a factor that no binary fraction is', 110, { factor: '1.15' }, 127],
    ['six places', 1_000_000, { factor: '1.000001' }, 1_000_001],
    ['half a cent goes up', 50, { factor: '0.01' }, 1],
    ['less than half a cent goes down', 49, { factor: '0.01' }, 0],
    ['an addition after the factor', 1000, { factor: 2, add: '0.30' }, 2030],
    ['something taken off', 1000, { add: -1.5 }, 850],
    ['to the tenth', 5255, { rounding: { to: 'tenth', direction: 'nearest' } }, 5260],
    ['to the whole, halfway', 5250, { rounding: { to: 'whole', direction: 'nearest' } }, 5300],
    ['to the whole, down', 5299, { rounding: { to: 'whole', direction: 'down' } }, 5200],
    ['to the whole, up', 5201, { rounding: { to: 'whole', direction: 'up' } }, 5300],
    ['to the whole that it is, up', 5200, { rounding: { to: 'whole', direction: 'up' } }, 5200],
    ['up counts fractions of a cent', 5000, { factor: '1.000001', rounding: { to: 'cent', direction: 'up' } }, 5001],
    ['to .99, nearest', 5250, ending('0.99'), 5299],
    ['to .99, nearest below', 5248, ending('0.99'), 5199],
    ['to .99, down', 5298, ending('0.99', 'down'), 5199],
    ['to .99, up', 5300, ending('0.99', 'up'), 5399],
    ['to .99 that it is', 5299, ending('0.99', 'up'), 5299],
    ['to a last digit of 1', 1490, ending('1'), 1100],
    ['to 9.99', 5250, ending('9.99'), 4999],
    ['a price that rounding would make nothing stays', 30, { rounding: { to: 'whole', direction: 'down' } }, 30],
    ['a price below the first ending stays', 40, ending('0.99', 'down'), 40],
    ['a floor after the rounding', 1000, { ...ending('0.99', 'down'), floor: 10 }, 1000],
    ['a ceiling after the rounding', 9950, { ...ending('0.99', 'up'), ceiling: '99.50' }, 9950],
    ['a floor for what an addition made nothing', 100, { add: -2, floor: '0.5' }, 50],
  ])('%s', (_case, price, settings, expected) => {
    expect(decided(price, settings)).toMatchObject({ price: usd(expected) });
  });

  test.each<[string, number, PriceSettings, number]>([
    ['no cents to round to', 1000, { factor: '1.0005' }, 1001],
    ['whole is the yen', 1000, { factor: '1.0004', rounding: { to: 'whole', direction: 'nearest' } }, 1000],
    ['an ending of two digits', 1034, { rounding: { to: 'ending', ending: 80, direction: 'nearest' } }, 1080],
    ['an ending of two digits, down', 1034, { rounding: { to: 'ending', ending: 80, direction: 'down' } }, 980],
    ['an addition', 1000, { add: 50 }, 1050],
  ])('in yen: %s', (_case, price, settings, expected) => {
    expect(decided(price, settings, 'JPY').price).toEqual({ minorUnits: expected, currency: 'JPY' });
  });

  test('each rule that changed the price says so, in order', () => {
    const settings: PriceSettings = { factor: 1.1, add: -0.2, ...ending('0.99'), floor: 1, ceiling: 50 };

    expect(decided(5250, settings).changes).toEqual([
      'times 1.1',
      'less 0.2 USD',
      'rounded to 57.99 USD',
      'lowered to the ceiling of 50 USD',
    ]);
    expect(decided(5250, { floor: 1, factor: 1 }).changes).toEqual([]);
  });
});

describe('the largest change (B12)', () => {
  const rules = priceRulesOf({ largestChangePercent: 20 }, 'USD');

  test.each<[string, number, number, boolean]>([
    ['exactly at the bound, up', 6000, 5000, false],
    ['a cent above it', 6001, 5000, true],
    ['exactly at the bound, down', 4000, 5000, false],
    ['a cent below it', 3999, 5000, true],
    ['no change', 5000, 5000, false],
  ])('%s', (_case, price, last, isHeldBack) => {
    const decision = decidePrice(usd(price), rules, { lastPrice: usd(last) });

    expect(decision.price).toEqual(usd(isHeldBack ? last : price));
    expect(decision.heldBack).toEqual(isHeldBack ? usd(price) : undefined);
  });

  test('a first price, and one after a price in another currency, is held against nothing', () => {
    expect(decidePrice(usd(9000), rules).heldBack).toBeUndefined();
    expect(decidePrice(usd(9000), rules, { lastPrice: { minorUnits: 100, currency: 'EUR' } }).heldBack).toBeUndefined();
  });

  test('a price that a person approved passes; another one needs its own approval', () => {
    const known = { lastPrice: usd(5000), approvedPrice: usd(9000) };

    expect(decidePrice(usd(9000), rules, known)).toEqual({ price: usd(9000), changes: [] });
    expect(decidePrice(usd(8900), rules, known).heldBack).toEqual(usd(8900));
  });
});

const amount = fc.integer({ min: 1, max: 99_999 }).map((cents) => (cents / 100).toFixed(2));
const anySettings: fc.Arbitrary<PriceSettings> = fc
  .record(
    {
      factor: fc.integer({ min: 1, max: 5_000_000 }).map((millionths) => (millionths / 1e6).toFixed(6)),
      add: fc.tuple(fc.constantFrom('', '-'), amount).map((parts) => parts.join('')),
      rounding: fc.record({
        to: fc.constantFrom('cent', 'tenth', 'whole', 'ending'),
        ending: amount,
        direction: fc.constantFrom('nearest', 'up', 'down'),
      }),
      bounds: fc.tuple(amount, amount),
      largestChangePercent: fc.integer({ min: 1, max: 200 }),
    } as const,
    { requiredKeys: [] }
  )
  .map(({ bounds, ...settings }) => {
    if (!bounds) return settings as PriceSettings;
    const [floor, ceiling] = [...bounds].sort((one, other) => Number(one) - Number(other));
    return { ...settings, floor, ceiling } as PriceSettings;
  });
const anyPrice = fc.integer({ min: 1, max: 5_000_000 }).map(usd);
const anyLast = fc.option(anyPrice, { nil: undefined });

/** Factor and addition in millionths of a cent, from the decimal text. */
function exactMillionths(price: Money, { factor = '1', add = '0' }: PriceSettings): bigint {
  const scaled = (text: string, places: number): bigint => {
    const [whole = '0', fraction = ''] = text.replace('-', '').split('.');
    const size = BigInt(whole + fraction.padEnd(places, '0'));
    return text.startsWith('-') ? -size : size;
  };
  return BigInt(price.minorUnits) * scaled(String(factor), 6) + scaled(String(add), 2) * 1_000_000n;
}

describe('any price under any rules', () => {
  test('stays within floor and ceiling, or is the last one', () => {
    fc.assert(
      fc.property(anyPrice, anySettings, anyLast, (price, settings, lastPrice) => {
        const { price: result, heldBack } = decidePrice(price, priceRulesOf(settings, 'USD'), { lastPrice });
        const wanted = heldBack ?? result;
        if (heldBack) expect(result).toEqual(lastPrice);
        expect(Number.isSafeInteger(wanted.minorUnits)).toBe(true);
        if (settings.floor !== undefined)
          expect(wanted.minorUnits).toBeGreaterThanOrEqual(Math.round(Number(settings.floor) * 100));
        if (settings.ceiling !== undefined)
          expect(wanted.minorUnits).toBeLessThanOrEqual(Math.round(Number(settings.ceiling) * 100));
      }),
      { numRuns: 1000 }
    );
  });

  test('is exact: without rounding, less than or just half a cent from the true product', () => {
    fc.assert(
      fc.property(anyPrice, anySettings, (price, { factor, add }) => {
        const { price: result } = decidePrice(price, priceRulesOf({ factor, add }, 'USD'));
        const off = BigInt(result.minorUnits) * 1_000_000n - exactMillionths(price, { factor, add });
        expect(off > -500_000n && off <= 500_000n).toBe(true);
      }),
      { numRuns: 1000 }
    );
  });

  test('rounds in the direction that was asked for, to a price that ends as asked for', () => {
    fc.assert(
      fc.property(anyPrice, anySettings, (price, { factor, add, rounding }) => {
        fc.pre(rounding !== undefined);
        const { price: result } = decidePrice(price, priceRulesOf({ factor, add, rounding }, 'USD'));
        const exact = exactMillionths(price, { factor, add });
        const off = BigInt(result.minorUnits) * 1_000_000n - exact;
        const coin = off > -500_000n && off <= 500_000n;
        if (rounding!.direction === 'up') expect(off >= 0n || coin).toBe(true);
        if (rounding!.direction === 'down') expect(off <= 0n || coin).toBe(true);
        if (coin) return;
        const end = Math.round(Number(rounding!.ending) * 100);
        const unit = { cent: 1, tenth: 10, whole: 100, ending: 100 }[rounding!.to];
        expect((result.minorUnits - (rounding!.to === 'ending' ? end : 0)) % unit).toBe(0);
      }),
      { numRuns: 1000 }
    );
  });

  test('never changes by more than allowed, and is settled once it was sent', () => {
    fc.assert(
      fc.property(anyPrice, anySettings, anyLast, (price, settings, lastPrice) => {
        const rules = priceRulesOf(settings, 'USD');
        const first = decidePrice(price, rules, { lastPrice });
        const { largestChangePercent: most } = settings;
        if (most !== undefined && lastPrice && first.price.minorUnits > 0)
          expect(Math.abs(first.price.minorUnits - lastPrice.minorUnits) * 100).toBeLessThanOrEqual(
            lastPrice.minorUnits * most
          );
        expect(decidePrice(price, rules, { lastPrice: first.price })).toEqual(
          first.heldBack ? first : { price: first.price, changes: first.changes }
        );
        expect(decidePrice(price, rules, { lastPrice, approvedPrice: first.heldBack }).heldBack).toBeUndefined();
      }),
      { numRuns: 1000 }
    );
  });

  test('a higher price in the source is never a lower one at Amazon', () => {
    fc.assert(
      fc.property(anyPrice, anyPrice, anySettings, (one, other, settings) => {
        const rules = priceRulesOf(settings, 'USD');
        const [low, high] = [one, other].sort((a, b) => a.minorUnits - b.minorUnits) as [Money, Money];
        expect(decidePrice(high, rules).price.minorUnits).toBeGreaterThanOrEqual(
          decidePrice(low, rules).price.minorUnits
        );
      })
    );
  });
});
