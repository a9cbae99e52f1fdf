import { credentialTestView } from '../contracts/credential-view';
import { endpoint } from '../endpoint';

const path = '/v1/credentials/{credentialId}/test';

export const postCredentialTest = endpoint({
  method: 'post',
  path,
  tag: 'Credentials',
  summary: 'Try every client secret and every refresh token at Amazon',
  description:
    'B15. One token request for each. Says of each whether it works, and else why not, who has to act, and how. A new client secret that works is used from then on.',
  role: 'operator',
  answers: { 200: { description: 'What Amazon says of each', schema: credentialTestView } },
  problems: ['not_found', 'workflows_unavailable'],
  handle: async (services, { params }) => ({
    status: 200,
    body: await services.credentials.test(params.credentialId!),
  }),
});
