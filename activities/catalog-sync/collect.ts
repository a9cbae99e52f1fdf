import { activityInfo } from '@temporalio/activity';
import { anySignal } from '../../domain/any-signal';
import type { CatalogSource, ChangesPage } from '../../domain/ports/source';
import type { ConnectorDocument, SourceReading } from '../../models/connectors';
import { LEDGER_PAGE_SIZE, type LedgerStore } from '../../models/listings';
import { withPulse } from '../pulse';
import { runContext, waitingNoter, type CatalogSyncDependencies, type OpenRun } from './dependencies';
import { goneWriter, ledgerWriter } from './ledger-writer';
import { pageMapper } from './page-mapper';
import { payloadCheck } from './payload-check';

/** SKUs that one activity reads before it hands its cursor back. */
const COLLECT_AT_ONCE = 500;
/** A full reading that misses more than this share of what is there, and so many SKUs at least, is held to be a mistake once. */
const SUDDEN = { share: 0.5, atLeast: 20 } as const;

/** How far a collect activity has come; its heartbeat. */
interface CollectPlace {
  cursor: string | null;
  total: number;
  toSend: number;
  touched: number;
  seen: number;
  /** Of those seen, how many could be read. */
  read: number;
}

/** What a collect activity hands back. */
interface CollectedPage {
  nextCursor: string | null;
  /** SKUs that were read and written into the ledger. */
  read: number;
}

/** Step 1: the source's items become verdicts, hashes and lanes in the ledger. */
export function collectSteps(deps: CatalogSyncDependencies) {
  const { connectors, ledger, runs } = deps;

  return {
    /** Reads pages of the source into the ledger, some 500 SKUs; goes on from its heartbeat after a lost worker. */
    async collectPage(input: { syncId: string; cursor: string | null }): Promise<CollectedPage> {
      return withPulse<CollectedPage, CollectPlace>(
        async ({ at, signal }) => {
          const { run, connector, account } = await runContext(deps, input.syncId);
          const source = deps.sourceOf(connector);
          const checked = payloadCheck(deps.productTypes, account, run.config, signal);
          const mapPage = await pageMapper(deps, run, account);
          // What was told of beside a full reading since it began is newer than any page of it: a source may have been read into a file.
          const askedAt = run.scope === 'full' ? run.startedAt : new Date();
          const writer = ledgerWriter(deps, run, account, mapPage, checked, askedAt);
          if (run.scope === 'skus') {
            const named = await ledger.bySku(run.connectorId, run.skus);
            const sourceIds = [...named.values()].map((entry) => entry.sourceId);
            const { items, unreadable } = await source.readItems(sourceIds, signal);
            const { toSend, firstSeen } = await writer.writePage(items, unreadable, signal);
            const touched = sourceIds.length;
            await runs.update(run._id, { total: touched, touched, toSend, waitingFor: null });
            return { nextCursor: null, read: firstSeen };
          }
          const lost = activityInfo().heartbeatDetails as CollectPlace | undefined;
          const { total, toSend, touched } = run;
          let place = lost ?? { cursor: input.cursor, total, toSend, touched, seen: 0, read: 0 };
          if (lost?.cursor === null) return { nextCursor: null, read: lost.read };
          const reading = await readingOf(run, connector, source);
          const pages = readAhead(place.cursor, COLLECT_AT_ONCE - place.seen, reading.page, signal);
          for await (const page of pages) {
            const { toSend, firstSeen } = await writer.writePage(page.items, page.unreadable, signal);
            const left = reading.isWhole() ? { gone: 0, toSend: 0 } : await writer.removeGone(page.removed, page.items);
            const listed = page.items.length + page.unreadable.length;
            place = {
              cursor: page.nextCursor,
              total: place.total + listed,
              toSend: place.toSend + toSend + left.toSend,
              touched: place.touched + listed + left.gone,
              seen: place.seen + listed,
              read: place.read + firstSeen,
            };
            const { total, toSend: waiting, touched } = place;
            await runs.update(run._id, { total, toSend: waiting, touched, waitingFor: null });
            at(place);
          }
          return { nextCursor: place.cursor, read: place.read };
        },
        waitingNoter(deps, input.syncId)
      );
    },

    /**
     * After the reading: what a full one did not list any more is sold out and then `removed`, and where the next run's changes
     * begin is kept, and what earlier runs left to be tried again is put back in line. Does nothing when the ledger holds fewer
     * SKUs of this run than were read, or lacks a parent that they name, because the database has lost some: then they are to be
     * read again. Safe to repeat.
     */
    async sweepUnseen(input: { syncId: string; read: number }): Promise<{ isComplete: boolean }> {
      return withPulse(async ({ signal }) => {
        const { run, connector } = await runContext(deps, input.syncId);
        const census = await ledger.census(run.connectorId, run._id);
        if (census.seen < input.read || (await lacksParents(run))) {
          await runs.update(run._id, { total: 0, toSend: 0, touched: 0 });
          return { isComplete: false };
        }
        const mayRemove = run.scope === 'full' && !(await isSuspicious(run, connector, census));
        const gone = mayRemove ? await takeOffUnseen(run, connector, census, signal) : 0;
        if (gone > 0) await runs.update(run._id, { touched: run.touched + gone });
        await noteReading(run, connector);
        for (const book of [deps.parents, ledger]) await book.resume(run.connectorId);
        const isAsCounted = gone === 0 && census.counts.retrying === 0;
        const counts = isAsCounted ? census.counts : await ledger.counts(run.connectorId);
        await runs.update(run._id, { counts, publishStartedAt: new Date() });
        return { isComplete: true };
      });
    },
  };

  /** How this run reads the source: whole, or what changed. The first page of a reading decides; all others follow it. */
  async function readingOf(run: OpenRun, connector: ConnectorDocument, source: CatalogSource) {
    const known = connector.reading;
    const asksForChanges = run.scope === 'changes' && run.changesSince === null;
    const mayReadChanges = known !== null && isJudgedAlike(known, run) && source.readChanges;
    if (asksForChanges && mayReadChanges) run.changesSince = known.token;
    const since = run.changesSince;
    if (since === null || !source.readChanges) run.scope = 'full';
    await runs.update(run._id, { scope: run.scope, changesSince: since });

    async function readPage(cursor: string | null, signal: AbortSignal): Promise<ChangesPage> {
      if (since === null || !source.readChanges)
        return { ...(await source.readPage(cursor, LEDGER_PAGE_SIZE, signal)), removed: [], isEverything: true };
      const page = await source.readChanges(since, cursor, LEDGER_PAGE_SIZE, signal);
      const again = cursor === null && !page.isEverything ? (known?.readAgain ?? []) : [];
      if (again.length === 0) return page;
      const more = await source.readItems(again, signal);
      const listed = new Set([...page.items, ...page.unreadable].map(({ sourceId }) => sourceId).concat(page.removed));
      const isNew = ({ sourceId }: { sourceId: string }): boolean => !listed.has(sourceId);
      return {
        ...page,
        items: [...page.items, ...more.items.filter(isNew)],
        unreadable: [...page.unreadable, ...more.unreadable.filter(isNew)],
      };
    }

    let isWhole = run.scope === 'full';
    return {
      /** True when what is not listed is gone. */
      isWhole: () => isWhole,
      async page(cursor: string | null, signal: AbortSignal): Promise<ChangesPage> {
        const page = await readPage(cursor, signal);
        isWhole ||= page.isEverything;
        if (cursor === null)
          await runs.update(run._id, {
            changesToken: page.changesToken ?? null,
            ...(page.isEverything && { scope: 'full' as const }),
          });
        return page;
      },
    };
  }

  /** Whether a SKU that is to be sent names a parent that is not kept. */
  async function lacksParents({ connectorId }: OpenRun): Promise<boolean> {
    const awaited = await ledger.awaitedParents(connectorId);
    return awaited.length > (await deps.parents.bySku(connectorId, awaited)).size;
  }

  /** Takes off sale what this run's full reading did not list; answers how many SKUs that are. */
  async function takeOffUnseen(
    run: OpenRun,
    { ledgerPage }: ConnectorDocument,
    { unseen }: Census,
    signal: AbortSignal
  ): Promise<number> {
    const writer = goneWriter(deps, run.connectorId, run.startedAt);
    const unreadable = new Set(run.unreadable);
    let [left, gone] = [unseen, 0];
    for (let page = 0; page <= ledgerPage.number && left > 0; page++) {
      signal.throwIfAborted();
      const found = await ledger.unseenOn(run.connectorId, page, run._id);
      const skus = found.filter(({ sourceId }) => !unreadable.has(sourceId)).map(({ sku }) => sku);
      if (skus.length > 0) await writer.takeOffSale([...(await ledger.bySku(run.connectorId, skus)).values()]);
      left -= found.length;
      gone += skus.length;
    }
    return gone;
  }

  /**
   * Whether a full reading misses so much of what is there that the source is likely to be at fault: then nothing is taken off
   * sale by it, and the next full reading decides. Asked again about the same run, it answers the same.
   */
  async function isSuspicious(run: OpenRun, connector: ConnectorDocument, { counts, seen }: Census): Promise<boolean> {
    const held = connector.heldRemovals;
    const known = Object.values(counts).reduce((sum, count) => sum + count, 0) - counts.removed;
    const missed = known - seen - run.unreadable.length;
    const isSudden = missed >= SUDDEN.atLeast && missed > known * SUDDEN.share;
    const isFirst = held === null || held.syncId === run._id;
    if (!isSudden || !isFirst) {
      if (held) await connectors.noteHeldRemovals(run.connectorId, null);
      return false;
    }
    await connectors.noteHeldRemovals(run.connectorId, { syncId: run._id, count: missed });
    await runs.note(
      run._id,
      `The source did not list ${missed.toLocaleString('en-US')} of ${known.toLocaleString('en-US')} SKUs that were there. None of them was taken off sale, because that may be a mistake of the source; they are if the next full sync does not find them either.`
    );
    return true;
  }

  /** Keeps where the next run's changes begin: now that everything of this reading is in the ledger, and not before. */
  async function noteReading(run: OpenRun, { reading }: ConnectorDocument): Promise<void> {
    if (run.scope === 'skus') return;
    if (run.changesToken === null) {
      // Changes that have no end cannot be told from here on; a full reading without a token begins none.
      if (run.scope === 'full') await connectors.noteReading(run.connectorId, null);
      return;
    }
    await connectors.noteReading(run.connectorId, {
      token: run.changesToken,
      configVersion: run.configVersion,
      mappings: run.mappings ?? [],
      fullAt: run.scope === 'full' ? run.startedAt : (reading?.fullAt ?? run.startedAt),
      readAgain: run.readAgain,
    });
  }
}

type Census = Awaited<ReturnType<LedgerStore['census']>>;

/**
 * Pages from a cursor on until there are no more or they hold so many SKUs; each is read while the one before it is handled.
 * What is being read when the caller stops is given up.
 */
async function* readAhead(
  from: string | null,
  most: number,
  read: (cursor: string | null, signal: AbortSignal) => Promise<ChangesPage>,
  signal: AbortSignal
): AsyncGenerator<ChangesPage> {
  const stopped = new AbortController();
  const until = anySignal([signal, stopped.signal]);
  let next: Promise<ChangesPage> | undefined = read(from, until);
  let seen = 0;
  try {
    while (next) {
      const page: ChangesPage = await next;
      seen += page.items.length + page.unreadable.length;
      next = page.nextCursor === null || seen >= most ? undefined : read(page.nextCursor, until);
      // Its failure is thrown where it is awaited, if it ever is.
      next?.catch(() => undefined);
      yield page;
    }
  } finally {
    stopped.abort(new Error('given up'));
  }
}

/** Whether what an earlier run read was judged by what this one judges by: else everything has to be read anew. */
export function isJudgedAlike(known: SourceReading, run: OpenRun): boolean {
  return known.configVersion === run.configVersion && known.mappings.join() === (run.mappings ?? []).join();
}
