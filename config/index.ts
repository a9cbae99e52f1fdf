import { isIP } from 'node:net';
import { z } from 'zod';

const seconds = (fallback: number) => z.coerce.number().int().min(1).default(fallback);
const url = z.string().regex(/^https?:\/\//, { error: 'must be an http or https address' });

/** An address, or a name and an address in angle brackets. */
const mailbox = z.string().regex(/^(?:[^<>\r\n]*<[^\s<>@,]+@[^\s<>@,]+>|[^\s<>@,]+@[^\s<>@,]+)$/, {
  error: 'must be a mail address such as ops@example.com',
});

/** A comma-separated list of seconds. */
const secondsList = (fallback: string) =>
  z
    .string()
    .regex(/^\d+(,\d+)*$/, { error: 'must be whole seconds separated by commas, e.g. 60,300,1800' })
    .default(fallback)
    .transform((list) => list.split(',').map(Number));

/** Names that may stand for ranges of addresses. */
const NAMED_RANGES = ['loopback', 'linklocal', 'uniquelocal'];

function isRange(text: string): boolean {
  if (NAMED_RANGES.includes(text)) return true;
  const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)]!;
  return bits > 0 && (prefix === undefined || (Number(prefix) > 0 && Number(prefix) <= bits));
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text && /^https?:/.test(text);
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:/.test(text);
}

const origin = z
  .string()
  .refine(isOrigin, { error: 'must be an origin such as https://temporal.example.com, without a path' });

/** A comma-separated list; none unless given. */
const listOf = (isRight: (text: string) => boolean, error: string) =>
  z
    .string()
    .default('')
    .transform((list) => list.split(',').flatMap((each) => each.trim() || []))
    .pipe(z.array(z.string().refine(isRight, { error })));

/**
 * The environment, parsed once at start. Units are in the names. Templates may hold `{account}`.
 * `.env.example` is tested against this schema.
 */
export const environment = z.object({
  NODE_ENV: z.enum(['development', 'production', 'test']).default('production'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),

  // Where Longshore listens, and how others reach it.
  PORT: z.coerce.number().int().min(0).max(65535).default(3000),
  HOST: z.string().default('127.0.0.1'),
  PUBLIC_URL: url.default('http://127.0.0.1:3000'),
  TRUSTED_PROXIES: listOf(isRange, `must be IP addresses, networks such as 10.0.0.0/8, or ${NAMED_RANGES.join(', ')}`),
  CORS_ORIGINS: listOf(isOrigin, 'must be origins such as https://console.example.com, without a path'),

  // Its own parts.
  MONGODB_URI: z.string().regex(/^mongodb(\+srv)?:\/\//, { error: 'must begin with mongodb:// or mongodb+srv://' }),
  TEMPORAL_ADDRESS: z.string().default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().default('longshore'),
  TEMPORAL_TASK_QUEUE: z.string().default('longshore'),
  // TLS to Temporal: files in PEM. Any of them, or an API key, asks for TLS; so does true, with the certificates of the machine.
  TEMPORAL_TLS: z.stringbool({ error: 'must be true or false' }).default(false),
  TEMPORAL_TLS_CA: z.string().optional(),
  TEMPORAL_TLS_CERT: z.string().optional(),
  TEMPORAL_TLS_KEY: z.string().optional(),
  TEMPORAL_API_KEY: z.string().optional(),
  // Whose pages may have payloads decoded in a browser.
  TEMPORAL_UI_ORIGIN: origin.optional(),

  // Secrets. Production refuses to start without real ones.
  ADMIN_API_KEY: z.string().min(24, { error: 'must have at least 24 characters' }),
  ENCRYPTION_KEYS: z.string().regex(/^[A-Za-z0-9_-]+:[A-Za-z0-9+/]{43}=(,[A-Za-z0-9_-]+:[A-Za-z0-9+/]{43}=)*$/, {
    error: 'must be <keyId>:<base64 of 32 bytes>, several separated by commas, the first one used for new secrets',
  }),

  // The outside world.
  LWA_URL: url.default('https://api.amazon.com/auth/o2/token'),
  SPAPI_URL: url.optional(),
  SPAPI_URL_NA: url.default('https://sellingpartnerapi-na.amazon.com'),
  SPAPI_URL_EU: url.default('https://sellingpartnerapi-eu.amazon.com'),
  SPAPI_URL_FE: url.default('https://sellingpartnerapi-fe.amazon.com'),
  AMAZON_ORDERS_VERSION: z.enum(['2026-01-01', 'v0']).default('2026-01-01'),
  VTEX_URL: url.default('https://{account}.vtexcommercestable.com.br'),
  VTEX_PRICING_URL: url.default('https://api.vtex.com/{account}'),
  SALESLAYER_URL: url.default('https://api.saleslayer.com'),
  SALESLAYER_REST_URL: url.default('https://api2.saleslayer.com/catalog/rest/Catalog'),

  // Where Amazon puts its notifications: addresses of SQS queues. The region is in each address, the credentials where AWS clients look.
  SQS_QUEUE_URLS: listOf(
    isHttpUrl,
    'must be addresses of queues such as https://sqs.us-east-1.amazonaws.com/123456789012/longshore'
  ),
  SQS_REGION: z.string().optional(),
  SQS_ENDPOINT: url.optional(),

  // Addresses that people give, such as those of webhooks: only https and the public internet, unless this is true.
  ALLOW_PRIVATE_ADDRESSES: z.stringbool({ error: 'must be true or false' }).default(false),

  // Catalogues in files: the folder on the workers that they may be read from by path, and how large an upload may be.
  FILE_SOURCE_ROOT: z
    .string()
    .regex(/^(?:\/|[A-Za-z]:[\\/])/, { error: 'must be an absolute path' })
    .optional(),
  UPLOAD_LIMIT_MB: z.coerce.number().int().min(1).max(10_000).default(200),

  // Mail to the people who look after this installation. Without SMTP_URL nothing is mailed.
  SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\/\S+$/, { error: 'must begin with smtp:// or smtps://' })
    .refine(URL.canParse, { error: 'must be an address; percent-encode user and password' })
    .optional(),
  ALERT_FROM: mailbox.optional(),
  ALERT_TO: z
    .string()
    .transform((list) => list.split(',').map((each) => each.trim()))
    .pipe(z.array(mailbox))
    .optional(),

  // How long things take.
  HTTP_TIMEOUT_SECONDS: seconds(30),
  RETRY_INITIAL_SECONDS: seconds(30),
  RETRY_MAXIMUM_SECONDS: seconds(1800),
  RETRY_GIVE_UP_SECONDS: seconds(6 * 3600),
  VERIFY_AFTER_SECONDS: secondsList('60,300,1800,21600,86400'),
  VERIFY_WAIT_SECONDS: seconds(600),
  WATCH_AFTER_SECONDS: seconds(5),
  FEED_POLL_SECONDS: seconds(10),
  FEED_STUCK_SECONDS: seconds(3 * 3600),
  SHUTDOWN_GRACE_SECONDS: seconds(20),
  ORDERS_KEPT_DAYS: z.coerce.number().int().min(1).max(3650).default(90),

  // How much at once.
  AMAZON_REQUESTS_IN_FLIGHT: z.coerce.number().int().min(1).max(50).default(8),
  SOURCE_REQUESTS_IN_FLIGHT: z.coerce.number().int().min(1).max(50).default(10),
  API_REQUESTS_PER_MINUTE: z.coerce.number().int().min(1).default(1200),
});

export type Config = z.infer<typeof environment>;

/** What a person reads when the environment is wrong: every problem at once, no value repeated. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Parses the environment.
 *
 * @throws ConfigError naming every variable that is missing or malformed.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environment.safeParse(given);
  const problems = parsed.success
    ? [...mailProblems(parsed.data), ...temporalProblems(parsed.data), ...productionProblems(parsed.data)]
    : parsed.error.issues.map(describe);
  if (problems.length > 0)
    throw new ConfigError(
      `The environment is not right; see .env.example:\n${problems.map((each) => `  - ${each}`).join('\n')}`
    );
  return parsed.data as Config;
}

function describe(issue: z.core.$ZodIssue): string {
  const name = issue.path.join('.');
  return issue.code === 'invalid_type' && issue.input === undefined
    ? `${name} ${issue.message.includes('undefined') ? 'is missing' : issue.message}`
    : `${name} ${issue.message}`;
}

/** A mail server alone knows neither sender nor recipients. */
function mailProblems(config: Config): string[] {
  if (config.SMTP_URL === undefined) return [];
  return (['ALERT_FROM', 'ALERT_TO'] as const)
    .filter((name) => config[name] === undefined)
    .map((name) => `${name} is missing: SMTP_URL is set, and mail needs it`);
}

function temporalProblems(config: Config): string[] {
  const [cert, key] = ['TEMPORAL_TLS_CERT', 'TEMPORAL_TLS_KEY'] as const;
  if ((config[cert] === undefined) === (config[key] === undefined)) return [];
  return [config[cert] === undefined ? `${cert} is missing: ${key} is set` : `${key} is missing: ${cert} is set`];
}

/** Values that are printed in examples and must never guard a real shop. */
const EXAMPLE_VALUES = ['change-me', 'example'];

function productionProblems(config: Config): string[] {
  if (config.NODE_ENV !== 'production') return [];
  const problems: string[] = [];
  for (const name of ['ADMIN_API_KEY', 'ENCRYPTION_KEYS'] as const)
    if (EXAMPLE_VALUES.some((word) => config[name].toLowerCase().includes(word)))
      problems.push(`${name} still holds the example value; make a real one`);
  for (const entry of config.ENCRYPTION_KEYS.split(','))
    if (/:(.)\1{42}=$/.test(entry)) problems.push(`ENCRYPTION_KEYS holds a key of one repeated byte; make a real one`);
  return problems;
}

/** Where Temporal is and how it is spoken to; files are named, not read. */
export function temporalOf(config: Config) {
  const { TEMPORAL_TLS_CA: ca, TEMPORAL_TLS_CERT: cert, TEMPORAL_TLS_KEY: key, TEMPORAL_API_KEY: apiKey } = config;
  const isSecure = config.TEMPORAL_TLS || [ca, cert, apiKey].some((each) => each !== undefined);
  return { address: config.TEMPORAL_ADDRESS, apiKey, ...(isSecure && { tls: { ca, cert, key } }) };
}

/** What no log may ever hold of the environment. */
export function secretsOf(config: Config): string[] {
  const passwords = [config.SMTP_URL, config.MONGODB_URI].map((url) => passwordIn(url));
  const keys = config.ENCRYPTION_KEYS.split(',').map((entry) => entry.split(':')[1]);
  return [config.ADMIN_API_KEY, config.TEMPORAL_API_KEY, ...passwords, ...keys].filter((each) => each !== undefined);
}

/** As it is written, and not for a browser's eyes: addresses of several MongoDB servers are no URL. */
function passwordIn(address: string | undefined): string | undefined {
  return /^[a-z+]+:\/\/[^/@:]*:([^/@]+)@/.exec(address ?? '')?.[1];
}

/** The SP-API host of a region. */
export function spApiUrl(config: Config, region: 'NA' | 'EU' | 'FE'): string {
  return config.SPAPI_URL ?? config[`SPAPI_URL_${region}`];
}

/**
 * The folder that catalogues may be read from by path; null for none. Who may configure a connector can name any path, so in
 * production only a folder that was set aside for exports is read.
 */
export function fileSourceRoot(config: Pick<Config, 'FILE_SOURCE_ROOT' | 'NODE_ENV'>): string | null {
  return config.FILE_SOURCE_ROOT ?? (config.NODE_ENV === 'production' ? null : '/');
}
