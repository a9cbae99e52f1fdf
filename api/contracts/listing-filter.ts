import { z } from 'zod';
import { LISTING_STATES } from '../../domain/listing';

/** What a list of SKUs can be narrowed to. */
export const listingFilter = {
  state: z.enum(LISTING_STATES).optional().describe('Only SKUs in this state'),
  problem: z.string().min(1).max(200).optional().describe("Only SKUs with this problem's code"),
};

export const skuPrefix = z.string().min(1).max(200).optional().describe('Only SKUs that begin with this, in any case');
