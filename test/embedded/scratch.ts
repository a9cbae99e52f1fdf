import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { dataDirOf, places, REPOSITORY } from '../../embedded/places';
import { Processes } from '../../embedded/processes';
import { liveOwner, takeFromDeadOwner } from '../../embedded/run-record';

/** A context for the parts of the stack, with folders of its own under `.longshore/test-embedded`. */
export type Scratch = {
  dataDir: string;
  cacheDir: string;
  env: NodeJS.ProcessEnv;
  processes: Processes;
  lines: string[];
  log: (line: string) => void;
};

const made: Scratch[] = [];

/** Names of settings that would change what is found. */
const FINDERS = [
  'TEST_TEMPORAL_ADDRESS',
  'TEST_MONGODB_URI',
  'TEMPORAL_ADDRESS',
  'TEMPORAL_CLI',
  'MONGODB_URI',
  'MONGOD_BINARY',
  'PORT',
  'LONGSHORE_DATA_DIR',
];

/** @param wheels false begins without the wheels that other tests have installed already */
export function scratch(env: NodeJS.ProcessEnv = {}, { wheels = true } = {}): Scratch {
  const root = path.join(dataDirOf(process.env), 'test-embedded');
  fs.mkdirSync(root, { recursive: true });
  const dataDir = fs.mkdtempSync(path.join(root, 'run-'));
  if (wheels) shareWheels(dataDir);
  const lines: string[] = [];
  const base = Object.fromEntries(Object.entries(process.env).filter(([name]) => !FINDERS.includes(name)));
  const context: Scratch = {
    dataDir,
    cacheDir: dataDir,
    env: { ...base, ...env },
    processes: new Processes(places.logs(dataDir)),
    lines,
    log: (line) => void lines.push(line),
  };
  made.push(context);
  return context;
}

/** Ends and removes everything that `scratch` made. */
export async function clearScratch(): Promise<void> {
  for (const { processes, dataDir } of made.splice(0)) {
    await processes.stopAll();
    // Scripts that were killed have left their children behind.
    await eventually(() => liveOwner(dataDir) === undefined);
    await takeFromDeadOwner(dataDir, () => {});
    fs.rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Wheels are installed once for all tests of this checkout, and with `npm start`. */
function shareWheels(cacheDir: string): void {
  const shared = path.join(dataDirOf(process.env), 'python');
  fs.mkdirSync(shared, { recursive: true });
  fs.symlinkSync(shared, path.join(cacheDir, 'python'));
}

/** Says that a download failed a moment ago, so that the next step is taken at once. */
export function pretendDownloadsFailed(cacheDir: string): void {
  const failure = { reason: 'blocked', at: new Date().toISOString() };
  fs.writeFileSync(places.failedDownloads(cacheDir), JSON.stringify({ 'temporal-cli': failure, mongod: failure }));
}

export type Script = { child: ChildProcess; pid: number; printed: () => string; exit: Promise<number | null> };

const scripts: ChildProcess[] = [];

/** Runs TypeScript that imports from `embedded/` as its own process, the way `npm start` runs. */
export function runScript(dataDir: string, source: string, env: NodeJS.ProcessEnv): Script {
  const file = path.join(dataDir, `script-${Date.now()}.ts`);
  fs.writeFileSync(file, source.replaceAll('@embedded', path.join(REPOSITORY, 'embedded')));
  return runNode(['--import', 'tsx', file], env);
}

export function runNode(args: string[], env: NodeJS.ProcessEnv, cwd = REPOSITORY): Script {
  const child = spawn(process.execPath, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  scripts.push(child);
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, pid: child.pid as number, printed: () => printed, exit };
}

export function killScripts(): void {
  for (const child of scripts.splice(0)) child.kill('SIGKILL');
}

/** Waits until something holds. */
export async function eventually<T>(look: () => T | undefined | null | false, boundMs = 60_000): Promise<T> {
  const deadline = Date.now() + boundMs;
  for (;;) {
    const found = look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`not within ${boundMs} ms: ${look.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** True while a process with this pid runs; a zombie does not. */
export function runs(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
