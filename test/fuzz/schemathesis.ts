import { createHash } from 'node:crypto';
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { findOnPath } from '../../embedded/executables';
import { dataDirOf } from '../../embedded/places';

const run = promisify(execFile);

const REQUIREMENTS = path.join(__dirname, 'requirements.txt');
const INSTALL_MS = 300_000;

/**
 * The program `st` of Schemathesis, in a virtual environment of this checkout with the versions of requirements.txt. It is made
 * once; nothing outside the data directory changes.
 *
 * @throws Error when there is no Python, or pip fails.
 */
export async function schemathesis(): Promise<string> {
  const wanted = createHash('sha256').update(fs.readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const folder = path.join(dataDirOf(process.env), 'python', `schemathesis-${wanted}`);
  const program = path.join(folder, 'bin', 'st');
  const whole = path.join(folder, 'whole');
  if (fs.existsSync(whole)) return program;
  const python = findOnPath('python3', process.env);
  if (!python) throw new Error('Fuzzing needs Python 3.10 or later with venv, and there is no python3 on PATH');
  fs.rmSync(folder, { recursive: true, force: true });
  await run(python, ['-m', 'venv', folder], { timeout: INSTALL_MS });
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--no-input',
    '--disable-pip-version-check',
    '--requirement',
    REQUIREMENTS,
  ];
  await run(path.join(folder, 'bin', 'python'), pip, { timeout: INSTALL_MS });
  fs.writeFileSync(whole, '');
  return program;
}

/** @returns the exit code, and all that was said. */
export async function runProgram(
  program: string,
  args: string[],
  cwd: string,
  boundMs: number
): Promise<{ code: number | null; said: string }> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: boundMs });
  let said = '';
  const hear = (chunk: Buffer): void => void (said += chunk.toString());
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, said };
}
