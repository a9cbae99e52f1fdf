import { activityInfo, sleep } from '@temporalio/activity';
import type { CatalogSource } from '../../domain/ports/source';
import type { SourceReading } from '../../models/connectors';
import { LEDGER_PAGE_SIZE, type ListingDocument } from '../../models/listings';
import { withPulse } from '../pulse';
import { booksOf, movesOf } from './books';
import { isJudgedAlike } from './collect';
import { runContext, type CatalogSyncDependencies, type RunContext } from './dependencies';
import { ledgerWriter } from './ledger-writer';
import { pageMapper } from './page-mapper';
import { pagePublisher, waitsIn } from './page-publisher';
import { payloadCheck } from './payload-check';

/** How often it is looked whether a notice has come, in milliseconds. */
const LOOK_MS = 1_000;
/** One activity watches for so long; the next one goes on. In milliseconds. */
const WATCH_MS = 45 * 60_000;

/**
 * While a run is at work, which may be for hours, the source goes on telling of changes: they are read into the ledger, and prices and
 * quantities are sent at once, beside a full reading and the lanes. What is more than that waits for the lanes.
 */
export function watchSteps(deps: CatalogSyncDependencies) {
  const { connectors, ledger, runs, notices } = deps;
  const { skus: book } = booksOf(deps);
  const { takeLane, publishOffers } = pagePublisher(deps);

  return {
    /**
     * Watches until there is something for the lanes, or for three quarters of an hour. Where the source sends notices these are
     * waited for; others are asked as often as their schedule would.
     *
     * @returns how many SKUs wait for the lanes, and whether there is any use in watching on.
     */
    async watchChanges(input: { syncId: string }): Promise<{ watchesOn: boolean; left: number }> {
      return withPulse<{ watchesOn: boolean; left: number }, string>(async ({ signal, at }) => {
        const until = Date.now() + WATCH_MS;
        let told = activityInfo().heartbeatDetails as string | undefined;
        // A lost worker may have gathered notices that nobody else would look for.
        if (activityInfo().attempt > 1) await giveBack(input.syncId);
        for (;;) {
          const context = await runContext(deps, input.syncId);
          const source = deps.sourceOf(context.connector);
          const reading = readingOf(context);
          if (!source.tellsChanges || !source.readChanges || !reading) return { watchesOn: false, left: 0 };
          if (isAboutChanges(context) && Date.now() < until) {
            await sleep(LOOK_MS);
            continue;
          }
          if (!(await haveCome(context, source, until, signal))) return { watchesOn: true, left: 0 };
          const known = source.newsToken?.(reading.token) ?? reading.token;
          const isAll = known === reading.token;
          const since = isAll ? known : (told ?? known);
          const read = await readNews(context, source.readChanges, since, signal).catch(async (error: unknown) => {
            await notices.giveBack(context.run.connectorId);
            throw error;
          });
          if (isAll && read.token !== null) await noteReading(context, reading, read.token, read.readAgain);
          // By what may not be all, the next run's changes do not begin; by this they go on here.
          else if (read.token !== null) at((told = read.token));
          if (!read.isTold) return { watchesOn: false, left: read.left };
          if (read.left > 0) return { watchesOn: true, left: read.left };
        }
      });
    },
  };

  async function giveBack(syncId: string): Promise<void> {
    const { run } = await runContext(deps, syncId);
    await notices.giveBack(run.connectorId);
  }

  /** The reading whose changes may be judged as this run judges; undefined when there is none. */
  function readingOf({ run, connector }: RunContext): SourceReading | undefined {
    const { reading } = connector;
    return reading && isJudgedAlike(reading, run) ? reading : undefined;
  }

  /** Whether the run itself is reading what has changed. */
  function isAboutChanges({ run }: RunContext): boolean {
    return run.phase === 'collect' && run.scope !== 'full';
  }

  /** Waits for changes; false when the time is up. */
  async function haveCome(
    { run, connector }: RunContext,
    source: CatalogSource,
    until: number,
    signal: AbortSignal
  ): Promise<boolean> {
    if (source.tellsChanges === 'when asked') {
      await sleep(Math.min(connector.config.schedule.everyMinutes * 60_000, Math.max(0, until - Date.now())));
      return Date.now() < until;
    }
    while (Date.now() < until) {
      signal.throwIfAborted();
      if (await notices.haveComeSince(run.connectorId)) return true;
      await sleep(LOOK_MS);
    }
    return false;
  }

  /** Reads all that is told to have changed since, and sends of it what cannot wait. Safe to repeat. */
  async function readNews(
    context: RunContext,
    readChanges: NonNullable<CatalogSource['readChanges']>,
    since: string,
    signal: AbortSignal
  ): Promise<{ isTold: boolean; left: number; token: string | null; readAgain: string[] }> {
    const { run, account } = context;
    const checked = payloadCheck(deps.productTypes, account, run.config, signal);
    const mapPage = await pageMapper(deps, run, account);
    const writer = ledgerWriter(deps, run, account, mapPage, checked, new Date());
    let [cursor, token, left]: [string | null, string | null, number] = [null, null, 0];
    const readAgain: string[] = [];
    do {
      const page = await readChanges(since, cursor, LEDGER_PAGE_SIZE, signal);
      if (page.isEverything) return { isTold: false, left, token: null, readAgain };
      token ??= page.changesToken ?? null;
      const sourceIds = [...page.items, ...page.unreadable].map(({ sourceId }) => sourceId).concat(page.removed);
      if (sourceIds.length > 0) {
        // Before anything is written: whoever finds SKUs that wait after the lanes must not take them for lost answers.
        await runs.update(run._id, { hasNews: true });
        const before = await ledger.bySourceId(run.connectorId, sourceIds);
        await writer.writePage(page.items, page.unreadable, signal);
        await writer.removeGone(page.removed, page.items);
        const after = await ledger.bySourceId(run.connectorId, sourceIds);
        await countMoves(context, before, after);
        left += await sendAtOnce(context, after, signal);
      }
      for (const { sourceId, isPassing } of page.unreadable) if (isPassing) readAgain.push(sourceId);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return { isTold: true, left, token, readAgain };
  }

  /** Keeps where the next changes begin, now that all of these are in the ledger. */
  async function noteReading(
    { run }: RunContext,
    reading: SourceReading,
    token: string,
    readAgain: readonly string[]
  ): Promise<void> {
    const now = (await connectors.get(run.connectorId))?.reading;
    // The run has read everything meanwhile: the next turn begins from there.
    if (now?.fullAt.getTime() !== reading.fullAt.getTime()) return;
    const again = [...new Set([...reading.readAgain, ...readAgain])];
    await connectors.noteReading(run.connectorId, { ...reading, token, readAgain: again });
  }

  async function countMoves(
    { run }: RunContext,
    before: readonly ListingDocument[],
    after: readonly ListingDocument[]
  ): Promise<void> {
    const known = new Set(before.map(({ sku }) => sku));
    const moves = movesOf(
      before,
      after.map(({ sku, state }) => ({ sku, change: { state } }))
    );
    for (const { sku, state } of after) if (!known.has(sku)) moves[state] = (moves[state] ?? 0) + 1;
    await runs.count(run._id, moves, 0);
  }

  /** Sends prices and quantities; answers how many SKUs are left to the lanes. */
  async function sendAtOnce(
    context: RunContext,
    entries: readonly ListingDocument[],
    signal: AbortSignal
  ): Promise<number> {
    const lane = await takeLane(context.run, book, 'news', 'offer');
    const failed = await publishOffers(context, book, lane, { entries, readAt: Date.now() }, signal);
    return entries.filter((entry) => waitsIn('details', entry)).length + failed;
  }
}
