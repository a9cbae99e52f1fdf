import { createHash } from 'node:crypto';
import type { SyncView } from '../../domain/sync';
import { Problem } from '../errors';
import type { ServiceDeps } from './index';
import { syncService } from './syncs';

/** How often a watched run is looked at, however many watch it, in milliseconds. */
const POLL_MS = 1_000;
/** How many may watch at once in this process. */
export const MAX_STREAMS = 200;

export interface SyncEvent {
  name: 'progress' | 'done';
  /** The same for the same view. */
  id: string;
  view: SyncView;
}

interface Watched {
  listeners: Set<(event: SyncEvent) => void>;
  last: SyncEvent;
  timer: NodeJS.Timeout;
}

/** Shares one look a second at a run among all who watch it. */
export function syncWatch(deps: ServiceDeps) {
  const syncs = syncService(deps);
  const watched = new Map<string, Watched>();
  let streams = 0;

  async function look(syncId: string): Promise<void> {
    const run = watched.get(syncId);
    if (!run) return;
    try {
      const event = eventOf(await syncs.get(syncId));
      if (event.id !== run.last.id) tell(run, event);
      if (event.name === 'done') return forget(syncId, run);
    } catch (error) {
      // A database that is away for a while ends no stream; a run that is gone does.
      if (error instanceof Problem && error.code === 'not_found') {
        tell(run, { ...run.last, name: 'done' });
        return forget(syncId, run);
      }
      deps.logger.debug({ err: error, syncId }, 'a watched sync could not be read');
    }
    if (watched.get(syncId) === run) run.timer = setTimeout(() => void look(syncId), POLL_MS).unref();
  }

  function forget(syncId: string, run: Watched): void {
    clearTimeout(run.timer);
    if (watched.get(syncId) === run) watched.delete(syncId);
  }

  return {
    /**
     * Tells a listener about a run: at once how it is, then each change, and last of all `done`.
     *
     * @returns a function that ends it; to be called also after `done`.
     * @throws Problem `not_found`, or `too_many_streams`
     */
    async watch(syncId: string, listener: (event: SyncEvent) => void): Promise<() => void> {
      if (streams >= MAX_STREAMS)
        throw new Problem('too_many_streams', 'Too many event streams are open; read GET /v1/syncs/{id} instead.', {
          headers: { 'Retry-After': '10' },
        });
      streams += 1;
      let isOpen = true;
      const close = (): void => {
        if (!isOpen) return;
        isOpen = false;
        streams -= 1;
        const run = watched.get(syncId);
        run?.listeners.delete(listener);
        if (run && run.listeners.size === 0) forget(syncId, run);
      };
      try {
        const now = eventOf(await syncs.get(syncId));
        if (now.name === 'done') listener(now);
        else join(syncId, now, listener);
        return close;
      } catch (error) {
        close();
        throw error;
      }
    },

    /** Aborts when the process stops. */
    stopping: deps.stopping,
  };

  function join(syncId: string, now: SyncEvent, listener: (event: SyncEvent) => void): void {
    let run = watched.get(syncId);
    if (!run) {
      const timer = setTimeout(() => void look(syncId), POLL_MS).unref();
      run = { listeners: new Set(), last: now, timer };
      watched.set(syncId, run);
    }
    run.listeners.add(listener);
    listener(run.last);
  }
}

function tell(run: Watched, event: SyncEvent): void {
  run.last = event;
  for (const listener of run.listeners) listener(event);
}

function eventOf(view: SyncView): SyncEvent {
  const id = createHash('sha256').update(JSON.stringify(view)).digest('hex').slice(0, 16);
  return { name: view.outcome === null && view.endedAt === null ? 'progress' : 'done', id, view };
}
