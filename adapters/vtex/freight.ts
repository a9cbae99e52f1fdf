import type { ShippingQuote } from '../../domain/ports/source';
import type { Offers } from './offers';
import type { Assortment } from './reading';

/** How many SKUs are looked at for one that can be sold: one without stock is never delivered, wherever it goes. */
const CANDIDATES = 50;

const ESTIMATE_UNITS: Record<string, string> = { bd: 'business day', d: 'day', h: 'hour', m: 'minute' };

/** Simulates freight for one SKU of the assortment, one that is for sale where there is one. */
export async function quoteShipping(
  assortment: Assortment,
  offers: Offers,
  to: { postalCode: string; country: string },
  signal: AbortSignal
): Promise<ShippingQuote> {
  const ids = await assortment.listSkuIds(1, CANDIDATES, signal);
  const [first] = ids;
  if (first === undefined) return { deliverable: false, sourceId: null, services: [] };
  const forSale = await offers.simulate(ids, signal);
  const sourceId = ids.find((id) => forSale.get(id)?.sellable) ?? first;
  const quoted = (await offers.simulate([sourceId], signal, to)).get(sourceId);
  const services = quoted?.sellable ? quoted.services : [];
  return {
    deliverable: services.length > 0,
    sourceId,
    services: services.map(({ name, estimate }) => [name, estimateInWords(estimate)].filter(Boolean).join(', ')),
  };
}

/** `3bd` is three business days. */
function estimateInWords(estimate: string): string {
  const [, count, unit] = /^(\d+)(bd|d|h|m)$/.exec(estimate) ?? [];
  if (!count || !unit) return estimate;
  return `${count} ${ESTIMATE_UNITS[unit]}${count === '1' ? '' : 's'}`;
}
