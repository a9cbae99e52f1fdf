import { ActivityFailure, ApplicationFailure } from '@temporalio/workflow';
import type { WaitingFor } from '../domain/connector';

/** Failure types after which a step can go on once somebody has mended a credential or a key. */
const MENDABLE = ['auth.secret_expired', 'auth.access_revoked', 'auth.forbidden'];

/** What a failed step waits for, when a person can mend it; undefined when the failure is of another kind. */
export function mendable(error: unknown): WaitingFor | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (!(cause instanceof ApplicationFailure) || !MENDABLE.includes(cause.type ?? '')) return undefined;
  return cause.details?.[0] as WaitingFor | undefined;
}
