import { z } from 'zod';
import type { FieldProblem } from './connector-rules';
import { marketplaceOf } from './marketplaces';
import { exactInteger, fractionDigits, moneyFromDecimal, type Decimal } from './money';
import { FACTOR_PLACES, ROUNDING_DIRECTIONS, ROUNDINGS } from './price-rules';
import { MOST_UNITS_OFFERED } from './stock-rules';

/** A number that is kept as it was written, so that none of its digits is lost. */
function decimal(places: number, isInRange: (value: number) => boolean, range: string) {
  return z
    .union([z.number(), z.string()], {
      error: `Write a number, such as ${places > 2 ? '1.19 or "1.19"' : '9.5 or "9.50"'}.`,
    })
    .superRefine((value, ctx) => {
      if (exactInteger(value, places) === undefined)
        ctx.addIssue({
          code: 'custom',
          message: `Write a number with at most ${places} digits after the point, such as 1.19.`,
          params: { code: 'decimal' },
        });
      else if (!isInRange(Number(value)))
        ctx.addIssue({ code: 'custom', message: range, params: { code: 'out_of_range' } });
    });
}

const MOST = 1_000_000;
const positiveAmount = decimal(2, (value) => value > 0 && value <= MOST, `This must be above 0 and at most ${MOST}.`);

/** B12. Kept from sale, of every SKU. */
export const stockRulesInput = z.strictObject({
  percentage: z.number().int().min(1).max(100).optional().describe('Percent of what is there that is offered'),
  buffer: z.number().int().min(0).max(MOST).optional().describe('Units kept back, after the percentage'),
  cap: z.number().int().min(1).max(MOST_UNITS_OFFERED).optional().describe('The most units that are offered'),
});

/** B12. What becomes of a price on its way to Amazon, in this order. Amounts are in the marketplace's currency. */
export const priceRulesInput = z.strictObject({
  factor: decimal(FACTOR_PLACES, (value) => value > 0 && value <= 1000, 'This must be above 0 and at most 1000.')
    .optional()
    .describe('The price is multiplied by it; up to six digits after the point'),
  add: decimal(2, (value) => Math.abs(value) <= MOST, `This must be between -${MOST} and ${MOST}.`)
    .optional()
    .describe('Added after the factor; below 0 it is taken off'),
  rounding: z
    .strictObject({
      to: z.enum(ROUNDINGS).describe('cent, tenth or whole unit of the currency, or an ending'),
      ending: decimal(2, (value) => value > 0 && value <= 1000, 'This must be above 0 and at most 1000.')
        .optional()
        .describe('0.99 for prices that end in .99, 9.99 for those that end in 9.99'),
      direction: z.enum(ROUNDING_DIRECTIONS).default('nearest').describe('Halfway between two, nearest goes up'),
    })
    .optional(),
  floor: positiveAmount.optional().describe('Never less than this'),
  ceiling: positiveAmount.optional().describe('Never more than this'),
  largestChangePercent: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe('A price further from the last one that was sent waits until it is approved'),
});

type Loose = { [key: string]: unknown };

/** The rules between the fields of `offer.price`. They read what is there and stay silent about what has the wrong form. */
export function priceRuleProblems(price: Loose, rounding: Loose, country: unknown): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const add = (field: string, code: string, message: string): void =>
    void problems.push({ field: `offer.price.${field}`, code, message });

  if (rounding.to === 'ending' && rounding.ending === undefined)
    add('rounding.ending', 'required', 'Say how prices are to end: 0.99, for example.');
  if (rounding.to !== 'ending' && rounding.ending !== undefined)
    add('rounding.ending', 'ending_unused', "An ending is used only with to: 'ending'. Choose that, or leave it out.");
  const [floor, ceiling] = [price.floor, price.ceiling].map((each) =>
    isDecimal(each) ? exactInteger(each, 2) : undefined
  );
  if (floor !== undefined && ceiling !== undefined && floor > ceiling)
    add('floor', 'floor_above_ceiling', 'The floor is above the ceiling; lower it, or raise the ceiling.');

  const marketplace = typeof country === 'string' ? marketplaceOf(country) : undefined;
  if (!marketplace || fractionDigits(marketplace.currency) > 0) return problems;
  const { currency } = marketplace;
  const amounts = { add: price.add, 'rounding.ending': rounding.ending, floor: price.floor, ceiling: price.ceiling };
  for (const [field, amount] of Object.entries(amounts))
    if (isDecimal(amount) && exactInteger(amount, 2) !== undefined && !moneyFromDecimal(amount, currency))
      add(field, 'currency_digits', `${currency} has no cents; write a whole amount.`);
  if (rounding.to === 'cent' || rounding.to === 'tenth')
    add('rounding.to', 'currency_digits', `${currency} has no cents; round to 'whole', or to an ending such as 80.`);
  return problems;
}

function isDecimal(value: unknown): value is Decimal {
  return typeof value === 'number' || typeof value === 'string';
}
