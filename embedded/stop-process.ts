import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, type ProcessIdentity } from './process-identity';

/** How long a process may take to end after SIGTERM before it is killed, in milliseconds. */
export const STOP_BOUND_MS = 15_000;

/** Sends a signal to a process group led by `pid`; one that is gone already is fine. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

/**
 * Stops process groups by their leaders: SIGTERM, a bounded wait, SIGKILL for the leader and whatever is left of its group.
 * A leader that is no longer the process it was recorded as is left alone.
 * @param boundMs how long each may take to end by itself
 */
export async function stopGroups(leaders: readonly ProcessIdentity[], boundMs = STOP_BOUND_MS): Promise<void> {
  await Promise.all(leaders.filter(isAlive).map((leader) => stopGroup(leader, boundMs)));
}

async function stopGroup(leader: ProcessIdentity, boundMs: number): Promise<void> {
  signalGroup(leader.pid, 'SIGTERM');
  if (!(await ended(leader, boundMs))) signalGroup(leader.pid, 'SIGKILL');
  await ended(leader, 5_000);
  signalGroup(leader.pid, 'SIGKILL');
}

async function ended(process: ProcessIdentity, boundMs: number): Promise<boolean> {
  const deadline = Date.now() + boundMs;
  while (isAlive(process)) {
    if (Date.now() > deadline) return false;
    await sleep(25);
  }
  return true;
}
