import { LABEL_LOCALES, marketplaceOf } from './marketplaces';

/** One thing that is wrong with a field, in words a merchant understands. */
export interface FieldProblem {
  /** Dotted path from the root of the request body, e.g. `source.affiliateId`. Empty for the body itself. */
  field: string;
  /** Stable; for programs. */
  code: string;
  /** A sentence that says what is wrong and what to do. */
  message: string;
}

type Rule = { code: string; message: string } | undefined;

/**
 * V1. Three consonants, repeats allowed, no vowels. Source: VTEX affiliates specification ("three consonants"); Y counts as a
 * consonant.
 */
export function affiliateIdRule(value: string): Rule {
  if (value.length !== 3)
    return {
      code: 'affiliate_id_length',
      message: `The affiliate id must have exactly three letters, for example MZN; '${value}' has ${value.length}.`,
    };
  if (!/^[A-Za-z]{3}$/.test(value))
    return {
      code: 'affiliate_id_letters',
      message: `The affiliate id may hold only the letters B to Z without vowels, for example MZN; '${value}' holds something else.`,
    };
  const vowels = value.match(/[aeiou]/gi);
  if (vowels)
    return {
      code: 'affiliate_id_vowel',
      message: `The affiliate id must be three consonants; '${value}' has the vowel ${vowels[0]}. Try MZN.`,
    };
  if (value !== value.toUpperCase())
    return {
      code: 'affiliate_id_case',
      message: `Write the affiliate id in capital letters: ${value.toUpperCase()}.`,
    };
  return undefined;
}

/** V5, S3. Today's token is the refresh token of the Selling Partner API; what people paste instead is told apart. */
export function refreshTokenRule(value: string): Rule {
  if (/^amzn\.mws\./i.test(value))
    return {
      code: 'mws_token',
      message:
        'This is an MWS authorisation token. Amazon closed MWS; authorise the application for the Selling Partner API and paste the refresh token, which begins with Atzr|.',
    };
  if (/^Atza\|/.test(value))
    return {
      code: 'access_token',
      message:
        'This is an access token, which lives for one hour. Paste the refresh token, which begins with Atzr|, instead.',
    };
  if (!/^Atzr\|.{10,}$/s.test(value) || /\s/.test(value))
    return {
      code: 'refresh_token_format',
      message: 'The refresh token must begin with Atzr| and hold no spaces; copy it again, whole.',
    };
  return undefined;
}

/** Postal codes by Amazon's country code. A country without an entry has no postal codes that a freight quote could use. */
const ZIP_FORMATS: Record<string, { pattern: RegExp; example: string }> = {
  US: { pattern: /^\d{5}(-\d{4})?$/, example: '98109' },
  CA: { pattern: /^[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] ?\d[ABCEGHJ-NPRSTV-Z]\d$/i, example: 'M5V 2T6' },
  MX: { pattern: /^\d{5}$/, example: '06600' },
  BR: { pattern: /^\d{5}-?\d{3}$/, example: '01310-100' },
  IE: { pattern: /^[A-Z]\d[\dW] ?[A-Z\d]{4}$/i, example: 'D02 X285' },
  ES: { pattern: /^\d{5}$/, example: '28013' },
  UK: { pattern: /^[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}$/i, example: 'EC1A 1BB' },
  FR: { pattern: /^\d{5}$/, example: '75001' },
  BE: { pattern: /^\d{4}$/, example: '1000' },
  NL: { pattern: /^\d{4} ?[A-Z]{2}$/i, example: '1012 JS' },
  DE: { pattern: /^\d{5}$/, example: '10115' },
  IT: { pattern: /^\d{5}$/, example: '00184' },
  SE: { pattern: /^\d{3} ?\d{2}$/, example: '111 20' },
  ZA: { pattern: /^\d{4}$/, example: '8001' },
  PL: { pattern: /^\d{2}-\d{3}$/, example: '00-001' },
  EG: { pattern: /^\d{5}$/, example: '11511' },
  TR: { pattern: /^\d{5}$/, example: '34000' },
  SA: { pattern: /^\d{5}(-\d{4})?$/, example: '11564' },
  IN: { pattern: /^\d{6}$/, example: '110001' },
  SG: { pattern: /^\d{6}$/, example: '018956' },
  AU: { pattern: /^\d{4}$/, example: '2000' },
  JP: { pattern: /^\d{3}-?\d{4}$/, example: '100-0001' },
};

/** V8. The ZIP code has the form of the marketplace's country. */
export function zipCodeRule(value: string, country: string): Rule {
  const format = ZIP_FORMATS[country];
  if (!format)
    return {
      code: 'zip_country',
      message: `Postal codes are not used in ${country}; leave the default ZIP code out.`,
    };
  if (!format.pattern.test(value))
    return {
      code: 'zip_format',
      message: `'${value}' is not a postal code of ${country}; it should look like ${format.example}.`,
    };
  return undefined;
}

/** S13. A locale in which the marketplace accepts values. */
export function valueLocaleRule(value: string, country: string): Rule {
  const marketplace = marketplaceOf(country);
  if (!marketplace || marketplace.valueLocales.includes(value)) return undefined;
  return {
    code: 'locale_not_accepted',
    message: `Amazon ${country} does not accept values in '${value}'; choose from ${marketplace.valueLocales.join(', ')}.`,
  };
}

/** S5. A locale in which Amazon names its fields. */
export function fieldLocaleRule(value: string): Rule {
  if (LABEL_LOCALES.includes(value)) return undefined;
  return {
    code: 'locale_unknown',
    message: `Amazon has no field names in '${value}'; choose from ${LABEL_LOCALES.join(', ')}.`,
  };
}

/** S9. The statuses a source gives its items. */
export const SOURCE_STATUSES = {
  vtex: ['active', 'inactive'],
  saleslayer: ['visible', 'invisible', 'draft'],
  file: ['active', 'inactive'],
} as const;

export type SourceType = keyof typeof SOURCE_STATUSES;

/** What a column of a file may be mapped to. */
export const FILE_FIELDS = [
  'sku',
  'productId',
  'title',
  'brand',
  'description',
  'categories',
  'images',
  'gtin',
  'weight',
  'price',
  'currency',
  'stock',
  'status',
  'size',
  'color',
] as const;
export type FileField = (typeof FILE_FIELDS)[number];

/** S12. Bounds of the synchronization period, in minutes: five minutes to one week. */
export const PERIOD_MINUTES = { min: 5, max: 7 * 24 * 60 } as const;

/** S2. How many SKUs a connector may send until an admin raises it. */
export const DEFAULT_SKU_LIMIT = 1000;

/** What S1 compares: who owns which quantity at which seller. */
export interface QuantityOwner {
  id: string;
  name: string;
  seller: string;
  country: string;
  /** Empty means every product type. */
  productTypes: readonly string[];
  /** Names the place the stock comes from: two connectors with the same one never disagree about a quantity. */
  stockSource: string;
}

/**
 * S1. Two connectors of one seller may not both own the quantity of a SKU. In one marketplace they must differ in product
 * types; in two marketplaces of one region a merchant-fulfilled quantity is shared, so they may overlap only when their
 * stock comes from the same place.
 */
export function quantityConflict(one: QuantityOwner, other: QuantityOwner): string | undefined {
  if (one.id === other.id || one.seller !== other.seller) return undefined;
  const overlaps =
    one.productTypes.length === 0 ||
    other.productTypes.length === 0 ||
    one.productTypes.some((each) => other.productTypes.includes(each));
  if (!overlaps) return undefined;
  if (one.country === other.country)
    return `Connector '${other.name}' (${other.id}) already sends to seller ${other.seller} in ${other.country}. Give the two connectors different product types, or change that one.`;
  const sameRegion = marketplaceOf(one.country)?.region === marketplaceOf(other.country)?.region;
  if (sameRegion && one.stockSource !== other.stockSource)
    return `Connector '${other.name}' (${other.id}) already sets the quantities of seller ${other.seller} from another source, and Amazon shares quantities between ${other.country} and ${one.country}. Use the same source, or give the two connectors different product types.`;
  return undefined;
}
