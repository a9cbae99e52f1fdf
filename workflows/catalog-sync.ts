import {
  ActivityCancellationType,
  ActivityFailure,
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  ContinueAsNew,
  continueAsNew,
  isCancellation,
  log,
  proxyActivities,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { CatalogSyncActivities } from '../activities/catalog-sync';
import type { WaitingFor } from '../domain/connector';
import type { CatalogSyncInput, PublishLane, RunningSync, SyncOutcome, SyncPhase } from '../domain/sync';
import { configurationChanged, pauseRequested, resumeRequested, syncProgress } from './messages';
import { mendable } from './waiting';

/** Short steps in the database. They are tried until the database is back. */
const { openSyncRun, noteProgress, closeSyncRun, claimRetries, countUnsent } = proxyActivities<CatalogSyncActivities>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/** Pages: long, with a heartbeat. An outage is waited out here, by one backoff for the whole page. */
const { collectPage, sweepUnseen, matchAtAmazon, publishPage, sendFeed, followFeeds, watchChanges, readBack } =
  proxyActivities<CatalogSyncActivities>({
    startToCloseTimeout: '1 hour',
    heartbeatTimeout: '15 seconds',
    // The lease may not be given back while a page is still writing.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    // A request that an outage keeps from leaving costs nothing: so that it is over soon after Amazon is back.
    retry: { initialInterval: '2 seconds', maximumInterval: '30 seconds' },
  });

/** The steps of a test (S10). At one SKU a second a page takes minutes, so that a pause ends it; soon, by its heartbeats. */
const { judgePage, planTest, testPage } = proxyActivities<CatalogSyncActivities>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '10 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '2 seconds', maximumInterval: '2 minutes' },
});

/** How often a run goes through something once more, should the database lose what it had confirmed. */
const MOST_REPEATS = 5;
/** SKUs in one window of durable retries. */
const RETRY_WINDOW = 50;
/** How often a parked run looks again by itself whether its credential was mended. */
const LOOK_AGAIN = '15 minutes';

/**
 * One run of a connector's catalogue sync: the source is read into the ledger, what changed goes to Amazon in two lanes
 * with durable retries beside them, and what Amazon accepted is looked for there.
 */
export async function catalogSync(input: CatalogSyncInput): Promise<SyncOutcome> {
  // Also a run that is cancelled before its first step has a row to end and a lease to give back.
  const run = input.resume ?? (await CancellationScope.nonCancellable(() => open(input)));
  if (!run) return 'skipped';
  const sync = new CatalogSync(input, run);
  try {
    if (run.mode !== 'preview' && run.mode !== 'test') sync.watchBeside();
    await sync.collect();
    if (run.mode === 'preview') return await sync.closePreview();
    if (run.mode === 'test') return await sync.closeTest();
    sync.workBeside();
    await sync.publish();
    await sync.readBack();
    await sync.endBeside();
    return await sync.close('completed', null);
  } catch (error) {
    if (!(error instanceof HistoryIsLong)) return await endedBy(sync, error);
    return await sync.continueAsNew().catch((reason: unknown) => endedBy(sync, reason));
  }
}

function endedBy(sync: CatalogSync, error: unknown): Promise<SyncOutcome> {
  if (error instanceof ContinueAsNew) throw error;
  return sync.end(error);
}

/** The run to go through; undefined when it may not start: the connector is not active, or another run is at work. */
async function open({ connectorId, syncId, trigger }: CatalogSyncInput): Promise<RunningSync | undefined> {
  const { firstExecutionRunId } = workflowInfo();
  const opened = await openSyncRun({ connectorId, syncId, trigger, firstExecutionRunId });
  if (opened.kind === 'opened') return opened.run;
  log.info('sync skipped', { reason: opened.reason });
  return undefined;
}

/** Thrown where a run cannot continue as new itself: in a lane, in a retry, or while it is parked. */
class HistoryIsLong extends Error {}

/** A run's state, and its steps in the order in which they happen. */
class CatalogSync {
  private phase: SyncPhase;
  private waitingFor: WaitingFor | null;
  private parked: Promise<void> | undefined;
  /** The execution before this one was parked. */
  private wasParkedBefore: boolean;
  private configurationWrites = 0;
  /** SKUs that wait for a durable retry, as far as this run has heard. */
  private toRetry: number;
  private lanesAreThrough = false;
  private lanesAtWork = 0;
  /** What goes on beside the lanes, and ends with the run at the latest. */
  private readonly beside = new CancellationScope();
  private besideAtWork = 0;
  private besideFailure: unknown;
  private retriesAreDone = true;
  private feedsAreDone = true;
  /** How often a feed was sent, as far as this execution has heard. */
  private feedsSent = 0;
  /** The source told of changes that wait for the lanes. */
  private hasNews = false;
  /** What a pause ends in the middle, to begin again after it. */
  private readonly pausable = new Set<CancellationScope>();
  private pause: Promise<void> | undefined;

  constructor(
    private readonly input: CatalogSyncInput,
    private readonly run: RunningSync
  ) {
    this.phase = run.phase;
    this.waitingFor = run.waitingFor ?? null;
    this.wasParkedBefore = this.waitingFor !== null;
    // What the run before a continue-as-new had in its retry windows is claimed again.
    this.toRetry = input.resume ? 1 : 0;
    setHandler(pauseRequested, () => {
      this.run.paused = true;
      for (const scope of this.pausable) scope.cancel();
    });
    setHandler(resumeRequested, () => void (this.run.paused = false));
    setHandler(configurationChanged, () => void (this.configurationWrites += 1));
    setHandler(syncProgress, () => ({
      syncId: this.run.syncId,
      phase: this.phase,
      paused: this.run.paused,
      waitingFor: this.waitingFor,
    }));
  }

  /** Pages of the source become verdicts in the ledger; then what the source no longer lists is taken off sale. */
  async collect(): Promise<void> {
    if (this.run.phase !== 'collect') return;
    const { syncId, mode } = this.run;
    const isTest = mode === 'test';
    for (let isRead = false; !isRead;) {
      const cursor = this.run.sourceCursor;
      const page = await this.step(() =>
        this.untilPaused(() => (isTest ? judgePage : collectPage)({ syncId, cursor }))
      );
      if (!page) continue;
      this.run.sourceCursor = page.nextCursor;
      this.run.read += page.read;
      isRead = page.nextCursor === null;
      if (!isRead) await this.continueAsNewWhenLong();
    }
    const { isComplete } = await this.step(() => (isTest ? planTest : sweepUnseen)({ syncId, read: this.run.read }));
    if (!isComplete) return this.collectAgain();
    await this.enter(isTest ? 'test' : 'publish');
  }

  /** The database has lost something that it had confirmed: a crash of one that does not write through. */
  private async collectAgain(): Promise<void> {
    this.repeat('the ledger has lost SKUs that were read');
    this.run.sourceCursor = null;
    this.run.read = 0;
    await this.collect();
  }

  /** Both lanes side by side, because Amazon gives PUT and PATCH rates of their own; parents go before their SKUs. */
  async publish(): Promise<void> {
    for (;;) {
      await this.bothLanes();
      await this.continueAsNewWhenLong();
      this.lanesAreThrough = true;
      if (!(await this.mayHaveMore())) break;
      this.goThroughLanesAgain();
    }
    if (this.run.phase === 'publish') await this.enter('verify');
  }

  /**
   * Whether something waits for the lanes. What was put back in line while other feeds are still at Amazon does not wait for
   * their end.
   */
  private async mayHaveMore(): Promise<boolean> {
    for (;;) {
      await condition(() => this.feedsAreDone || (this.hasNews && this.openFeeds > 0) || this.isLong());
      await this.continueAsNewWhenLong();
      const { feedsAreDone: areDone, hasNews: hadNews } = this;
      this.hasNews = false;
      const { unsent, isNews, retrying } = await countUnsent({ syncId: this.run.syncId });
      if (retrying > 0 && this.retriesAreDone) this.retryBeside();
      this.toRetry = Math.max(this.toRetry, retrying);
      if (unsent > 0 && !isNews && !hadNews) this.repeat('the ledger has lost answers of Amazon');
      if (unsent > 0) return true;
      if (areDone) return false;
    }
  }

  /**
   * Looks for what Amazon accepted until all is seen, or the run's time for it is up: then later runs look on. What the source
   * tells meanwhile is sent.
   */
  async readBack(): Promise<void> {
    const { syncId, policy } = this.run;
    for (;;) {
      const seen = await this.step(() => this.untilPaused(() => readBack({ syncId })));
      if (!seen) continue;
      const { open, nextInSeconds } = seen;
      const wait = open > 0 ? nextInSeconds : policy.retryInitialSeconds;
      if (this.retriesAreDone && !this.hasNews) {
        this.run.verifyingSince ??= Date.now();
        const until = this.run.verifyingSince + policy.verifyWaitSeconds * 1000;
        if (open === 0 || Date.now() + wait * 1000 > until) {
          // Answers that were overtaken, and what drifted and could not be sent again, may be left.
          if ((await countUnsent({ syncId })).unsent === 0) break;
          this.hasNews = true;
        }
      }
      await condition(() => this.hasNews || (open === 0 && this.retriesAreDone), wait * 1000);
      await this.continueAsNewWhenLong();
      if (!this.hasNews) continue;
      this.goThroughLanesAgain();
      await this.publish();
    }
    if (this.besideFailure) throw this.besideFailure;
  }

  /** A preview ends with what is at Amazon already, and sends nothing. */
  async closePreview(): Promise<SyncOutcome> {
    await this.step(() => matchAtAmazon({ syncId: this.run.syncId }));
    return this.close('completed', null);
  }

  /** A test asks Amazon about every SKU that would be sent, sends none, and ends when all are answered. */
  async closeTest(): Promise<SyncOutcome> {
    const { syncId } = this.run;
    for (;;) {
      const page = await this.step(() => this.untilPaused(() => testPage({ syncId })));
      if (page?.left === 0) return this.close('completed', null);
      await this.continueAsNewWhenLong();
      if (page) await condition(() => this.run.paused, page.nextInSeconds * 1000);
    }
  }

  async close(outcome: SyncOutcome, reason: string | null): Promise<SyncOutcome> {
    this.phase = 'close';
    await closeSyncRun({ syncId: this.run.syncId, outcome, reason });
    this.phase = 'done';
    await condition(allHandlersFinished);
    return outcome;
  }

  /** A run that was cancelled or failed still ends with exact counts, and gives its lease back. */
  async end(error: unknown): Promise<SyncOutcome> {
    const isCancelled = isCancellation(error);
    const reason = isCancelled ? 'It was cancelled.' : rootMessage(error);
    await CancellationScope.nonCancellable(async () => {
      await this.endBeside();
      await this.close(isCancelled ? 'cancelled' : 'failed', reason);
    });
    if (isCancelled) return 'cancelled';
    throw error;
  }

  /** What the source tells while the run is at work is seen to from its beginning on: a full reading may take long, too. */
  watchBeside(): void {
    this.workAside(() => this.watchInTurns());
  }

  /** Durable retries and feeds on their way are seen to beside the lanes. */
  workBeside(): void {
    this.retryBeside();
    this.followBeside();
  }

  /** Ends what goes on beside; retries that were in hand stay `retrying` in the ledger, feeds stay known. */
  async endBeside(): Promise<void> {
    this.beside.cancel();
    await condition(() => this.besideAtWork === 0);
  }

  private workAside(work: () => Promise<void>, done: () => void = () => undefined): void {
    this.besideAtWork += 1;
    void this.beside
      .run(work)
      .catch((error: unknown) => {
        if (!isCancellation(error) && !(error instanceof HistoryIsLong)) this.besideFailure ??= error;
      })
      .finally(() => {
        this.besideAtWork -= 1;
        done();
      });
  }

  /** SKUs that failed for a passing reason get durable retries of their own, a window at a time. */
  private retryBeside(): void {
    this.retriesAreDone = false;
    this.workAside(
      () => this.retryInWindows(),
      () => (this.retriesAreDone = true)
    );
  }

  private followBeside(): void {
    this.feedsAreDone = false;
    this.workAside(
      () => this.followInTurns(),
      () => (this.feedsAreDone = true)
    );
  }

  /** Sees to the feeds at Amazon, also those of earlier runs, until none is left or the run's time for them is up. */
  private async followInTurns(): Promise<void> {
    const { syncId, policy } = this.run;
    const startedAt = Date.now();
    for (;;) {
      await condition(() => this.openFeeds > 0 || this.lanesAreThrough);
      const isTimeUp = Date.now() - startedAt > policy.retryGiveUpSeconds * 1000;
      if (this.openFeeds === 0 || (this.lanesAreThrough && isTimeUp)) return;
      const sentBefore = this.feedsSent;
      const seen = await this.step(() => this.untilPaused(() => followFeeds({ syncId })));
      if (seen?.gaveUp) this.run.feedsGaveUp = true;
      // Of what was in a feed that has ended, some may be back in line.
      if (seen) this.hasNews = true;
      if (seen && sentBefore === this.feedsSent) this.run.openFeeds = seen.open;
    }
  }

  private get openFeeds(): number {
    const { parents, skus } = this.run.openFeeds ?? { parents: 0, skus: 0 };
    return parents + skus;
  }

  /** Prices and quantities that change while the run is at work do not wait for its end. */
  private async watchInTurns(): Promise<void> {
    const { syncId, policy } = this.run;
    await sleep((policy.watchAfterSeconds ?? 5) * 1000);
    for (;;) {
      const isReading = this.run.phase === 'collect';
      const seen = await this.step(() => this.untilPaused(() => watchChanges({ syncId })));
      if (seen && seen.left > 0) this.hasNews = true;
      if (!seen || seen.watchesOn) continue;
      if (!isReading) return;
      // There may be nothing that changes could be told from, until the run has read everything.
      await condition(() => this.run.phase !== 'collect');
    }
  }

  /** For what the source told meanwhile, what feeds did not do, and what the database has lost. */
  private goThroughLanesAgain(): void {
    const { run } = this;
    this.hasNews = false;
    this.lanesAreThrough = false;
    run.lanes = { parents: 0, details: 0, offer: 0 };
    run.feeds = run.feedsGaveUp ? undefined : { parents: 0, details: 0 };
    if (this.retriesAreDone) this.retryBeside();
    if (this.feedsAreDone) this.followBeside();
  }

  /** At most a window of them is in hand: one that goes on failing takes one place, and those that come after it do not wait. */
  private async retryInWindows(): Promise<void> {
    const { syncId, policy } = this.run;
    const startedAt = Date.now();
    const inHand = new Set<string>();
    let failure: unknown;
    const take = (sku: string): void => {
      inHand.add(sku);
      void this.retry(sku)
        .catch((error: unknown) => (failure ??= error))
        .finally(() => inHand.delete(sku));
    };
    const mayClaim = (): boolean => this.toRetry > 0 && inHand.size < RETRY_WINDOW;
    try {
      for (;;) {
        await condition(() => failure !== undefined || mayClaim() || (inHand.size === 0 && this.lanesAreThrough));
        const isTimeUp = Date.now() - startedAt > policy.retryGiveUpSeconds * 1000;
        if (this.lanesAreThrough && (this.toRetry === 0 || isTimeUp))
          await condition(() => failure !== undefined || inHand.size === 0);
        if (failure !== undefined) throw failure;
        if (this.lanesAreThrough && (this.toRetry === 0 || isTimeUp)) return;
        await sleep(policy.retryInitialSeconds * 1000);
        const heardBefore = this.toRetry;
        const claim = { window: this.run.retryWindows, limit: RETRY_WINDOW - inHand.size, inHand: [...inHand] };
        const window = await claimRetries({ syncId, ...claim });
        this.run.retryWindows += 1;
        for (const sku of window.skus) take(sku);
        this.toRetry += window.left - heardBefore;
      }
    } finally {
      await CancellationScope.nonCancellable(() => condition(() => inHand.size === 0));
    }
  }

  /** One SKU, until it is answered or the run's time for retries is up: then the next run goes on with it. */
  private async retry(sku: string): Promise<void> {
    const { syncId, policy } = this.run;
    const { publishSku } = proxyActivities<CatalogSyncActivities>({
      startToCloseTimeout: '5 minutes',
      heartbeatTimeout: '15 seconds',
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      scheduleToCloseTimeout: policy.retryGiveUpSeconds * 1000,
      retry: {
        initialInterval: policy.retryInitialSeconds * 2000,
        maximumInterval: policy.retryMaximumSeconds * 1000,
      },
    });
    const tryOnce = async (): Promise<true> => {
      await publishSku({ syncId, sku });
      return true;
    };
    try {
      const done = await this.step(() => this.untilPaused(tryOnce));
      // A pause has ended it: it is claimed again.
      if (!done) this.toRetry += 1;
    } catch (error) {
      if (error instanceof HistoryIsLong) return;
      if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    }
  }

  /** When one lane fails the other is ended before the lease can be given back: its page may still be writing. */
  private async bothLanes(): Promise<void> {
    const scope = new CancellationScope();
    const lanes = scope.run(() => Promise.all([this.parentsThenDetails(), this.lane('offer')]));
    try {
      await lanes;
    } catch (error) {
      scope.cancel();
      await CancellationScope.nonCancellable(() => condition(() => this.lanesAtWork === 0));
      throw error;
    }
  }

  /** Amazon refuses a child whose parent it does not know (V16). */
  private async parentsThenDetails(): Promise<void> {
    await this.lane('parents');
    if (this.run.lanes.parents !== null) return;
    const areParentsThere = (): boolean => (this.run.openFeeds?.parents ?? 0) === 0 || this.feedsAreDone;
    await condition(() => areParentsThere() || this.hasNews);
    // What is to stop selling may be back in line: the other lane goes first, and then it is come back to this.
    if (areParentsThere()) await this.lane('details');
  }

  /** Pages of one lane, one after the other. After the first, which shows how fast calls are, feeds may take over. */
  private async lane(lane: PublishLane): Promise<void> {
    const { syncId, lanes } = this.run;
    this.lanesAtWork += 1;
    try {
      for (let page = lanes[lane]; page !== null && !this.isLong(); page = lanes[lane]) {
        const at = page;
        if (page > 0 && (await this.isByFeed(lane, page))) continue;
        const sent = await this.step(() => this.untilPaused(() => publishPage({ syncId, lane, page: at })));
        if (!sent) continue;
        lanes[lane] = sent.nextPage;
        this.toRetry += sent.failed;
      }
    } catch (error) {
      if (!(error instanceof HistoryIsLong)) throw error;
    } finally {
      this.lanesAtWork -= 1;
    }
  }

  /** Sends the next feed of a lane, or asks whether there is to be one; false once what is left goes by calls. */
  private async isByFeed(lane: PublishLane, page: number): Promise<boolean> {
    const { syncId, feeds, feedsGaveUp } = this.run;
    const from = lane === 'offer' || feedsGaveUp ? null : (feeds?.[lane] ?? null);
    if (lane === 'offer' || !feeds || from === null) return false;
    const sent = await this.step(() => this.untilPaused(() => sendFeed({ syncId, lane, page: Math.max(from, page) })));
    if (!sent) return true;
    feeds[lane] = sent.nextPage;
    this.feedsSent += 1;
    this.run.openFeeds = sent.open;
    this.toRetry += sent.awaiting;
    return true;
  }

  /** Runs one step once the run is not paused. A credential that fails parks the run until it is mended. */
  private async step<T>(work: () => Promise<T>): Promise<T> {
    let wasParked = this.wasParkedBefore;
    for (;;) {
      await this.whilePaused();
      try {
        const done = await work();
        // Others may need no credential.
        if (wasParked) await this.unpark();
        return done;
      } catch (error) {
        const waitingFor = mendable(error);
        if (!waitingFor) throw error;
        wasParked = true;
        this.parked ??= this.park(waitingFor).finally(() => (this.parked = undefined));
        await this.parked;
        if (this.isLong()) throw new HistoryIsLong();
      }
    }
  }

  /** Work that is safe to end anywhere: a pause does, and then this is undefined. */
  private async untilPaused<T>(work: () => Promise<T>): Promise<T | undefined> {
    const run = CancellationScope.current();
    const scope = new CancellationScope();
    this.pausable.add(scope);
    try {
      return await scope.run(work);
    } catch (error) {
      if (isCancellation(error) && scope.consideredCancelled && !run.consideredCancelled) return undefined;
      throw error;
    } finally {
      this.pausable.delete(scope);
    }
  }

  private async whilePaused(): Promise<void> {
    if (!this.run.paused) return;
    this.pause ??= this.untilResumed().finally(() => (this.pause = undefined));
    await this.pause;
  }

  private async untilResumed(): Promise<void> {
    const { syncId } = this.run;
    await noteProgress({ syncId, paused: true });
    await condition(() => !this.run.paused);
    await noteProgress({ syncId, paused: false });
  }

  private async park(waitingFor: WaitingFor): Promise<void> {
    const { syncId } = this.run;
    const writes = this.configurationWrites;
    const { waitingFor: known } = this.run;
    this.waitingFor = known?.code === waitingFor.code ? { ...waitingFor, since: known.since } : waitingFor;
    this.run.waitingFor = this.waitingFor;
    await noteProgress({ syncId, waitingFor: this.waitingFor });
    await condition(() => this.configurationWrites > writes, LOOK_AGAIN);
  }

  /** A look in vain at whether it was mended ends no waiting: what it waits for, and since when, stands until a step that was parked is through. */
  private async unpark(): Promise<void> {
    this.wasParkedBefore = false;
    if (!this.run.waitingFor) return;
    this.waitingFor = null;
    this.run.waitingFor = null;
    await noteProgress({ syncId: this.run.syncId, waitingFor: null });
  }

  private async enter(phase: 'test' | 'publish' | 'verify'): Promise<void> {
    this.run.phase = phase;
    this.phase = phase;
    await noteProgress({ syncId: this.run.syncId, phase });
  }

  private repeat(why: string): void {
    this.run.repeats += 1;
    log.warn('going through a step once more', { why, repeats: this.run.repeats });
    if (this.run.repeats > MOST_REPEATS)
      throw ApplicationFailure.nonRetryable(`The run was repeated in vain: ${why}`, 'bug');
  }

  private isLong(): boolean {
    const { continueAsNewSuggested, historyLength } = workflowInfo();
    return continueAsNewSuggested || historyLength > this.run.policy.historyEvents;
  }

  /** Goes on with a fresh history. Retries in hand are let go: the ledger knows them, and they are claimed again. */
  async continueAsNew(): Promise<never> {
    await this.endBeside();
    await condition(allHandlersFinished);
    return continueAsNew<typeof catalogSync>({ ...this.input, resume: this.run });
  }

  private async continueAsNewWhenLong(): Promise<void> {
    if (this.isLong()) await this.continueAsNew();
  }
}

/** The innermost message of a failure: the activity's own words. */
function rootMessage(error: unknown): string {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return cause?.message ?? (error instanceof Error ? error.message : 'unknown failure');
}
