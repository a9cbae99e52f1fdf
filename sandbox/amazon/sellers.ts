import { json, type Answer } from '../answer';
import type { World } from '../world';
import { marketplace, type Marketplace } from './marketplaces';

/** getMarketplaceParticipations; Sellers wraps its answers in `payload`. */
export function getMarketplaceParticipations(world: World): Answer {
  const payload = world.settings.marketplaceIds.flatMap((id) => {
    const place = marketplace(id);
    return place ? [participation(world, place)] : [];
  });
  return json(200, { payload });
}

function participation(world: World, place: Marketplace): object {
  return {
    marketplace: {
      id: place.id,
      name: place.name,
      countryCode: place.countryCode,
      defaultCurrencyCode: place.currency,
      defaultLanguageCode: place.languages[0],
      domainName: place.domainName,
    },
    storeName: world.identity.storeName,
    participation: { isParticipating: world.settings.participatingIn.includes(place.id), hasSuspendedListings: false },
  };
}
