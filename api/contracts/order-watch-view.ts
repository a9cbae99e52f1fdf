import { z } from 'zod';

export const orderWatchView = z
  .object({
    sellerId: z.string(),
    region: z.enum(['NA', 'EU', 'FE']),
    connectorIds: z.array(z.string()).describe('Connectors whose orders are watched in the account'),
    readUntil: z
      .string()
      .nullable()
      .describe('Everything that Amazon changed before is handled; null before the first page'),
    readAt: z.string().nullable().describe('When a page was handled last'),
    hasMore: z.boolean().describe('Whether pages wait for the next runs'),
    problem: z
      .object({
        code: z.string(),
        said: z.string(),
        action: z.string().describe('What should be done'),
        since: z.string(),
      })
      .nullable()
      .describe('Why orders are not read; null while Amazon answers'),
  })
  .meta({ id: 'OrderWatch' });
export type OrderWatchView = z.infer<typeof orderWatchView>;
