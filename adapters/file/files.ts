import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { OutsideError, type FailureCode } from '../../domain/errors';
import type { FileSourceOptions } from './settings';

/** Bytes read at once. */
export const CHUNK = 256 * 1024;

/** One file of a source, as it was when it was looked at. */
export interface FoundFile {
  path: string;
  name: string;
  /** In bytes. */
  size: number;
  /** Differs when the file was written to or replaced. */
  stamp: string;
}

const ENDINGS = { jsonl: ['.jsonl', '.ndjson'], csv: ['.csv', '.tsv'] } as const;

/**
 * The files of a source: the one that its path names, or those in the folder that have an ending of its format, by name.
 *
 * @throws OutsideError `transient` when there is none, since an export is often away while it is being replaced;
 *   `config` when it may not be read.
 */
export async function filesOf({ path, format }: Pick<FileSourceOptions, 'path' | 'format'>): Promise<FoundFile[]> {
  return describingFailures(path, async () => {
    const found = await stat(path);
    if (!found.isDirectory()) return [await foundFile(path)];
    const endings: readonly string[] = format === 'auto' ? [...ENDINGS.jsonl, ...ENDINGS.csv] : ENDINGS[format];
    const names = (await readdir(path)).filter(
      (name) => !name.startsWith('.') && endings.includes(extname(name).toLowerCase())
    );
    if (names.length === 0)
      throw fileFailure('transient', `The folder ${path} holds no file that ends in ${endings.join(', ')}.`);
    return Promise.all(names.sort().map((name) => foundFile(join(path, name))));
  });
}

async function foundFile(path: string): Promise<FoundFile> {
  const found = await stat(path);
  if (!found.isFile()) throw fileFailure('config', `${path} is neither a file nor a folder of files.`);
  const { size, mtimeMs, ino } = found;
  return { path, name: basename(path), size, stamp: `${basename(path)}:${size}:${mtimeMs}:${ino}` };
}

/** A file from its beginning to `end`, which is not included. */
export async function* bytesOf(file: FoundFile, signal: AbortSignal, end = Infinity): AsyncGenerator<Buffer> {
  const stream = createReadStream(file.path, { highWaterMark: CHUNK, end: end - 1, signal });
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    signal.throwIfAborted();
    throw describedFailure(file.path, error);
  }
}

export function kindOf(file: FoundFile, format: FileSourceOptions['format'], head: string): 'jsonl' | 'csv' {
  if (format !== 'auto') return format;
  const ending = extname(file.name).toLowerCase();
  if ((ENDINGS.jsonl as readonly string[]).includes(ending)) return 'jsonl';
  if ((ENDINGS.csv as readonly string[]).includes(ending)) return 'csv';
  return /^\s*[{[]/.test(head) ? 'jsonl' : 'csv';
}

async function describingFailures<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw describedFailure(path, error);
  }
}

const SYSTEM_FAILURES: Record<string, readonly [FailureCode, (path: string) => string]> = {
  ENOENT: ['transient', (path) => `There is no file ${path} on the worker.`],
  ENOTDIR: ['transient', (path) => `There is no file ${path} on the worker.`],
  EACCES: ['config', (path) => `The worker may not read ${path}; give its user the right to.`],
  EPERM: ['config', (path) => `The worker may not read ${path}; give its user the right to.`],
  EISDIR: ['config', (path) => `${path} is a folder.`],
};

function describedFailure(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? '';
  const known = SYSTEM_FAILURES[code];
  if (known) return fileFailure(known[0], known[1](path));
  return code.startsWith('E') && !code.startsWith('ERR')
    ? fileFailure('transient', `${path} cannot be read now (${code}).`)
    : error;
}

export function fileFailure(code: FailureCode, message: string, operation = 'read file'): OutsideError {
  return new OutsideError(code, message, { system: 'file', operation });
}
