import { z } from 'zod';
import { endpoint } from '../endpoint';

const path = '/healthz';

export const getHealth = endpoint({
  method: 'get',
  path,
  tag: 'Operations',
  summary: 'Whether this process runs',
  role: 'public',
  answers: { 200: { description: 'It does', schema: z.object({ status: z.literal('ok') }).meta({ id: 'Health' }) } },
  handle: async () => ({ status: 200, body: { status: 'ok' } }),
});
