import fc from 'fast-check';
import { decimalMarkOf, decimalOf, gramsOf, priceOf, statusOf, stockOf } from '../../adapters/source-values';

describe('numbers as people write them', () => {
  it.each([
    ['12', 12],
    ['12.5', 12.5],
    ['12,5', 12.5],
    ['12,50', 12.5],
    ['100.0000', 100],
    ['1.234,56', 1234.56],
    ['1,234.56', 1234.56],
    ['1 234,56', 1234.56],
    ['1\u00a0234,56', 1234.56],
    ["1'234.50", 1234.5],
    ['12.345.678', 12345678],
    ['0.125', 0.125],
    ['0,125', 0.125],
    ['1234.567', 1234.567],
    ['.5', 0.5],
    ['-3', -3],
    ['1.234', 'ambiguous'],
    ['1,234', 'ambiguous'],
    ['1.23.4', undefined],
    ['1,2,3.4', undefined],
    ['12.34,56', undefined],
    ['1e3', undefined],
    ['', undefined],
    ['abc', undefined],
  ])('reads %j as %j', (text, number) => {
    expect(decimalOf(text)).toBe(number);
  });

  it.each([
    ['1.234', '.', 1.234],
    ['1.234', ',', 1234],
    ['1,234', ',', 1.234],
    ['1,234', '.', 1234],
    ['12.5', ',', 12.5],
  ] as const)('reads %j as %s says', (text, mark, number) => {
    expect(decimalOf(text, mark)).toBe(number);
  });

  it('reads back every price of two digits, in either writing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999 }), fc.boolean(), (cents, isContinental) => {
        const text = (cents / 100).toLocaleString(isContinental ? 'de-DE' : 'en-US', { minimumFractionDigits: 2 });
        expect(decimalOf(text)).toBe(cents / 100);
      })
    );
  });

  it.each([
    [['12,50', '1.234'], ','],
    [['12.50', '1,234'], '.'],
    [['12.50', '12,50'], undefined],
    [['12', '1.234'], undefined],
    [['1.234,5 €'], ','],
    [['USD 12.5'], '.'],
  ])('finds in %j the mark %j', (prices, mark) => {
    expect(decimalMarkOf(prices)).toBe(mark);
  });
});

describe('prices', () => {
  it.each([
    ['12', 1200, 'USD'],
    ['12.00 USD', 1200, 'USD'],
    ['12,00EUR', 1200, 'EUR'],
    ['eur 12,5', 1250, 'EUR'],
    ['€ 1.234,56', 123456, 'EUR'],
    ['R$ 99,90', 9990, 'BRL'],
    ['$5', 500, 'USD'],
    ['£3.5', 350, 'GBP'],
    ['JPY 1,200', 1200, 'JPY'],
  ])('reads %j', (text, minorUnits, currency) => {
    expect(priceOf(text, 'USD')).toEqual({ minorUnits, currency });
  });

  it('has none where the cell is empty', () => {
    expect(priceOf(' ', 'USD')).toBeUndefined();
  });

  it.each([
    ['on request', "Its price 'on request' is not a number."],
    ['-5', "Its price '-5' is below zero."],
    ['1.234', "Its price '1.234' can be read in two ways; say in source.decimalMark which mark divides."],
  ])('refuses %j', (text, message) => {
    expect(() => priceOf(text, 'USD')).toThrow(message);
  });
});

describe('stock, weight and status', () => {
  it.each([
    ['7', { kind: 'units', units: 7 }],
    ['7.0000', { kind: 'units', units: 7 }],
    ['-2', { kind: 'units', units: -2 }],
    ['In stock', { kind: 'units', units: 3 }],
    ['out of stock', { kind: 'units', units: 0 }],
    ['preorder', { kind: 'units', units: 0 }],
    ['Unlimited', { kind: 'unlimited' }],
  ])('reads the stock %j', (text, stock) => {
    expect(stockOf(text, 3)).toEqual(stock);
  });

  it('refuses stock that is neither a number nor a known word', () => {
    expect(() => stockOf('some', 1)).toThrow("Its stock 'some' is not a number.");
  });

  it.each([
    ['1.5', 'kg', 1500],
    ['1,250', 'kg', 1250],
    ['250 g', 'kg', 250],
    ['2 lb', 'kg', 907.185],
    ['3', 'oz', 85.049],
    ['0', 'kg', undefined],
  ] as const)('weighs %j in %s', (text, unit, grams) => {
    expect(gramsOf(text, unit)).toBe(grams);
  });

  it.each([
    ['', 'active'],
    ['Enabled', 'active'],
    ['draft', 'inactive'],
    ['FALSE', 'inactive'],
  ])('takes the status %j for %s', (text, status) => {
    expect(statusOf(text)).toBe(status);
  });

  it('refuses a status that it does not know, and shows no more of it than a few words', () => {
    expect(() => statusOf('x'.repeat(80))).toThrow(`Its status '${'x'.repeat(40)}…' is not known`);
  });
});
