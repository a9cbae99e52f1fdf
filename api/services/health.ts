import { within } from '../deadline';
import type { ServiceDeps } from './index';

/** How long each part may take to show that it is there, in milliseconds. */
const BOUND_MS = 1_500;

export interface Readiness {
  ready: boolean;
  parts: { database: 'up' | 'down'; workflows: 'up' | 'down' };
}

/** Whether the parts that this process needs are there. */
export function healthService({ connection, orchestrator }: Pick<ServiceDeps, 'connection' | 'orchestrator'>) {
  async function isUp(probe: () => Promise<unknown>): Promise<'up' | 'down'> {
    try {
      await within(BOUND_MS, probe());
      return 'up';
    } catch {
      return 'down';
    }
  }

  return {
    async readiness(): Promise<Readiness> {
      const [database, workflows] = await Promise.all([
        isUp(async () => {
          if (!connection.db) throw new Error('Not connected');
          await connection.db.command({ ping: 1 });
        }),
        isUp(() => orchestrator.ping()),
      ]);
      return { ready: database === 'up' && workflows === 'up', parts: { database, workflows } };
    },
  };
}
