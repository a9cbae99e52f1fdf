import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import type { WaitingFor } from '../domain/connector';
import { FAILURES, isAuthFailure, type FailureCode } from '../domain/errors';

/** Failure types after which a step can go on once somebody has mended a credential or a key. */
const MENDABLE: readonly string[] = (Object.keys(FAILURES) as FailureCode[]).filter(isAuthFailure);

/** What a failed step waits for, when a person can mend it; undefined when the failure is of another kind. */
export function mendable(error: unknown): WaitingFor | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (!(cause instanceof ApplicationFailure) || !MENDABLE.includes(cause.type ?? '')) return undefined;
  return cause.details?.[0] as WaitingFor | undefined;
}
