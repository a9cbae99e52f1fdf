import { ONBOARDING_STEPS, type OnboardingStepName } from '../../domain/connector';
import type { ConnectorDocument } from '../../models/connectors';

interface ChecklistItem {
  name: string;
  done: boolean;
  detail: string;
}

/** What each step of onboarding is for, shown until the step has something to say itself. */
const STEP_PURPOSES: Record<OnboardingStepName, string> = {
  validate: 'The configuration is checked once more.',
  credential: 'Client secret and refresh token are proved at Amazon.',
  'amazon-account': 'The seller account takes part in the marketplace.',
  source: 'The source answers with these keys.',
  affiliate: 'The affiliate exists in the store.',
  'shipping-simulation': 'The store can ship to the default ZIP code.',
  schedule: 'The periodic sync is set up, paused.',
  ready: 'Onboarding is through.',
};

/** B11. What activation needs, in the order of onboarding. */
export function activationChecklist(connector: Pick<ConnectorDocument, 'onboarding'>): ChecklistItem[] {
  const steps = new Map(connector.onboarding.steps.map((step) => [step.name, step]));
  return ONBOARDING_STEPS.map((name) => {
    const step = steps.get(name);
    return {
      name,
      done: step?.state === 'done' || step?.state === 'skipped',
      detail: step?.detail ?? STEP_PURPOSES[name],
    };
  });
}

/** Whether onboarding is through, as it is now: a change of the configuration sends it through its steps again. */
export function isOnboarded(connector: Pick<ConnectorDocument, 'onboarding'>): boolean {
  return connector.onboarding.steps.some((step) => step.name === 'ready' && step.state === 'done');
}

/** Whether onboarding was ever through: from then on the connector's identity is fixed. */
export function wasOnboarded(connector: Pick<ConnectorDocument, 'state' | 'onboarding'>): boolean {
  const { state } = connector;
  return state === 'inactive' || state === 'active' || state === 'paused' || isOnboarded(connector);
}
