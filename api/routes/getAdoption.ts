import { z } from 'zod';
import { adoptionView } from '../contracts/adoption-view';
import { cursor, limit } from '../contracts/paging';
import { endpoint } from '../endpoint';

export const getAdoption = endpoint({
  method: 'get',
  path: '/v1/connectors/{connectorId}/adoption',
  tag: 'Listings',
  summary: 'See which SKUs were at Amazon already, and what a sync changes there',
  description:
    'Every SKU is looked for at Amazon before it is sent for the first time. One that is there is merged into: the attributes that the connector sends are changed, and no other. Before the first sync, POST …/syncs with {"mode":"preview"} looks and sends nothing.',
  role: 'viewer',
  query: z.strictObject({ cursor, limit }),
  answers: { 200: { description: 'A page of SKUs that were there, in the order of SKUs', schema: adoptionView } },
  problems: ['not_found'],
  handle: async (services, call) => ({
    status: 200,
    body: await services.adoption.page(call.params.connectorId!, call.query),
  }),
});
