import { open, type FileHandle } from 'node:fs/promises';
import type { Kind, RecordId, SourceRecord } from './records';

const CHUNK = 1024 * 1024;

interface Place {
  at: number;
  length: number;
  parents: string[];
}

/** What is written first into a file of records. */
export interface RecordsHead {
  /** The default one first. */
  languages: string[];
}

/**
 * Records on disk, one a line, with an index in memory: what a catalogue of 100,000 SKUs says does not fit a worker's memory
 * beside everything else, where its ids do. A record that is written again replaces the one before.
 */
export class RecordFile {
  readonly places: Record<Kind, Map<string, Place>> = { category: new Map(), product: new Map(), variant: new Map() };
  private readonly windows: Partial<Record<Kind, { at: number; bytes: Buffer }>> = {};
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private written = 0;

  private constructor(
    private readonly handle: FileHandle,
    public head: RecordsHead
  ) {}

  /** An empty file. The head may change until it is finished. */
  static async create(path: string): Promise<RecordFile> {
    return new RecordFile(await open(path, 'wx+', 0o600), { languages: [] });
  }

  /** A finished file, indexed; undefined when it is not there. */
  static async open(path: string, signal: AbortSignal): Promise<RecordFile | undefined> {
    let handle: FileHandle;
    try {
      handle = await open(path, 'r');
    } catch {
      return undefined;
    }
    const file = new RecordFile(handle, { languages: [] });
    try {
      for await (const { at, bytes } of linesOf(handle, signal)) {
        const line = JSON.parse(bytes.toString('utf8')) as SourceRecord | { head: RecordsHead };
        if ('head' in line) file.head = line.head;
        else file.places[line.kind].set(line.id, { at, length: bytes.length, parents: line.parents });
        file.written = at + bytes.length + 1;
      }
    } catch (error) {
      await handle.close();
      throw error;
    }
    return file;
  }

  async add(record: SourceRecord): Promise<void> {
    await this.write(Buffer.from(JSON.stringify(record)), record, record.parents);
  }

  /** As it stands in another file, which is not read for it. */
  async copy(id: RecordId, from: RecordFile): Promise<void> {
    const place = from.places[id.kind].get(id.id)!;
    await this.write(Buffer.from(await from.bytesOf(id.kind, place)), id, place.parents);
  }

  async get({ kind, id }: RecordId): Promise<SourceRecord | undefined> {
    const place = this.places[kind].get(id);
    return place && (JSON.parse((await this.bytesOf(kind, place)).toString('utf8')) as SourceRecord);
  }

  /** Writes what is not written yet, and the head. */
  async finish(): Promise<void> {
    this.pending.push(Buffer.from(`${JSON.stringify({ head: this.head })}\n`));
    await this.flush();
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private async write(bytes: Buffer, { kind, id }: RecordId, parents: string[]): Promise<void> {
    this.places[kind].set(id, { at: this.written + this.pendingBytes, length: bytes.length, parents });
    this.pending.push(bytes, Buffer.from('\n'));
    this.pendingBytes += bytes.length + 1;
    if (this.pendingBytes >= CHUNK) await this.flush();
  }

  private async flush(): Promise<void> {
    const bytes = Buffer.concat(this.pending);
    this.pending = [];
    this.pendingBytes = 0;
    await this.handle.write(bytes, 0, bytes.length, this.written);
    this.written += bytes.length;
  }

  /** Neighbours are mostly asked for one after the other, so a stretch of the file is read at once. */
  private async bytesOf(kind: Kind, { at, length }: Place): Promise<Buffer> {
    if (at + length > this.written) await this.flush();
    const window = this.windows[kind];
    const isInside = window && at >= window.at && at + length <= window.at + window.bytes.length;
    const { at: begin, bytes } = isInside
      ? window
      : (this.windows[kind] = await this.stretch(at, Math.max(length, CHUNK)));
    return bytes.subarray(at - begin, at - begin + length);
  }

  private async stretch(at: number, length: number): Promise<{ at: number; bytes: Buffer }> {
    const { buffer, bytesRead } = await this.handle.read(Buffer.allocUnsafe(length), 0, length, at);
    return { at, bytes: buffer.subarray(0, bytesRead) };
  }
}

/** The lines of a file, without their ends, each with the index of its first byte. */
export async function* linesOf(
  handle: FileHandle,
  signal: AbortSignal,
  from = 0
): AsyncGenerator<{ at: number; bytes: Buffer }> {
  let at = from;
  let rest = Buffer.alloc(0);
  for (let read = from; ;) {
    signal.throwIfAborted();
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, read);
    if (bytesRead === 0) return;
    read += bytesRead;
    const chunk = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    let begin = 0;
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, begin)) {
      yield { at: at + begin, bytes: chunk.subarray(begin, end) };
      begin = end + 1;
    }
    at += begin;
    rest = chunk.subarray(begin);
  }
}
