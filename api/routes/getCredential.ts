import { credentialView } from '../contracts/credential-view';
import { endpoint } from '../endpoint';

const path = '/v1/credentials/{credentialId}';

export const getCredential = endpoint({
  method: 'get',
  path,
  tag: 'Credentials',
  summary: 'See when a client secret and its authorisations lapse, and who was reminded',
  description:
    'S6. People are mailed 90, 30, 14, 7, 3 and 1 days before and daily from then on, to ALERT_TO. After an outage one mail is sent, and not all that were missed.',
  role: 'viewer',
  answers: { 200: { description: 'The credential, without a secret', schema: credentialView } },
  problems: ['not_found'],
  handle: async (services, { params }) => ({
    status: 200,
    body: await services.credentials.get(params.credentialId!),
  }),
});
