import { mappingsFile } from '../contracts/mappings-view';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/mappings/export';

export const getMappingsExport = endpoint({
  method: 'get',
  path,
  tag: 'Mappings',
  summary: 'Export all mappings and assignments of a connector',
  role: 'viewer',
  answers: {
    200: {
      description: 'What POST …/mappings/import takes',
      schema: mappingsFile,
      headers: { 'Content-Disposition': 'The name of the file' },
    },
  },
  problems: ['not_found'],
  handle: async (services, { params }) => ({
    status: 200,
    body: await services.mappings.exportAll(params.connectorId!),
    headers: { 'Content-Disposition': `attachment; filename="mappings-${params.connectorId!}.json"` },
  }),
});
