import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type { WaitingFor } from '../domain/connector';
import { FAILURES, isAuthFailure, isPassing, isSecretFailure, OutsideError } from '../domain/errors';

/** The field of the configuration that mends a failure, where there is one. */
function fieldToMend(error: OutsideError): string | undefined {
  if (error.code === 'auth.secret_pending') return undefined;
  if (isSecretFailure(error.code)) return 'amazon.clientSecret';
  if (error.code === 'auth.access_revoked' || error.code === 'auth.unauthorized_client') return 'amazon.refreshToken';
  if (isAuthFailure(error.code) && error.facts.system === 'vtex') return 'source.appToken';
  if (isAuthFailure(error.code) && error.facts.system === 'saleslayer')
    return /api\s?key/i.test(error.message) ? 'source.apiKey' : 'source.secretKey';
  return undefined;
}

/** What a run or an onboarding waits for when it meets this failure. */
export function waitingForOf(error: OutsideError, since = new Date()): WaitingFor {
  const field = fieldToMend(error);
  return {
    code: error.code,
    message: `${FAILURES[error.code].sentence} ${error.message} ${FAILURES[error.code].action}`,
    ...(field && { field }),
    owner: FAILURES[error.code].owner,
    since: since.toISOString(),
  };
}

/**
 * A failure in the workflow engine's terms. Its `type` is the failure's code and its first detail a {@link WaitingFor}, so
 * that a workflow can park without knowing more. Passing failures are retried by the activity's policy; the others are not.
 */
export function toApplicationFailure(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  if (!(error instanceof OutsideError))
    return ApplicationFailure.create({
      type: 'bug',
      message:
        error instanceof Error ? `${error.name}: ${error.message}` : 'Something that is not an error was thrown.',
      cause: error instanceof Error ? error : undefined,
    });
  return ApplicationFailure.create({
    type: error.code,
    message: error.message,
    nonRetryable: !isPassing(error.code),
    nextRetryDelay: error.code === 'throttled' ? (error.facts.retryAfterMs ?? undefined) : undefined,
    category: isPassing(error.code) ? ApplicationFailureCategory.BENIGN : undefined,
    details: [waitingForOf(error)],
  });
}

/** Runs a step so that whatever it throws reaches the engine as an {@link ApplicationFailure}. Cancellation passes through. */
export async function classified<T>(step: () => Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw toApplicationFailure(error);
  }
}
