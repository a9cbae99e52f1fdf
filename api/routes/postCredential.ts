import { z } from 'zod';
import {
  clientIdField,
  clientSecretField,
  refreshTokenField,
  sellerIdField,
  vendorCodeField,
} from '../../domain/connector-contract';
import { credentialView } from '../contracts/credential-view';
import { endpoint } from '../endpoint';

const path = '/v1/credentials';

const body = z
  .strictObject({
    clientId: clientIdField,
    clientSecret: clientSecretField,
    authorisations: z
      .array(
        z.strictObject({
          seller: z
            .union([sellerIdField.unwrap(), vendorCodeField.unwrap()], {
              error: 'Write the seller id, which begins with A, or the vendor code.',
            })
            .describe('Seller id or vendor code'),
          refreshToken: refreshTokenField,
        })
      )
      .max(200)
      .default([])
      .describe('The sellers who have authorised the application; connectors may bring them later'),
    autoRotate: z.boolean().default(false).describe('Whether a new client secret is asked of Amazon 30 days before'),
  })
  .meta({ id: 'NewCredential' });

export const postCredential = endpoint<z.ZodObject, z.infer<typeof body>>({
  method: 'post',
  path,
  tag: 'Credentials',
  summary: 'Keep an application before a connector names it',
  description:
    'B15. Its client secret is tried at Amazon at once; see rotation in the answer of GET. A connector that goes over to it by PATCH needs no secrets of its own then.',
  role: 'admin',
  body: {
    schema: body,
    example: {
      clientId: 'amzn1.application-oa2-client.0123456789abcdef',
      clientSecret: 'the client secret of this application',
      authorisations: [{ seller: 'A2LUMASELLER01', refreshToken: 'Atzr|IwEBIExampleOfARefreshToken' }],
      autoRotate: true,
    },
  },
  answers: { 201: { description: 'The credential', schema: credentialView } },
  problems: ['credential_exists', 'workflows_unavailable'],
  handle: async (services, { body: input, actor, requestId }) => ({
    status: 201,
    body: await services.credentials.create(input, { actor, requestId }),
  }),
});
