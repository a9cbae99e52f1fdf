import { z } from 'zod';
import { LISTING_STATES } from '../../domain/listing';
import { nextCursor } from './paging';

const side = {
  title: z.string().nullable(),
  productType: z.string().nullable(),
  quantity: z.number().nullable(),
  price: z.string().nullable().describe('In units of the currency'),
};

/** B13: what was at Amazon before the connector first sent it. */
export const adoptionView = z
  .object({
    asked: z.number().int().describe('SKUs that Amazon was asked for; 0 before the first preview or sync'),
    found: z.number().int().describe('Of them, how many were there already'),
    items: z.array(
      z.object({
        sku: z.string(),
        state: z.enum(LISTING_STATES),
        isSent: z.boolean().describe('Whether the connector has merged its own values since'),
        atAmazon: z.object({ ...side, at: z.string(), asin: z.string().nullable(), status: z.array(z.string()) }),
        wanted: z.object(side).nullable().describe('What the connector sends or would send; null when nothing is sent'),
        differences: z
          .array(z.enum(['title', 'productType', 'quantity', 'price']))
          .describe('Where the two differ: what a sync changes'),
      })
    ),
    nextCursor,
  })
  .meta({ id: 'Adoption' });
export type AdoptionView = z.infer<typeof adoptionView>;
