import { z } from 'zod';
import { LISTING_STATES } from '../../domain/listing';
import { TEST_OUTCOMES } from '../../domain/test-results';
import { listingProblem } from './listing-view';
import { nextCursor } from './paging';
import { skuPrefix } from './listing-filter';

const outcome = z
  .enum(TEST_OUTCOMES)
  .describe(
    'passed: Amazon would take it; failed: it would refuse it; blocked: our rules hold it back; error: it could not be asked; untested: not asked yet, or outside the sample'
  );

/** What a list of test results can be narrowed to. */
export const testResultFilter = {
  outcome: z.enum(TEST_OUTCOMES).optional().describe('Only SKUs with this outcome'),
  problem: z.string().min(1).max(200).optional().describe("Only SKUs with this problem's code"),
  q: skuPrefix,
};

export const testCountsView = z
  .record(z.enum(TEST_OUTCOMES), z.number().int())
  .meta({ id: 'TestCounts', description: 'SKUs with each outcome; parents of variations are left out' });

const testResultView = z
  .object({
    sku: z.string(),
    title: z.string(),
    isParent: z.boolean().describe('V10. It is the parent of a product, and no SKU of the catalogue'),
    parentSku: z.string().nullable().describe('The parent that it would be sent under'),
    outcome,
    reason: z.string(),
    problems: z.array(listingProblem),
    productType: z.string().nullable(),
    at: z.string().nullable().describe('When the outcome came about'),
    syncId: z.string().nullable().describe('The test that it is from'),
    isWaiting: z.boolean().describe('A test that is at work will ask Amazon about it'),
  })
  .meta({ id: 'TestResult' });
export type TestResultView = z.infer<typeof testResultView>;

export const testResultPage = z
  .object({ counts: testCountsView, items: z.array(testResultView), nextCursor })
  .meta({ id: 'TestResultPage' });
export type TestResultPage = z.infer<typeof testResultPage>;

export const testComparisonView = z
  .object({
    counts: z.object({
      passedAndRefused: z.number().int().describe('Passed the test, and Amazon refused them for real'),
      failedAndAccepted: z.number().int().describe('Failed the test, and Amazon accepted them for real'),
    }),
    items: z.array(
      z.object({
        sku: z.string(),
        title: z.string(),
        isSamePayload: z.boolean().describe('What was tested is what Amazon is to have now'),
        test: z.object({
          outcome,
          reason: z.string(),
          at: z.string().nullable(),
          problems: z.array(listingProblem),
        }),
        live: z.object({
          state: z.enum(LISTING_STATES),
          reason: z.string(),
          at: z.string().nullable().describe("When Amazon's last answer came"),
          problems: z.array(listingProblem),
        }),
      })
    ),
    nextCursor,
  })
  .meta({ id: 'TestComparison' });
export type TestComparisonView = z.infer<typeof testComparisonView>;
