import fc from 'fast-check';
import { exactInteger, moneyFromDecimal, moneyFromHundredths, moneyFromUnits, toUnits } from '../../domain/money';

test.each([
  [5200, 'USD', 52],
  [5250, 'USD', 52.5],
  [1, 'EUR', 0.01],
  [150_000, 'JPY', 1500],
  [0, 'USD', 0],
])('VTEX checkout’s %d in %s is %d', (hundredths, currency, units) => {
  expect(toUnits(moneyFromHundredths(hundredths, currency))).toBe(units);
});

test.each([
  [52.5, 'USD', 5250],
  [0.1 + 0.2, 'USD', 30],
  [19.99, 'USD', 1999],
  [1.15, 'BRL', 115],
  [1.005, 'USD', 101],
  [8.165, 'USD', 817],
  [1e-7, 'USD', 0],
  [1500, 'JPY', 1500],
])('VTEX pricing’s %d in %s is held as %d minor units', (units, currency, minorUnits) => {
  expect(moneyFromUnits(units, currency)).toEqual({ minorUnits, currency });
});

test('minor units survive the way to Amazon and back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e10 }), fc.constantFrom('USD', 'EUR', 'JPY'), (minorUnits, currency) => {
      expect(moneyFromUnits(toUnits({ minorUnits, currency }), currency)).toEqual({ minorUnits, currency });
    })
  );
});

test('an amount at Amazon never shows more decimals than its currency has', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e9 }), (hundredths) => {
      expect(JSON.stringify(toUnits(moneyFromHundredths(hundredths, 'USD')))).toMatch(/^\d+(\.\d{1,2})?$/);
      expect(JSON.stringify(toUnits(moneyFromHundredths(hundredths, 'JPY')))).toMatch(/^\d+$/);
    })
  );
});

test.each([
  ['1.19', 6, 1_190_000],
  [1.19, 6, 1_190_000],
  ['1.1900', 2, 119],
  ['-0.5', 2, -50],
  ['-0', 2, 0],
  [' 7 ', 0, 7],
  ['999999999.999999', 6, 999_999_999_999_999],
  ['1.191', 2, undefined],
  ['1,19', 2, undefined],
  ['1e3', 2, undefined],
  [1e-7, 6, undefined],
  ['.5', 2, undefined],
  ['1000000000', 2, undefined],
  ['', 2, undefined],
  [NaN, 2, undefined],
  [Infinity, 2, undefined],
])('%j with %d places is the whole number %j', (decimal, places, expected) => {
  expect(exactInteger(decimal, places)).toBe(expected);
});

test('an amount finer than the smallest coin is no amount', () => {
  expect(moneyFromDecimal('9.90', 'USD')).toEqual({ minorUnits: 990, currency: 'USD' });
  expect(moneyFromDecimal('990', 'JPY')).toEqual({ minorUnits: 990, currency: 'JPY' });
  expect(moneyFromDecimal('9.999', 'USD')).toBeUndefined();
  expect(moneyFromDecimal('9.9', 'JPY')).toBeUndefined();
});
