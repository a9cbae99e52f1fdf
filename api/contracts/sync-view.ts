import { z } from 'zod';
import { LISTING_STATES } from '../../domain/listing';
import { SYNC_MODES, SYNC_OUTCOMES, SYNC_PHASES, SYNC_SCOPES, SYNC_TRIGGERS } from '../../domain/sync';
import { testCountsView } from './test-result-view';
import { waitingForView } from './waiting-for-view';

export const countsView = z
  .record(z.enum(LISTING_STATES), z.number().int())
  .meta({ id: 'StateCounts', description: 'SKUs in each state; they add up to the assortment' });

export const syncView = z
  .object({
    id: z.string(),
    connectorId: z.string(),
    mode: z.enum(SYNC_MODES),
    trigger: z.enum(SYNC_TRIGGERS),
    scope: z.enum(SYNC_SCOPES),
    phase: z.enum(SYNC_PHASES),
    outcome: z.enum(SYNC_OUTCOMES).nullable(),
    live: z.boolean().describe('False when no worker answered and this is what the database holds'),
    paused: z.boolean(),
    total: z.number().int(),
    touched: z.number().int().describe('SKUs that this run read in the source, or found to have left it'),
    counts: countsView,
    sample: z.number().int().nullable().describe('Of a test: how many SKUs it is about, when not about all'),
    testCounts: testCountsView
      .nullable()
      .describe('Of a test: the SKUs that it read, by outcome; null before it has read the source'),
    notes: z.array(z.string()).describe('What a person should know of this run'),
    ratePerSecond: z.number().nullable(),
    etaSeconds: z.number().nullable(),
    waitingFor: z.union([waitingForView, z.null()]),
    startedAt: z.string(),
    endedAt: z.string().nullable(),
  })
  .meta({ id: 'Sync' });
