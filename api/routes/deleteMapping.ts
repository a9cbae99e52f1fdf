import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/mappings/{productType}';

export const deleteMapping = endpoint({
  method: 'delete',
  path,
  tag: 'Mappings',
  summary: 'Go back to the built-in mapping of a product type',
  description: 'The versions stay and can be read and saved again.',
  role: 'operator',
  requestHeaders: { 'If-Match': 'The ETag that was read; the change is refused when there is a newer version' },
  answers: { 204: { description: 'The product type is mapped as built in' } },
  problems: ['not_found', 'connector_removing', 'version_changed'],
  handle: async (services, { params, ifMatch, actor, requestId }) => {
    await services.mappings.remove(params.connectorId!, params.productType!, ifMatch, { actor, requestId });
    return { status: 204 };
  },
});
