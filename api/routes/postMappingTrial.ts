import { z } from 'zod';
import type { Mapping } from '../../domain/mapping-contract';
import { mappingBody, mappingTrialView } from '../contracts/mappings-view';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/mappings/{productType}/try';

const body = z
  .strictObject({
    sku: z.string().min(1).max(200).describe('A SKU that a run has read'),
    mapping: mappingBody.optional().describe('What to try; the saved mapping unless given'),
  })
  .meta({ id: 'MappingTrialInput' });

export const postMappingTrial = endpoint<z.ZodObject, z.infer<typeof body>>({
  method: 'post',
  path,
  tag: 'Mappings',
  summary: 'Try a mapping on one SKU before it is saved',
  description:
    'Shows the payload that would be sent, and every problem at once. Nothing is saved and nothing is sent. The item is as the last run read it.',
  role: 'operator',
  body: {
    schema: body,
    example: { sku: '13737', mapping: { attributes: { item_name: { expression: 'brand & " " & title' } } } },
  },
  answers: { 200: { description: 'The payload, and what is wrong with it', schema: mappingTrialView } },
  problems: ['not_found', 'amazon_refused', 'amazon_unavailable'],
  handle: async (services, { params, body: { sku, mapping } }) => ({
    status: 200,
    body: await services.mappings.tryOn(params.connectorId!, params.productType!, sku, mapping as Mapping | undefined),
  }),
});
