import { z } from 'zod';
import type { Mapping } from '../../domain/mapping-contract';
import { mappingBody, mappingView, note, readVersion } from '../contracts/mappings-view';
import { endpoint } from '../endpoint';
import { mappingEtag } from '../services/mappings-writing';

const path = '/v1/connectors/{connectorId}/mappings/{productType}';

const body = z
  .strictObject({ mapping: mappingBody, version: readVersion, note })
  .meta({ id: 'MappingChange', description: 'The whole mapping of a product type' });

export const putMapping = endpoint<z.ZodObject, z.infer<typeof body>>({
  method: 'put',
  path,
  tag: 'Mappings',
  summary: 'Save the mapping of a product type',
  description:
    "The whole mapping is checked, against Amazon's definition of the product type too, and every problem is named. Each change is a version of its own; repeating the request changes nothing.",
  role: 'operator',
  body: {
    schema: body,
    example: {
      mapping: {
        attributes: {
          item_name: { expression: 'brand & " " & title' },
          color: { from: 'options.color', values: { table: { Preto: 'Black' }, otherwise: 'keep' } },
          'item_weight.value': { from: 'weightGrams' },
          bullet_point: { omit: true },
        },
      },
      version: 0,
      note: 'Brand in the title',
    },
  },
  requestHeaders: {
    'If-Match':
      'The ETag that was read, unless the body has its version; the change is refused when there is a newer one',
  },
  answers: {
    200: {
      description: 'The mapping as it is saved; a run in progress goes on with the one it began with',
      schema: mappingView,
      headers: { ETag: 'The new version' },
    },
  },
  problems: ['not_found', 'connector_removing', 'version_changed', 'amazon_refused', 'amazon_unavailable'],
  handle: async (services, { params, body: { mapping, version, note: why }, ifMatch, actor, requestId }) => {
    const change = { content: mapping as Mapping, version, note: why, ifMatch };
    const by = { actor, requestId };
    const saved = await services.mappings.put(params.connectorId!, params.productType!, change, by);
    return { status: 200, body: saved, headers: { ETag: mappingEtag(saved) } };
  },
});
