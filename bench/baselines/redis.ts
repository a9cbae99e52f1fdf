import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { findOnPath } from '../../embedded/executables';
import { LOOPBACK, choosePort, isAnswering } from '../../embedded/ports';
import { Processes, whenReady } from '../../embedded/processes';

const run = promisify(execFile);

/** How long apt-get may take for each of its two steps, in milliseconds. */
const APT_BOUND_MS = 240_000;
const START_BOUND_MS = 20_000;

/** A Redis of our own that appends every write to its file, flushed each second as is its default. */
export interface RedisServer {
  host: string;
  port: number;
  stop(): Promise<void>;
}

/**
 * @param folder - where it keeps its data and its log
 * @throws Error with what to do when there is no redis-server and none can be installed
 */
export async function startRedis(folder: string, log: (line: string) => void): Promise<RedisServer> {
  const command = await findRedis(log);
  const dataDir = path.join(folder, 'redis');
  fs.mkdirSync(dataDir, { recursive: true });
  const port = await choosePort('sandbox', 0, log);
  const processes = new Processes(dataDir);
  const service = await processes.start({
    name: 'redis',
    command,
    args: ['--bind', LOOPBACK, '--port', String(port), '--dir', dataDir, '--save', '', '--appendonly', 'yes'],
  });
  await whenReady(service, () => isAnswering(port), START_BOUND_MS);
  return { host: LOOPBACK, port, stop: () => processes.stopAll() };
}

/** `redis-server` on PATH; else Debian's own, which is installed where this runs as root on a Debian. */
async function findRedis(log: (line: string) => void): Promise<string> {
  const remedy = 'install redis-server, or leave the throughput figures out by --only';
  const found = findOnPath('redis-server', process.env);
  if (found) return found;
  const apt = findOnPath('apt-get', process.env);
  const mayInstall = process.getuid?.() === 0 && fs.existsSync('/etc/debian_version');
  if (!mayInstall || !apt) throw new Error(`there is no redis-server on PATH: ${remedy}`);
  log('redis: installing it by apt-get (once)');
  const options = { timeout: APT_BOUND_MS, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  try {
    await run(apt, ['update', '-qq'], options);
    // Without a policy Debian would start a server of its own.
    await run(apt, ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'], {
      ...options,
      env: { ...options.env, RUNLEVEL: '1' },
    });
  } catch (error) {
    throw new Error(`apt-get could not install redis-server: ${remedy}`, { cause: error });
  }
  const installed = findOnPath('redis-server', process.env);
  if (!installed) throw new Error(`apt-get installed redis-server, and it is still not on PATH: ${remedy}`);
  return installed;
}
