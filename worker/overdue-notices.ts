import type { Connection } from 'mongoose';
import type { Orchestrator } from '../domain/ports/orchestrator';
import { changeNoticeStore } from '../models/change-notices';
import { connectorStore } from '../models/connectors';
import { syncRunStore } from '../models/sync-runs';

/** A notice starts a sync within seconds; one that is older than this waits for a start that got lost. In milliseconds. */
const OVERDUE_MS = 60_000;
/** After a run that failed the next ones are left to the schedule for so long, in milliseconds. */
const AFTER_FAILURE_MS = 900_000;

/**
 * Starts the sync of active connectors with notices of changes that nothing came of: the process that took them was killed
 * before it could start one, or the one that it found was about to end. Safe to repeat, and from several workers at once.
 *
 * @returns how many connectors were nudged.
 * @throws when the engine or the database cannot be reached.
 */
export async function nudgeOverdue(
  connection: Connection,
  orchestrator: Pick<Orchestrator, 'nudgeSync'>,
  now = new Date()
): Promise<number> {
  const connectors = connectorStore(connection);
  const runs = syncRunStore(connection);
  let nudged = 0;
  for (const connectorId of await changeNoticeStore(connection).overdue(new Date(now.getTime() - OVERDUE_MS))) {
    const connector = await connectors.get(connectorId);
    // Where everything is to be read anew, a sync about changes would be skipped.
    if (connector?.state !== 'active' || connector.reading?.configVersion !== connector.configVersion) continue;
    const [last] = await runs.history(connectorId, 1);
    if (last && !last.endedAt) continue;
    if (last?.outcome === 'failed' && now.getTime() - last.endedAt!.getTime() < AFTER_FAILURE_MS) continue;
    await orchestrator.nudgeSync(connectorId);
    nudged += 1;
  }
  return nudged;
}
