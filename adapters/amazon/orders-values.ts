import { z } from 'zod';
import { moneyFromDecimal, type Money } from '../../domain/money';
import { OutsideError } from '../../domain/errors';
import type { OrderRecipient } from '../../domain/ports/orders';
import { alpha3Of } from './orders-countries';

export const text = z.string().nullish();

/** A moment as it is kept, in UTC; what is none makes the answer unreadable. */
export const moment = z
  .string()
  .refine((value) => !Number.isNaN(Date.parse(value)))
  .transform((value) => new Date(value).toISOString());

/** A decimal text and its currency; undefined where one is missing or no amount. */
export function moneyOf(amount: string | null | undefined, currency: string | null | undefined): Money | undefined {
  return amount && currency ? moneyFromDecimal(amount, currency) : undefined;
}

/** The price of one, where Amazon tells that of all of them, to the nearest of the smallest coin. */
export function shareOf(money: Money | undefined, units: number): Money | undefined {
  return money && units > 0 ? { ...money, minorUnits: Math.round(money.minorUnits / units) } : undefined;
}

/** An address in the words of either version. */
interface WireAddress {
  name?: string | null;
  lines: (string | null | undefined)[];
  city?: string | null;
  district?: string | null;
  stateOrRegion?: string | null;
  postalCode?: string | null;
  countryCode?: string | null;
  phone?: string | null;
}

interface WireBuyer {
  name?: string | null;
  email?: string | null;
}

/** @throws OutsideError `transient` where the place is missing: no order can be placed without. */
export function recipientOf(
  operation: string,
  address: WireAddress | null | undefined,
  buyer: WireBuyer | null | undefined
): OrderRecipient {
  const country = alpha3Of(address?.countryCode ?? '');
  const postalCode = address?.postalCode?.trim();
  if (!address || !postalCode || !country)
    throw new OutsideError(
      'transient',
      `Amazon's answer to ${operation} lacks the address of an order that may be shipped.`,
      { system: 'amazon', operation }
    );
  return {
    ...filled({ buyerName: buyer?.name, buyerEmail: buyer?.email, name: address.name, phone: address.phone }),
    addressLines: address.lines.flatMap((line) => (line?.trim() ? [line.trim()] : [])),
    ...filled({ city: address.city, district: address.district, stateOrRegion: address.stateOrRegion }),
    postalCode,
    country,
  };
}

/** Without what is missing, null or blank. */
export function filled<T extends Record<string, string | null | undefined>>(values: T): { [name in keyof T]?: string } {
  const present = Object.entries(values).flatMap(([name, value]) => (value?.trim() ? [[name, value.trim()]] : []));
  return Object.fromEntries(present) as { [name in keyof T]?: string };
}
