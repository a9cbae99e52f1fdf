import { parseNotification, vtexNotification } from '../contracts/vtex-notification';
import { endpoint } from '../endpoint';

const base = '/hooks/vtex/{connectorId}/{token}';

const hookAt = (path: string, summary: string) =>
  endpoint({
    method: 'post',
    path,
    tag: 'Hooks',
    summary,
    description:
      'Called by the store for each SKU that changed; GET /v1/connectors/{connectorId}/hook shows the address. The next sync reads the SKU again. Of several notifications about one SKU the newest counts, so repeats do no harm.',
    role: 'public',
    body: {
      schema: vtexNotification,
      // Nothing documents what VTEX calls its JSON.
      contentTypes: ['application/json', 'text/json', 'text/plain'],
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
    problems: ['not_found'],
    handle: async (services, { params, body }) => {
      await services.vtexHooks.take(params.connectorId!, params.token!, body);
      return { status: 202 };
    },
  });

export const postVtexHook = hookAt(base, 'Take a change notification of a VTEX store');

/** VTEX's guides have connectors listen here, below the address that is registered. */
export const postVtexHookBelow = hookAt(
  `${base}/api/notification`,
  'Take a change notification of a VTEX store that adds the usual path'
);
