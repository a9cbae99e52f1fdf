import fc from 'fast-check';
import { moneyFromHundredths, moneyFromUnits, toUnits } from '../../domain/money';

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
