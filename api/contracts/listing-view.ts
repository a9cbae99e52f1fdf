import { z } from 'zod';
import { LISTING_STATES } from '../../domain/listing';
import { moneyView } from './money-view';

export const listingProblem = z
  .object({
    code: z.string(),
    message: z.string(),
    severity: z.enum(['error', 'warning', 'info']),
    owner: z.enum(['merchant', 'longshore', 'amazon', 'source', 'nobody']),
    attributes: z.array(z.string()).optional(),
    rule: z.string().optional().describe("The rule of Amazon's definition that is broken, such as required or enum"),
    value: z.string().optional().describe('The value that breaks it, shortened'),
  })
  .meta({ id: 'ListingProblem' });

const summary = {
  sku: z.string(),
  displayCode: z.string().describe('V16. The SKU, with a p once it is integrated'),
  title: z.string(),
  state: z.enum(LISTING_STATES),
  reason: z.string().describe('Why it is in this state'),
  quantity: z.number().nullable().describe('What Amazon is to have; null when nothing is sent'),
  productType: z.string().nullable(),
  problems: z.array(listingProblem),
  updatedAt: z.string(),
};

export const listingSummaryView = z.object(summary).meta({ id: 'ListingSummary' });
export type ListingSummaryView = z.infer<typeof listingSummaryView>;

const attributes = z.record(z.string(), z.array(z.record(z.string(), z.unknown())));

/** B9: one SKU, explained. */
export const listingView = z
  .object({
    ...summary,
    meaning: z.string().describe('What the state means'),
    sourceId: z.string(),
    productId: z.string(),
    isKit: z.boolean(),
    verdict: z.object({
      kind: z.enum(['sell', 'pause', 'block', 'remove']),
      blockReason: z.string().nullable(),
      reasons: z.array(z.string()).describe('Why this quantity, why this price'),
    }),
    wanted: z
      .object({
        productType: z.string(),
        requirements: z.string(),
        details: attributes,
        price: attributes.nullable(),
        quantity: attributes.nullable(),
      })
      .nullable()
      .describe('What Amazon is to have'),
    parent: z
      .object({
        sku: z.string(),
        state: z.enum(LISTING_STATES),
        reason: z.string(),
        problems: z.array(listingProblem),
      })
      .nullable()
      .describe('V10. The parent that it is sent under; null for a SKU that stands alone'),
    heldBackPrice: moneyView
      .nullable()
      .describe(
        'The price that waits until it is approved, because it is too far from the last one; null when none does'
      ),
    lastPayload: z.unknown().describe('What was sent last, as it was sent; null when nothing was'),
    lastAnswer: z
      .object({
        at: z.string(),
        status: z.string(),
        submissionId: z.string().nullable(),
        problems: z.array(listingProblem),
      })
      .nullable(),
    attempts: z.array(
      z.object({
        at: z.string(),
        operation: z.enum(['put', 'patch']),
        outcome: z.string(),
        message: z.string().nullable(),
      })
    ),
    failures: z.number().int().describe('Failed tries since the last success'),
    submittedAt: z.string().nullable(),
    nextAttemptAt: z.string().nullable(),
    nextCheckAt: z.string().nullable(),
    atAmazon: z
      .object({
        at: z.string(),
        asin: z.string().nullable(),
        status: z.array(z.string()),
        quantity: z.number().nullable(),
        price: z.string().nullable(),
      })
      .nullable()
      .describe('What Amazon showed when it was last looked at'),
    wasAtAmazon: z
      .boolean()
      .describe('It was there before it was first sent: it is merged into, and never replaced whole'),
    unreadable: z.string().nullable().describe('Why the source could not tell about it when it was last read'),
  })
  .meta({ id: 'Listing' });
export type ListingView = z.infer<typeof listingView>;
