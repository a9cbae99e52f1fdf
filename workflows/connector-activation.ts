import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { ConnectorActivationActivities } from '../activities/connector-activation';
import type { ConnectorInput } from '../domain/connector';

const { markActive, startSchedule, startFirstSync } = proxyActivities<ConnectorActivationActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/** Sets a connector to work: it becomes active, its schedule runs, and its first sync starts at once (B11). */
export async function connectorActivation(input: ConnectorInput): Promise<void> {
  const isActive = await markActive(input);
  if (!isActive) return;
  await startSchedule(input);
  await startFirstSync({ ...input, activationRunId: workflowInfo().firstExecutionRunId });
}
