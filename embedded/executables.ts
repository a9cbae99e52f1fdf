import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { EmbeddedError, reasonOf } from './embedded-error';

const run = promisify(execFile);

/** @returns the first executable of this name on `env.PATH`, or undefined */
export function findOnPath(name: string, env: NodeJS.ProcessEnv): string | undefined {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', ''] : [''];
  for (const folder of (env.PATH ?? '').split(path.delimiter).filter(Boolean)) {
    for (const ending of endings) {
      const file = path.join(folder, name + ending);
      if (isExecutable(file)) return file;
    }
  }
  return undefined;
}

/** True for a file, not a folder, that this user may run. */
export function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * Runs `file --version` to see that it really works here.
 * @param origin what named the file, for the message
 * @returns the first line it prints
 * @throws EmbeddedError when it is missing, not executable or fails
 */
export async function versionOf(file: string, origin: string): Promise<string> {
  const remedy = `point ${origin} at a working program, or unset it`;
  if (!fs.existsSync(file)) throw new EmbeddedError(`${origin} names ${file}, which does not exist: ${remedy}`);
  if (!isExecutable(file))
    throw new EmbeddedError(`${origin} names ${file}, which is not an executable file: ${remedy}`);
  try {
    const { stdout, stderr } = await run(file, ['--version'], { timeout: 20_000 });
    return (stdout.trim() || stderr.trim()).split('\n')[0] ?? '';
  } catch (error) {
    throw new EmbeddedError(`${origin} names ${file}, which does not run (${reasonOf(error)}): ${remedy}`);
  }
}
