import { z } from 'zod';
import { CREDENTIAL_VERDICTS } from '../../domain/credential-rotation';
import { OWNERS, waitingForView } from './waiting-for-view';

const deadline = {
  dueAt: z.string().nullable().describe('When it lapses; null until it was proved'),
  daysLeft: z
    .number()
    .int()
    .nullable()
    .describe('Until dueAt, a day that has begun counted whole; 0 on the day after it, then negative'),
  nextReminderAt: z
    .string()
    .nullable()
    .describe(
      'When people are mailed next; in the past when a mail is due. Null while no connector uses the credential'
    ),
  reminders: z
    .array(
      z.object({
        day: z.number().int().describe('How many days before dueAt; 0 and negative when it has come'),
        dueAt: z.string().describe('The date that it told of'),
        state: z.enum(['sent', 'not_sent']),
        reason: z.string().nullable().describe('Why it was not sent, or whom it did not reach'),
        at: z.string().describe('When it was sent, or last tried'),
      })
    )
    .describe('What people were reminded of, the latest first'),
};

const rotation = z
  .object({
    state: z
      .enum(['requesting', 'awaiting', 'proving', 'done', 'failed'])
      .describe(
        '`requesting`: Amazon is to be asked. `awaiting`: it was, and is to send the secret. `proving`: a secret is there, and Amazon is to take it. `failed`: see waitingFor'
      ),
    cause: z
      .enum(['asked', 'automatic', 'received', 'saved'])
      .describe('A person asked for it, it was due, Amazon sent a secret unasked, or one was saved'),
    startedAt: z.string(),
    requestedAt: z.string().nullable().describe('When Amazon was asked; it is asked once'),
    waitingFor: z.union([waitingForView, z.null()]),
    endedAt: z.string().nullable(),
  })
  .meta({ id: 'Rotation' });

const CREDENTIAL_EXAMPLE = {
  id: 'cred_0123456789abcdef0123',
  clientId: 'amzn1.application-oa2-client.0123456789abcdef',
  connectors: [{ id: 'con_0123456789abcdef0123', name: 'Luma at Amazon US' }],
  secretCreatedAt: '2026-03-01T09:30:00.000Z',
  dueAtFrom: 'creation',
  dueAt: '2026-08-28T09:30:00.000Z',
  daysLeft: 84,
  nextReminderAt: '2026-07-29T09:30:00.000Z',
  reminders: [
    {
      day: 90,
      dueAt: '2026-08-28T09:30:00.000Z',
      state: 'sent',
      reason: null,
      at: '2026-05-30T09:30:00.412Z',
    },
  ],
  autoRotate: true,
  newSecret: null,
  previousUntil: null,
  usesPrevious: false,
  rotation: null,
  authorisations: [
    {
      seller: 'A2LUMASELLER01',
      authorisedAt: '2026-03-01T09:30:00.000Z',
      dueAt: '2027-03-01T09:30:00.000Z',
      daysLeft: 269,
      nextReminderAt: '2026-12-01T09:30:00.000Z',
      reminders: [],
    },
  ],
} as const;

/** A credential as it is shown: its dates, and no secret. */
export const credentialView = z
  .object({
    id: z.string(),
    clientId: z.string(),
    connectors: z.array(z.object({ id: z.string(), name: z.string() })).describe('Who uses it'),
    secretCreatedAt: z.string().nullable().describe('Of the client secret in use; null until one was proved'),
    dueAtFrom: z
      .enum(['creation', 'notice'])
      .nullable()
      .describe('`creation`: 180 days after secretCreatedAt. `notice`: what Amazon has said since'),
    ...deadline,
    autoRotate: z.boolean().describe('Whether a new client secret is asked of Amazon 30 days before'),
    newSecret: z
      .enum(['saved', 'received'])
      .nullable()
      .describe('A new client secret that Amazon has not taken yet: a person has saved it, or Amazon has sent it'),
    previousUntil: z.string().nullable().describe('Until when the client secret before is kept'),
    usesPrevious: z
      .boolean()
      .describe('Amazon does not take the new client secret just now; the one before is used meanwhile'),
    rotation: z.union([rotation, z.null()]).describe('The last change of the client secret'),
    authorisations: z
      .array(
        z.object({
          seller: z.string().describe('Seller id or vendor code'),
          authorisedAt: z.string().describe('Of the refresh token in use. It is to be renewed every year'),
          ...deadline,
        })
      )
      .describe('The sellers who have authorised the application'),
  })
  .meta({ id: 'Credential', example: CREDENTIAL_EXAMPLE });

export type CredentialView = z.infer<typeof credentialView>;

const verdict = {
  verdict: z.enum(CREDENTIAL_VERDICTS).describe('`unknown`: it could not be told; see message'),
  message: z.string().describe('What it means'),
  action: z.string().nullable().describe('What to do; null where it works'),
  owner: z.enum(OWNERS).describe('Who has to do it'),
};

/** What trying a credential at Amazon has shown. */
export const credentialTestView = z
  .object({
    testedAt: z.string(),
    works: z.boolean().describe('Amazon takes the client secret in use, and every refresh token in use'),
    secrets: z
      .array(
        z.object({
          secret: z
            .enum(['current', 'received', 'saved', 'previous'])
            .describe('The one in use, one that Amazon has sent, one that was saved, the one before'),
          ...verdict,
        })
      )
      .describe('The client secrets that are kept'),
    authorisations: z
      .array(
        z.object({
          seller: z.string().describe('Seller id or vendor code'),
          token: z.enum(['current', 'saved']).describe('The refresh token in use, or one that was saved'),
          ...verdict,
        })
      )
      .describe('The refresh tokens that are kept'),
  })
  .meta({ id: 'CredentialTest' });

export type CredentialTestView = z.infer<typeof credentialTestView>;
