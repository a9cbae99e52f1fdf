import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, utimes, type FileHandle } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { CatalogItem, KitComponent, SourceStock, UnreadableItem } from '../../domain/catalog-item';
import { contentOf, whileUnchanged } from './content';
import { CHUNK, fileFailure, filesAt, type FoundFile } from './files';
import type { Component, Outcome } from './item';
import { openFile } from './reading';
import type { FilePlace, FileSourceOptions } from './settings';

/** What a source answers for one place in its files. */
export type Entry = { item: CatalogItem } | { unreadable: UnreadableItem };

/** An {@link Entry} with the index of the byte after it. */
export type PlacedEntry = Entry & { end: number };

/**
 * The whole reading of a source's files as they were at one moment, kept as a file of its own: pages are cut from it, so that
 * a run sees one state of the catalogue even when the merchant replaces the files meanwhile. It is named after the settings and
 * the content of the files that it was made from; the same content gives the same entries at the same places.
 */
export interface Snapshot {
  id: string;
  /** The entries from a place on; places are indexes of bytes, and 0 is the first. */
  entries(from: number, signal: AbortSignal): AsyncGenerator<PlacedEntry>;
}

/** Part of a snapshot's name: raised when the same file is read otherwise than before. */
const READING_VERSION = '2';

/** Snapshots of one source that are kept: the newest, and the one that a run may still page through. */
const KEPT = 2;

/** A file that was written to so lately may be written to again without a sign of it: clocks of file systems are coarse. */
const SETTLED_AFTER_MS = 2_000;

/** Files with what they hold. */
interface State {
  id: string;
  files: FoundFile[];
  /** What tells later whether they are the same: the id, and where that is safe what they look like from outside. */
  token: string;
}

/** Keeps the snapshots of one source. */
export function snapshotsOf(options: FileSourceOptions) {
  const folder = options.workFolder ?? join(tmpdir(), `longshore-files-${userInfo().username}`);
  const series = digest([READING_VERSION, { ...options, place: nameOf(options.place), workFolder: undefined }]);
  const files = filesAt(options.place, options.format);
  const pathOf = (id: string): string => join(folder, `${id}.jsonl`);
  const snapshotOf = (id: string): Snapshot => ({ id, entries: (from, signal) => entriesOf(pathOf(id), from, signal) });

  async function stateOf(found: FoundFile[], lookedAt: number, signal: AbortSignal): Promise<State> {
    const contents: string[] = [];
    for (const file of found) contents.push(await contentOf(file, signal));
    const id = `${series}-${digest(found.map(({ name }, index) => [name, contents[index]]))}`;
    const isSettled = found.every(({ changedAt }) => changedAt < lookedAt - SETTLED_AFTER_MS);
    return {
      id,
      files: found.map((file, index) => whileUnchanged(file, contents[index]!, files.name)),
      token: `${id}~${isSettled ? stampsOf(found) : ''}`,
    };
  }

  /** The snapshot of this name, should it still be on this machine. */
  async function kept(id: string): Promise<Snapshot | undefined> {
    try {
      const now = new Date();
      await utimes(pathOf(id), now, now);
      return snapshotOf(id);
    } catch {
      return undefined;
    }
  }

  async function made({ id, files: found }: State, signal: AbortSignal): Promise<Snapshot> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const draft = `${pathOf(id)}.${randomBytes(6).toString('hex')}.draft`;
    try {
      const count = await writeSnapshot(draft, found, options, signal);
      // An empty export is far more often a failed one than an empty shop, and would take everything off sale.
      if (count === 0)
        throw fileFailure('transient', `${files.name} holds no products; nothing is changed until it does.`);
      await rename(draft, pathOf(id));
    } finally {
      await rm(draft, { force: true });
    }
    await dropOldest(folder, series);
    return snapshotOf(id);
  }

  return {
    /** The snapshot with this id: as it is kept, or made again where the files of then are still there. */
    async find(id: string, signal: AbortSignal): Promise<Snapshot | undefined> {
      if (!id.startsWith(series) || !/^[\w-]+$/.test(id)) return undefined;
      const found = await kept(id);
      if (found) return found;
      for (const before of await files.before()) {
        const state = await stateOf(before, Date.now(), signal);
        if (state.id === id) return made(state, signal);
      }
      return undefined;
    },

    /** A snapshot of the files as they are now; made when there is none of just these. */
    async ofNow(signal: AbortSignal): Promise<{ snapshot: Snapshot; token: string }> {
      const lookedAt = Date.now();
      const state = await stateOf(await files.now(), lookedAt, signal);
      return { snapshot: (await kept(state.id)) ?? (await made(state, signal)), token: state.token };
    },

    /**
     * Whether the files hold what they held when `token` was given: then the token for the next time, else undefined. They
     * are read only where they look different, and never parsed.
     */
    async unchangedSince(token: string, signal: AbortSignal): Promise<string | undefined> {
      const [id = '', stamps = ''] = token.split('~');
      if (!id.startsWith(series)) return undefined;
      const lookedAt = Date.now();
      const found = await files.now();
      if (stamps !== '' && stamps === stampsOf(found)) return token;
      const state = await stateOf(found, lookedAt, signal);
      return state.id === id ? state.token : undefined;
    },

    /** A reading begins: earlier states of the files are of no use to anybody any more. */
    async began(): Promise<void> {
      await files.began(await files.now());
    },
  };
}

/** What tells the files of two sources apart. */
function nameOf(place: FilePlace): string {
  return 'path' in place ? place.path : place.uploads.connectorId;
}

function stampsOf(files: readonly FoundFile[]): string {
  return digest(files.map(({ stamp }) => stamp));
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 20);
}

/** Reads every file into a snapshot; answers how many entries it has. Kits come last, when the stock of their parts is known. */
async function writeSnapshot(
  path: string,
  files: readonly FoundFile[],
  options: FileSourceOptions,
  signal: AbortSignal
): Promise<number> {
  const handle = await open(path, 'wx', 0o600);
  const out = new EntryWriter(handle);
  const kits: { item: CatalogItem; components: Component[] }[] = [];
  try {
    const seen = new SeenSkus(files);
    for (const [index, file] of files.entries()) {
      const opened = await openFile(file, options, true, signal);
      for await (const outcomes of opened.outcomes(signal)) {
        signal.throwIfAborted();
        for (const outcome of outcomes) {
          const entry = seen.entryOf(outcome, index);
          if ('item' in entry && outcome.kind === 'item' && outcome.components?.length)
            kits.push({ item: entry.item, components: outcome.components });
          else await out.write(entry);
        }
      }
    }
    await out.flush();
    const stocks = await componentStocks(path, kits, signal);
    for (const { item, components } of kits) {
      const parts = components.map(({ sku, quantity }) => partOf(sku, quantity, stocks));
      await out.write({ item: { ...item, stock: kitStock(parts), components: parts } });
    }
    await out.flush();
    return out.count;
  } finally {
    await handle.close();
  }
}

/** Names every outcome once: the first row of a SKU has it, and a row without a SKU is known by its line. */
class SeenSkus {
  private readonly lines = new Map<string, number>();
  private readonly bad = new Set<string>();

  constructor(private readonly files: readonly FoundFile[]) {}

  entryOf(outcome: Outcome, file: number): Entry {
    const place = `line ${outcome.line} of ${this.files[file]!.name}`;
    if (outcome.kind === 'item') {
      const { sku } = outcome.item;
      const before = this.lines.get(sku);
      if (before === undefined) {
        this.lines.set(sku, outcome.line * this.files.length + file);
        return { item: outcome.item };
      }
      const first = `line ${Math.floor(before / this.files.length)} of ${this.files[before % this.files.length]!.name}`;
      return {
        unreadable: {
          sourceId: place,
          reason: `${place}: Its SKU ${sku} is on ${first} already; this row is left out.`,
        },
      };
    }
    const { sku } = outcome;
    const isNamed = sku !== undefined && sku !== '' && !this.lines.has(sku) && !this.bad.has(sku);
    if (isNamed) this.bad.add(sku);
    return { unreadable: { sourceId: isNamed ? sku : place, reason: `${place}: ${outcome.reason}` } };
  }
}

/** Gathers lines into larger writes. */
class EntryWriter {
  count = 0;
  private lines: string[] = [];
  private length = 0;

  constructor(private readonly handle: FileHandle) {}

  async write(entry: Entry): Promise<void> {
    const line = `${JSON.stringify(entry)}\n`;
    this.lines.push(line);
    this.length += line.length;
    this.count += 1;
    if (this.length >= CHUNK) await this.flush();
  }

  async flush(): Promise<void> {
    await this.handle.writeFile(this.lines.join(''));
    this.lines = [];
    this.length = 0;
  }
}

async function componentStocks(
  path: string,
  kits: readonly { components: Component[] }[],
  signal: AbortSignal
): Promise<Map<string, SourceStock>> {
  const wanted = new Set(kits.flatMap(({ components }) => components.map(({ sku }) => sku)));
  const stocks = new Map<string, SourceStock>();
  if (wanted.size === 0) return stocks;
  for await (const entry of entriesOf(path, 0, signal)) {
    if (!('item' in entry) || !wanted.has(entry.item.sku)) continue;
    const { stock, status, sku } = entry.item;
    stocks.set(sku, status === 'inactive' ? NONE : stock);
  }
  return stocks;
}

const NONE: SourceStock = { kind: 'units', units: 0 };

/** A component that the files do not have is not in stock. */
function partOf(sku: string, units: number, stocks: ReadonlyMap<string, SourceStock>): KitComponent {
  return { sourceId: sku, units, stock: stocks.get(sku) ?? NONE };
}

/** As many kits as the scarcest component allows. */
function kitStock(parts: readonly KitComponent[]): SourceStock {
  const kits = parts.map(({ units, stock }) =>
    stock.kind === 'unlimited' ? Infinity : Math.floor(stock.units / units)
  );
  const units = Math.min(...kits);
  return units === Infinity ? { kind: 'unlimited' } : { kind: 'units', units };
}

async function* entriesOf(path: string, from: number, signal: AbortSignal): AsyncGenerator<PlacedEntry> {
  const handle = await open(path, 'r');
  try {
    let at = from;
    let end = from;
    let rest = Buffer.alloc(0);
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      const chunk = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      let begin = 0;
      for (let feed = chunk.indexOf(0x0a); feed !== -1; feed = chunk.indexOf(0x0a, begin)) {
        const entry = JSON.parse(chunk.toString('utf8', begin, feed)) as Entry;
        end += feed + 1 - begin;
        begin = feed + 1;
        yield { ...entry, end };
      }
      rest = chunk.subarray(begin);
    }
  } finally {
    await handle.close();
  }
}

async function dropOldest(folder: string, series: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(series) && name.endsWith('.jsonl'));
  const dated = await Promise.all(
    names.map(async (name) => ({ name, usedAt: (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0 }))
  );
  const old = dated.sort((one, other) => other.usedAt - one.usedAt).slice(KEPT);
  await Promise.all(old.map(({ name }) => rm(join(folder, name), { force: true })));
}
