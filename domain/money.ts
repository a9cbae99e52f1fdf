/** An amount in one currency, held in minor units (cents) so that no sum is ever a float. */
export interface Money {
  /** Whole minor units, e.g. 5200 for 52.00 USD. */
  minorUnits: number;
  /** ISO 4217. */
  currency: string;
}

/** A decimal number as a configuration holds it: `1.19` or `"1.19"`. */
export type Decimal = number | string;

/** A thousand million units of a currency with cents. */
const MOST_MINOR_UNITS = 1e11;

/** Digits after the decimal point, where they are not two. Source: ISO 4217. */
const FRACTION_DIGITS: Record<string, number> = { JPY: 0 };

/** How many digits after the point an amount has: two, or none where a currency has no cents. */
export function fractionDigits(currency: string): number {
  return FRACTION_DIGITS[currency] ?? 2;
}

/** From VTEX checkout's integers, which are hundredths whatever the currency. */
export function moneyFromHundredths(hundredths: number, currency: string): Money {
  return { minorUnits: Math.round((hundredths * 10 ** fractionDigits(currency)) / 100), currency };
}

/** From VTEX pricing's decimals, in units of the currency; what is smaller than its smallest coin is rounded, halves up. */
export function moneyFromUnits(units: number, currency: string): Money {
  return { minorUnits: Math.round(timesPowerOfTen(units, fractionDigits(currency))), currency };
}

/** From an amount in a configuration; undefined when it is none, or finer than the currency's smallest coin. */
export function moneyFromDecimal(amount: Decimal, currency: string): Money | undefined {
  const minorUnits = exactInteger(amount, fractionDigits(currency));
  return minorUnits === undefined ? undefined : { minorUnits, currency };
}

/**
 * A decimal as a whole number of its smallest parts: `1.19` with 6 places is 1190000.
 *
 * @returns undefined when it is no plain decimal below a thousand million, or has more places.
 */
export function exactInteger(decimal: Decimal, places: number): number | undefined {
  const parts = /^(-?)(\d{1,9})(?:\.(\d+))?$/.exec(String(decimal).trim());
  if (!parts) return undefined;
  const fraction = (parts[3] ?? '').replace(/0+$/, '');
  if (fraction.length > places) return undefined;
  const size = Number(parts[2]! + fraction.padEnd(places, '0'));
  return parts[1] && size > 0 ? -size : size;
}

/**
 * Whether something can be sold for it: more than nothing, and no more than a configuration can name (`exactInteger`), beyond
 * which sums in minor units would stop being exact. What is above it is a mistake in the source or in the rules.
 */
export function isSellableAmount({ minorUnits }: Money): boolean {
  return minorUnits > 0 && minorUnits <= MOST_MINOR_UNITS;
}

export function isSameMoney(one: Money, other: Money): boolean {
  return one.minorUnits === other.minorUnits && one.currency === other.currency;
}

/** The decimal number that Amazon's listing attributes take, e.g. `52` or `52.5`. */
export function toUnits(money: Money): number {
  return money.minorUnits / 10 ** fractionDigits(money.currency);
}

/** An amount for people: `52.5 USD`. */
export function shownMoney(money: Money): string {
  return `${toUnits(money)} ${money.currency}`;
}

/** Moves the point of the number as it is written: 1.005 times 100 is 100.5, where a multiplication gives 100.49999999999999. */
function timesPowerOfTen(value: number, digits: number): number {
  const text = String(value);
  return text.includes('e') ? value * 10 ** digits : Number(`${text}e${digits}`);
}
