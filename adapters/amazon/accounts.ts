import { z } from 'zod';
import type { AmazonAccounts } from '../../domain/ports/amazon';
import type { AccessTokens } from './lwa';
import type { Transport } from './transport';

/** Sellers v1 wraps its answer in `payload`; Listings does not. */
const participationsAnswer = z.object({
  payload: z.array(
    z.object({
      marketplace: z.object({ id: z.string() }),
      storeName: z.string().nullish(),
      participation: z.object({ isParticipating: z.boolean(), hasSuspendedListings: z.boolean() }),
    })
  ),
});

/** Login with Amazon and Sellers v1, for which Amazon's generated packages hold no client. */
export function createAmazonAccounts(transport: Transport, tokens: AccessTokens): AmazonAccounts {
  return {
    testCredential: (credential, signal) => tokens.test(credential, signal),

    async participations(account, signal) {
      const url = `${transport.baseUrl(account)}/sellers/v1/marketplaceParticipations`;
      const { payload } = await transport.call({
        account,
        operation: 'getMarketplaceParticipations',
        about: 'account',
        answer: participationsAnswer,
        signal,
        send: (options) => transport.http.get(url, options),
      });
      return payload.map(({ marketplace, participation, storeName }) => ({
        marketplaceId: marketplace.id,
        isParticipating: participation.isParticipating,
        hasSuspendedListings: participation.hasSuspendedListings,
        ...(storeName ? { storeName } : {}),
      }));
    },
  };
}
