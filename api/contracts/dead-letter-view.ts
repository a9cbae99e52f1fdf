import { z } from 'zod';

export const deadLetterView = z
  .object({
    id: z.string(),
    queue: z.string().describe('The name of the queue that delivered it'),
    messageId: z.string().describe('The queue’s id of the message'),
    notificationId: z.string().nullable().describe('Amazon’s id; null of what could not be read, as the next two'),
    type: z.string().nullable().describe('e.g. ORDER_CHANGE'),
    eventAt: z.string().nullable().describe('When it happened, as Amazon says'),
    reason: z.string().describe('Why it was not handled, and what to do'),
    deliveries: z.number().int().describe('How often the queue delivered it'),
    state: z.enum(['dead', 'retrying']).describe('retrying: it is tried again within seconds, or being tried'),
    retries: z.number().int().describe('How often a person had it tried again'),
    content: z.unknown().describe('The message; values that might be secret or personal are masked'),
    sentAt: z.string(),
    createdAt: z.string(),
  })
  .meta({ id: 'DeadLetter', description: 'A notification of Amazon’s that could not be handled. Kept for 90 days' });
export type DeadLetterView = z.infer<typeof deadLetterView>;
