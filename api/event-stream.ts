import type { Request, Response } from 'express';
import type { SyncEvent } from './services/sync-watch';

const HEARTBEAT_MS = 15_000;
/** Whoever goes on listening shows the key once more: clients of event streams come back by themselves. */
const STREAM_MS = 10 * 60_000;

/**
 * Writes events to a response until one is `done`, the client goes away, or the process stops. A client that reads too
 * slowly misses progress, never the end.
 */
export async function eventStream(
  request: Request,
  response: Response,
  stopping: AbortSignal,
  watch: (listener: (event: SyncEvent) => void) => Promise<() => void>
): Promise<void> {
  let resolveEnded = (): void => undefined;
  const ended = new Promise<void>((resolve) => (resolveEnded = resolve));
  const lastSeen = request.get('Last-Event-ID');
  const early: SyncEvent[] = [];
  let write = (event: SyncEvent): void => void early.push(event);

  const close = await watch((event) => write(event));
  response.status(200).set({
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Accel-Buffering': 'no',
  });
  response.flushHeaders();
  response.write('retry: 2000\n\n');
  const heartbeat = setInterval(
    () => void (response.writableNeedDrain || response.write(': still here\n\n')),
    HEARTBEAT_MS
  );

  const bound = setTimeout(() => end(), STREAM_MS).unref();
  const end = (): void => {
    clearInterval(heartbeat);
    clearTimeout(bound);
    stopping.removeEventListener('abort', end);
    close();
    response.end();
    resolveEnded();
  };
  write = (event) => {
    const isKnown = event.name === 'progress' && event.id === lastSeen;
    if (event.name === 'done' || (!isKnown && !response.writableNeedDrain)) response.write(textOf(event));
    if (event.name === 'done') end();
  };
  response.on('close', end);
  if (stopping.aborted) return end();
  stopping.addEventListener('abort', end);
  for (const event of early) write(event);
  await ended;
}

function textOf({ name, id, view }: SyncEvent): string {
  return `event: ${name}\nid: ${id}\ndata: ${JSON.stringify(view)}\n\n`;
}
