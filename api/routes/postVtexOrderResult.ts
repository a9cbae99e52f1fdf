import { z } from 'zod';
import { parseOrderResult, vtexOrderResult } from '../contracts/vtex-order-result';
import { endpoint } from '../endpoint';
import { HOOK_LIMIT_BYTES } from './postVtexHook';

const path = '/hooks/vtex/{connectorId}/{token}/order-integration/notification/processing-result';

export const postVtexOrderResult = endpoint({
  method: 'post',
  path,
  tag: 'Hooks',
  summary: 'Take a processing result of a VTEX store',
  description:
    'Called by the store when it has worked on an order that was placed there. Results may come late, twice or in any order.',
  role: 'public',
  query: z.looseObject({ an: z.string().optional().describe('The account of the store') }),
  body: {
    schema: vtexOrderResult,
    contentTypes: ['application/json', 'text/json', 'text/plain'],
    limitBytes: HOOK_LIMIT_BYTES,
    parse: parseOrderResult,
    example: {
      marketplaceOrderId: '701-1234567-7654321',
      accountName: 'luma',
      code: 'SOI001',
      flow: 'PlaceOrder',
      success: true,
      message: 'Order integrated successfully',
      fields: { mainOrderId: 'MKP-123456789' },
    },
  },
  answers: { 202: { description: 'The order is told' } },
  problems: ['not_found', 'too_many_failed_logins', 'workflows_unavailable'],
  handle: async (services, { params, query, body, origin: from }) => {
    await services.vtexHooks.takeResult(
      { connectorId: params.connectorId!, token: params.token!, from },
      query.an,
      body
    );
    return { status: 202 };
  },
});
