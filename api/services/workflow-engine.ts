import type { Orchestrator } from '../../domain/ports/orchestrator';
import { within } from '../deadline';
import { Problem } from '../errors';

/** How long the workflow engine may take for one call, in milliseconds. */
const BOUND_MS = 10_000;

export type AskWorkflows = <T>(work: (orchestrator: Orchestrator) => Promise<T>) => Promise<T>;

/**
 * Makes calls to the workflow engine that end: whatever goes wrong there is `workflows_unavailable`, because every call is
 * idempotent and may be repeated.
 */
export function askWorkflows(orchestrator: Orchestrator): AskWorkflows {
  return async (work) => {
    try {
      return await within(BOUND_MS, work(orchestrator));
    } catch (cause) {
      throw new Problem(
        'workflows_unavailable',
        'The workflow engine does not answer. Repeat the request in a moment: what was done already is not done twice.',
        { headers: { 'Retry-After': '5' }, cause }
      );
    }
  };
}
