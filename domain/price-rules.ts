import {
  exactInteger,
  fractionDigits,
  isSameMoney,
  isSellableAmount,
  moneyFromDecimal,
  shownMoney,
  type Decimal,
  type Money,
} from './money';

/** What a price is rounded to: the cent, the tenth or the whole unit of the currency, or an ending of one's own. */
export const ROUNDINGS = ['cent', 'tenth', 'whole', 'ending'] as const;
export const ROUNDING_DIRECTIONS = ['nearest', 'up', 'down'] as const;

/** Digits after the point that a factor may have. */
export const FACTOR_PLACES = 6;

/** B12, as it is configured. Amounts are in the marketplace's currency. */
export interface PriceSettings {
  factor?: Decimal;
  add?: Decimal;
  rounding?: {
    to: (typeof ROUNDINGS)[number];
    /** `0.99` ends every price in .99; `9.99` in 9.99. */
    ending?: Decimal;
    direction: (typeof ROUNDING_DIRECTIONS)[number];
  };
  floor?: Decimal;
  ceiling?: Decimal;
  largestChangePercent?: number;
}

/** The same in whole numbers: amounts in minor units of the currency. */
export interface PriceRules {
  currency: string;
  /** In millionths. */
  factor: number;
  add: number;
  /** A rounded price is `ending` more than a multiple of `step`. */
  rounding?: { step: number; ending: number; direction: (typeof ROUNDING_DIRECTIONS)[number] };
  floor?: number;
  ceiling?: number;
  largestChangePercent?: number;
}

/** What is known of a SKU's price from before. */
export interface KnownPrice {
  /** What Amazon accepted last. */
  lastPrice?: Money;
  /** What a person let through, however far it is from the last one. */
  approvedPrice?: Money;
}

export interface PriceDecision {
  /** What to send, unless it is no amount that anything can be sold for. */
  price: Money;
  /** What each rule that changed it did, in order: `times 1.19`. */
  changes: string[];
  /** The price that waits for a person, because it is too far from the last one; `price` is that last one then. */
  heldBack?: Money;
}

const ONE = 1_000_000;

/** The rules of a configuration that has passed its contract; undefined when it has none. */
export function priceRulesOf(settings: PriceSettings | undefined, currency: string): PriceRules | undefined {
  if (!settings || Object.keys(settings).length === 0) return undefined;
  const { factor, add, rounding, floor, ceiling, largestChangePercent } = settings;
  const amount = (decimal: Decimal) => moneyFromDecimal(decimal, currency)?.minorUnits;
  return {
    currency,
    factor: factor === undefined ? ONE : (exactInteger(factor, FACTOR_PLACES) ?? ONE),
    add: add === undefined ? 0 : (amount(add) ?? 0),
    ...(rounding && { rounding: roundingOf(rounding, currency) }),
    ...(floor !== undefined && { floor: amount(floor) }),
    ...(ceiling !== undefined && { ceiling: amount(ceiling) }),
    ...(largestChangePercent !== undefined && { largestChangePercent }),
  };
}

function roundingOf({ to, ending, direction }: NonNullable<PriceSettings['rounding']>, currency: string) {
  const unit = 10 ** fractionDigits(currency);
  const steps = { cent: 1, tenth: Math.max(1, unit / 10), whole: unit };
  if (to !== 'ending') return { step: steps[to], ending: 0, direction };
  const end = moneyFromDecimal(ending ?? 0, currency)?.minorUnits ?? 0;
  let step = unit;
  while (step <= end) step *= 10;
  return { step, ending: end, direction };
}

/**
 * B12: times the factor, plus the addition, rounded, and then kept between floor and ceiling, which no rounding may leave. All
 * in whole numbers: what is smaller than the smallest coin is rounded once, halves up. A price that rounding would make
 * nothing is not rounded.
 *
 * The result is held against the last price that was sent. One that is too far from it waits for a person, whatever made it:
 * a wrong price in the source, or a wrong rule. The price that a person approved passes.
 */
export function decidePrice(source: Money, rules: PriceRules | undefined, known: KnownPrice = {}): PriceDecision {
  if (!rules) return { price: source, changes: [] };
  const { currency, factor, add, floor, ceiling } = rules;
  const shown = (minorUnits: number): string => shownMoney({ minorUnits, currency });
  const changes: string[] = [];
  if (factor !== ONE) changes.push(`times ${factor / ONE}`);
  if (add !== 0) changes.push(add > 0 ? `plus ${shown(add)}` : `less ${shown(-add)}`);

  const millionths = BigInt(Math.round(source.minorUnits)) * BigInt(factor) + BigInt(add) * BigInt(ONE);
  let price = roundedTo(millionths, rules.rounding);
  if (BigInt(price) * BigInt(ONE) !== millionths) changes.push(`rounded to ${shown(price)}`);
  if (floor !== undefined && price < floor) {
    price = floor;
    changes.push(`raised to the floor of ${shown(floor)}`);
  }
  if (ceiling !== undefined && price > ceiling) {
    price = ceiling;
    changes.push(`lowered to the ceiling of ${shown(ceiling)}`);
  }
  const wanted = { minorUnits: price, currency };
  return isTooFar(wanted, rules, known)
    ? { price: known.lastPrice!, changes, heldBack: wanted }
    : { price: wanted, changes };
}

function roundedTo(millionths: bigint, rounding: PriceRules['rounding']): number {
  const coin = toStep(millionths, { step: 1, ending: 0, direction: 'nearest' });
  if (!rounding) return coin;
  const rounded = toStep(millionths, rounding);
  return rounded > 0 ? rounded : coin;
}

/** The nearest, next or last price that ends as it should; halfway goes up. */
function toStep(millionths: bigint, { step, ending, direction }: NonNullable<PriceRules['rounding']>): number {
  const [size, offset] = [BigInt(step) * BigInt(ONE), BigInt(ending) * BigInt(ONE)];
  const ahead = { nearest: size / 2n, up: size - 1n, down: 0n }[direction];
  const steps = floorDivide(millionths - offset + ahead, size);
  return Number((steps * size + offset) / BigInt(ONE));
}

/** Towards minus infinity, where `/` goes towards zero. */
function floorDivide(value: bigint, by: bigint): bigint {
  return value / by - (value % by < 0n ? 1n : 0n);
}

function isTooFar(
  wanted: Money,
  { largestChangePercent }: PriceRules,
  { lastPrice, approvedPrice }: KnownPrice
): boolean {
  if (largestChangePercent === undefined || !isSellableAmount(wanted)) return false;
  if (!lastPrice || lastPrice.currency !== wanted.currency) return false;
  if (approvedPrice && isSameMoney(approvedPrice, wanted)) return false;
  const change = Math.abs(wanted.minorUnits - lastPrice.minorUnits);
  return change * 100 > lastPrice.minorUnits * largestChangePercent;
}
