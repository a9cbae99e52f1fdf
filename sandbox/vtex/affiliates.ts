import { json, plain, type Answer } from '../answer';
import { bodyText, pathParameter } from '../query';
import type { Affiliate } from '../world';
import type { VtexCall } from './call';

/** Three consonants, repeats allowed; upper case, with Y as a consonant, is this sandbox's reading of the rule. */
const ID = /^[BCDFGHJKLMNPQRSTVWXYZ]{3}$/;
const VERSION = '1.x.x';

export function listAffiliates({ world }: VtexCall): Answer {
  return json(200, Object.values(world.settings.affiliates));
}

export function getAffiliate({ request, world }: VtexCall): Answer {
  const affiliate = world.settings.affiliates[pathParameter(request, 'affiliateId')];
  return affiliate ? json(200, affiliate) : plain(404, 'Affiliate not found');
}

/**
 * 204 on success. Creating by PUT is not documented: a world says whether it is allowed; where it is refused (403), an
 * affiliate that exists can still be changed.
 */
export function putAffiliate({ request, world }: VtexCall): Answer {
  const id = pathParameter(request, 'affiliateId');
  if (!ID.test(id)) return plain(400, 'The affiliate id must have three consonants');
  const { affiliates, affiliateCreation, salesChannels } = world.settings;
  const existing = affiliates[id];
  if (!existing && affiliateCreation === 'refused') return plain(403, 'Forbidden');
  const body = parseBody(bodyText(request));
  if (!body) return plain(400, 'The body must be a JSON object');
  const affiliate: Affiliate = { ...(existing ?? blank(id)), ...body, id };
  if (!affiliate.name) return plain(400, 'name is required');
  if (
    typeof affiliate.salesChannel !== 'string' ||
    !salesChannels.some(({ Id }) => String(Id) === affiliate.salesChannel)
  ) {
    return plain(400, 'salesChannel must be the id of a trade policy, as text');
  }
  if (affiliate.searchURIEndpointVersion !== VERSION) return plain(400, `searchURIEndpointVersion must be ${VERSION}`);
  affiliates[id] = affiliate;
  world.save();
  return { status: 204 };
}

export function deleteAffiliate({ request, world }: VtexCall): Answer {
  const id = pathParameter(request, 'affiliateId');
  if (!world.settings.affiliates[id]) return plain(404, 'Affiliate not found');
  delete world.settings.affiliates[id];
  world.save();
  return { status: 204 };
}

function blank(id: string): Affiliate {
  return {
    id,
    name: '',
    followUpEmail: null,
    salesChannel: '1',
    searchURIEndpoint: null,
    searchURIEndpointVersion: VERSION,
    searchURIEndpointAvailableVersions: [VERSION],
    useSellerPaymentMethod: false,
    minimumValueAccumulated: null,
  };
}

function parseBody(text: string): Partial<Affiliate> | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? body : undefined;
  } catch {
    return undefined;
  }
}
