import type { ListingProblem } from '../../domain/listing';
import { outcomeOfTest, testedHashOf } from '../../domain/test-results';

const problem = (severity: ListingProblem['severity'], parts: Partial<ListingProblem> = {}): ListingProblem => ({
  code: 'amazon.90220',
  message: 'Amazon says so.',
  severity,
  owner: 'merchant',
  ...parts,
});
const unknownParent = problem('error', { code: 'amazon.8007' });
const relation = problem('error', { attributes: ['child_parent_sku_relationship'] });
const both = problem('error', { attributes: ['child_parent_sku_relationship', 'variation_theme'] });

describe('what an answer to a preview means', () => {
  it.each<[string, 'VALID' | 'INVALID', ListingProblem[], string | undefined, string]>([
    ['a yes', 'VALID', [], undefined, 'passed'],
    ['a yes with a warning', 'VALID', [problem('warning')], undefined, 'passed'],
    ['a no', 'INVALID', [problem('error')], undefined, 'failed'],
    ['a yes with an error', 'VALID', [problem('error')], undefined, 'failed'],
    ['a no without a reason', 'INVALID', [], undefined, 'failed'],
    ['a no with a warning alone', 'INVALID', [problem('warning')], undefined, 'failed'],
    ['an unknown parent that is sent first', 'INVALID', [unknownParent], 'P', 'passed'],
    ['the same, told by the attribute', 'INVALID', [relation], 'P', 'passed'],
    ['an unknown parent that was sent', 'INVALID', [unknownParent], undefined, 'failed'],
    ['an unknown parent and another error', 'INVALID', [unknownParent, problem('error')], 'P', 'failed'],
    ['an error about more than the parent', 'INVALID', [both], 'P', 'failed'],
  ])('%s', (_name, status, problems, awaitedParent, outcome) => {
    expect(outcomeOfTest({ status, problems }, awaitedParent).outcome).toBe(outcome);
  });

  it('keeps what Amazon said of an unknown parent as a remark', () => {
    expect(outcomeOfTest({ status: 'INVALID', problems: [unknownParent] }, 'P').problems).toEqual([
      {
        code: 'amazon.8007',
        severity: 'info',
        owner: 'nobody',
        message: 'Its parent P is not at Amazon yet; it is sent first. Amazon says: Amazon says so.',
      },
    ]);
  });
});

test('the hash of what was tested tells payloads with and without a price apart', () => {
  const hashes = [{ details: 'd' }, { details: 'd', price: 'x' }, { details: 'd', quantity: 'x' }];
  expect(new Set(hashes.map(testedHashOf)).size).toBe(3);
});
