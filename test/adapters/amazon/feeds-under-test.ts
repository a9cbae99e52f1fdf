import { createAmazonFeeds } from '../../../adapters/amazon/feeds';
import { createAccessTokens } from '../../../adapters/amazon/lwa';
import { createTransport } from '../../../adapters/amazon/transport';
import { createHttp } from '../../../adapters/http/exchange';
import { createInProcessLimiter } from '../../../adapters/limiter/in-process';
import type { AmazonFeeds } from '../../../domain/ports/feeds';

/** Feeds against a sandbox or another server that answers as Amazon would. */
export function feedsAt(
  url: string,
  credential: { clientId: string; clientSecret: string; refreshToken: string },
  { timeoutMs = 5_000, maxWaitMs = 2_000 } = {}
): AmazonFeeds {
  const userAgent = 'Longshore/0.1.0 (Language=TypeScript)';
  const http = createHttp();
  const lwaUrl = `${url}/auth/o2/token`;
  const tokens = createAccessTokens({ http, lwaUrl, timeoutMs, credentials: () => Promise.resolve(credential) });
  const transport = createTransport({
    http,
    spApiUrl: () => url,
    limiter: createInProcessLimiter(),
    tokens,
    timeoutMs,
    maxWaitMs,
    userAgent,
  });
  return createAmazonFeeds(transport, { timeoutMs, userAgent });
}
