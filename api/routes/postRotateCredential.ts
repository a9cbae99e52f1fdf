import { credentialView } from '../contracts/credential-view';
import { endpoint } from '../endpoint';

const path = '/v1/credentials/{credentialId}/rotate';

export const postRotateCredential = endpoint({
  method: 'post',
  path,
  tag: 'Credentials',
  summary: 'Have Amazon make a new client secret',
  description:
    'B16. Amazon sends it to the notification queue, and it is used as soon as Amazon takes it. The client secret in use ends within 7 days. While a rotation is under way, that goes on and no other begins; see rotation in the answer of GET.',
  role: 'operator',
  answers: { 202: { description: 'The rotation is under way', schema: credentialView } },
  problems: ['not_found', 'credential_unproved', 'workflows_unavailable'],
  handle: async (services, { params, actor, requestId }) => ({
    status: 202,
    body: await services.credentials.rotate(params.credentialId!, { actor, requestId }),
  }),
});
