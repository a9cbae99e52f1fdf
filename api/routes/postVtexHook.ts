import { parseNotification, vtexNotification } from '../contracts/vtex-notification';
import { endpoint } from '../endpoint';

/** What a store's call may hold, in bytes: it names one SKU or one order. */
export const HOOK_LIMIT_BYTES = 64 * 1024;

const base = '/hooks/vtex/{connectorId}/{token}';

const hookAt = (path: string, summary: string) =>
  endpoint({
    method: 'post',
    path,
    tag: 'Hooks',
    summary,
    description:
      'Called by the store for each SKU that changed; GET /v1/connectors/{connectorId}/hook shows the address. The next sync reads the SKU again. Of several notifications about one SKU the newest counts, and an old one cannot take a SKU off sale, so repeats do no harm.',
    role: 'public',
    body: {
      schema: vtexNotification,
      // Nothing documents what VTEX calls its JSON.
      contentTypes: ['application/json', 'text/json', 'text/plain'],
      limitBytes: HOOK_LIMIT_BYTES,
      parse: parseNotification,
      example: {
        IdSku: '15',
        An: 'luma',
        IdAffiliate: 'SPT',
        DateModified: '2018-08-20T15:11:28.1978783Z',
        IsActive: true,
        StockModified: true,
        PriceModified: false,
        HasStockKeepingUnitModified: false,
        HasStockKeepingUnitRemovedFromAffiliate: false,
      },
    },
    answers: { 202: { description: 'It is noted' } },
    problems: ['not_found', 'too_many_failed_logins'],
    handle: async (services, { params, body, origin: from }) => {
      await services.vtexHooks.take({ connectorId: params.connectorId!, token: params.token!, from }, body);
      return { status: 202 };
    },
  });

export const postVtexHook = hookAt(base, 'Take a change notification of a VTEX store');

/** VTEX's guides have connectors listen here, below the address that is registered. */
export const postVtexHookBelow = hookAt(
  `${base}/api/notification`,
  'Take a change notification of a VTEX store that adds the usual path'
);
