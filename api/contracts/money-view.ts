import { z } from 'zod';
import { fractionDigits, toUnits, type Money } from '../../domain/money';

/** An amount of money, exact. */
export const moneyView = z
  .object({
    amount: z.string().describe('In units of the currency: 52.50'),
    currency: z.string().describe('ISO 4217'),
  })
  .meta({ id: 'Money' });
export type MoneyView = z.infer<typeof moneyView>;

export function viewOfMoney(money: Money): MoneyView {
  return { amount: toUnits(money).toFixed(fractionDigits(money.currency)), currency: money.currency };
}
