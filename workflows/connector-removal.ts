import { ActivityFailure, isCancellation, log, proxyActivities } from '@temporalio/workflow';
import type { ConnectorRemovalActivities } from '../activities/connector-removal';
import type { ConnectorInput } from '../domain/connector';

const { stopWork } = proxyActivities<ConnectorRemovalActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '30 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/** Forgetting a large ledger takes minutes, without a heartbeat. */
const { deleteSchedule, forgetConnector } = proxyActivities<ConnectorRemovalActivities>({
  startToCloseTimeout: '10 minutes',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/** The store may be gone for good, or have taken the keys back: then the affiliate stays there, and the removal goes on. */
const { deleteAffiliate } = proxyActivities<ConnectorRemovalActivities>({
  startToCloseTimeout: '2 minutes',
  scheduleToCloseTimeout: '1 day',
  retry: { initialInterval: '1 second', maximumInterval: '5 minutes' },
});

/** Gives a connector up and undoes what its onboarding created, in reverse. What was sent to Amazon stays there. */
export async function connectorRemoval(input: ConnectorInput): Promise<void> {
  await stopWork(input);
  await deleteSchedule(input);
  await deleteAffiliate(input).catch(leaveAtTheStore);
  await forgetConnector(input);
}

function leaveAtTheStore(error: unknown): void {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
  log.warn('the affiliate could not be deleted and stays at the store', { reason: error.cause?.message });
}
