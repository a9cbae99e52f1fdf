import {
  ActivityFailure,
  allHandlersFinished,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setHandler,
} from '@temporalio/workflow';
import type { CredentialRotationActivities } from '../activities/credential-rotation';
import type { CredentialInput } from '../domain/credential-clock';
import { credentialChanged } from './messages';

const { readRotation, giveUpRotation, dropPreviousSecret, wakeConnectors } =
  proxyActivities<CredentialRotationActivities>({
    startToCloseTimeout: '1 minute',
    retry: { initialInterval: '1 second', maximumInterval: '5 minutes' },
  });

/** Each request burns a secret, so the engine never repeats it; the database knows whether it was made. */
const { requestSecret } = proxyActivities<CredentialRotationActivities>({
  startToCloseTimeout: '3 minutes',
  retry: { maximumAttempts: 1 },
});

/** While Amazon does not say, the secret waits like one that it does not take. */
const { proveSecret } = proxyActivities<CredentialRotationActivities>({
  startToCloseTimeout: '3 minutes',
  scheduleToCloseTimeout: '15 minutes',
  retry: { initialInterval: '2 seconds', maximumInterval: '1 minute' },
});

/** Between two requests where the first has certainly not been made, and between two looks after something went wrong. */
const AGAIN_MS = 5 * 60_000;

/**
 * The changes of one credential's client secret (B15, B16): asks Amazon for a new one where that is wanted, waits until it is
 * there, proves it before it is used, has every connector go on, and deletes the one before when its time is over. What it
 * does next follows from the database alone, so that one that was lost may be started again at any time. No secret ever
 * passes through it.
 */
export async function credentialRotation({ credentialId }: CredentialInput): Promise<void> {
  let isTold = false;
  setHandler(credentialChanged, () => void (isTold = true));
  const sleepFor = (ms: number): Promise<unknown> => condition(() => isTold, Math.max(1_000, ms));

  const step = await readRotation({ credentialId, at: now() });
  switch (step.kind) {
    case 'end':
      if (!isTold) return;
      break;
    case 'request':
      if ((await requestSecret({ credentialId, at: now() }).catch(unlessCancelled)) !== 'settled')
        await sleepFor(AGAIN_MS);
      break;
    case 'prove':
      if ((await proveSecret({ credentialId, at: now() }).catch(unlessCancelled)) === 'nothing-open')
        await wakeConnectors({ credentialId });
      else await sleepFor(step.nextInMs);
      break;
    case 'wait':
      await sleepFor(Date.parse(step.until) - Date.now());
      break;
    case 'give-up':
      await giveUpRotation({ credentialId, why: step.why, at: now() });
      break;
    case 'drop-previous':
      await dropPreviousSecret({ credentialId, at: now() });
  }
  await condition(allHandlersFinished);
  await continueAsNew<typeof credentialRotation>({ credentialId });
}

/** A step that failed for now: what is to be done next is in the database. */
function unlessCancelled(error: unknown): undefined {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
  return undefined;
}

function now(): string {
  return new Date().toISOString();
}
