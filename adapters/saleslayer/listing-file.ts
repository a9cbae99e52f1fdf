import { open, type FileHandle } from 'node:fs/promises';
import type { ChangesPage } from '../../domain/ports/source';
import { compareKeys, type Key, type Outcome } from './catalogue';
import { linesOf } from './record-file';

const CHUNK = 1024 * 1024;

/** One line of what a reading lists. */
type Entry = (Outcome & { key: Key }) | { removed: string };

/** Where a page begins: the byte, and the SKU before it for a file that has the same SKUs at other bytes. */
export interface ListingPlace {
  at: number;
  after: Key | null;
}

/** Writes what a reading lists, in the order in which it is paged through. */
export class ListingWriter {
  count = 0;
  private lines: string[] = [];
  private length = 0;

  private constructor(private readonly handle: FileHandle) {}

  static async create(path: string): Promise<ListingWriter> {
    return new ListingWriter(await open(path, 'wx', 0o600));
  }

  async add(entry: Entry): Promise<void> {
    const line = `${JSON.stringify(entry)}\n`;
    this.count += 1;
    this.lines.push(line);
    this.length += line.length;
    if (this.length >= CHUNK) await this.flush();
  }

  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      await this.handle.close();
    }
  }

  private async flush(): Promise<void> {
    await this.handle.writeFile(this.lines.join(''));
    this.lines = [];
    this.length = 0;
  }
}

/** One page of a listing and where the next begins, null after the last. */
export async function pageOf(
  path: string,
  { at, after }: ListingPlace,
  size: number,
  signal: AbortSignal
): Promise<Omit<ChangesPage, 'isEverything' | 'nextCursor'> & { next: ListingPlace | null }> {
  const page = { items: [], unreadable: [], removed: [] } as Omit<ChangesPage, 'isEverything' | 'nextCursor'>;
  const handle = await open(path, 'r');
  try {
    let next: ListingPlace = { at, after };
    let count = 0;
    for await (const line of linesOf(handle, signal, at)) {
      // One more is looked for than the page takes, to know whether there is one.
      if (count === size) return { ...page, next };
      const entry = JSON.parse(line.bytes.toString('utf8')) as Entry;
      if ('removed' in entry) page.removed.push(entry.removed);
      else if ('item' in entry) page.items.push(entry.item);
      else page.unreadable.push(entry.unreadable);
      count += 1;
      next = { at: line.at + line.bytes.length + 1, after: 'key' in entry ? entry.key : next.after };
    }
    return { ...page, next: null };
  } finally {
    await handle.close();
  }
}

/** The place in another listing of the same order that comes after a SKU. */
export async function placeAfter(path: string, after: Key | null, signal: AbortSignal): Promise<ListingPlace> {
  const start = { at: 0, after: null };
  if (!after) return start;
  const handle = await open(path, 'r');
  try {
    let place: ListingPlace = start;
    for await (const { at, bytes } of linesOf(handle, signal)) {
      const entry = JSON.parse(bytes.toString('utf8')) as Entry;
      if ('key' in entry && compareKeys(entry.key, after) > 0) return place;
      place = { at: at + bytes.length + 1, after };
    }
    return place;
  } finally {
    await handle.close();
  }
}
