import { OutsideError } from '../../domain/errors';
import type { Affiliate, VtexStore } from '../../domain/ports/source';
import type { VtexCall, VtexClient } from './client';
import { affiliateRecord, type AffiliateRecord } from './wire';

/** The only version of the notification address that VTEX knows. */
const ENDPOINT_VERSION = '1.x.x';

/** Answers by which a store says that it does not create affiliates by API. VTEX documents only the change of one. */
const CREATION_REFUSED = [400, 403, 404, 405, 409, 501];

type Affiliates = Pick<VtexStore, 'affiliate' | 'putAffiliate' | 'deleteAffiliate'>;

/** Affiliates: the store's word for a marketplace that sells its assortment. */
export function createAffiliates(client: VtexClient): Affiliates {
  const call = (method: VtexCall['method'], operation: string, id: string, body?: unknown): VtexCall => ({
    operation,
    needs: 'affiliates',
    method,
    host: 'store',
    path: `/api/fulfillment/pvt/affiliates/${encodeURIComponent(id)}`,
    body,
  });

  const find = (id: string, signal: AbortSignal): Promise<AffiliateRecord | undefined> =>
    client.find(call('GET', 'read affiliate', id), affiliateRecord, signal);

  return {
    async affiliate(id, signal) {
      const found = await find(id, signal);
      return found && affiliateOf(found, id);
    },

    /** What the merchant set in the admin and Longshore does not know stays as it is. */
    async putAffiliate(affiliate, signal) {
      const existing = await find(affiliate.id, signal);
      const record = { ...(existing ?? NEW_AFFILIATE), ...recordOf(affiliate) };
      try {
        await client.write(
          call('PUT', existing ? 'change affiliate' : 'create affiliate', affiliate.id, record),
          signal
        );
      } catch (error) {
        if (!existing && isRefusal(error)) throw creationRefused(affiliate, error);
        throw error;
      }
    },

    async deleteAffiliate(id, signal) {
      try {
        await client.write(call('DELETE', 'delete affiliate', id), signal);
      } catch (error) {
        if (error instanceof OutsideError && error.facts.status === 404) return;
        throw error;
      }
    },
  };
}

const NEW_AFFILIATE = { useSellerPaymentMethod: false, minimumValueAccumulated: 0 };

function recordOf({ id, name, followUpEmail, salesChannel, endpoint }: Affiliate) {
  return {
    id,
    name,
    followUpEmail,
    salesChannel,
    searchURIEndpoint: endpoint,
    searchURIEndpointVersion: ENDPOINT_VERSION,
    searchURIEndpointAvailableVersions: [ENDPOINT_VERSION],
  };
}

function affiliateOf(record: AffiliateRecord, id: string): Affiliate {
  return {
    id: record.id ?? id,
    name: record.name ?? '',
    followUpEmail: record.followUpEmail ?? '',
    salesChannel: record.salesChannel ?? '',
    endpoint: record.searchURIEndpoint || null,
  };
}

function isRefusal(error: unknown): error is OutsideError {
  return error instanceof OutsideError && CREATION_REFUSED.includes(error.facts.status ?? 0);
}

function creationRefused({ id, salesChannel, endpoint }: Affiliate, { facts }: OutsideError): OutsideError {
  return new OutsideError(
    'auth.forbidden',
    `The store does not let the affiliate ${id} be created by API. Create it in the store's admin under Store Settings > Orders > Affiliates, with trade policy ${salesChannel}${endpoint ? " and the search endpoint of the connector's hook" : ''}; or give the app key the resource 'Save Order Configuration' or 'Save OrderForm Configuration'.`,
    { system: facts.system, operation: facts.operation, status: facts.status }
  );
}
