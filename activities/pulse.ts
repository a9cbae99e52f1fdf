import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { classified } from './failures';

/** What a step tells the engine while it works. */
export interface Pulse<Place> {
  /** Remembered with the next heartbeat, and handed to the next attempt should this one be lost. */
  at(place: Place): void;
  /** Aborts when the workflow is cancelled or the worker stops. */
  signal: AbortSignal;
}

const BEAT_MS = 2_000;

/**
 * Runs a step that heartbeats, so that a lost worker is noticed and a cancellation arrives. What it throws is classified for
 * the engine, and shown to `onFailure` first.
 */
export async function withPulse<T, Place = never>(
  step: (pulse: Pulse<Place>) => Promise<T>,
  onFailure: (failure: unknown) => Promise<void> = async () => undefined
): Promise<T> {
  const signal = cancellationSignal();
  let place: Place | undefined;
  const timer = setInterval(() => heartbeat(place), BEAT_MS);
  const pulse: Pulse<Place> = {
    signal,
    at(reached) {
      place = reached;
      heartbeat(place);
    },
  };
  try {
    return await classified(() => step(pulse), signal);
  } catch (failure) {
    if (!signal.aborted) await onFailure(failure).catch(() => undefined);
    throw failure;
  } finally {
    clearInterval(timer);
  }
}
