import { z } from 'zod';

export const waitingForView = z
  .object({
    code: z.string(),
    message: z.string(),
    field: z.string().optional(),
    owner: z.enum(['merchant', 'longshore', 'amazon', 'source', 'nobody']),
    since: z.string(),
  })
  .meta({ id: 'WaitingFor', description: 'What it waits for, since when, and who can end the wait' });
