import { z } from 'zod';
import {
  affiliateIdRule,
  DEFAULT_SKU_LIMIT,
  fieldLocaleRule,
  FILE_FIELDS,
  PERIOD_MINUTES,
  refreshTokenRule,
  SOURCE_STATUSES,
  valueLocaleRule,
  zipCodeRule,
  type FieldProblem,
  type FileField,
  type SourceType,
} from './connector-rules';
import { marketplaceOf, MARKETPLACES } from './marketplaces';
import { priceRuleProblems, priceRulesInput, stockRulesInput } from './offer-contract';

/** Turns a rule of `connector-rules.ts` into a zod check that keeps the rule's own code. */
function obeys(rule: (value: string) => { code: string; message: string } | undefined) {
  return (value: string, ctx: z.RefinementCtx): void => {
    const broken = rule(value);
    if (broken) ctx.addIssue({ code: 'custom', message: broken.message, params: { code: broken.code } });
  };
}

const text = (max: number) => z.string().trim().min(1).max(max);
const secret = (max: number) => z.string().min(8).max(max);

/** A VTEX store, seen through one trade policy. Fields V1, V2, V3. */
const vtexSource = z.strictObject({
  type: z.literal('vtex'),
  account: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{1,62}$/, {
      error: 'Write the account as in the address of the admin: lower-case letters, digits and dashes.',
    })
    .describe('The account name, as in https://{account}.myvtex.com'),
  appKey: text(200).describe('X-VTEX-API-AppKey'),
  appToken: secret(2048).optional().describe('X-VTEX-API-AppToken. Write-only.'),
  salesChannel: z
    .string()
    .regex(/^\d{1,9}$/, { error: 'The sales channel is the number of a trade policy, written as text: "1".' })
    .describe('V3. The trade policy that decides assortment and price'),
  affiliateId: z.string().superRefine(obeys(affiliateIdRule)).describe('V1. Three consonants'),
  affiliateEmail: z.email({ error: 'This is not a valid e-mail address.' }).describe('V2'),
});

/** A Sales Layer catalogue: the connector API (code and secret) or the REST catalogue (key). */
const salesLayerSource = z.strictObject({
  type: z.literal('saleslayer'),
  connectorCode: text(64).optional().describe('Connector API: its code'),
  secretKey: secret(256).optional().describe('Connector API: its secret key. Write-only.'),
  apiKey: secret(512).optional().describe('REST catalogue: X-API-KEY. Write-only.'),
});

const column = text(200).optional();
const fileColumns = Object.fromEntries(FILE_FIELDS.map((field) => [field, column])) as Record<FileField, typeof column>;

/** Products in CSV or JSON lines: a file that is uploaded, or one file or a folder of them on the workers' disks. */
const fileSource = z.strictObject({
  type: z.literal('file'),
  upload: z
    .literal(true, { error: 'Write true to upload the catalogue, or leave this out and give a path.' })
    .optional()
    .describe('The catalogue is uploaded, by PUT /v1/connectors/{connectorId}/catalogue; instead of path'),
  path: text(1024)
    .regex(/^(?:\/|[A-Za-z]:[\\/])/, { error: 'Write the whole path, from the root of the worker machine on.' })
    .optional()
    .describe(
      'Absolute path on the worker machine: a file, or a folder whose files are read in the order of their names'
    ),
  format: z
    .enum(['auto', 'jsonl', 'csv'])
    .default('auto')
    .describe('By the ending of the name, unless said; in a folder only files of this format are read'),
  columns: z
    .strictObject(fileColumns)
    .optional()
    .describe('Our field → the name of the column in the file; needed where the file is no export that is recognised'),
  defaults: z
    .strictObject({
      brand: text(200).optional(),
      category: text(500).optional(),
      stock: z.number().int().min(0).max(1_000_000).optional(),
    })
    .optional()
    .describe('What stands in where the file says nothing; stock also for goods that are only said to be in stock'),
  imageBaseUrl: z
    .url({ protocol: /^https?$/, error: 'This is not a web address.' })
    .optional()
    .describe('Put before image paths that are not absolute; without it such images are left out'),
  weightUnit: z.enum(['kg', 'g', 'lb', 'oz']).optional().describe('Of weights without a unit; kg unless said'),
  decimalMark: z
    .enum(['.', ','])
    .optional()
    .describe('Decides numbers that can be read in two ways, such as 1.234; found from the other prices unless said'),
  encoding: z
    .enum(['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'])
    .optional()
    .describe('Found out from the file unless said'),
});

const countries = MARKETPLACES.map((each) => each.country) as [string, ...string[]];

const amazon = z.strictObject({
  country: z
    .enum(countries, {
      error: (issue) =>
        typeof issue.input === 'string'
          ? `Amazon has no marketplace with the code '${issue.input}'; choose from ${countries.join(', ')}.`
          : undefined,
    })
    .describe('S4. Decides marketplace, region, currency and native language. The UK is UK'),
  sellerId: z
    .string()
    .regex(/^A[A-Z0-9]{9,19}$/, {
      error: 'The seller id (merchant code) begins with A and holds 10 to 20 capital letters and digits.',
    })
    .optional()
    .describe('V4, S3. Amazon seller id, also called merchant code or merchant token'),
  vendorCode: z
    .string()
    .regex(/^[A-Z0-9]{5}$/, { error: 'The vendor code has five capital letters or digits.' })
    .optional()
    .describe('S3. For vendors, instead of the seller id'),
  clientId: z
    .string()
    .regex(/^amzn1\.application-oa2-client\.[A-Za-z0-9]{6,128}$/, {
      error: 'The client id begins with amzn1.application-oa2-client.; copy it again, whole.',
    })
    .describe('S3. LWA client id of the application'),
  clientSecret: secret(512).optional().describe('S3. LWA client secret. Write-only.'),
  refreshToken: z.string().max(2048).superRefine(obeys(refreshTokenRule)).optional().describe('V5, S3. Write-only.'),
});

/** The fields of an application and of a seller who has authorised it. */
export const { clientId: clientIdField, sellerId: sellerIdField, vendorCode: vendorCodeField } = amazon.shape;
export const clientSecretField = amazon.shape.clientSecret.unwrap();
export const refreshTokenField = amazon.shape.refreshToken.unwrap();

const listing = z.strictObject({
  requirements: z
    .enum(['LISTING', 'LISTING_PRODUCT_ONLY', 'LISTING_OFFER_ONLY'])
    .default('LISTING')
    .describe('S7. Which groups of fields are offered and sent'),
  appliedRequirements: z
    .enum(['ENFORCED', 'NOT_ENFORCED'])
    .default('ENFORCED')
    .describe('S8. Whether missing required attributes stop a SKU before it is sent'),
  productTypes: z
    .array(
      z.string().regex(/^[A-Z][A-Z0-9_]{1,63}$/, { error: 'An Amazon product type looks like SHIRT or PET_FOOD.' })
    )
    .max(100)
    .default([])
    .describe('S1. Only these product types; empty means all'),
  fieldLocale: z
    .string()
    .superRefine(obeys(fieldLocaleRule))
    .optional()
    .describe('S5. Language of field names and help; the native one by default'),
  valueLocales: z
    .array(z.string())
    .min(1)
    .max(10)
    .optional()
    .describe('S13. Languages of the values; the native one by default'),
  skuLimit: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(DEFAULT_SKU_LIMIT)
    .describe('S2. How many SKUs may be sent; only an admin sets more than 1000'),
  sendVariations: z.boolean().default(true).describe('V10, turned round: false sends every SKU alone'),
  sendPrice: z.boolean().default(true).describe('V11, turned round: false leaves the price to Amazon'),
  sendKits: z.boolean().optional().describe('V12. Required for VTEX'),
  statuses: z.array(z.string()).min(1).max(5).optional().describe('S9. Which source statuses are exported'),
});

const offer = z.strictObject({
  minimumStock: z
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .optional()
    .describe('V6. Below it (strictly) the offer is paused. Required for VTEX'),
  shippingTemplate: text(250).optional().describe('V7. Name of the shipping template at Amazon'),
  stock: stockRulesInput.optional().describe('B12. What is kept from sale; everything is offered unless said'),
  price: priceRulesInput.optional().describe("B12. How the source's price becomes Amazon's; as it is unless said"),
});

const orders = z.strictObject({
  defaultZipCode: z.string().trim().min(1).max(16).optional().describe('V8. Switches reservation of pending orders on'),
  errorEmail: z.email({ error: 'This is not a valid e-mail address.' }).optional().describe('V14'),
  carriers: z
    .record(
      text(100).regex(/^[^.$]*$/, { error: 'Leave dots and dollar signs out: a carrier is found without them.' }),
      text(100)
    )
    .optional()
    .describe("B20. Amazon's carrier codes by what the store calls the carriers; those that Amazon knows need none"),
});

const schedule = z.strictObject({
  mode: z.enum(['synchronization', 'test']).default('synchronization').describe('S10, S11'),
  everyMinutes: z
    .number()
    .int()
    .min(PERIOD_MINUTES.min)
    .max(PERIOD_MINUTES.max)
    .default(60)
    .describe('S12, in minutes'),
  fullEveryHours: z
    .number()
    .int()
    .min(1)
    .max(168)
    .default(24)
    .describe('How often the whole assortment is read where the source can tell its changes, in hours'),
});

const source = z.discriminatedUnion('type', [vtexSource, salesLayerSource, fileSource], {
  error: "Say what kind of source this is: 'vtex', 'saleslayer' or 'file'.",
});

/** The whole configuration of a connector as it is written: V1–V15 and S1–S14. Secrets are write-only. */
export const connectorInput = z.strictObject({
  name: text(120),
  source,
  amazon,
  listing: listing.prefault({}),
  offer: offer.prefault({}),
  orders: orders.prefault({}),
  schedule: schedule.prefault({}),
});

export type ConnectorInput = z.infer<typeof connectorInput>;

type WithoutSecrets<T> = T extends unknown
  ? Omit<T, 'appToken' | 'secretKey' | 'apiKey' | 'clientSecret' | 'refreshToken'>
  : never;

/** The configuration as it is kept and shown: complete, with every default filled in, and without a secret. */
export interface ConnectorConfig {
  name: string;
  source: WithoutSecrets<ConnectorInput['source']>;
  amazon: WithoutSecrets<ConnectorInput['amazon']>;
  listing: Required<ConnectorInput['listing']>;
  offer: ConnectorInput['offer'] & { minimumStock: number };
  orders: ConnectorInput['orders'];
  schedule: ConnectorInput['schedule'];
}

/** The paths of the write-only fields. */
export const SECRET_FIELDS = [
  'source.appToken',
  'source.secretKey',
  'source.apiKey',
  'amazon.clientSecret',
  'amazon.refreshToken',
] as const;
export type SecretField = (typeof SECRET_FIELDS)[number];
export type ConnectorSecrets = Partial<Record<SecretField, string>>;

export type ContractResult =
  { ok: true; config: ConnectorConfig; secrets: ConnectorSecrets } | { ok: false; problems: FieldProblem[] };

/**
 * Checks a whole configuration and reports every problem at once: the form of each field, and the rules between fields,
 * which also run when some field is malformed.
 *
 * @param input - what was written, unknown at the door.
 * @param storedSecrets - secrets that are kept already, which a change need not repeat.
 */
export function parseConnector(input: unknown, storedSecrets: ReadonlySet<SecretField> = new Set()): ContractResult {
  const parsed = connectorInput.safeParse(input, { reportInput: true });
  const problems = [...(parsed.success ? [] : problemsOf(parsed.error)), ...rulesBetweenFields(input, storedSecrets)];
  const unique = uniqueByFieldAndCode(problems);
  if (!parsed.success || unique.length > 0) return { ok: false, problems: unique };
  return { ok: true, ...splitSecrets(parsed.data) };
}

function splitSecrets(input: ConnectorInput): { config: ConnectorConfig; secrets: ConnectorSecrets } {
  const secrets: ConnectorSecrets = {};
  const config = structuredClone(input) as unknown as Record<string, Record<string, unknown>>;
  for (const path of SECRET_FIELDS) {
    const [group, key] = path.split('.') as [string, string];
    const value = config[group]?.[key];
    if (typeof value === 'string') secrets[path] = value;
    if (config[group]) delete config[group][key];
  }
  const complete = config as unknown as ConnectorConfig;
  const native = marketplaceOf(complete.amazon.country)?.nativeLocale ?? 'en_US';
  complete.listing.fieldLocale ??= native;
  complete.listing.valueLocales ??= [native];
  complete.listing.sendKits ??= false;
  complete.listing.statuses ??= [SOURCE_STATUSES[complete.source.type][0]];
  complete.offer.minimumStock ??= 0;
  return { config: complete, secrets };
}

type Loose = { [key: string]: unknown };

function objectAt(value: unknown, key: string): Loose {
  const found = value !== null && typeof value === 'object' ? (value as Loose)[key] : undefined;
  return found !== null && typeof found === 'object' && !Array.isArray(found) ? (found as Loose) : {};
}

/** The rules that look at more than one field. They read what is there and stay silent about what has the wrong form. */
function rulesBetweenFields(input: unknown, storedSecrets: ReadonlySet<SecretField>): FieldProblem[] {
  if (input === null || typeof input !== 'object' || Array.isArray(input)) return [];
  const problems: FieldProblem[] = [];
  const add = (field: string, code: string, message: string): void => void problems.push({ field, code, message });
  const [source, amazon, listing, offer, orders] = ['source', 'amazon', 'listing', 'offer', 'orders'].map((key) =>
    objectAt(input, key)
  ) as [Loose, Loose, Loose, Loose, Loose];
  const isSet = (group: Loose, path: SecretField): boolean =>
    group[path.split('.')[1]!] !== undefined || storedSecrets.has(path);
  const requireSecret = (group: Loose, path: SecretField, message: string): void => {
    if (!isSet(group, path)) add(path, 'required', message);
  };

  if ('amazon' in input) {
    if (amazon.sellerId !== undefined && amazon.vendorCode !== undefined)
      add('amazon', 'seller_and_vendor', 'Give either the seller id (merchant code) or the vendor code, not both.');
    if (amazon.sellerId === undefined && amazon.vendorCode === undefined)
      add(
        'amazon',
        'seller_or_vendor',
        'Give the seller id (merchant code), or the vendor code if you sell to Amazon.'
      );
    requireSecret(amazon, 'amazon.clientSecret', 'Give the client secret of the application.');
    requireSecret(amazon, 'amazon.refreshToken', 'Give the refresh token, which begins with Atzr|.');
  }

  if (source.type === 'vtex') {
    requireSecret(source, 'source.appToken', 'Give the app token that belongs to the app key.');
    if (offer.minimumStock === undefined)
      add('offer.minimumStock', 'required', 'Give the minimum stock; 0 sells down to the last unit.');
    if (listing.sendKits === undefined)
      add('listing.sendKits', 'required', 'Say whether kits are sent: true or false.');
    if (amazon.vendorCode !== undefined && amazon.sellerId === undefined)
      add('amazon.sellerId', 'required', 'A VTEX store is connected to a seller account: give the Amazon seller id.');
  }
  if (source.type === 'saleslayer') {
    const connectorApi = source.connectorCode !== undefined || source.secretKey !== undefined;
    const restApi = source.apiKey !== undefined;
    if (connectorApi && restApi)
      add(
        'source',
        'two_apis',
        'Give either the connector code with its secret key, or the API key of the REST catalogue.'
      );
    else if (!restApi && !storedSecrets.has('source.apiKey')) {
      if (source.connectorCode === undefined) add('source.connectorCode', 'required', 'Give the connector code.');
      requireSecret(source, 'source.secretKey', 'Give the secret key that belongs to the connector code.');
    }
  }
  if (source.type === 'file') {
    if (source.path !== undefined && source.upload !== undefined)
      add('source', 'path_and_upload', 'Give either the path of the files or upload: true, not both.');
    if (source.path === undefined && source.upload === undefined)
      add(
        'source.path',
        'path_or_upload',
        'Say where the catalogue is: its path on the workers, or upload: true to upload it.'
      );
  }
  if (source.type !== 'vtex' && source.type !== undefined && orders.defaultZipCode !== undefined)
    add(
      'orders.defaultZipCode',
      'vtex_only',
      'Only VTEX can hold stock for pending orders; leave the default ZIP code out for this source.'
    );

  const price = objectAt(offer, 'price');
  problems.push(...priceRuleProblems(price, objectAt(price, 'rounding'), amazon.country));

  const statuses: readonly string[] | undefined =
    typeof source.type === 'string' && Object.hasOwn(SOURCE_STATUSES, source.type)
      ? SOURCE_STATUSES[source.type as SourceType]
      : undefined;
  if (statuses && Array.isArray(listing.statuses))
    listing.statuses.forEach((status: unknown, index) => {
      if (typeof status === 'string' && !statuses.includes(status))
        add(
          `listing.statuses.${index}`,
          'status_unknown',
          `This source has no status '${status}'; choose from ${statuses.join(', ')}.`
        );
    });

  if (typeof amazon.country === 'string' && marketplaceOf(amazon.country)) {
    const country = amazon.country;
    if (Array.isArray(listing.valueLocales))
      listing.valueLocales.forEach((locale: unknown, index) => {
        const broken = typeof locale === 'string' ? valueLocaleRule(locale, country) : undefined;
        if (broken) add(`listing.valueLocales.${index}`, broken.code, broken.message);
      });
    if (typeof orders.defaultZipCode === 'string' && orders.defaultZipCode.trim() !== '') {
      const broken = zipCodeRule(orders.defaultZipCode.trim(), country);
      if (broken) add('orders.defaultZipCode', broken.code, broken.message);
    }
  }
  return problems;
}

/** A zod error (parsed with `reportInput: true`) as field problems with stable codes and plain sentences; no value is repeated. */
export function problemsOf(error: z.ZodError): FieldProblem[] {
  return error.issues.flatMap((issue): FieldProblem[] => {
    const field = issue.path.map(String).join('.');
    switch (issue.code) {
      case 'custom':
        return [{ field, code: String(issue.params?.code ?? 'invalid'), message: issue.message }];
      case 'unrecognized_keys':
        return issue.keys.map((key) => ({
          field: field ? `${field}.${key}` : key,
          code: 'unknown_field',
          message: `There is no field '${key}' here; check its spelling.`,
        }));
      case 'invalid_type':
        return [
          issue.input === undefined
            ? { field, code: 'required', message: 'This field is required.' }
            : { field, code: 'wrong_type', message: `This must be ${article(issue.expected)}.` },
        ];
      case 'invalid_union':
        return [
          issue.input === undefined
            ? { field, code: 'required', message: 'This field is required.' }
            : {
                // A discriminated union puts its discriminator into the path.
                field,
                code: 'unknown_choice',
                message: issue.message.startsWith('Invalid')
                  ? 'This is none of the forms that are accepted here.'
                  : issue.message,
              },
        ];
      case 'invalid_value':
        return [
          issue.input === undefined
            ? { field, code: 'required', message: 'This field is required.' }
            : {
                field,
                code: 'unknown_choice',
                message: issue.message.startsWith('Invalid')
                  ? `Choose from ${issue.values.map(String).join(', ')}.`
                  : issue.message,
              },
        ];
      case 'too_small':
        return [
          issue.origin === 'string' && issue.minimum === 1
            ? { field, code: 'empty', message: 'This may not be empty.' }
            : { field, code: 'too_small', message: sizeSentence('at least', issue.minimum, issue.origin) },
        ];
      case 'too_big':
        return [{ field, code: 'too_big', message: sizeSentence('at most', issue.maximum, issue.origin) }];
      case 'invalid_format':
        return [
          {
            field,
            code: issue.format === 'email' ? 'email' : 'format',
            message: issue.message.startsWith('Invalid') ? 'This does not have the right form.' : issue.message,
          },
        ];
      default:
        return [{ field, code: 'invalid', message: issue.message }];
    }
  });
}

function article(expected: string): string {
  const names: Record<string, string> = {
    string: 'text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'an object',
  };
  return names[expected] ?? expected;
}

function sizeSentence(bound: string, size: number | bigint, origin: string): string {
  if (origin === 'string') return `This must have ${bound} ${size} characters.`;
  if (origin === 'array') return `This must have ${bound} ${size} ${size === 1 ? 'entry' : 'entries'}.`;
  return `This must be ${bound} ${size}.`;
}

function uniqueByFieldAndCode(problems: FieldProblem[]): FieldProblem[] {
  const seen = new Set<string>();
  return problems.filter(({ field, code }) => {
    const key = `${field}\n${code}`;
    return seen.has(key) ? false : seen.add(key);
  });
}
