import type { SourceStock } from '../domain/catalog-item';
import { moneyFromUnits, type Money } from '../domain/money';

/** Why a row cannot be read; a sentence for the merchant. */
export class BadValue extends Error {
  override readonly name = 'BadValue';
}

export type DecimalMark = '.' | ',';
export type WeightUnit = 'kg' | 'g' | 'lb' | 'oz';

const GRAMS: Record<WeightUnit, number> = { kg: 1000, g: 1, lb: 453.59237, oz: 28.349523125 };

/** A number as people write it: undefined when it is none, `ambiguous` when its one mark may group or divide. */
export function decimalOf(text: string, mark?: DecimalMark): number | 'ambiguous' | undefined {
  const compact = text.replace(/[\s\u00a0\u202f'’]/g, '');
  const parts = /^([+-]?)(\d+(?:[.,]\d+)*|[.,]\d+)$/.exec(compact);
  if (!parts) return undefined;
  const digits = parts[2]!;
  const sign = parts[1] === '-' ? -1 : 1;
  const marks = [...digits.matchAll(/[.,]/g)].map(([each]) => each);
  const last = marks.at(-1);
  if (!last) return sign * Number(digits);

  const asDecimal = (): number | undefined => {
    const [whole, fraction] = splitAt(digits, digits.lastIndexOf(last));
    const grouping = last === '.' ? ',' : '.';
    return isGrouped(whole, grouping) ? sign * Number(`${whole.replaceAll(grouping, '') || 0}.${fraction}`) : undefined;
  };
  const asGrouped = (): number | undefined =>
    isGrouped(digits, last) ? sign * Number(digits.replaceAll(last, '')) : undefined;

  if (marks.some((each) => each !== last))
    return marks.filter((each) => each === last).length === 1 ? asDecimal() : undefined;
  if (marks.length > 1) return asGrouped();
  if (!/^[1-9]\d{0,2}[.,]\d{3}$/.test(digits)) return asDecimal();
  if (!mark) return 'ambiguous';
  return last === mark ? asDecimal() : asGrouped();
}

function splitAt(text: string, at: number): [string, string] {
  return [text.slice(0, at), text.slice(at + 1)];
}

function isGrouped(whole: string, grouping: string): boolean {
  return (
    !whole.includes(grouping) ||
    (/^\d/.test(whole) &&
      whole
        .split(grouping)
        .slice(1)
        .every((each) => each.length === 3) &&
      whole.indexOf(grouping) <= 3)
  );
}

/** The decimal mark that these prices bear witness to; undefined when they do not, or contradict each other. */
export function decimalMarkOf(prices: readonly string[]): DecimalMark | undefined {
  const seen = new Set<DecimalMark>();
  for (const price of prices) {
    const number = price.replace(/[^\d.,]/g, '');
    const mark = /^\d{1,3}(?:\.\d{3})+,\d+$|^\d+,(?:\d{1,2}|\d{4,})$/.test(number)
      ? ','
      : /^\d{1,3}(?:,\d{3})+\.\d+$|^\d+\.(?:\d{1,2}|\d{4,})$/.test(number)
        ? '.'
        : undefined;
    if (mark) seen.add(mark);
  }
  return seen.size === 1 ? [...seen][0] : undefined;
}

const SYMBOLS: readonly (readonly [string, string])[] = [
  ['R$', 'BRL'],
  ['US$', 'USD'],
  ['C$', 'CAD'],
  ['A$', 'AUD'],
  ['MX$', 'MXN'],
  ['€', 'EUR'],
  ['£', 'GBP'],
  ['¥', 'JPY'],
  ['₹', 'INR'],
  ['zł', 'PLN'],
];

/**
 * A price such as `12.00 USD`, `€ 1.234,56` or `12,5`.
 *
 * @param currency - of prices that name none; a bare `$` names none.
 * @throws BadValue when it is no price, a negative one, or one that can be read in two ways.
 */
export function priceOf(text: string, currency: string, mark?: DecimalMark): Money | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const symbol = SYMBOLS.find(([sign]) => trimmed.startsWith(sign) || trimmed.endsWith(sign));
  const code = /^([A-Za-z]{3})(?![A-Za-z])|(?<![A-Za-z])([A-Za-z]{3})$/.exec(trimmed);
  const named = symbol?.[1] ?? (code?.[1] ?? code?.[2])?.toUpperCase() ?? currency;
  const bare = symbol ? trimmed.replace(symbol[0], '') : trimmed.replace(code?.[0] ?? '$', '');
  const amount = requireNumber(bare.replace(/^\s*\$/, ''), text, 'price', named === 'JPY' ? '.' : mark);
  if (amount < 0) throw new BadValue(`Its price ${shown(text)} is below zero.`);
  return moneyFromUnits(amount, named);
}

/** Words that files have for stock that they do not count. */
const STOCK_WORDS: Record<string, 'unlimited' | 'some' | 'none'> = {
  unlimited: 'unlimited',
  infinite: 'unlimited',
  '∞': 'unlimited',
  in_stock: 'some',
  instock: 'some',
  available: 'some',
  limited_availability: 'some',
  out_of_stock: 'none',
  outofstock: 'none',
  sold_out: 'none',
  unavailable: 'none',
  discontinued: 'none',
  preorder: 'none',
  pre_order: 'none',
  backorder: 'none',
};

/**
 * Stock as a number or a word. Goods that only have to be ordered first are not in stock.
 *
 * @param someUnits - what `in stock` without a number stands for.
 * @throws BadValue when it is neither.
 */
export function stockOf(text: string, someUnits: number, mark?: DecimalMark): SourceStock | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const word = STOCK_WORDS[trimmed.toLowerCase().replace(/[\s_-]+/g, '_')];
  if (word === 'unlimited') return { kind: 'unlimited' };
  if (word) return { kind: 'units', units: word === 'some' ? someUnits : 0 };
  return { kind: 'units', units: requireNumber(trimmed, text, 'stock', mark) };
}

/** @throws BadValue when it is no weight. */
export function gramsOf(text: string, unit: WeightUnit, mark?: DecimalMark): number | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  const named = /^(.*?)\s*(kgs?|g|gr|grams?|lbs?|oz)\.?$/i.exec(trimmed);
  const own = named?.[2]?.toLowerCase() ?? unit;
  const perUnit = own.startsWith('kg')
    ? GRAMS.kg
    : own.startsWith('g')
      ? GRAMS.g
      : own.startsWith('lb')
        ? GRAMS.lb
        : GRAMS.oz;
  const bare = named?.[1] ?? trimmed;
  // Nothing weighs thousands of kilograms: a single mark divides.
  const amount = requireNumber(bare, text, 'weight', mark ?? (bare.includes(',') ? ',' : '.'));
  const grams = Math.round(amount * perUnit * 1000) / 1000;
  return grams > 0 ? grams : undefined;
}

function requireNumber(bare: string, text: string, what: string, mark?: DecimalMark): number {
  const amount = decimalOf(bare, mark);
  if (amount === undefined) throw new BadValue(`Its ${what} ${shown(text)} is not a number.`);
  if (amount === 'ambiguous')
    throw new BadValue(
      `Its ${what} ${shown(text)} can be read in two ways; say in source.decimalMark which mark divides.`
    );
  return amount;
}

const ACTIVE = new Set(['', 'active', 'enabled', 'published', 'visible', 'online', 'true', 'yes', 'y', '1']);
const INACTIVE = new Set([
  'inactive',
  'disabled',
  'unpublished',
  'hidden',
  'offline',
  'draft',
  'archived',
  'unlisted',
  'false',
  'no',
  'n',
  '0',
]);

/** @throws BadValue when the word is not known: what should not be sold must not be sold by mistake. */
export function statusOf(text: string): 'active' | 'inactive' {
  const word = text.trim().toLowerCase();
  if (ACTIVE.has(word)) return 'active';
  if (INACTIVE.has(word)) return 'inactive';
  throw new BadValue(`Its status ${shown(text)} is not known; write active or inactive.`);
}

/** A value in a message: quoted, and never longer than a few words. */
export function shown(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return `'${line.length > 40 ? `${line.slice(0, 40)}…` : line}'`;
}
