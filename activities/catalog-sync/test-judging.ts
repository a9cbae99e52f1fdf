import { activityInfo } from '@temporalio/activity';
import type { CatalogItem, UnreadableItem } from '../../domain/catalog-item';
import type { ListingProblem, WantedListing } from '../../domain/listing';
import { fingerprintOf, hashesOf } from '../../domain/listing-hashes';
import type { AmazonAccount } from '../../domain/ports/amazon';
import { TEST_GOOD_FOR_MS, testedHashOf } from '../../domain/test-results';
import { parentSkuIn } from '../../domain/variations';
import { LEDGER_PAGE_SIZE } from '../../models/listings';
import type { TestResultDocument, TestResultWrite } from '../../models/test-results';
import { withPulse } from '../pulse';
import { runContext, waitingNoter, type CatalogSyncDependencies, type OpenRun } from './dependencies';
import type { Judged, ParentWrite } from './families';
import { placeholderSku } from './ledger-writer';
import { pageJudge, type JudgedPage, type KnownSku, type PayloadCheck } from './page-judge';
import { pageMapper, type PageMapper } from './page-mapper';
import { payloadCheck } from './payload-check';

/** SKUs that one activity reads before it hands its cursor back. */
const JUDGE_AT_ONCE = 500;

/** How far a judging activity has come; its heartbeat. */
interface JudgePlace {
  cursor: string | null;
  seen: number;
  read: number;
}

/** The first steps of a test: the source is judged as a sync would judge it, into test results instead of the ledger. */
export function judgingSteps(deps: CatalogSyncDependencies) {
  const { ledger, runs, testResults } = deps;

  return {
    /** Reads pages of the source, some 500 SKUs, or those that the run names; goes on from its heartbeat after a lost worker. */
    async judgePage(input: {
      syncId: string;
      cursor: string | null;
    }): Promise<{ nextCursor: string | null; read: number }> {
      return withPulse<{ nextCursor: string | null; read: number }, JudgePlace>(
        async ({ at, signal }) => {
          const { run, connector, account } = await runContext(deps, input.syncId);
          const source = deps.sourceOf(connector, 'look');
          const checked = payloadCheck(deps.productTypes, account, run.config, signal);
          const writer = testWriter(deps, run, account, await pageMapper(deps, run, account), checked);
          if (run.scope === 'skus') {
            const { items, unreadable } = await source.readItems(await sourceIdsOf(run), signal);
            return { nextCursor: null, read: await writer.writePage(items, unreadable, signal) };
          }
          const lost = activityInfo().heartbeatDetails as JudgePlace | undefined;
          let place = lost ?? { cursor: input.cursor, seen: 0, read: 0 };
          if (lost?.cursor === null) return { nextCursor: null, read: lost.read };
          do {
            const page = await source.readPage(place.cursor, LEDGER_PAGE_SIZE, signal);
            const read = await writer.writePage(page.items, page.unreadable, signal);
            const listed = page.items.length + page.unreadable.length;
            place = { cursor: page.nextCursor, seen: place.seen + listed, read: place.read + read };
            const total = await testResults.readBy(run.connectorId, run._id);
            await runs.update(run._id, { total, touched: total, waitingFor: null });
            at(place);
          } while (place.cursor !== null && place.seen < JUDGE_AT_ONCE);
          return { nextCursor: place.cursor, read: place.read };
        },
        waitingNoter(deps, input.syncId)
      );
    },

    /**
     * After the reading: chooses what Amazon is asked about, all or a sample, and forgets what the source lists no more. Does
     * nothing when results are missing, because the database has lost some: then they are to be read again. Safe to repeat.
     */
    async planTest(input: { syncId: string; read: number }): Promise<{ isComplete: boolean }> {
      return withPulse(async () => {
        const { run } = await runContext(deps, input.syncId);
        const { connectorId, _id: syncId } = run;
        const total = await testResults.readBy(connectorId, syncId);
        if (total < input.read) return { isComplete: false };
        if (run.scope === 'full') await testResults.forgetUnread(connectorId, syncId);
        const among = run.sample === null ? undefined : await testResults.sample(connectorId, syncId, run.sample);
        const toSend = await testResults.queue(connectorId, syncId, among);
        const testCounts = await testResults.counts(connectorId, syncId);
        const publishStartedAt = run.publishStartedAt ?? new Date();
        await runs.update(syncId, { total, touched: total, toSend, testCounts, publishStartedAt });
        return { isComplete: true };
      });
    },
  };

  /** The named SKUs by the source's ids, as the ledger or an earlier test has them. */
  async function sourceIdsOf({ connectorId, skus }: OpenRun): Promise<string[]> {
    const [sold, tested] = await Promise.all([ledger.bySku(connectorId, skus), testResults.bySku(connectorId, skus)]);
    const ids = skus.map((sku) => (sold.get(sku) ?? tested.get(sku))?.sourceId);
    return [...new Set(ids.filter((id) => id !== undefined && id !== ''))] as string[];
  }
}

/** Writes what a source says into the results of a test. Everything is safe to repeat. */
function testWriter(
  deps: Pick<CatalogSyncDependencies, 'ledger' | 'parents' | 'items' | 'productTypes' | 'listings' | 'testResults'>,
  run: OpenRun,
  account: AmazonAccount,
  mapPage: PageMapper,
  checked: PayloadCheck
) {
  const { ledger, testResults } = deps;
  const { connectorId } = run;
  const judgePage = pageJudge(deps, run, account, mapPage, checked, {
    bySku: knownBySku,
    placesTaken: async () =>
      (await ledger.placesTaken(connectorId)) +
      (await testResults.placesTaken(connectorId, run.scope === 'skus' ? undefined : run._id)),
  });

  /** A test of named SKUs is about what the test before it has read. */
  function isOfThisTest({ lastRun }: TestResultDocument): boolean {
    return lastRun === run._id || run.scope === 'skus';
  }

  /** What the ledger knows, and what this test has read already, as if that were in the ledger too. */
  async function knownBySku(skus: readonly string[]): Promise<Map<string, KnownSku>> {
    const known = new Map<string, KnownSku>(await ledger.bySku(connectorId, skus));
    for (const [sku, result] of await testResults.bySku(connectorId, skus)) {
      const { sourceId, isParent, takesPlace } = result;
      if (isParent || !isOfThisTest(result)) continue;
      const sold = known.get(sku);
      if (sold && sold.state !== 'removed') known.set(sku, { ...sold, hasPlace: sold.hasPlace || takesPlace });
      else known.set(sku, { sku, sourceId, state: 'pending', hasPlace: takesPlace });
    }
    return known;
  }

  /** What the test is to know of a payload: an answer about the same one is good for a day. */
  function payloadChange(before: TestResultDocument | undefined, payload: WantedListing): Partial<TestResultDocument> {
    const hash = testedHashOf(hashesOf(payload));
    const isKnown = before?.hash === hash && (before.outcome === 'passed' || before.outcome === 'failed');
    if (!isKnown)
      return { hash, payload, isDue: true, outcome: 'untested', reason: '', problems: [], at: null, testedIn: null };
    const isGood = before.at !== null && Date.now() - before.at.getTime() < TEST_GOOD_FOR_MS;
    return { hash, payload, isDue: run.fresh || !isGood };
  }

  function blockChange(reason: string, problems: ListingProblem[]): Partial<TestResultDocument> {
    const isAsked = { hash: '', payload: null, isDue: false, takesPlace: false, remarks: [] };
    return { ...isAsked, outcome: 'blocked', reason, problems, at: new Date(), testedIn: run._id };
  }

  function skuWrite(
    { item, verdict }: Judged,
    page: JudgedPage<KnownSku>,
    before: TestResultDocument | undefined
  ): TestResultWrite {
    const common = { ...NOT_QUEUED, sourceId: item.sourceId, title: item.title, isParent: false, lastRun: run._id };
    if (verdict.kind === 'block') {
      const reason = verdict.problems[0]?.message ?? verdict.reasons[0] ?? 'A rule holds it back.';
      return { sku: item.sku, change: { ...common, parentSku: null, ...blockChange(reason, verdict.problems) } };
    }
    const hasPlace = page.known.get(item.sku)?.hasPlace === true;
    return {
      sku: item.sku,
      change: {
        ...common,
        takesPlace: !hasPlace || (before?.takesPlace === true && isOfThisTest(before)),
        remarks: verdict.problems ?? [],
        parentSku: parentSkuIn(verdict.wanted) ?? null,
        ...payloadChange(before, verdict.wanted),
      },
    };
  }

  function parentWrite({ sku, change }: ParentWrite, before: TestResultDocument | undefined): TestResultWrite {
    const { sourceId = '', title = '', verdict, wanted } = change;
    const common = { ...NOT_QUEUED, sourceId, title, isParent: true, parentSku: null, takesPlace: false };
    const about =
      verdict?.kind === 'block' || !wanted
        ? blockChange(change.reason ?? 'A rule holds it back.', change.problems ?? [])
        : { remarks: verdict?.problems ?? [], ...payloadChange(before, wanted) };
    return { sku, change: { ...common, lastRun: run._id, ...about } };
  }

  /** SKUs that could not be read, under the SKU that the ledger has them by, or their id. */
  async function unreadableWrites(unreadable: readonly UnreadableItem[]): Promise<TestResultWrite[]> {
    const sold = await ledger.bySourceId(
      connectorId,
      unreadable.map(({ sourceId }) => sourceId)
    );
    const skuOf = new Map(sold.map(({ sourceId, sku }) => [sourceId, sku]));
    return unreadable.map((item) => {
      const message = `The source lists this SKU, but could not tell about it: ${item.reason}`;
      const about = blockChange(message, [{ code: 'unreadable', message, severity: 'warning', owner: 'source' }]);
      const common = { ...NOT_QUEUED, sourceId: item.sourceId, title: '', isParent: false, parentSku: null };
      const sku = skuOf.get(item.sourceId) ?? placeholderSku(item);
      return { sku, change: { ...common, lastRun: run._id, ...about } };
    });
  }

  return {
    /**
     * Judges one page of the source.
     *
     * @returns how many SKUs this test sees for the first time.
     */
    async writePage(
      page: readonly CatalogItem[],
      unreadable: readonly UnreadableItem[],
      signal: AbortSignal
    ): Promise<number> {
      const judged = await judgePage(page, signal);
      await keepItems(judged);
      const skus = judged.judged.map(({ item }) => item.sku).concat(judged.parents.map(({ sku }) => sku));
      const before = await testResults.bySku(connectorId, skus);
      const isRead = (sku: string): boolean => before.get(sku)?.lastRun === run._id;
      const listed = new Set(judged.items.map(({ sku }) => sku));
      const writes = judged.judged
        // A sibling that this test has not read yet is judged with its own page.
        .filter(({ item }) => listed.has(item.sku) || isRead(item.sku))
        .map((each) => skuWrite(each, judged, before.get(each.item.sku)))
        .concat(judged.parents.map((parent) => parentWrite(parent, before.get(parent.sku))))
        .concat(await unreadableWrites(unreadable));
      await testResults.put(connectorId, writes);
      return [...listed].filter((sku) => !isRead(sku)).length;
    },
  };

  /** The items as the source has them now: without them the pages of one product could not be judged together. */
  async function keepItems({ items }: JudgedPage<KnownSku>): Promise<void> {
    const known = await ledger.bySku(
      connectorId,
      items.map(({ sku }) => sku)
    );
    const isNews = (item: CatalogItem): boolean => known.get(item.sku)?.fingerprint !== fingerprintOf(item);
    await deps.items.put(connectorId, items.filter(isNews));
  }
}

const NOT_QUEUED = { queuedIn: null, failures: 0, failingSince: null, nextAttemptAt: null } as const;
