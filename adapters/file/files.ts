import { createReadStream } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, extname, isAbsolute, join, relative, resolve } from 'node:path';
import { OutsideError, type FailureCode } from '../../domain/errors';
import type { UploadedCatalogue, UploadedFile } from '../../domain/ports/uploads';
import type { FileFormat, FilePlace } from './settings';

/** Bytes read at once. */
export const CHUNK = 256 * 1024;

/** One file of a source, as it was when it was looked at. */
export interface FoundFile {
  name: string;
  /** In bytes. */
  size: number;
  /** Differs when the file was written to or replaced. */
  stamp: string;
  /** When it was last written to, in milliseconds since 1970; 0 for a file that never changes. */
  changedAt: number;
  /** Of its content, where that is known without reading it. */
  sha256?: string;
  /** From its beginning to `end`, which is not included; all of it without. */
  bytes(signal: AbortSignal, end?: number): AsyncGenerator<Buffer>;
}

/** The files of a source. */
export interface SourceFiles {
  /** For people. */
  name: string;
  /**
   * The files as they are now, by name.
   *
   * @throws OutsideError `transient` when there is none, since an export is often away while it is being replaced;
   *   `config` when it may not be read.
   */
  now(): Promise<FoundFile[]>;
  /** What the files were before, as far as that can still be read. */
  before(): Promise<FoundFile[][]>;
  /** Told when a reading begins with these files: nobody reads what was before them any more. */
  began(files: readonly FoundFile[]): Promise<void>;
}

const ENDINGS = { jsonl: ['.jsonl', '.ndjson'], csv: ['.csv', '.tsv'] } as const;

export function filesAt(place: FilePlace, format: FileFormat): SourceFiles {
  return 'path' in place ? filesAtPath(place.path, place.root, format) : uploadedFiles(place.uploads);
}

/** The file that a path names, or those in the folder that have an ending of the format. */
function filesAtPath(path: string, root: string | null, format: FileFormat): SourceFiles {
  return {
    name: path,
    before: async () => [],
    began: async () => undefined,
    now: () =>
      describingFailures(path, async () => {
        const allowed = await allowedUnder(root, path);
        const real = await allowed(path);
        if (!(await stat(real)).isDirectory()) return [await foundFile(path, real)];
        const endings: readonly string[] = format === 'auto' ? [...ENDINGS.jsonl, ...ENDINGS.csv] : ENDINGS[format];
        const names = (await readdir(real)).filter(
          (name) => !name.startsWith('.') && endings.includes(extname(name).toLowerCase())
        );
        if (names.length === 0)
          throw fileFailure('transient', `The folder ${path} holds no file that ends in ${endings.join(', ')}.`);
        return Promise.all(
          names.sort().map(async (name) => foundFile(join(path, name), await allowed(join(path, name))))
        );
      }),
  };
}

/**
 * Answers what finds out the real place of a path, without links, and refuses one outside of the root: whoever configures a
 * connector could else have any file of the worker's machine read out. What lies outside is not even looked for.
 */
async function allowedUnder(root: string | null, named: string): Promise<(path: string) => Promise<string>> {
  if (root === null)
    throw fileFailure(
      'config',
      'This installation reads no files by path. Upload the catalogue instead (source.upload), or set FILE_SOURCE_ROOT on the workers to the folder that exports lie in.'
    );
  const outside = (): OutsideError =>
    fileFailure('config', `${named} does not lie in the folder that the workers read exports from (FILE_SOURCE_ROOT).`);
  const realRoot = await realpath(root).catch(() => {
    throw fileFailure('config', 'The folder that FILE_SOURCE_ROOT names is not there on the worker.');
  });
  return async (path) => {
    if (!isInside(resolve(root), resolve(path)) && !isInside(realRoot, resolve(path))) throw outside();
    const real = await realpath(path);
    if (!isInside(realRoot, real)) throw outside();
    return real;
  };
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !/^\.\.[\\/]/.test(way) && !isAbsolute(way);
}

async function foundFile(path: string, real: string): Promise<FoundFile> {
  const found = await stat(real);
  if (!found.isFile()) throw fileFailure('config', `${path} is neither a file nor a folder of files.`);
  const { size, mtimeMs, ctimeMs, ino } = found;
  return {
    name: basename(path),
    size,
    stamp: `${basename(path)}:${size}:${mtimeMs}:${ctimeMs}:${ino}`,
    changedAt: Math.max(mtimeMs, ctimeMs),
    bytes: (signal, end) => bytesAt(path, real, signal, end),
  };
}

async function* bytesAt(path: string, real: string, signal: AbortSignal, end = Infinity): AsyncGenerator<Buffer> {
  const stream = createReadStream(real, { highWaterMark: CHUNK, end: end - 1, signal });
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    signal.throwIfAborted();
    throw describedFailure(path, error);
  }
}

/** The newest upload; older ones are there as long as a reading may go on with them. */
function uploadedFiles(uploads: UploadedCatalogue): SourceFiles {
  const found = (upload: UploadedFile): FoundFile => ({
    name: upload.name,
    size: upload.size,
    stamp: upload.id,
    changedAt: 0,
    sha256: upload.sha256,
    bytes: (signal, end) => uploadedBytes(uploads, upload, signal, end),
  });
  return {
    name: 'The upload',
    async now() {
      const [newest] = await uploads.kept();
      if (newest) return [found(newest)];
      throw fileFailure(
        'transient',
        `No catalogue has been uploaded yet. Send it with PUT /v1/connectors/${uploads.connectorId}/catalogue?name=products.csv, the file as the body.`
      );
    },
    async before() {
      return (await uploads.kept()).slice(1).map((upload) => [found(upload)]);
    },
    async began([file]) {
      if (file) await uploads.letGoBefore(file.stamp);
    },
  };
}

async function* uploadedBytes(
  uploads: UploadedCatalogue,
  { id, name }: UploadedFile,
  signal: AbortSignal,
  end?: number
): AsyncGenerator<Buffer> {
  try {
    yield* uploads.bytes(id, signal, end);
  } catch (error) {
    signal.throwIfAborted();
    if ((await uploads.kept()).some((each) => each.id === id)) throw error;
    throw fileFailure('transient', `The uploaded ${name} was replaced while it was read; the new one is read instead.`);
  }
}

export function kindOf(file: FoundFile, format: FileFormat, head: string): 'jsonl' | 'csv' {
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
