import { rm } from 'node:fs/promises';
import type { CatalogItem, UnreadableItem } from '../../domain/catalog-item';
import { Catalogue } from './catalogue';
import { merge, touchedBy, type Delta } from './changes';
import { failure } from './http';
import { ageOf, newToken, timeOf, type Kept, type KeptFiles } from './kept-files';
import { ListingWriter } from './listing-file';
import { RecordFile } from './record-file';
import type { RecordId, SalesLayerApi } from './records';

/** A reading that is finished, and can be paged through. */
export interface Listing extends Kept {
  kind: 'all' | 'changes';
}

/** Reads through an API into files: records first, and when all of them are there, the SKUs that they make. */
export function createReadings(api: SalesLayerApi, files: KeptFiles, currency: string) {
  /** Everything that one answer of the API says, on disk. */
  async function collect(since: number | undefined, draft: string, signal: AbortSignal) {
    const records = await RecordFile.create(draft);
    const removed = new Map<string, RecordId>();
    let isEverything = true;
    let time: number | undefined;
    try {
      for await (const page of api.read(since, signal)) {
        time ??= page.time;
        isEverything = page.isEverything;
        records.head = { languages: page.languages };
        for (const record of page.records) await records.add(record);
        for (const each of page.removed) removed.set(`${each.kind} ${each.id}`, each);
      }
      await records.finish();
    } catch (error) {
      await records.close();
      throw error;
    }
    return { records, removed: [...removed.values()], isEverything, token: newToken(time ?? 0) };
  }

  async function listAll(records: RecordFile, path: string, signal: AbortSignal): Promise<void> {
    const catalogue = new Catalogue(records, currency);
    const writer = await ListingWriter.create(path);
    try {
      for (const id of catalogue.productIds()) {
        signal.throwIfAborted();
        for (const [key, outcome] of await catalogue.outcomes(id)) await writer.add({ key, ...outcome });
      }
    } finally {
      await writer.close();
    }
    // An empty answer is far more often a connector set up wrongly than an empty shop, and would take everything off sale.
    if (writer.count === 0)
      throw failure(
        'read the catalogue',
        'transient',
        'Sales Layer lists no products; nothing is changed until it does. Check what the connector there exports.'
      );
  }

  async function listChanges(
    delta: Delta,
    before: RecordFile,
    now: RecordFile,
    path: string,
    signal: AbortSignal
  ): Promise<void> {
    const catalogue = new Catalogue(now, currency);
    const touched = touchedBy(delta, new Catalogue(before, currency), catalogue);
    const writer = await ListingWriter.create(path);
    try {
      for (const removed of touched.removed) await writer.add({ removed });
      for (const { id, sourceIds } of touched.products) {
        signal.throwIfAborted();
        const outcomes = await catalogue.outcomes(id, (sourceId) => sourceIds.has(sourceId));
        for (const [key, outcome] of outcomes) await writer.add({ key, ...outcome });
      }
    } finally {
      await writer.close();
    }
  }

  /**
   * Reads, and keeps what was read. With records of an earlier reading only what changed since is asked for; the answer may be
   * everything all the same.
   *
   * @param isListed - false where nothing pages through the reading: records alone are kept, as a `view`.
   */
  async function read(
    before: RecordFile | undefined,
    since: string | undefined,
    isListed: boolean,
    signal: AbortSignal
  ) {
    const drafts = await Promise.all([files.draft(), files.draft(), files.draft()]);
    const [saidDraft, mergedDraft, listingDraft] = drafts as [string, string, string];
    const open: RecordFile[] = [];
    try {
      const said = await collect(before && since !== undefined ? timeOf(since) : undefined, saidDraft, signal);
      open.push(said.records);
      const builtOn = said.isEverything ? undefined : before;
      let records = said.records;
      if (builtOn) {
        records = await RecordFile.create(mergedDraft);
        open.push(records);
        await merge(builtOn, said, records);
        await records.finish();
      }
      if (isListed)
        await (builtOn
          ? listChanges(said, builtOn, records, listingDraft, signal)
          : listAll(records, listingDraft, signal));
      const recordsDraft = builtOn ? mergedDraft : saidDraft;
      const kind = builtOn ? 'changes' : 'all';
      const base = await files.keep(recordsDraft, isListed ? 'base' : 'view', said.token);
      return { kind, base, listing: isListed ? await files.keep(listingDraft, kind, said.token) : undefined } as const;
    } finally {
      await Promise.all(open.map((each) => each.close()));
      await Promise.all(drafts.map((path) => rm(path, { force: true })));
    }
  }

  async function withRecords<T>(
    kept: Kept | undefined,
    signal: AbortSignal,
    use: (records: RecordFile | undefined) => Promise<T>
  ): Promise<T> {
    const records = kept && (await RecordFile.open(kept.path, signal));
    try {
      return await use(records);
    } finally {
      await records?.close();
    }
  }

  return {
    async everything(signal: AbortSignal): Promise<Listing> {
      const { listing } = await read(undefined, undefined, true, signal);
      return { ...listing!, kind: 'all' };
    },

    /**
     * What changed since the reading with this token. Where its records are not at hand, those of an earlier one do: more is
     * listed then than changed, and nothing is left out. Without any, everything is read.
     */
    async changes(token: string, signal: AbortSignal): Promise<Listing> {
      const earlier = (await files.newest('base')).find((each) => timeOf(each.token) < timeOf(token));
      const base = (await files.find('base', token)) ?? (earlier && (await files.find('base', earlier.token)));
      return withRecords(base, signal, async (before) => {
        const { listing, kind } = await read(before, base?.token, true, signal);
        return { ...listing!, kind };
      });
    },

    /** Single SKUs, from records that are fresh enough. */
    async items(
      sourceIds: readonly string[],
      signal: AbortSignal
    ): Promise<{ items: CatalogItem[]; unreadable: UnreadableItem[] }> {
      const [newest] = await files.newest('base', 'view');
      const isFresh = newest !== undefined && ageOf(newest.token) < api.freshForMs;
      const kept = isFresh
        ? newest
        : await withRecords(api.tellsChanges ? newest : undefined, signal, async (before) => {
            return (await read(before, newest?.token, false, signal)).base;
          });
      return withRecords(kept, signal, async (records) => {
        if (!records)
          throw failure('read SKUs', 'transient', 'What was read of Sales Layer was cleared away meanwhile.');
        const catalogue = new Catalogue(records, currency);
        const found: { items: CatalogItem[]; unreadable: UnreadableItem[] } = { items: [], unreadable: [] };
        for (const sourceId of new Set(sourceIds)) {
          const product = catalogue.productOf(sourceId);
          const [outcome] = product === undefined ? [] : await catalogue.outcomes(product, (each) => each === sourceId);
          if (!outcome)
            found.unreadable.push({ sourceId, reason: 'It is not in the catalogue of Sales Layer any more.' });
          else if ('item' in outcome[1]) found.items.push(outcome[1].item);
          else found.unreadable.push(outcome[1].unreadable);
        }
        return found;
      });
    },
  };
}
