import type { UnreadableItem } from '../../domain/catalog-item';
import type { FileCatalogue, FileLook, SourcePage } from '../../domain/ports/source';
import { filesOf } from './files';
import { openFile } from './reading';
import type { FileSourceOptions } from './settings';
import { snapshotsOf, type Snapshot } from './snapshot';

/**
 * A catalogue in files. Everything is read once, into a snapshot, and pages are cut from that: a run sees one state of the
 * catalogue although the files may be replaced at any time. A cursor is the snapshot's id and a place in it. Where the
 * snapshot is gone (another machine, a cleaned disk) it is made again from the same files; when these have changed meanwhile,
 * the reading begins again.
 */
export function createFileSource(options: FileSourceOptions): FileCatalogue {
  const snapshots = snapshotsOf(options);

  /** The snapshot that a cursor speaks of and the place in it, else the present one from its beginning. */
  async function resume(cursor: string | null, signal: AbortSignal): Promise<{ snapshot: Snapshot; at: number }> {
    const [id = '', at = '0'] = cursor?.split('@') ?? [];
    const kept = cursor === null ? undefined : await snapshots.find(id);
    const snapshot = kept ?? (await snapshots.ofNow(signal));
    return { snapshot, at: snapshot.id === id ? Number(at) : 0 };
  }

  return {
    async readPage(cursor, size, signal) {
      const { snapshot, at } = await resume(cursor, signal);
      const page: SourcePage = { items: [], unreadable: [], nextCursor: null };
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
    },

    async readItems(sourceIds, signal) {
      const snapshot = await snapshots.ofNow(signal);
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
      const files = await filesOf(options);
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
          ...(bad[0] && { firstProblem: `line ${bad[0].line} of ${file.name}: ${bad[0].reason}` }),
          isWhole: opened.isShort,
        });
      }
      return { files: looks };
    },
  };
}
