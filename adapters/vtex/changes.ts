import type { ChangeNotices } from '../../domain/ports/change-notices';
import type { CatalogSource, ChangesPage } from '../../domain/ports/source';
import type { Assortment } from './reading';

/** Begins the token of a reading in whose beginning the store had sent no notice: what changed before the first is unknown. */
const QUIET = 'quiet';
const TOLD = 'told';

/** Begins the cursor of a reading that lists everything. */
const EVERYTHING = 'everything';
const BATCH = 'batch';

/**
 * Reads what changed by the store's notices: a SKU that left costs no request, another is read as in a full reading, and so are the
 * kits that take it. VTEX says nothing about its notices getting lost, so a full reading now and then remains the safety net; and
 * a store of which none has come is read whole.
 */
export function createChanges(assortment: Assortment, notices: ChangeNotices): Required<Changes> {
  /** Where a reading begins: what waits now is gathered, and belongs to it. */
  async function mark(): Promise<string> {
    const state = (await notices.haveArrived()) ? TOLD : QUIET;
    return `${state}:${await notices.gather()}`;
  }

  async function readEverything(cursor: string | null, size: number, signal: AbortSignal): Promise<ChangesPage> {
    const page = await readPage(cursor, size, signal);
    const nextCursor = page.nextCursor === null ? null : `${EVERYTHING}:${page.nextCursor}`;
    return { ...page, nextCursor, removed: [], isEverything: true };
  }

  async function readBatch(
    batch: string,
    after: string | null,
    size: number,
    signal: AbortSignal
  ): Promise<ChangesPage> {
    const noticed = await notices.page(batch, after, size);
    const idsOf = (isRemoved: boolean): string[] =>
      noticed.filter((each) => each.isRemoved === isRemoved).map(({ skuId }) => skuId);
    const told = new Set(noticed.map(({ skuId }) => skuId));
    const kits = (await notices.kitsWith([...told])).filter((skuId) => !told.has(skuId));
    const { items, unreadable, left } = await assortment.readAssigned([...idsOf(false), ...kits], signal);
    const isLast = noticed.length < size;
    return {
      items,
      unreadable,
      removed: [...idsOf(true), ...left],
      nextCursor: isLast ? null : `${BATCH}:${batch}:${noticed.at(-1)!.skuId}`,
      isEverything: false,
    };
  }

  const readPage: CatalogSource['readPage'] = async (cursor, size, signal) => {
    const begun = cursor === null ? { changesToken: await mark() } : {};
    return { ...(await assortment.readPage(cursor, size, signal)), ...begun };
  };

  return {
    readPage,
    tellsChanges: 'by notice',
    newsToken: (token) => `${TOLD}:${token.split(':')[1] ?? ''}`,

    async readChanges(token, cursor, size, signal) {
      const [kind, ...place] = cursor?.split(':') ?? [];
      if (kind === EVERYTHING) return readEverything(place.join(':'), size, signal);
      if (kind === BATCH) return readBatch(place[0]!, place[1] ?? null, size, signal);
      const [state, handled = ''] = token.split(':');
      await notices.settle(handled);
      if (state !== TOLD || !(await notices.haveArrived())) return readEverything(null, size, signal);
      const batch = await notices.gather();
      return { ...(await readBatch(batch, null, size, signal)), changesToken: `${TOLD}:${batch}` };
    },
  };
}

type Changes = Pick<CatalogSource, 'readPage' | 'readChanges' | 'tellsChanges' | 'newsToken'>;
