import { z } from 'zod';
import { credentialView } from '../contracts/credential-view';
import { cursor, limit, nextCursor } from '../contracts/paging';
import { endpoint } from '../endpoint';

const path = '/v1/credentials';

export const getCredentials = endpoint({
  method: 'get',
  path,
  tag: 'Credentials',
  summary: 'List the credentials, with the days that are left',
  description:
    'S6. A credential is one LWA application. It comes into being with the first connector that names its client id.',
  role: 'viewer',
  query: z.strictObject({ cursor, limit }),
  answers: {
    200: {
      description: 'A page of credentials, in the order of their ids',
      schema: z.object({ items: z.array(credentialView), nextCursor }).meta({ id: 'CredentialPage' }),
    },
  },
  handle: async (services, call) => ({ status: 200, body: await services.credentials.list(call.query) }),
});
