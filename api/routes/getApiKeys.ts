import { z } from 'zod';
import { apiKeyView } from '../contracts/api-key-view';
import { cursor, limit, nextCursor } from '../contracts/paging';
import { endpoint } from '../endpoint';

const path = '/v1/api-keys';

const query = z.strictObject({ cursor, limit });

export const getApiKeys = endpoint({
  method: 'get',
  path,
  tag: 'Access',
  summary: 'List the API keys; the keys themselves are not kept',
  role: 'admin',
  query,
  answers: {
    200: {
      description: 'A page of API keys',
      schema: z.object({ items: z.array(apiKeyView), nextCursor }).meta({ id: 'ApiKeyPage' }),
    },
  },
  handle: async (services, call) => ({ status: 200, body: await services.apiKeys.list(call.query) }),
});
