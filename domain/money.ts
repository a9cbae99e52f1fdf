/** An amount in one currency, held in minor units (cents) so that no sum is ever a float. */
export interface Money {
  /** Whole minor units, e.g. 5200 for 52.00 USD. */
  minorUnits: number;
  /** ISO 4217. */
  currency: string;
}

/** Digits after the decimal point, where they are not two. Source: ISO 4217. */
const FRACTION_DIGITS: Record<string, number> = { JPY: 0 };

function fractionDigits(currency: string): number {
  return FRACTION_DIGITS[currency] ?? 2;
}

/** From VTEX checkout's integers, which are hundredths whatever the currency. */
export function moneyFromHundredths(hundredths: number, currency: string): Money {
  return { minorUnits: Math.round((hundredths * 10 ** fractionDigits(currency)) / 100), currency };
}

/** From VTEX pricing's decimals, in units of the currency. */
export function moneyFromUnits(units: number, currency: string): Money {
  return { minorUnits: Math.round(units * 10 ** fractionDigits(currency)), currency };
}

/** The decimal number that Amazon's listing attributes take, e.g. `52` or `52.5`. */
export function toUnits(money: Money): number {
  return money.minorUnits / 10 ** fractionDigits(money.currency);
}
