import type { SandboxCall } from '../../test/e2e/sandbox-control';

/** How long a recovery is watched for a storm, in milliseconds. */
const WATCHED_MS = 60_000;

const SUBMISSIONS = ['putListingsItem', 'patchListingsItem'];

/**
 * How requests went on once things worked again.
 *
 * @param calls - those of one seller to Amazon's listings, oldest first
 * @param recoveries - when each disturbance was over, in milliseconds since 1970
 */
export function recoveryOf(
  calls: readonly SandboxCall[],
  recoveries: readonly number[]
): { throttledPercent: number; secondsToSubmission: number | undefined } {
  const timed = calls.map((call) => ({ ...call, ms: Date.parse(call.at) }));
  const watched = timed.filter(({ ms }) => recoveries.some((from) => ms >= from && ms < from + WATCHED_MS));
  const throttled = watched.filter(({ status }) => status === 429).length;
  const accepted = timed.filter(({ operation, status }) => SUBMISSIONS.includes(operation) && status === 200);
  const waits = recoveries.flatMap((from) => {
    const first = accepted.find(({ ms }) => ms >= from);
    return first ? [(first.ms - from) / 1000] : [];
  });
  return {
    throttledPercent: watched.length === 0 ? 0 : (100 * throttled) / watched.length,
    // After the last SKU was sent nothing is left to be submitted.
    secondsToSubmission: waits.length === 0 ? undefined : Math.max(...waits),
  };
}
