import type { Region } from '../../domain/marketplaces';
import type {
  AmazonAccount,
  AmazonAccounts,
  AmazonListings,
  AmazonOutage,
  ProductTypes,
} from '../../domain/ports/amazon';
import type { AmazonApplications } from '../../domain/ports/applications';
import type { AmazonFeeds } from '../../domain/ports/feeds';
import type { AmazonOrders } from '../../domain/ports/orders';
import type { Limiter } from '../../domain/ports/limiter';
import { createHttp } from '../http/exchange';
import { createAmazonAccounts } from './accounts';
import { createAmazonApplications } from './applications';
import { createAmazonFeeds } from './feeds';
import { createAmazonListings } from './listings';
import { createAmazonOrders } from './orders';
import { createAmazonOrdersV0 } from './orders-v0';
import { createAccessTokens, type LwaCredential, type OtherSecret } from './lwa';
import { createBreakers, type OutageLimits } from './outage';
import { createProductTypes } from './product-types';
import { createTransport } from './transport';

/** Amazon asks for the application and its language, at most 500 characters. */
const USER_AGENT = 'Longshore/0.1.0 (Language=TypeScript)';

/** How long one call waits in all, at the limiter, after 429s and in an outage; beyond it, others should have the slot. */
const MAX_WAIT_MS = 30_000;

/** Nearly every answer comes in this time, and a worker that stops gives its activities 20 s. */
const GRACE_MS = 10_000;

/** Ten in a row is chance once in 170,000 rows while three answers in ten are bad; a look costs no more than a failure. */
const OUTAGE: OutageLimits = {
  failures: 10,
  firstPauseMs: 1_000,
  longestPauseMs: 30_000,
  lookMs: 10_000,
  patienceMs: 15_000,
};

export interface AmazonOptions {
  /** The token endpoint of Login with Amazon. */
  lwaUrl: string;
  /** The SP-API host of a region, without a path. */
  spApiUrl: (region: Region) => string;
  limiter: Limiter;
  /** Reads an account's credential; called only when a token is needed. What it throws reaches the caller. */
  credentials: (account: AmazonAccount) => Promise<LwaCredential>;
  /** What to do about a client secret that Amazon does not take; nothing unless given. */
  otherSecret?: OtherSecret;
  /** For one request, in milliseconds. */
  timeoutMs: number;
  /** For all waiting of one call, in milliseconds; 30 s by default. */
  maxWaitMs?: number;
  /** For the answer to a submission that was under way when its signal aborted, in milliseconds; 10 s by default. */
  graceMs?: number;
  /** When Amazon counts as out, and how its return is looked for; see `OUTAGE` for what holds by default. */
  outage?: Partial<OutageLimits>;
  /** Which Orders API reads orders; 2026-01-01 by default. */
  ordersVersion?: '2026-01-01' | 'v0';
  userAgent?: string;
}

export interface Amazon {
  listings: AmazonListings;
  accounts: AmazonAccounts;
  applications: AmazonApplications;
  productTypes: ProductTypes;
  feeds: AmazonFeeds;
  orders: AmazonOrders;
  /** To be called after the account's secret or refresh token has changed: the next call reads it anew. */
  forgetCredential(account: AmazonAccount): void;
  /** The hosts that answer nobody in this process, as far as it has asked them lately. */
  outages(): AmazonOutage[];
}

/** Amazon, behind the ports: Listings Items, Product Type Definitions, Feeds, Sellers and Login with Amazon. */
export function createAmazon(options: AmazonOptions): Amazon {
  const {
    lwaUrl,
    spApiUrl,
    limiter,
    credentials,
    timeoutMs,
    maxWaitMs = MAX_WAIT_MS,
    graceMs = GRACE_MS,
    userAgent = USER_AGENT,
  } = options;
  const http = createHttp();
  const limits = { ...OUTAGE, ...options.outage };
  const patienceMs = Math.min(limits.patienceMs, maxWaitMs);
  const breakers = createBreakers(limits);
  const tokens = createAccessTokens({
    http,
    lwaUrl,
    timeoutMs,
    breaker: breakers.of(lwaUrl),
    patienceMs,
    credentials,
    otherSecret: options.otherSecret,
  });
  const transport = createTransport({
    http,
    spApiUrl,
    limiter,
    tokens,
    breakers,
    timeoutMs,
    maxWaitMs,
    patienceMs,
    graceMs,
    userAgent,
  });
  return {
    listings: createAmazonListings(transport),
    accounts: createAmazonAccounts(transport, tokens),
    applications: createAmazonApplications({ http, spApiUrl, tokens, breakers, timeoutMs, userAgent }),
    productTypes: createProductTypes(transport, { timeoutMs, userAgent }),
    orders: (options.ordersVersion === 'v0' ? createAmazonOrdersV0 : createAmazonOrders)(transport),
    feeds: createAmazonFeeds(transport, { limiter, timeoutMs, userAgent }),
    forgetCredential: (account) => tokens.forget(account),
    outages: () => breakers.outages(),
  };
}
