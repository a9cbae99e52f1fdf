import { z } from 'zod';

/** Where a connector's store sends its change notifications, and whether they come. */
export const hookView = z
  .object({
    endpoint: z
      .string()
      .describe('The search endpoint of the affiliate. Keep it to yourself: whoever knows it can send'),
    lastNoticeAt: z.iso.datetime().nullable().describe('null: none has come in the last 7 days'),
    waiting: z.number().int().describe('SKUs with a notification that no sync has worked off yet'),
  })
  .meta({ id: 'Hook' });

export type HookView = z.infer<typeof hookView>;
