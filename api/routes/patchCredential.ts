import { z } from 'zod';
import { credentialView } from '../contracts/credential-view';
import { endpoint } from '../endpoint';

const path = '/v1/credentials/{credentialId}';

const date = z.iso
  .datetime({ offset: true, error: 'Write a time as ISO 8601, for example 2026-03-01T09:30:00Z.' })
  .transform((text) => new Date(text));

const body = z
  .strictObject({
    secretCreatedAt: date
      .optional()
      .describe(
        'When the client secret in use was created at Amazon; its 180 days count from then, whatever Amazon has said before'
      ),
    authorisations: z
      .array(z.strictObject({ seller: z.string().min(1).max(64), authorisedAt: date }))
      .min(1)
      .max(200)
      .optional()
      .describe('When sellers have authorised the application, or renewed that without a new refresh token'),
    autoRotate: z
      .boolean()
      .optional()
      .describe('Whether a new client secret is asked of Amazon by itself, 30 days before it expires'),
  })
  .refine(
    ({ secretCreatedAt, authorisations, autoRotate }) => secretCreatedAt ?? authorisations ?? autoRotate !== undefined,
    {
      error: 'Say secretCreatedAt, authorisations or autoRotate.',
    }
  )
  .meta({ id: 'CredentialDates' });

export const patchCredential = endpoint<z.ZodObject, z.infer<typeof body>>({
  method: 'patch',
  path,
  tag: 'Credentials',
  summary: 'Say when a client secret was created or an authorisation renewed, and whether it is rotated by itself',
  description:
    'S6. Longshore counts from when it was given a secret. Correct that where Amazon created it earlier. A new secret itself is saved by POST …/secret, and its time begins anew by itself once Amazon has accepted it.',
  role: 'operator',
  body: {
    schema: body,
    example: {
      secretCreatedAt: '2026-03-01T09:30:00Z',
      authorisations: [{ seller: 'A2LUMASELLER01', authorisedAt: '2026-02-14T00:00:00Z' }],
    },
  },
  answers: { 200: { description: 'The credential with its new dates', schema: credentialView } },
  problems: ['not_found', 'workflows_unavailable'],
  handle: async (services, { params, body: dates, actor, requestId }) => ({
    status: 200,
    body: await services.credentials.setDates(params.credentialId!, dates, { actor, requestId }),
  }),
});
