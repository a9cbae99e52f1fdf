import { z } from 'zod';
import { endpoint } from '../endpoint';

const path = '/readyz';

const upOrDown = z.enum(['up', 'down']);
const answer = z
  .object({ ready: z.boolean(), parts: z.object({ database: upOrDown, workflows: upOrDown }) })
  .meta({ id: 'Readiness' });

export const getReady = endpoint({
  method: 'get',
  path,
  tag: 'Operations',
  summary: 'Whether the parts that this process needs are there',
  role: 'public',
  answers: {
    200: { description: 'All are there', schema: answer },
    503: { description: 'The parts that are down are away; they are tried again by themselves', schema: answer },
  },
  handle: async (services) => {
    const readiness = await services.health.readiness();
    return { status: readiness.ready ? 200 : 503, body: readiness };
  },
});
