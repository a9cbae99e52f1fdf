import type { ChangeNotices } from '../../domain/ports/change-notices';
import type { VtexStore } from '../../domain/ports/source';
import { createAffiliates } from './affiliates';
import { createChanges } from './changes';
import { createVtexClient, type VtexClientOptions } from './client';
import { quoteShipping } from './freight';
import { createOffers } from './offers';
import { createAssortment } from './reading';
import { salesChannelList } from './wire';

export interface VtexStoreOptions extends VtexClientOptions {
  /** The trade policy that decides assortment and price, as text. */
  salesChannel: string;
  affiliateId: string;
  /** ISO 4217, of the trade policy: VTEX's prices come without one. */
  currency: string;
  /** What the store told of changes; without them it can only be read whole. */
  notices?: ChangeNotices;
}

/** One VTEX store, seen through one trade policy. */
export function createVtexStore(options: VtexStoreOptions): VtexStore {
  const client = createVtexClient(options);
  const offers = createOffers(client, options);
  const assortment = createAssortment(client, offers, options.salesChannel);
  return {
    readPage: assortment.readPage,
    readItems: assortment.readItems,
    ...(options.notices && createChanges(assortment, options.notices)),
    ...createAffiliates(client),

    async salesChannels(signal) {
      const found = await client.read(
        {
          operation: 'list sales channels',
          needs: 'salesChannels',
          method: 'GET',
          host: 'store',
          path: '/api/catalog_system/pvt/saleschannel/list',
        },
        salesChannelList,
        signal
      );
      return found.map((channel) => ({
        id: channel.Id,
        name: channel.Name ?? '',
        isActive: channel.IsActive ?? false,
        currency: channel.CurrencyCode ?? '',
      }));
    },

    quoteShipping: (zipCode, country, signal) =>
      quoteShipping(assortment, offers, { postalCode: zipCode, country }, signal),
  };
}
