import { z } from 'zod';
import { endpoint } from '../endpoint';

const path = '/openapi.json';

export const getOpenApi = endpoint({
  method: 'get',
  path,
  tag: 'Operations',
  summary: 'This documentation, as OpenAPI 3.1; to be read at /docs',
  role: 'public',
  answers: { 200: { description: 'The document', schema: z.looseObject({ openapi: z.string() }) } },
  handle: async (services) => ({ status: 200, body: services.openApi() }),
});
