import type { ListingHashes, ListingProblem } from './listing';
import type { SubmissionAnswer } from './ports/amazon';

/**
 * What a test says of a SKU (S10): Amazon would take it, or refuse it; our own rules hold it back; Amazon could not be asked;
 * or it was not asked yet, or is outside the sample.
 */
export const TEST_OUTCOMES = ['passed', 'failed', 'blocked', 'error', 'untested'] as const;
export type TestOutcome = (typeof TEST_OUTCOMES)[number];

/** SKUs with each outcome. */
export type TestCounts = Record<TestOutcome, number>;

export function noTestCounts(): TestCounts {
  return Object.fromEntries(TEST_OUTCOMES.map((outcome) => [outcome, 0])) as TestCounts;
}

/** How many SKUs Amazon checks a second. Source: SP-API changes of January 2024, `VALIDATION_PREVIEW`. */
export const TESTS_PER_SECOND = 1;

/** How long an answer about the same payload is good for: Amazon is not asked again within it. */
export const TEST_GOOD_FOR_MS = 24 * 3_600_000;

/** Where Amazon says that it does not know the parent of a child. Source: SP-API listings errors, 8007. */
const UNKNOWN_PARENT = { code: 'amazon.8007', attribute: 'child_parent_sku_relationship' } as const;

/** Names one payload: the hashes of its parts. */
export function testedHashOf({ details, price = '', quantity = '' }: ListingHashes): string {
  return [details, price, quantity].join(':');
}

/**
 * What Amazon's answer to a preview means.
 *
 * @param awaitedParent - the parent that will be sent before it and that Amazon cannot know yet: a SKU does not fail a test
 *   for that alone.
 */
export function outcomeOfTest(
  { status, problems }: Pick<SubmissionAnswer, 'status' | 'problems'>,
  awaitedParent: string | undefined
): { outcome: 'passed' | 'failed'; problems: ListingProblem[] } {
  const remarked = problems.map((problem) =>
    awaitedParent !== undefined && isAboutUnknownParent(problem) ? parentIsSentFirst(problem, awaitedParent) : problem
  );
  const hasError = remarked.some(({ severity }) => severity === 'error');
  // A refusal without a reason is one all the same.
  const isRefused = hasError || (status === 'INVALID' && problems.every(({ severity }) => severity !== 'error'));
  return { outcome: isRefused ? 'failed' : 'passed', problems: remarked };
}

/** Codes of previews were renumbered once; the attribute says the same. */
function isAboutUnknownParent({ code, attributes = [] }: ListingProblem): boolean {
  return code === UNKNOWN_PARENT.code || (attributes.length === 1 && attributes[0] === UNKNOWN_PARENT.attribute);
}

function parentIsSentFirst(problem: ListingProblem, parent: string): ListingProblem {
  return {
    ...problem,
    severity: 'info',
    owner: 'nobody',
    message: `Its parent ${parent} is not at Amazon yet; it is sent first. Amazon says: ${problem.message}`,
  };
}
