import {
  ActivityFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import type { CredentialClockActivities } from '../activities/credential-clock';
import type { ClockReading, CredentialInput, SendResult } from '../domain/credential-clock';
import type { Reminder } from '../domain/reminders';
import { credentialChanged, expiryNoticed } from './messages';

const { readClock, noteReminder, noteExpiry, startRotation } = proxyActivities<CredentialClockActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 second', maximumInterval: '5 minutes' },
});

/** A mail server that is away for longer is asked again an hour later, for whichever reminder stands then. */
const { sendReminder } = proxyActivities<CredentialClockActivities>({
  startToCloseTimeout: '5 minutes',
  scheduleToCloseTimeout: '1 hour',
  retry: { initialInterval: '10 seconds', maximumInterval: '10 minutes' },
});

/** A clock never looks twice within a second. */
const SHORTEST_WAIT_MS = 1_000;

/**
 * The clock of one credential (S6): sends the reminder that is due, or sleeps until one is or somebody tells it that a date
 * has changed; then begins anew. The dates, and what was sent, are in the database, so a clock that was lost may be started
 * again at any time. Ends when the credential is gone.
 */
export async function credentialClock({ credentialId }: CredentialInput): Promise<void> {
  let isTold = false;
  setHandler(credentialChanged, () => void (isTold = true));
  setHandler(expiryNoticed, async (notice) => {
    await noteExpiry({ credentialId, ...notice });
    isTold = true;
  });

  const reading = await readClock({ credentialId, at: now() });
  if (reading.kind === 'gone') return;
  if (reading.kind === 'rotate') await startRotation({ credentialId, at: now() });
  else if (reading.kind === 'due') await remind(reading.reminder);
  else await sleepUntil(reading, () => isTold);
  await condition(allHandlersFinished);
  await continueAsNew<typeof credentialClock>({ credentialId });
}

async function remind(reminder: Reminder): Promise<void> {
  const outcome = await sendReminder({ reminder, at: now() }).catch(notSent);
  if (outcome.state !== 'outdated') await noteReminder({ reminder, outcome, at: now() });
}

function notSent(error: unknown): SendResult {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
  return { state: 'not_sent', reason: error.cause?.message ?? error.message };
}

async function sleepUntil({ until }: Extract<ClockReading, { kind: 'waiting' }>, isTold: () => boolean): Promise<void> {
  if (until === null) await condition(isTold);
  else await condition(isTold, Math.max(SHORTEST_WAIT_MS, Date.parse(until) - Date.now()));
}

function now(): string {
  return new Date().toISOString();
}
