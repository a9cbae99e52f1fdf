import { createReadStream, existsSync, mkdirSync } from 'node:fs';
import { open, rename, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const FLUSH_EVERY_MS = 250;
const COMPACT_AFTER_BYTES = 32 * 1024 * 1024;
const CHUNK_LINES = 2_000;

type Line = [key: string] | [key: string, value: unknown];

/**
 * Keyed JSON values that outlive the process. Without a directory it only remembers what it was told, in memory.
 *
 * On disk: one line a change, `[key, value]` or `[key]` for a deletion, and a line `"commit"` after each flush. Reading
 * stops believing at the last commit, so a process killed in the middle of a write loses that flush and nothing else.
 * Values are turned into text at the flush, so callers may go on changing an object after `put`.
 */
export class Journal {
  private readonly live = new Map<string, unknown>();
  private dirty = new Set<string>();
  private file: FileHandle | undefined;
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> = Promise.resolve();
  private appendedBytes = 0;

  private constructor(private readonly directory: string | undefined) {}

  static async open(directory?: string): Promise<Journal> {
    const journal = new Journal(directory);
    if (directory) {
      mkdirSync(directory, { recursive: true });
      await journal.read();
      await journal.compact();
      journal.timer = setInterval(() => void journal.flush(), FLUSH_EVERY_MS);
      journal.timer.unref();
    }
    return journal;
  }

  *entries(prefix: string): Generator<[key: string, value: unknown]> {
    for (const [key, value] of this.live) if (key.startsWith(prefix)) yield [key, value];
  }

  get(key: string): unknown {
    return this.live.get(key);
  }

  put(key: string, value: unknown): void {
    if (!this.directory) return;
    this.live.set(key, value);
    this.dirty.add(key);
  }

  delete(key: string): void {
    if (!this.directory) return;
    this.live.delete(key);
    this.dirty.add(key);
  }

  deleteAll(prefix: string): void {
    for (const key of [...this.live.keys()]) if (key.startsWith(prefix)) this.delete(key);
  }

  /** Resolves once everything put so far is written. */
  flush(): Promise<void> {
    this.writing = this.writing.then(() => this.append());
    return this.writing;
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
    await this.file?.close();
    this.file = undefined;
  }

  private get path(): string {
    return join(this.directory ?? '', 'books.journal');
  }

  private async append(): Promise<void> {
    if (!this.file || this.dirty.size === 0) return;
    if (this.appendedBytes > COMPACT_AFTER_BYTES) return this.compact();
    const keys = this.dirty;
    this.dirty = new Set();
    const lines = [...keys].map((key) => this.line(key));
    this.appendedBytes += await writeText(this.file, `${lines.join('\n')}\n"commit"\n`);
  }

  private line(key: string): string {
    return JSON.stringify(this.live.has(key) ? [key, this.live.get(key)] : [key]);
  }

  /** Rewrites the file with the present values only, beside the old one, and swaps the two. */
  private async compact(): Promise<void> {
    this.dirty = new Set();
    const next = await open(`${this.path}.next`, 'w');
    const keys = [...this.live.keys()];
    for (let from = 0; from < keys.length; from += CHUNK_LINES) {
      const lines = keys.slice(from, from + CHUNK_LINES).map((key) => this.line(key));
      await writeText(next, `${lines.join('\n')}\n`);
    }
    await writeText(next, '"commit"\n');
    await next.close();
    await rename(`${this.path}.next`, this.path);
    await this.file?.close();
    this.file = await open(this.path, 'a');
    this.appendedBytes = 0;
  }

  private async read(): Promise<void> {
    if (!existsSync(this.path)) return;
    let batch: Line[] = [];
    for await (const text of createInterface({ input: createReadStream(this.path), crlfDelay: Infinity })) {
      const line = parseLine(text);
      if (line === undefined) return;
      if (line !== 'commit') {
        batch.push(line);
        continue;
      }
      for (const [key, ...value] of batch) {
        if (value.length === 0) this.live.delete(key);
        else this.live.set(key, value[0]);
      }
      batch = [];
    }
  }
}

async function writeText(file: FileHandle, text: string): Promise<number> {
  await file.appendFile(text);
  return Buffer.byteLength(text);
}

/** @returns undefined for a line that was cut off. */
function parseLine(text: string): Line | 'commit' | undefined {
  try {
    return JSON.parse(text) as Line | 'commit';
  } catch {
    return undefined;
  }
}
