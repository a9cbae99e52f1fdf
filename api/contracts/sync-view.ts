import { z } from 'zod';
import { LISTING_STATES } from '../../domain/listing';
import { SYNC_OUTCOMES, SYNC_PHASES } from '../../domain/sync';
import { waitingForView } from './waiting-for-view';

export const countsView = z
  .record(z.enum(LISTING_STATES), z.number().int())
  .meta({ id: 'StateCounts', description: 'SKUs in each state; they add up to the assortment' });

export const syncView = z
  .object({
    id: z.string(),
    connectorId: z.string(),
    mode: z.enum(['synchronization', 'test']),
    trigger: z.enum(['schedule', 'api', 'activation']),
    scope: z.enum(['full', 'skus']),
    phase: z.enum(SYNC_PHASES),
    outcome: z.enum(SYNC_OUTCOMES).nullable(),
    live: z.boolean().describe('False when no worker answered and this is what the database holds'),
    paused: z.boolean(),
    total: z.number().int(),
    counts: countsView,
    ratePerSecond: z.number().nullable(),
    etaSeconds: z.number().nullable(),
    waitingFor: z.union([waitingForView, z.null()]),
    startedAt: z.string(),
    endedAt: z.string().nullable(),
  })
  .meta({ id: 'Sync' });
