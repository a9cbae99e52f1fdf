import { createAmazon } from '../../../adapters/amazon';
import { createInProcessLimiter } from '../../../adapters/limiter/in-process';
import type { AmazonFeeds } from '../../../domain/ports/feeds';

/** Feeds against a sandbox or another server that answers as Amazon would. */
export function feedsAt(
  url: string,
  credential: { clientId: string; clientSecret: string; refreshToken: string },
  { timeoutMs = 5_000, maxWaitMs = 2_000 } = {}
): AmazonFeeds {
  return createAmazon({
    lwaUrl: `${url}/auth/o2/token`,
    spApiUrl: () => url,
    limiter: createInProcessLimiter(),
    credentials: () => Promise.resolve(credential),
    timeoutMs,
    maxWaitMs,
  }).feeds;
}
