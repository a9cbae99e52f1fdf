import { z } from 'zod';

export const auditView = z
  .object({
    id: z.string(),
    at: z.string(),
    actor: z.object({ id: z.string(), name: z.string(), role: z.string() }),
    action: z.string().describe('e.g. connector.changed'),
    target: z.object({
      type: z.enum([
        'connector',
        'sync',
        'api-key',
        'listing',
        'credential',
        'order',
        'dead-letter',
        'alert-channel',
        'alert-delivery',
        'address',
      ]),
      id: z.string(),
    }),
    connectorId: z.string().nullable(),
    fields: z.array(z.string()).describe('Which fields were written'),
    changes: z
      .array(z.object({ field: z.string(), before: z.string().nullable(), after: z.string().nullable() }))
      .describe('What they were and are; of a secret only [secret], where there is one'),
    requestId: z.string(),
  })
  .meta({ id: 'AuditEntry' });

export type AuditView = z.infer<typeof auditView>;
