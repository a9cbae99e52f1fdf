import { z } from 'zod';
import { importView, mappingsFile, type MappingsFile } from '../contracts/mappings-view';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/mappings/import';

/** Mappings of many product types with their value tables; one at a time is written by PUT, which takes 1 MB. */
const LIMIT_BYTES = 20 * 1024 * 1024;

const query = z.strictObject({
  dryRun: z
    .enum(['true', 'false'])
    .optional()
    .describe('With true everything is checked and told, and nothing is written'),
});

export const postMappingsImport = endpoint<typeof query, MappingsFile>({
  method: 'post',
  path,
  tag: 'Mappings',
  summary: 'Import mappings and assignments',
  description:
    'Everything in the file is checked first; when anything is wrong, nothing is changed. What the file does not name stays as it is. Repeating the request changes nothing.',
  role: 'operator',
  query,
  body: {
    schema: mappingsFile,
    limitBytes: LIMIT_BYTES,
    example: {
      format: 'longshore.mappings.v1',
      mappings: { SHIRT: { attributes: { bullet_point: { omit: true } } } },
      assignments: [{ productType: 'SHIRT', when: { category: 'Men/Tops' } }],
    },
  },
  answers: { 200: { description: 'What changed, or with dryRun would change', schema: importView } },
  problems: ['not_found', 'connector_removing', 'version_changed', 'amazon_refused', 'amazon_unavailable'],
  handle: async (services, { params, query: { dryRun }, body, actor, requestId }) => ({
    status: 200,
    body: await services.mappings.importAll(params.connectorId!, body, dryRun === 'true', { actor, requestId }),
  }),
});
