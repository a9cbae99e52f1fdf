import { ActivityFailure, condition, isCancellation, proxyActivities, setHandler } from '@temporalio/workflow';
import type { AlertActivities } from '../activities/alerts';
import type { DeliveryInput, DeliveryTry } from '../domain/alerts/delivery';
import { deliveryDue } from './messages';

/** The tries that count are the workflow's own: here one is only repeated when the worker was lost, or the database away. */
const { sendAlert } = proxyActivities<AlertActivities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '30 seconds',
  retry: { initialInterval: '2 seconds', maximumInterval: '1 minute', maximumAttempts: 5 },
});

const { noteAlertTry } = proxyActivities<AlertActivities>({
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '30 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/** A message that waits for an older one is told when it may go; should that be lost, it looks by itself. */
const LOOK_AGAIN = '1 hour';

/**
 * Brings one message to its channel, in the order of the channel's messages: tries, notes what came of it, and waits for the next
 * try, until it is taken or given up. Where it stands is in the database; a message that was given up is begun anew by a person.
 */
export async function alertDelivery({ deliveryId }: DeliveryInput): Promise<void> {
  let isDue = false;
  setHandler(deliveryDue, () => void (isDue = true));

  do {
    isDue = false;
    const tried = await sendAlert({ deliveryId }).catch(unanswered);
    if (tried.kind === 'over') continue;
    if (tried.kind === 'behind') {
      await condition(() => isDue, LOOK_AGAIN);
      isDue = true;
      continue;
    }
    const wait = await noteAlertTry({ deliveryId, answer: tried, at: new Date().toISOString() });
    if (wait === null) continue;
    await condition(() => isDue, wait);
    isDue = true;
  } while (isDue);
}

function unanswered(error: unknown): DeliveryTry {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
  return { kind: 'away', said: 'The try was cut off.' };
}
