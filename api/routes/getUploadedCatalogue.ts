import { uploadedCatalogueView } from '../contracts/uploaded-catalogue-view';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/catalogue';

export const getUploadedCatalogue = endpoint({
  method: 'get',
  path,
  tag: 'Connectors',
  summary: 'Show what was uploaded',
  role: 'viewer',
  answers: { 200: { description: 'The upload that counts', schema: uploadedCatalogueView } },
  problems: ['not_found'],
  handle: async (services, { params }) => ({
    status: 200,
    body: await services.uploadedCatalogue.get(params.connectorId!),
  }),
});
