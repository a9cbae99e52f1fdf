import {
  allHandlersFinished,
  condition,
  continueAsNew,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { ConnectorOnboardingActivities } from '../activities/connector-onboarding';
import {
  ONBOARDING_STEPS,
  type ConnectorInput,
  type OnboardingStep,
  type OnboardingStepName,
  type StepResult,
  type WaitingFor,
} from '../domain/connector';
import { configurationChanged } from './messages';

/** A step that meets an outage is tried until the outage is over; the heartbeat tells a lost worker from a slow store. */
const steps = proxyActivities<ConnectorOnboardingActivities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '15 seconds',
  // A removal undoes what is there once this has ended, so it ends when its step has: the SDK's own default does not wait.
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

const { noteSteps } = proxyActivities<ConnectorOnboardingActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/** What an onboarding is started with; `resume` is set by continue-as-new alone: the steps as they were shown. */
export interface OnboardingInput extends ConnectorInput {
  resume?: OnboardingStep[];
}

/** How often a waiting step looks again by itself, for what a person mends outside of Longshore. */
const LOOK_AGAIN = '1 minute';

const WORK: Record<OnboardingStepName, (input: ConnectorInput) => Promise<StepResult>> = {
  validate: steps.validateConfiguration,
  credential: steps.proveCredential,
  'amazon-account': steps.checkAmazonAccount,
  source: steps.checkSource,
  affiliate: steps.createAffiliate,
  'shipping-simulation': steps.simulateShipping,
  schedule: steps.createSchedule,
  ready: steps.finishOnboarding,
};

/**
 * Brings a connector from a configuration to `inactive`, ready to be activated. Each step is visible; one that only a person
 * can mend waits, and goes on by itself when the configuration is written or what was missing is there. Every step is safe to
 * repeat, so a change of the configuration, also of a connector at work, goes through all of them again.
 */
export async function connectorOnboarding({ connectorId, resume }: OnboardingInput): Promise<void> {
  const input: ConnectorInput = { connectorId };
  const shown: OnboardingStep[] = resume ?? ONBOARDING_STEPS.map((name) => ({ name, state: 'pending' }));
  let writes = 0;
  setHandler(configurationChanged, () => void (writes += 1));

  let at = Math.max(
    0,
    shown.findIndex(({ state }) => state === 'waiting')
  );
  while (at < ONBOARDING_STEPS.length) {
    const step = shown[at]!;
    const writesBefore = writes;
    const waitingFor = await take(input, shown, step);
    if (waitingFor && writes === writesBefore) {
      // A person may take weeks, and every look is written to the history.
      if (workflowInfo().continueAsNewSuggested)
        await continueAsNew<typeof connectorOnboarding>({ connectorId, resume: shown });
      await condition(() => writes > writesBefore, LOOK_AGAIN);
    }
    if (writes > writesBefore) at = 0;
    else if (!waitingFor) at += 1;
  }
  await condition(allHandlersFinished);
}

/** Takes one step and shows it before and after; answers what it waits for, if it does. */
async function take(
  input: ConnectorInput,
  shown: OnboardingStep[],
  step: OnboardingStep
): Promise<WaitingFor | undefined> {
  const wasWaiting = step.state === 'waiting';
  if (!wasWaiting) {
    Object.assign(step, { state: 'running', detail: undefined, startedAt: now(), endedAt: undefined });
    await noteSteps({ ...input, steps: shown, waitingFor: null });
  }
  const result = await WORK[step.name](input);
  if (result.kind === 'waiting') {
    const waitingFor = { ...result.waitingFor, since: step.startedAt ?? now() };
    Object.assign(step, { state: 'waiting', detail: waitingFor.message });
    // Also when it is no news: an outage in between has said that it is waited for.
    await noteSteps({ ...input, steps: shown, waitingFor });
    return waitingFor;
  }
  Object.assign(step, { state: result.kind, detail: result.detail, endedAt: now() });
  await noteSteps({ ...input, steps: shown, waitingFor: null });
  return undefined;
}

function now(): string {
  return new Date().toISOString();
}
