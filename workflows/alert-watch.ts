import {
  ActivityFailure,
  continueAsNew,
  isCancellation,
  proxyActivities,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { AlertActivities } from '../activities/alerts';
import type { AlertWatchInput } from '../domain/alerts/watch';

/** While the database is away, nothing else can be done. A look that was tried for long is given up: the next one has the right time. */
const { lookForAlerts } = proxyActivities<AlertActivities>({
  startToCloseTimeout: '5 minutes',
  scheduleToCloseTimeout: '10 minutes',
  heartbeatTimeout: '30 seconds',
  retry: { initialInterval: '2 seconds', maximumInterval: '1 minute' },
});

/**
 * The watch on everything that people are alerted of (B14): a look, a pause, for as long as the service lives. What it knows is in the
 * database, so one that was lost may be started again at any time.
 */
export async function alertWatch(input: AlertWatchInput): Promise<void> {
  while (workflowInfo().historyLength < input.historyEvents && !workflowInfo().continueAsNewSuggested) {
    await lookForAlerts({ at: new Date().toISOString() }).catch(unlessCancelled);
    await sleep(input.everySeconds * 1000);
  }
  await continueAsNew<typeof alertWatch>(input);
}

function unlessCancelled(error: unknown): void {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
}
