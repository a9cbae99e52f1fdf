// What the npm scripts run: `node embedded/launch.mjs <file> [arguments]`. Checks the version of Node, installs the
// dependencies when they are stale, then runs the file and passes signals and the exit code on. Plain JavaScript without
// dependencies, because it runs before any is installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const REPOSITORY = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const LOCK_FILE = path.join(REPOSITORY, 'package-lock.json');
/** Holds the hash of the lock file that was installed. */
const INSTALL_RECORD = path.join(REPOSITORY, 'node_modules', '.longshore-install');

checkNodeVersion();
installWhenStale();
run(process.argv.slice(2));

function checkNodeVersion() {
  const { engines } = JSON.parse(readFileSync(path.join(REPOSITORY, 'package.json'), 'utf8'));
  const [major, minor] = engines.node.match(/\d+/g).map(Number);
  const [hasMajor, hasMinor] = process.versions.node.split('.').map(Number);
  if (hasMajor > major || (hasMajor === major && hasMinor >= minor)) return;
  fail(
    `Longshore needs Node ${major}.${minor} or later, and this is Node ${process.versions.node}: install a newer one`
  );
}

function installWhenStale() {
  const wanted = createHash('sha256').update(readFileSync(LOCK_FILE)).digest('hex');
  if (existsSync(INSTALL_RECORD) && readFileSync(INSTALL_RECORD, 'utf8') === wanted) return;
  if (!wasInstalledByHand()) {
    console.error('installing dependencies (npm ci)');
    // npm tells scripts where it is; a plain `node embedded/launch.mjs` finds it on PATH.
    const npm = process.env.npm_execpath;
    const [command, args] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
    const { status, stdout, stderr, error } = spawnSync(command, [...args, 'ci'], {
      cwd: REPOSITORY,
      encoding: 'utf8',
      shell: process.platform === 'win32' && command === 'npm',
      // The dependencies of a development checkout are all needed, whatever the environment says about production.
      env: { ...process.env, NODE_ENV: 'development' },
    });
    if (status !== 0) fail(`npm ci failed:\n${error?.message ?? headOf(stdout + stderr)}`);
  }
  writeFileSync(INSTALL_RECORD, wanted);
}

/** npm's error begins with what is wrong and goes on for a hundred lines of usage. */
function headOf(output) {
  const lines = output.split('\n').filter((line) => line.startsWith('npm error') && line !== 'npm error');
  return (lines.length > 0 ? lines : output.split('\n')).slice(0, 12).join('\n');
}

/** True when npm's own record of node_modules says that exactly the locked versions are there. */
function wasInstalledByHand() {
  const record = path.join(REPOSITORY, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const locked = Object.entries(JSON.parse(readFileSync(LOCK_FILE, 'utf8')).packages);
  return locked.every(([name, { version, optional }]) => {
    const there = installed[name]?.version;
    return name === '' || there === version || (optional && there === undefined);
  });
}

function run([target, ...args]) {
  if (!target) fail('usage: node embedded/launch.mjs <file> [arguments]');
  const loader = target.endsWith('.ts') ? ['--import', 'tsx'] : [];
  const child = spawn(process.execPath, [...loader, path.resolve(REPOSITORY, target), ...args], {
    cwd: REPOSITORY,
    stdio: 'inherit',
    // A file that outlives this process by accident finds out by comparing its parent.
    env: { ...process.env, LONGSHORE_LAUNCHER_PID: String(process.pid) },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + ({ SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 0);
  });
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
