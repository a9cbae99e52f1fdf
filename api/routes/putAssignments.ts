import { z } from 'zod';
import type { Assignment } from '../../domain/mapping-contract';
import { assignmentsBody, assignmentsView, note, readVersion } from '../contracts/mappings-view';
import { endpoint } from '../endpoint';
import { mappingEtag } from '../services/mappings-writing';

const path = '/v1/connectors/{connectorId}/assignments';

const body = z
  .strictObject({ assignments: assignmentsBody, version: readVersion, note })
  .meta({ id: 'AssignmentsChange', description: 'All assignments of a connector, in order' });

export const putAssignments = endpoint<z.ZodObject, z.infer<typeof body>>({
  method: 'put',
  path,
  tag: 'Mappings',
  summary: 'Say which items are of which product type',
  description:
    'The first assignment that fits an item wins; what none fits has the product type that its categories speak of. An empty list leaves everything to the categories.',
  role: 'operator',
  body: {
    schema: body,
    example: {
      assignments: [
        { productType: 'SHIRT', when: { category: 'Men/Tops' } },
        { productType: 'WATCH', when: { attribute: 'kind', is: ['Watch', 'Smartwatch'] } },
        { productType: 'BACKPACK', when: { expression: '$contains(title, "Bag")' } },
      ],
      version: 0,
    },
  },
  requestHeaders: {
    'If-Match':
      'The ETag that was read, unless the body has its version; the change is refused when there is a newer one',
  },
  answers: {
    200: {
      description: 'The assignments as they are saved; a run in progress goes on with those it began with',
      schema: assignmentsView,
      headers: { ETag: 'The new version' },
    },
  },
  problems: ['not_found', 'connector_removing', 'version_changed', 'amazon_refused', 'amazon_unavailable'],
  handle: async (services, { params, body: { assignments, version, note: why }, ifMatch, actor, requestId }) => {
    const change = { content: assignments as Assignment[], version, note: why, ifMatch };
    const saved = await services.mappings.putAssignments(params.connectorId!, change, { actor, requestId });
    return { status: 200, body: saved, headers: { ETag: mappingEtag(saved) } };
  },
});
