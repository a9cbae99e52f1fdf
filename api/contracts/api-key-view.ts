import { z } from 'zod';
import { ROLES } from '../roles';

export const apiKeyView = z
  .object({
    id: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    prefix: z.string().describe('How the key begins'),
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable().describe('From when on it is refused; null for never'),
    lastUsedAt: z.iso.datetime().nullable().describe('To the minute; null when it never was'),
  })
  .meta({ id: 'ApiKey' });

export type ApiKeyView = z.infer<typeof apiKeyView>;
