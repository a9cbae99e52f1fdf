import type { Orchestrator } from '../../domain/ports/orchestrator';
import type { ConnectorDocument } from '../../models/connectors';
import { within } from '../deadline';
import { Kept } from '../kept';

/** How long what the workflow engine says of a schedule is passed on, in milliseconds. */
const KEPT_MS = 5_000;
const KEPT_AT_MOST = 1_000;
/** A schedule that does not answer in time leaves the next run as it was known, in milliseconds. */
const SCHEDULE_BOUND_MS = 500;

/**
 * When connectors sync next. The workflow engine is asked once in some seconds for each connector, however many read it, and
 * at once after a change of the configuration. While it is away, what it said last stands until that moment has come.
 */
export function nextSyncs(orchestrator: Pick<Orchestrator, 'scheduleState'>, clock: () => Date) {
  const kept = new Kept<string | null>({ forMs: KEPT_MS, atMost: KEPT_AT_MOST });

  async function ask(connectorId: string, before: string | null): Promise<string | null> {
    try {
      const schedule = await within(SCHEDULE_BOUND_MS, orchestrator.scheduleState(connectorId));
      return schedule?.nextRunAt ?? null;
    } catch {
      return before !== null && Date.parse(before) > clock().getTime() ? before : null;
    }
  }

  return {
    /** ISO 8601; null when none is due, or while the engine is away and nothing is known. */
    async of(connector: Pick<ConnectorDocument, '_id' | 'state' | 'configVersion'>): Promise<string | null> {
      const { _id: id, state, configVersion } = connector;
      if (state !== 'active') return null;
      return kept.get(`${id}@${configVersion}`, (before) => ask(id, before ?? null));
    },
  };
}
