import { mappingProposalsView } from '../contracts/mappings-view';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/mappings/{productType}/proposals';

export const getMappingProposals = endpoint({
  method: 'get',
  path,
  tag: 'Mappings',
  summary: 'See what is not mapped, with proposals',
  description: "Found from the names of the source's fields and from the values of a sample of its items.",
  role: 'viewer',
  answers: { 200: { description: 'Open attributes, source fields and proposals', schema: mappingProposalsView } },
  problems: ['not_found', 'amazon_refused', 'amazon_unavailable'],
  handle: async (services, { params }) => ({
    status: 200,
    body: await services.mappings.propose(params.connectorId!, params.productType!),
  }),
});
