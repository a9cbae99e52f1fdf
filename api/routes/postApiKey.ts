import { z } from 'zod';
import { apiKeyView } from '../contracts/api-key-view';
import { endpoint } from '../endpoint';
import { ROLES } from '../roles';

const path = '/v1/api-keys';

const body = z
  .strictObject({
    name: z.string().trim().min(1).max(80),
    role: z.enum(ROLES),
    expiresAt: z.iso
      .datetime({ offset: true, error: 'Write date and time with a zone, for example 2027-01-31T00:00:00Z.' })
      .optional()
      .describe('From when on it is refused, in the future; without it the key lives until it is revoked'),
  })
  .meta({ id: 'ApiKeyRequest' });

export const postApiKey = endpoint<z.ZodObject, z.infer<typeof body>>({
  method: 'post',
  path,
  tag: 'Access',
  summary: 'Make an API key',
  role: 'admin',
  body: { schema: body, example: { name: 'ops console', role: 'operator' } },
  answers: {
    201: {
      description: 'The key, shown this once',
      schema: apiKeyView
        .extend({ key: z.string().describe('Give it as Authorization: Bearer <key>; it cannot be shown again') })
        .meta({ id: 'CreatedApiKey' }),
    },
  },
  handle: async (services, { body: wanted, reservedId, actor, requestId }) => ({
    status: 201,
    body: await services.apiKeys.create(wanted, reservedId, { actor, requestId }),
  }),
});
