import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { promisify } from 'node:util';
import { EmbeddedError, reasonOf, type Log } from './embedded-error';
import { findOnPath, isExecutable } from './executables';

const run = promisify(execFile);

/** How long apt-get may take for each of its two steps, in milliseconds. */
const APT_BOUND_MS = 240_000;
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'] as const;

/**
 * Finds a browser for the browser tests: `CHROMIUM_PATH`, one on PATH, or Debian's own, which is installed where this runs as
 * root on a Debian.
 * @returns its path
 * @throws EmbeddedError with what to do when there is none
 */
export async function findChromium(options: { env?: NodeJS.ProcessEnv; log?: Log } = {}): Promise<string> {
  const { env = process.env, log = (line) => void process.stderr.write(`${line}\n`) } = options;
  if (env.CHROMIUM_PATH) {
    if (isExecutable(env.CHROMIUM_PATH)) return env.CHROMIUM_PATH;
    throw new EmbeddedError(
      `CHROMIUM_PATH names ${env.CHROMIUM_PATH}, which is not an executable file: correct or unset it`
    );
  }
  const remedy = 'install Chromium, or set CHROMIUM_PATH to one';
  const found = onPath(env);
  if (found) return found;
  const apt = findOnPath('apt-get', env);
  const mayInstall = process.getuid?.() === 0 && fs.existsSync('/etc/debian_version') && apt !== undefined;
  if (!mayInstall) throw new EmbeddedError(`there is no chromium or google-chrome on PATH: ${remedy}`);
  log('chromium: installing it by apt-get (once)');
  try {
    const options = {
      timeout: APT_BOUND_MS,
      env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
      maxBuffer: 64 * 1024 * 1024,
    };
    await run(apt, ['update', '-qq'], options);
    await run(apt, ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], options);
  } catch (error) {
    throw new EmbeddedError(`apt-get could not install chromium (${reasonOf(error).slice(0, 300)}): ${remedy}`);
  }
  const installed = onPath(env);
  if (!installed) throw new EmbeddedError(`apt-get installed chromium, and it is still not on PATH: ${remedy}`);
  return installed;
}

function onPath(env: NodeJS.ProcessEnv): string | undefined {
  for (const name of NAMES) {
    const file = findOnPath(name, env);
    if (file) return file;
  }
  return undefined;
}
