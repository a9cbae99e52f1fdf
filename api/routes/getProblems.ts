import { z } from 'zod';
import { endpoint } from '../endpoint';

const path = '/v1/connectors/{connectorId}/problems';

const answer = z
  .object({
    items: z.array(
      z.object({
        code: z.string(),
        message: z.string().describe('As the first of the SKUs has it'),
        meaning: z.string(),
        action: z.string().describe('What to do'),
        owner: z.enum(['merchant', 'longshore', 'amazon', 'source', 'nobody']).describe('Who has to do it'),
        severity: z.enum(['error', 'warning', 'info']),
        count: z.number().int().describe('How many SKUs'),
        sampleSkus: z.array(z.string()),
      })
    ),
  })
  .meta({ id: 'Problems' });

export const getProblems = endpoint({
  method: 'get',
  path,
  tag: 'Listings',
  summary: 'See what is wrong, in plain language, grouped and counted',
  description: 'As it was at most two seconds ago.',
  role: 'viewer',
  answers: { 200: { description: 'The problems, the most frequent first', schema: answer } },
  problems: ['not_found'],
  handle: async (services, { params }) => ({
    status: 200,
    body: await services.problems.groups(params.connectorId!),
  }),
});
