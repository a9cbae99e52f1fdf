import type { ConnectorConfig } from './connector-contract';

export type { ConnectorConfig };

export const CONNECTOR_STATES = ['draft', 'onboarding', 'inactive', 'active', 'paused', 'failed', 'removing'] as const;
export type ConnectorState = (typeof CONNECTOR_STATES)[number];

/** The steps of onboarding, in their order (C1). */
export const ONBOARDING_STEPS = [
  'validate',
  'credential',
  'amazon-account',
  'source',
  'affiliate',
  'shipping-simulation',
  'schedule',
  'ready',
] as const;
export type OnboardingStepName = (typeof ONBOARDING_STEPS)[number];

export const STEP_STATES = ['pending', 'running', 'waiting', 'done', 'skipped', 'undone'] as const;
export type StepState = (typeof STEP_STATES)[number];

export interface OnboardingStep {
  name: OnboardingStepName;
  state: StepState;
  /** One plain sentence: what was found, or why it waits. */
  detail?: string;
  startedAt?: string;
  endedAt?: string;
}

/** What a run or an onboarding waits for, since when, and who can end the wait. */
export interface WaitingFor {
  /** A stable code: a failure code, or `affiliate`, `sales-channel`, … */
  code: string;
  /** What a person reads. */
  message: string;
  /** The field of the configuration to correct, where there is one: `amazon.refreshToken`. */
  field?: string;
  owner: 'merchant' | 'longshore' | 'amazon' | 'source' | 'nobody';
  /** ISO 8601. */
  since: string;
}

/** What a step of onboarding came to. */
export type StepResult =
  { kind: 'done' | 'skipped'; detail: string } | { kind: 'waiting'; waitingFor: Omit<WaitingFor, 'since'> };

/** What the onboarding, activation and removal workflows are started with. */
export interface ConnectorInput {
  connectorId: string;
}
