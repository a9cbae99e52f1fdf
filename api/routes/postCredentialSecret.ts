import { z } from 'zod';
import { clientSecretField } from '../../domain/connector-contract';
import { credentialView } from '../contracts/credential-view';
import { endpoint } from '../endpoint';

const path = '/v1/credentials/{credentialId}/secret';

const body = z.strictObject({ clientSecret: clientSecretField }).meta({ id: 'NewClientSecret' });

export const postCredentialSecret = endpoint<z.ZodObject, z.infer<typeof body>>({
  method: 'post',
  path,
  tag: 'Credentials',
  summary: 'Save a new client secret',
  description:
    'B15. It is tried at Amazon, for a day if it must be, and used as soon as Amazon takes it; the one in use goes on until then, and is kept for 7 days more.',
  role: 'admin',
  body: { schema: body, example: { clientSecret: 'the client secret of this application' } },
  answers: { 202: { description: 'It is being tried', schema: credentialView } },
  problems: ['not_found', 'workflows_unavailable'],
  handle: async (services, { params, body: { clientSecret }, actor, requestId }) => ({
    status: 202,
    body: await services.credentials.saveSecret(params.credentialId!, clientSecret, { actor, requestId }),
  }),
});
