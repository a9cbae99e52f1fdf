import { z } from 'zod';

/** Who can end a wait, or mend what is wrong. */
export const OWNERS = ['merchant', 'longshore', 'amazon', 'source', 'nobody'] as const;

export const waitingForView = z
  .object({
    code: z.string(),
    message: z.string(),
    field: z.string().optional(),
    owner: z.enum(OWNERS),
    since: z.string(),
  })
  .meta({ id: 'WaitingFor', description: 'What it waits for, since when, and who can end the wait' });
