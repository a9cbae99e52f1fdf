import type { Region } from '../../domain/marketplaces';
import type { AmazonAccount, AmazonAccounts, AmazonListings, ProductTypes } from '../../domain/ports/amazon';
import type { AmazonFeeds } from '../../domain/ports/feeds';
import type { Limiter } from '../../domain/ports/limiter';
import { createHttp } from '../http/exchange';
import { createAmazonAccounts } from './accounts';
import { createAmazonFeeds } from './feeds';
import { createAmazonListings } from './listings';
import { createAccessTokens, type LwaCredential } from './lwa';
import { createProductTypes } from './product-types';
import { createTransport } from './transport';

/** Amazon asks for the application and its language, at most 500 characters. */
const USER_AGENT = 'Longshore/0.1.0 (Language=TypeScript)';

/** How long one call waits in all, at the limiter and after 429s; beyond it, others should have the slot. */
const MAX_WAIT_MS = 30_000;

export interface AmazonOptions {
  /** The token endpoint of Login with Amazon. */
  lwaUrl: string;
  /** The SP-API host of a region, without a path. */
  spApiUrl: (region: Region) => string;
  limiter: Limiter;
  /** Reads an account's credential; called only when a token is needed. What it throws reaches the caller as it is. */
  credentials: (account: AmazonAccount) => Promise<LwaCredential>;
  /** For one request, in milliseconds. */
  timeoutMs: number;
  /** For all waiting of one call, in milliseconds; 30 s by default. */
  maxWaitMs?: number;
  userAgent?: string;
}

export interface Amazon {
  listings: AmazonListings;
  accounts: AmazonAccounts;
  productTypes: ProductTypes;
  feeds: AmazonFeeds;
  /** To be called after the account's secret or refresh token has changed: the next call reads it anew. */
  forgetCredential(account: AmazonAccount): void;
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
    userAgent = USER_AGENT,
  } = options;
  const http = createHttp();
  const tokens = createAccessTokens({ http, lwaUrl, timeoutMs, credentials });
  const transport = createTransport({ http, spApiUrl, limiter, tokens, timeoutMs, maxWaitMs, userAgent });
  return {
    listings: createAmazonListings(transport),
    accounts: createAmazonAccounts(transport, tokens),
    productTypes: createProductTypes(transport, { timeoutMs, userAgent }),
    feeds: createAmazonFeeds(transport, { timeoutMs, userAgent }),
    forgetCredential: (account) => tokens.forget(account),
  };
}
