import { failureCodeOf, isAuthFailure, isPassing } from '../../domain/errors';
import type { ListingProblem } from '../../domain/listing';
import { putAttributes } from '../../domain/listing-changes';
import type { AmazonAccount, SubmissionAnswer } from '../../domain/ports/amazon';
import { outcomeOfTest } from '../../domain/test-results';
import type { TestResultDocument } from '../../models/test-results';
import { inParallel } from '../in-parallel';
import { withPulse } from '../pulse';
import { runContext, waitingNoter, type CatalogSyncDependencies, type RunContext } from './dependencies';
import { problemOfRefusal } from './refusal';
import { judgingSteps } from './test-judging';

/** SKUs that one activity asks about before it hands back: some minutes. */
const TEST_AT_ONCE = 200;
/** Two, so that an answer that takes longer than a second does not slow the next one down. */
const TESTS_IN_FLIGHT = 2;
/** When so many fail in a row and Amazon cannot be read either, it is an outage, and no SKU's fault. */
const SUSPICIOUS_IN_A_ROW = 6;
/** How often the counts of a run are brought up to date, in answers. */
const COUNTS_EVERY = 20;

/** The steps of a test (S10): Amazon checks what would be sent, and nothing is written but test results. */
export function testSteps(deps: CatalogSyncDependencies) {
  const { runs, listings, parents, testResults, settings } = deps;

  return {
    ...judgingSteps(deps),

    /**
     * Asks about what is due, at most some 200 SKUs; each answer is written before the next SKU is taken. SKUs that fail for a
     * passing reason are due again later, in `nextInSeconds` at the soonest; an outage is thrown, and counts for none.
     */
    async testPage(input: { syncId: string }): Promise<{ left: number; nextInSeconds: number }> {
      return withPulse(
        async ({ signal }) => {
          const context = await runContext(deps, input.syncId);
          const { connectorId } = context.run;
          const due = await testResults.due(connectorId, input.syncId, new Date(), TEST_AT_ONCE);
          try {
            await askAbout(context, due, signal);
          } finally {
            await noteCounts(context);
          }
          const { left, nextAt } = await testResults.left(connectorId, input.syncId);
          const wait = nextAt === null ? 0 : (nextAt.getTime() - Date.now()) / 1000;
          return { left, nextInSeconds: Math.max(0, Math.ceil(wait)) };
        },
        waitingNoter(deps, input.syncId)
      );
    },
  };

  async function askAbout(context: RunContext, due: readonly TestResultDocument[], signal: AbortSignal): Promise<void> {
    const { run, account } = context;
    const awaited = await parentsNotSent(run.connectorId, due);
    let [failedInARow, answered] = [0, 0];
    await inParallel(due, TESTS_IN_FLIGHT, async (result) => {
      signal.throwIfAborted();
      try {
        const answer = await answerTo(account, result, signal);
        const isAwaited = result.parentSku !== null && awaited.has(result.parentSku);
        await write(context, result, outcomeOfTest(answer, isAwaited ? result.parentSku! : undefined));
        if (answered === 0) await runs.update(run._id, { waitingFor: null });
        [failedInARow, answered] = [0, answered + 1];
        if (answered % COUNTS_EVERY === 0) await noteCounts(context);
      } catch (error) {
        const code = failureCodeOf(error);
        if (signal.aborted || isAuthFailure(code) || code === 'throttled') throw error;
        failedInARow += 1;
        if (failedInARow >= SUSPICIOUS_IN_A_ROW) await assertReachable(account, result.sku, signal);
        await writeFailure(context, result, error);
      }
    });
  }

  /** Throws when Amazon cannot be read either. */
  async function assertReachable(account: AmazonAccount, sku: string, signal: AbortSignal): Promise<void> {
    await listings.search(account, [sku], signal);
  }

  async function answerTo(
    account: AmazonAccount,
    { sku, payload }: TestResultDocument,
    signal: AbortSignal
  ): Promise<Pick<SubmissionAnswer, 'status' | 'problems'>> {
    if (!payload) throw new TypeError(`There is nothing to test for ${sku}`);
    const { productType, requirements } = payload;
    try {
      return await listings.check(
        account,
        sku,
        { productType, requirements, attributes: putAttributes(payload) },
        signal
      );
    } catch (error) {
      return { status: 'INVALID', problems: [problemOfRefusal(error)] };
    }
  }

  /** Parents that Amazon cannot know, because they are sent first only when all is sent. */
  async function parentsNotSent(connectorId: string, due: readonly TestResultDocument[]): Promise<Set<string>> {
    const names = new Set(due.flatMap(({ parentSku }) => parentSku ?? []));
    if (names.size === 0) return names;
    for (const [sku, { sentHashes }] of await parents.bySku(connectorId, [...names]))
      if (sentHashes !== null) names.delete(sku);
    return names;
  }

  async function write(
    { run }: RunContext,
    { sku, remarks }: TestResultDocument,
    { outcome, problems }: { outcome: 'passed' | 'failed' | 'error'; problems: ListingProblem[] }
  ): Promise<void> {
    const first = problems.find(({ severity }) => severity === 'error');
    const isAnswered = await testResults.answer(run.connectorId, run._id, {
      sku,
      change: {
        outcome,
        reason:
          outcome === 'passed' ? 'Amazon would take it.' : (first?.message ?? 'Amazon refused it without a reason.'),
        problems: [...problems, ...remarks],
        at: new Date(),
        testedIn: run._id,
        isDue: outcome === 'error',
        queuedIn: null,
        failures: 0,
        failingSince: null,
        nextAttemptAt: null,
      },
    });
    if (isAnswered) await runs.count(run._id, {}, 1);
  }

  /** Passing failures come back until the run's time for retries is up; all others end the SKU's test at once. */
  async function writeFailure(context: RunContext, result: TestResultDocument, error: unknown): Promise<void> {
    const { run } = context;
    const code = failureCodeOf(error);
    const now = new Date();
    const failingSince = result.failingSince ?? now;
    const isTimeUp = now.getTime() - failingSince.getTime() >= settings.retryGiveUpSeconds * 1000;
    if (!isPassing(code) || isTimeUp) {
      const message = error instanceof Error ? error.message : 'unknown failure';
      const problem: ListingProblem = { code, message, severity: 'error', owner: 'longshore' };
      return write(context, result, { outcome: 'error', problems: [problem] });
    }
    const wait = Math.min(settings.retryInitialSeconds * 2 ** result.failures, settings.retryMaximumSeconds);
    const nextAttemptAt = new Date(now.getTime() + wait * 1000);
    const change = { failures: result.failures + 1, failingSince, nextAttemptAt };
    await testResults.answer(run.connectorId, run._id, { sku: result.sku, change });
  }

  async function noteCounts({ run }: RunContext): Promise<void> {
    await runs.update(run._id, { testCounts: await testResults.counts(run.connectorId, run._id) });
  }
}
