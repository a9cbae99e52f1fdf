import { json, type Answer } from '../answer';
import type { SandboxClock } from '../clock';
import { bodyObject } from '../query';
import type { SpApiCall } from './call';
import { badInput } from './errors';
import { issueRestrictedToken, TOKEN_LIFE_SECONDS, type RestrictedResource } from './tokens';

const MAX_RESOURCES = 50;
const DATA_ELEMENTS = ['buyerInfo', 'shippingAddress', 'buyerTaxInformation'];
/** What a token can be asked for; an order's path may hold `{orderId}` for any. */
const PATH = /^\/orders\/v0\/orders(\/(\{orderId\}|[\w-]+)(\/(orderItems|address))?)?$/;

/** createRestrictedDataToken 2021-03-01: a token for some calls of v0, which then show what they otherwise leave out. */
export function createRestrictedDataToken({ request, world }: SpApiCall, clock: SandboxClock): Answer {
  const resources = resourcesIn(request);
  return json(200, {
    restrictedDataToken: issueRestrictedToken(world, clock.now(), resources),
    expiresIn: TOKEN_LIFE_SECONDS,
  });
}

function resourcesIn(request: SpApiCall['request']): RestrictedResource[] {
  const { restrictedResources } = (bodyObject(request) ?? {}) as {
    restrictedResources?: Partial<RestrictedResource>[];
  };
  if (!Array.isArray(restrictedResources) || restrictedResources.length === 0)
    throw badInput('InvalidRequest', "'restrictedResources' is required.");
  if (restrictedResources.length > MAX_RESOURCES)
    throw badInput('InvalidRequest', `'restrictedResources' takes ${MAX_RESOURCES} at most.`);
  return restrictedResources.map(({ method, path = '', dataElements = [] }) => {
    if (method !== 'GET' || !PATH.test(path))
      throw badInput('InvalidRequest', 'The application has no access to the path.');
    const stranger = dataElements.find((name) => !DATA_ELEMENTS.includes(name));
    if (stranger !== undefined) throw badInput('InvalidRequest', `'${stranger}' is no data element.`);
    return { method, path, dataElements };
  });
}
