import type { Connection } from 'mongoose';
import type { Logger } from 'pino';
import type { Orchestrator } from '../domain/ports/orchestrator';
import { connectorStore } from '../models/connectors';

/**
 * Brings the workflow engine in line with the database: connectors are truth there, and schedules are state in another
 * place. A request that was cut off between the two is finished here. Safe to repeat, and from several workers at once.
 */
export async function reconcile(connection: Connection, orchestrator: Orchestrator, logger: Logger): Promise<void> {
  const store = connectorStore(connection);
  const connectors = await store.inStates(['draft', 'onboarding', 'inactive', 'active', 'paused', 'removing']);
  for (const { _id: connectorId, state, config, onboarding } of connectors) {
    if (state === 'draft' || state === 'onboarding') await orchestrator.startOnboarding(connectorId);
    if (state === 'removing') await orchestrator.startRemoval(connectorId);
    if (state !== 'removing' && onboarding.created.schedule)
      await orchestrator.applySchedule({
        connectorId,
        everyMinutes: config.schedule.everyMinutes,
        paused: state !== 'active',
      });
  }
  const known = new Set(connectors.map(({ _id }) => _id));
  const orphans = (await orchestrator.scheduledConnectors()).filter((connectorId) => !known.has(connectorId));
  for (const connectorId of orphans) {
    // It may have been connected since the first look.
    if (await store.get(connectorId)) continue;
    await orchestrator.deleteSchedule(connectorId);
  }
  logger.info({ connectors: connectors.length, orphanSchedules: orphans.length }, 'schedules are in line');
}
