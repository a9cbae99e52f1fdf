import { collectSteps } from './collect';
import type { CatalogSyncDependencies } from './dependencies';
import { feedSteps } from './feeds';
import { matchSteps } from './match';
import { publishSteps } from './publish';
import { readBackSteps } from './read-back';
import { runSteps } from './run';
import { testSteps } from './test-listings';
import { watchSteps } from './watch';

/** The steps of a catalogue sync. Inputs and outputs are ids, cursors and counts; everything else stays in the database. */
export function createCatalogSyncActivities(deps: CatalogSyncDependencies) {
  return {
    ...runSteps(deps),
    ...collectSteps(deps),
    ...matchSteps(deps),
    ...publishSteps(deps),
    ...feedSteps(deps),
    ...readBackSteps(deps),
    ...watchSteps(deps),
    ...testSteps(deps),
  };
}

export type CatalogSyncActivities = ReturnType<typeof createCatalogSyncActivities>;
