import type { LedgerEntry } from '../../domain/ledger';
import type { ListingState } from '../../domain/listing';
import type { LedgerStore, LedgerWrite } from '../../models/listings';
import type { SyncRunDocument, SyncRunStore } from '../../models/sync-runs';
import type { CatalogSyncDependencies, OpenRun } from './dependencies';

/** Where entries are kept: SKUs in the ledger, whose states a run counts, and parents apart. */
export interface Book {
  name: 'skus' | 'parents';
  ledger: LedgerStore;
  /**
   * Writes what was made of entries as they were read.
   *
   * @returns the SKUs whose entries had moved on meanwhile, and were left as they are.
   */
  write(run: OpenRun, entries: readonly LedgerEntry[], writes: readonly LedgerWrite[]): Promise<string[]>;
}

export interface Books {
  skus: Book;
  parents: Book;
}

/** What moves the counters of a run. */
type RunCounters = Pick<SyncRunStore, 'count'>;

type BookDependencies = Pick<CatalogSyncDependencies, 'ledger' | 'parents'> & { runs: RunCounters };

export function booksOf(deps: BookDependencies): Books {
  const { ledger, parents } = deps;
  return {
    skus: { name: 'skus', ledger, write: (run, entries, writes) => writeEntries(deps, run, entries, writes) },
    parents: {
      name: 'parents',
      ledger: parents,
      write: async (run, _entries, writes) => (await parents.change(run.connectorId, writes)).moved,
    },
  };
}

/** Writes entries and moves the run's counters by the states that changed. */
async function writeEntries(
  { ledger, runs }: BookDependencies,
  run: SyncRunDocument,
  entries: readonly LedgerEntry[],
  writes: readonly LedgerWrite[]
): Promise<string[]> {
  const [{ moved }] = await Promise.all([
    ledger.change(run.connectorId, writes),
    runs.count(run._id, movesOf(entries, writes), answersIn(writes)),
  ]);
  if (moved.length === 0) return moved;
  const refused = writes.filter(({ sku }) => moved.includes(sku));
  const back = Object.entries(movesOf(entries, refused)).map(([state, by]) => [state, -by] as const);
  await runs.count(run._id, Object.fromEntries(back), -answersIn(refused));
  return moved;
}

/** Counters that are moved this often at most, in milliseconds; people look at them no more often. */
const COUNTED_EVERY_MS = 1_000;

/**
 * Moves a run's counters for many writes at once: those of the last second are lost with a worker that dies, and counted anew
 * when the run ends. Whoever is given this has to `flush` before somebody else may count.
 */
export function countingTogether(runs: RunCounters, syncId: string): RunCounters & { flush(): Promise<void> } {
  let moves: Partial<Record<ListingState, number>> = {};
  let [processed, countedAt] = [0, Date.now()];

  async function flush(): Promise<void> {
    const due = [moves, processed] as const;
    [moves, processed, countedAt] = [{}, 0, Date.now()];
    await runs.count(syncId, ...due);
  }

  return {
    flush,
    async count(_syncId, moved, answered) {
      for (const [state, by] of Object.entries(moved) as [ListingState, number][])
        moves[state] = (moves[state] ?? 0) + by;
      processed += answered;
      if (Date.now() - countedAt >= COUNTED_EVERY_MS) await flush();
    },
  };
}

function answersIn(writes: readonly LedgerWrite[]): number {
  return writes.filter(({ change }) => change.lastAnswer).length;
}

/** How many entries leave and enter each state. */
export function movesOf(
  entries: readonly LedgerEntry[],
  writes: readonly LedgerWrite[]
): Partial<Record<ListingState, number>> {
  const stateAfter = new Map(writes.map(({ sku, change }) => [sku, change.state]));
  const moves: Partial<Record<ListingState, number>> = {};
  for (const entry of entries) {
    const to = stateAfter.get(entry.sku);
    if (!to || to === entry.state) continue;
    moves[entry.state] = (moves[entry.state] ?? 0) - 1;
    moves[to] = (moves[to] ?? 0) + 1;
  }
  return moves;
}
