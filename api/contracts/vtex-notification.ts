import { z } from 'zod';
import { problemsOf } from '../../domain/connector-contract';
import type { Parsed } from '../endpoint';

/** VTEX's highest SKU id. */
const HIGHEST_ID = 2_147_483_647;

/**
 * A change notification as VTEX documents it: one SKU, no values. Names come in PascalCase and in camelCase (`idSKU`), ids as
 * numbers and as text, and more fields may be there.
 */
export const vtexNotification = z
  .object({
    IdSku: z.union([z.string(), z.number()]).describe('The SKU that changed'),
    An: z.string().describe('The account of the store'),
    IdAffiliate: z.string().describe('The affiliate that is told'),
    DateModified: z.string().optional().describe('When it changed; up to seven decimals'),
    HasStockKeepingUnitRemovedFromAffiliate: z.boolean().optional().describe('Whether it left the assortment'),
    ProductId: z.union([z.string(), z.number()]).optional(),
    Version: z.string().optional(),
    IsActive: z.boolean().optional(),
    StockModified: z.boolean().optional(),
    PriceModified: z.boolean().optional(),
    HasStockKeepingUnitModified: z.boolean().optional(),
  })
  .meta({ id: 'VtexNotification', description: 'Field names in any casing; fields that are not known are ignored' });

/** What a notification says that matters: everything else is read again anyway. */
export interface ParsedNotification {
  skuId: string;
  account: string;
  affiliateId: string;
  isRemoved: boolean;
  /** UTC with seven decimals; undefined when it does not say, or not legibly. */
  modifiedAt: string | undefined;
}

const skuId = z.preprocess(
  (value) => (typeof value === 'number' ? String(value) : value),
  z
    .string({ error: 'Name the SKU by its id.' })
    .trim()
    .refine((value) => /^\d{1,10}$/.test(value) && Number(value) > 0 && Number(value) <= HIGHEST_ID, {
      error: `The id of a SKU is a whole number from 1 to ${HIGHEST_ID}.`,
    })
    .transform((value) => String(Number(value)))
);

const flag = z
  .union([z.boolean(), z.string(), z.number()])
  .nullish()
  .catch(undefined)
  .transform((value) => /^(true|1)$/i.test(String(value)));

const wire = z.object({
  idsku: skuId,
  an: z.string({ error: 'Name the account of the store.' }).trim().min(1),
  idaffiliate: z.string({ error: 'Name the affiliate.' }).trim().min(1),
  datemodified: z.string().nullish().catch(undefined),
  hasstockkeepingunitremovedfromaffiliate: flag,
});

/** The documented names, for people. */
const SHOWN: Record<string, string> = { idsku: 'IdSku', an: 'An', idaffiliate: 'IdAffiliate' };

/** Reads a notification, whatever the casing of its names. */
export function parseNotification(input: unknown): Parsed<ParsedNotification> {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    return {
      ok: false,
      problems: [{ field: '', code: 'required', message: 'Send one notification as a JSON object.' }],
    };
  const parsed = wire.safeParse(withLowerCaseNames(input), { reportInput: true });
  if (!parsed.success)
    return {
      ok: false,
      problems: problemsOf(parsed.error).map((each) => ({ ...each, field: SHOWN[each.field] ?? each.field })),
    };
  const { idsku, an, idaffiliate, datemodified, hasstockkeepingunitremovedfromaffiliate } = parsed.data;
  return {
    ok: true,
    value: {
      skuId: idsku,
      account: an,
      affiliateId: idaffiliate,
      isRemoved: hasstockkeepingunitremovedfromaffiliate,
      modifiedAt: datemodified ? sortableTime(datemodified) : undefined,
    },
  };
}

/** Of names that differ in casing alone, the first that says something counts. */
function withLowerCaseNames(input: object): Record<string, unknown> {
  const fields = new Map<string, unknown>();
  for (const [name, value] of Object.entries(input)) {
    const key = name.toLowerCase();
    if ((fields.get(key) ?? null) === null) fields.set(key, value);
  }
  return Object.fromEntries(fields);
}

/**
 * A date and time as UTC with seven decimals, so that two of them compare as texts to the last digit: a Date keeps three.
 * Without a zone it is UTC.
 *
 * @returns undefined when it is none
 */
export function sortableTime(text: string): string | undefined {
  const parts = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|([+-]\d\d):?(\d\d))?$/i.exec(text.trim());
  if (!parts) return undefined;
  const [, date, time, fraction = '', hours = '+00', minutes = '00'] = parts;
  const whole = Date.parse(`${date}T${time}${hours}:${minutes}`);
  if (Number.isNaN(whole)) return undefined;
  return `${new Date(whole).toISOString().slice(0, 19)}.${fraction.slice(0, 7).padEnd(7, '0')}Z`;
}
