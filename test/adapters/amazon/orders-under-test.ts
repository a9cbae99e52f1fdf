import { createAmazon } from '../../../adapters/amazon';
import { createInProcessLimiter } from '../../../adapters/limiter/in-process';
import type { AmazonOrders } from '../../../domain/ports/orders';

/** Orders of the account whose credential it is, at a host that stands in for LWA and for Amazon. */
export function ordersAt(
  url: string,
  credential: { clientId: string; clientSecret: string; refreshToken: string },
  ordersVersion: '2026-01-01' | 'v0' = '2026-01-01'
): AmazonOrders {
  return createAmazon({
    lwaUrl: `${url}/auth/o2/token`,
    spApiUrl: () => url,
    limiter: createInProcessLimiter(),
    credentials: () => Promise.resolve(credential),
    timeoutMs: 5_000,
    maxWaitMs: 2_000,
    graceMs: 1_000,
    ordersVersion,
  }).orders;
}
