import type { UnreadableItem } from '../../domain/catalog-item';
import type { ConnectorConfig } from '../../domain/connector';
import { requireMarketplace } from '../../domain/marketplaces';
import type { FileCatalogue, FileLook, SourcePage } from '../../domain/ports/source';
import type { UploadedCatalogue } from '../../domain/ports/uploads';
import { filesAt } from './files';
import { openFile } from './reading';
import type { FileSourceOptions } from './settings';
import { snapshotsOf, type Snapshot } from './snapshot';

/** Bad rows that a look repeats, per file. */
const PROBLEMS_SHOWN = 5;

/** A place in a snapshot; with the token of a reading that begins there. */
interface Resumed {
  snapshot: Snapshot;
  at: number;
  token?: string;
}

/**
 * The files of a connector: its upload, or what its path names.
 *
 * @param root - the folder that paths must lie in; null where nothing is read by path.
 * @throws TypeError for a connector with another source.
 */
export function filesOfConnector(
  { source, amazon }: ConnectorConfig,
  uploads: UploadedCatalogue,
  root: string | null
): FileCatalogue {
  if (source.type !== 'file') throw new TypeError('Only a file connector has files');
  const { path, upload: _, type: __, ...settings } = source;
  const place = path === undefined ? { uploads } : { path, root };
  return createFileSource({ ...settings, place, currency: requireMarketplace(amazon.country).currency });
}

/**
 * A catalogue in files. Everything is read once, into a snapshot, and pages are cut from that: a run sees one state of the
 * catalogue although the files may be replaced at any time. A cursor is the snapshot's id and a place in it. Where the
 * snapshot is gone (another machine, a cleaned disk) it is made again from the same content; when that is nowhere any more,
 * the reading begins again.
 */
export function createFileSource(
  options: FileSourceOptions
): Required<Omit<FileCatalogue, 'tellsChanges' | 'newsToken'>> {
  const snapshots = snapshotsOf(options);

  /** The snapshot that a cursor speaks of and the place in it, else the present one from its beginning. */
  async function resume(cursor: string | null, signal: AbortSignal): Promise<Resumed> {
    const [id = '', at = '0'] = cursor?.split('@') ?? [];
    const kept = cursor === null ? undefined : await snapshots.find(id, signal);
    if (kept) return { snapshot: kept, at: Number(at) };
    if (cursor === null) await snapshots.began();
    const now = await snapshots.ofNow(signal);
    return now.snapshot.id === id ? { snapshot: now.snapshot, at: Number(at) } : { ...now, at: 0 };
  }

  async function readPage(cursor: string | null, size: number, signal: AbortSignal): Promise<SourcePage> {
    const { snapshot, at, token } = await resume(cursor, signal);
    const page: SourcePage = { items: [], unreadable: [], nextCursor: null, ...(token && { changesToken: token }) };
    let end = at;
    let count = 0;
    for await (const entry of snapshot.entries(at, signal)) {
      // One more is looked for than the page takes, to know whether there is one.
      if (count === size) return { ...page, nextCursor: `${snapshot.id}@${end}` };
      if ('item' in entry) page.items.push(entry.item);
      else page.unreadable.push(entry.unreadable);
      end = entry.end;
      count += 1;
    }
    return page;
  }

  return {
    readPage,

    async readChanges(token, cursor, size, signal) {
      const unchanged = cursor === null ? await snapshots.unchangedSince(token, signal) : undefined;
      if (unchanged === undefined)
        return { ...(await readPage(cursor, size, signal)), removed: [], isEverything: true };
      return { items: [], unreadable: [], removed: [], nextCursor: null, isEverything: false, changesToken: unchanged };
    },

    async readItems(sourceIds, signal) {
      const { snapshot } = await snapshots.ofNow(signal);
      const wanted = new Set(sourceIds);
      const items: SourcePage['items'] = [];
      const unreadable: UnreadableItem[] = [];
      for await (const entry of snapshot.entries(0, signal)) {
        if (wanted.size === 0) break;
        if ('item' in entry ? wanted.delete(entry.item.sourceId) : wanted.delete(entry.unreadable.sourceId))
          if ('item' in entry) items.push(entry.item);
          else unreadable.push(entry.unreadable);
      }
      for (const sourceId of wanted) unreadable.push({ sourceId, reason: 'It is not in the file any more.' });
      return { items, unreadable };
    },

    async look(signal): Promise<FileLook> {
      const files = await filesAt(options.place, options.format).now();
      const looks: FileLook['files'] = [];
      for (const file of files) {
        const opened = await openFile(file, options, false, signal);
        const outcomes = opened.headOutcomes();
        const bad = outcomes.filter((each) => each.kind === 'bad');
        looks.push({
          name: file.name,
          form: opened.form,
          skus: outcomes.length - bad.length,
          unreadable: bad.length,
          problems: bad.slice(0, PROBLEMS_SHOWN).map(({ line, reason }) => `line ${line} of ${file.name}: ${reason}`),
          isWhole: opened.isShort,
        });
      }
      return { files: looks };
    },
  };
}
