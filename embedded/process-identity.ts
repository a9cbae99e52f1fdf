import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

/**
 * Tells a process from a later one that got the same pid: pid and the moment it started.
 * `startedAt` is opaque; equal strings mean the same process.
 */
export type ProcessIdentity = { readonly pid: number; readonly startedAt: string };

/** @returns the identity of a running process, or undefined when there is none (a zombie counts as none) */
export function identify(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === 'linux' ? startOnLinux(pid) : startByPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** True while exactly this process runs, not merely one with its pid. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startedAt === identity.startedAt;
}

/** Start in clock ticks since boot, together with the boot, because ticks begin again after a restart of the machine. */
function startOnLinux(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${fields[19]}`;
  } catch {
    return undefined;
  }
}

function startByPs(pid: number): string | undefined {
  const { status, stdout } = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const [, state, started] = /^\s*(\S+)\s+(.+?)\s*$/.exec(stdout ?? '') ?? [];
  return status === 0 && state && !state.startsWith('Z') ? started : undefined;
}
