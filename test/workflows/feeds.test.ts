import { feedModel, feedStore, type FeedDocument } from '../../models/feeds';
import { changeNoticeStore } from '../../models/change-notices';
import { syncRunStore } from '../../models/sync-runs';
import { plainProducts, Rig, type World } from './rig';

/** SKUs that the first activity of a lane sends by calls; what comes after them may go by a feed. */
const BY_CALLS = 100;
const MORE = 60;

describe('much that waits', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.start({
      sandbox: { rateFactor: 8, visibleAfterMs: 1_500 },
      env: { FEED_POLL_SECONDS: '1', FEED_STUCK_SECONDS: '12' },
    });
  });
  afterAll(async () => {
    await rig.stop();
  });

  /** Feeds of this seller were through in no time so far, so that the next one is the sooner way. */
  async function feedsAreQuick({ amazon }: World, connectorId: string): Promise<void> {
    const { _id } = await feedStore(rig.database).begin({
      connectorId,
      sellerId: amazon.sellerId,
      clientId: amazon.clientId,
      syncId: 'syn_earlier',
      book: 'skus',
      pages: { from: 0, to: 0 },
    });
    const at = new Date();
    await feedStore(rig.database).change(_id, { state: 'done', feedId: '1', submittedAt: at, endedAt: at });
  }

  async function shop(name: string): Promise<{ world: World; connectorId: string }> {
    const { world, connectorId } = await rig.ready(name, plainProducts(BY_CALLS + MORE), (input) => {
      input.listing = { sendKits: false, skuLimit: 1000 };
    });
    await feedsAreQuick(world, connectorId);
    return { world, connectorId };
  }

  /** A feed that Amazon has forgotten. */
  async function anotherFeed({ amazon }: World, connectorId: string): Promise<string> {
    const { sellerId, clientId } = amazon;
    const pages = { from: 0, to: 0 };
    const store = feedStore(rig.database);
    const { _id } = await store.begin({ connectorId, sellerId, clientId, syncId: 'syn_earlier', book: 'skus', pages });
    await store.change(_id, { state: 'sent', feedId: '12345', submittedAt: new Date() });
    return _id;
  }

  /** Lets requests of a seller fail in the same way, as the sandbox is told. @returns the fault's id */
  async function failing(
    { amazon }: World,
    { operation, ...how }: { operation: string; kind?: string; status?: number; delayMs?: number; times?: number }
  ): Promise<string> {
    const match = { operation, sellerId: amazon.sellerId };
    return (await rig.control<{ id: string }>('POST', 'faults', { match, kind: 'status', ...how })).id;
  }

  async function feedsOf(connectorId: string): Promise<FeedDocument[]> {
    return feedModel(rig.database)
      .find({ connectorId, syncId: { $ne: 'syn_earlier' } })
      .sort({ submittedAt: 1 })
      .lean();
  }

  async function putsOf(world: World): Promise<number> {
    return Object.values(await rig.books(world)).reduce((sum, { puts }) => sum + puts, 0);
  }

  async function callsOf({ amazon }: World, operation: string): Promise<number> {
    return (await rig.calls(operation)).filter(({ sellerId }) => sellerId === amazon.sellerId).length;
  }

  it('goes by a feed where that is sooner, and every message has its outcome on its SKU', async () => {
    const { world, connectorId } = await shop('feeds');
    expect(await rig.firstSync(connectorId, 120)).toMatchObject({
      outcome: 'completed',
      counts: { live: BY_CALLS + MORE },
    });

    const [feed, ...others] = await feedsOf(connectorId);
    expect(others).toEqual([]);
    expect(feed).toMatchObject({ state: 'done', messages: MORE, status: 'DONE' });
    const byFeed = await rig.listing(connectorId, 'SKU-0130');
    expect(byFeed).toMatchObject({ state: 'live', feed: null, lastAnswer: { submissionId: feed!.feedId } });
    expect(byFeed.attempts).toMatchObject([{ operation: 'put', outcome: 'accepted', message: `feed ${feed!.feedId}` }]);
    const books = await rig.books(world);
    expect(Object.keys(books)).toHaveLength(BY_CALLS + MORE);
    const attributesOf = (sku: string): string[] => Object.keys(books[sku]!.attributes).sort();
    expect(attributesOf('SKU-0130')).toEqual(attributesOf('SKU-0001'));
    expect(books['SKU-0130']).toMatchObject({ quantity: 10, price: 20, submissions: 1 });

    // What has not changed is not sent again.
    await rig.sync(connectorId, 60);
    expect(await putsOf(world)).toBe(BY_CALLS + MORE);
  }, 200_000);

  it('goes by calls after a feed that came to nothing', async () => {
    const { world, connectorId } = await shop('fatal');
    await rig.control('POST', 'worlds/fatal/amazon', { feeds: 'fatal' });
    const run = await rig.firstSync(connectorId, 120);
    expect(run).toMatchObject({ outcome: 'completed', counts: { live: BY_CALLS + MORE } });
    const [feed] = await feedsOf(connectorId);
    expect(feed).toMatchObject({ state: 'given_up', status: 'FATAL' });
    expect(run.notes).toEqual([
      `Feed ${feed!.feedId} with 60 SKUs was given up by Amazon (FATAL); they are sent by calls.`,
    ]);
    expect(await feedsOf(connectorId)).toHaveLength(1);
    expect(Object.keys(await rig.books(world))).toHaveLength(BY_CALLS + MORE);
  }, 200_000);

  it('goes by calls when Amazon does not come to an end with a feed', async () => {
    const { connectorId } = await shop('stuck');
    await rig.control('POST', 'worlds/stuck/amazon', { feeds: 'stuck' });
    await rig.orchestrator.startActivation(connectorId);
    await rig.until(async () => (await rig.run(connectorId))?.waitingFor?.code === 'feed', 'the run to wait', 60);
    expect((await rig.run(connectorId))?.waitingFor).toMatchObject({
      message: 'Amazon has 60 SKUs in one feed, and answers for all of a feed together.',
      owner: 'amazon',
    });
    const run = await rig.ended(connectorId, ({ trigger }) => trigger === 'activation', 120);
    expect(run).toMatchObject({ outcome: 'completed', counts: { live: BY_CALLS + MORE } });
    expect(run.notes[0]).toMatch(/^Feed \S+ with 60 SKUs is stuck at Amazon; they are sent by calls\.$/);
  }, 200_000);

  it('goes by calls when Amazon has no report of a feed that is through', async () => {
    const { world, connectorId } = await shop('unreported');
    await failing(world, { operation: 'getFeedDocument', status: 404 });
    const run = await rig.firstSync(connectorId, 120);
    expect(run).toMatchObject({ outcome: 'completed', counts: { live: BY_CALLS + MORE } });
    expect(run.notes[0]).toMatch(/^Feed \S+ with 60 SKUs has no readable report; they are sent by calls\.$/);
    expect(await feedsOf(connectorId)).toMatchObject([{ state: 'given_up', status: 'DONE' }]);
    expect((await rig.listing(connectorId, 'SKU-0130')).feed).toBeNull();
  }, 200_000);

  it('waits for a report that cannot be read for now, then goes by calls, and other feeds do not wait for that', async () => {
    const { world, connectorId } = await shop('unreadable');
    await failing(world, { operation: 'downloadFeedDocument', status: 503 });
    await rig.orchestrator.startActivation(connectorId);
    await rig.until(async () => (await rig.run(connectorId))?.waitingFor?.code === 'transient', 'the run to wait', 60);
    expect((await rig.run(connectorId))?.waitingFor?.message).toContain("Amazon's document store answered 503.");
    const other = await anotherFeed(world, connectorId);
    const stateOf = async (id: string) => (await feedModel(rig.database).findById(id).lean())?.state;
    await rig.until(async () => (await stateOf(other)) === 'given_up', 'the other feed to be given up', 10);
    const [feed] = await feedsOf(connectorId);
    expect(feed).toMatchObject({ state: 'sent', status: 'DONE', unreadableSince: expect.any(Date) });

    const run = await rig.ended(connectorId, ({ trigger }) => trigger === 'activation', 120);
    expect(run).toMatchObject({ outcome: 'completed', counts: { live: BY_CALLS + MORE } });
    expect(run.notes).toContain(`Feed ${feed!.feedId} with 60 SKUs has no readable report; they are sent by calls.`);
  }, 200_000);

  it('stays in its feed while the access to the report is refused, and the run waits for that', async () => {
    const { world, connectorId } = await shop('refused');
    const fault = await failing(world, { operation: 'getFeedDocument', status: 403 });
    await rig.orchestrator.startActivation(connectorId);
    const isParked = async () => (await rig.run(connectorId))?.waitingFor?.code === 'auth.forbidden';
    await rig.until(isParked, 'the run to be parked', 60);
    expect(await feedsOf(connectorId)).toMatchObject([{ state: 'sent', status: 'DONE', unreadableSince: null }]);
    await rig.control('DELETE', `faults/${fault}`);
    await rig.patch(connectorId, {});
    const run = await rig.ended(connectorId, ({ trigger }) => trigger === 'activation', 120);
    expect(run).toMatchObject({ outcome: 'completed', notes: [], counts: { live: BY_CALLS + MORE } });
    expect(await feedsOf(connectorId)).toMatchObject([{ state: 'done' }]);
  }, 200_000);

  it('says no longer that Amazon is away once it has answered', async () => {
    const { world, connectorId } = await shop('away');
    await rig.control('POST', 'worlds/away/amazon', { feeds: 'queued' });
    await failing(world, { operation: 'createFeedDocument', status: 500, times: 1 });
    await failing(world, { operation: 'getFeed', kind: 'slow', delayMs: 4_000, times: 1 });
    const waitsFor = async (code: string) => (await rig.run(connectorId))?.waitingFor?.code === code;
    await rig.orchestrator.startActivation(connectorId);
    await rig.until(() => waitsFor('transient'), 'the run to wait for Amazon', 60);
    await rig.until(() => waitsFor('feed'), 'the run to wait for its feed');
    expect(await callsOf(world, 'getFeed')).toBe(0);

    await failing(world, { operation: 'getFeed', status: 500, times: 1 });
    await rig.until(() => waitsFor('transient'), 'the run to wait for Amazon again');
    await rig.until(() => waitsFor('feed'), 'the run to wait for its feed again', 8);
    expect((await feedsOf(connectorId))[0]?.state).toBe('sent');
  }, 200_000);

  it('is not sent by an attempt that has lost its lane meanwhile', async () => {
    const { world, connectorId } = await shop('overtaken');
    await failing(world, { operation: 'uploadFeedDocument', kind: 'slow', delayMs: 3_000 });
    await rig.orchestrator.startActivation(connectorId);
    await rig.until(async () => ((await feedsOf(connectorId))[0]?.messages ?? 0) > 0, 'the feed to be uploaded', 60);
    const { _id } = (await rig.run(connectorId))!;
    await syncRunStore(rig.database).fence(_id, 'details-feeds', 'another attempt');
    expect(await rig.ended(connectorId, ({ trigger }) => trigger === 'activation', 60)).toMatchObject({
      outcome: 'failed',
      outcomeReason: `Another attempt has the feeds of the details lane of sync ${_id}`,
    });
    expect(await callsOf(world, 'createFeed')).toBe(0);
    expect(await feedsOf(connectorId)).toMatchObject([{ state: 'filling', feedId: null }]);
  }, 200_000);

  it('is not sent again where an attempt before has just sent its feed', async () => {
    const { world, connectorId } = await shop('sent-before');
    await failing(world, { operation: 'uploadFeedDocument', kind: 'slow', delayMs: 3_000, times: 1 });
    await rig.orchestrator.startActivation(connectorId);
    await rig.until(async () => ((await feedsOf(connectorId))[0]?.messages ?? 0) > 0, 'the feed to be uploaded', 60);
    const { _id } = (await feedsOf(connectorId))[0]!;
    await feedStore(rig.database).change(_id, { state: 'sent', feedId: '12345', submittedAt: new Date() });
    const run = await rig.ended(connectorId, ({ trigger }) => trigger === 'activation', 120);
    expect(run).toMatchObject({ outcome: 'completed', counts: { live: BY_CALLS + MORE } });
    // That one is not known to Amazon.
    expect(run.notes).toEqual(['Feed 12345 with 60 SKUs is not known to Amazon; they are sent by calls.']);
    expect(await callsOf(world, 'createFeed')).toBe(0);
    expect(await feedsOf(connectorId)).toMatchObject([{ _id, state: 'given_up', feedId: '12345' }]);
  }, 200_000);

  it('is in one feed although nobody knows whether Amazon has got it', async () => {
    const { world, connectorId } = await shop('lost');
    await failing(world, { operation: 'createFeedDocument', status: 500, times: 2 });
    expect(await rig.firstSync(connectorId, 120)).toMatchObject({ counts: { live: BY_CALLS + MORE } });
    const feeds = await feedsOf(connectorId);
    expect(feeds.map(({ state, messages }) => [state, messages])).toEqual([['done', MORE]]);
    const books = await rig.books(world);
    expect(Object.values(books).map(({ submissions }) => submissions)).toEqual(Array(BY_CALLS + MORE).fill(1));
  }, 200_000);

  it('is taken back for a SKU that is to stop selling, while Amazon has not begun with it', async () => {
    const { world, connectorId } = await shop('stopping');
    await rig.control('POST', 'worlds/stopping/amazon', { feeds: 'queued' });
    await rig.orchestrator.startActivation(connectorId);
    await rig.until(async () => (await rig.run(connectorId))?.waitingFor?.code === 'feed', 'the feed to be sent', 60);
    await rig.control('POST', 'worlds/stopping/skus/SKU-0130', { quantity: 0, tell: 'nobody' });
    await note(connectorId, 130);
    const notedAt = Date.now();
    await rig.until(async () => (await feedsOf(connectorId))[0]?.state === 'given_up', 'the feed to be taken back');
    expect(Date.now() - notedAt).toBeLessThan(8_000);

    const run = await rig.ended(connectorId, ({ trigger }) => trigger === 'activation', 120);
    expect(run).toMatchObject({ outcome: 'completed', counts: { live: BY_CALLS + MORE - 1, paused: 1 } });
    expect(run.notes[0]).toMatch(/^Feed \S+ with 60 SKUs was taken back; they are sent by calls\.$/);
    expect((await rig.books(world))['SKU-0130']).toMatchObject({ quantity: 0, puts: 1 });
  }, 200_000);

  it('holds up nothing that has come back in line since', async () => {
    const { world, connectorId } = await shop('beside');
    await rig.control('POST', 'worlds/beside/amazon', { feeds: 'stuck' });
    await rig.orchestrator.startActivation(connectorId);
    await rig.until(async () => (await rig.run(connectorId))?.waitingFor?.code === 'feed', 'the feed to be sent', 60);
    const isSent = { connectorId, state: 'sent' as const };
    const sentAt = (inMs: number) => ({ $set: { submittedAt: new Date(Date.now() + inMs) } });
    await feedModel(rig.database).updateMany(isSent, sentAt(3_600_000));
    await rig.control('POST', 'worlds/beside/skus/SKU-0050', { name: 'Another name', tell: 'nobody' });
    await note(connectorId, 50);
    const putsNow = async (): Promise<number | undefined> => (await rig.books(world))['SKU-0050']?.puts;
    await rig.until(async () => (await putsNow()) === 2, 'the other name to be sent');
    expect(await feedsOf(connectorId)).toMatchObject([{ state: 'sent', messages: MORE }]);

    await feedModel(rig.database).updateMany(isSent, sentAt(-60_000));
    const run = await rig.ended(connectorId, ({ trigger }) => trigger === 'activation', 120);
    expect(run).toMatchObject({ outcome: 'completed', counts: { live: BY_CALLS + MORE } });
  }, 200_000);

  it('has each refusal on its own SKU', async () => {
    const { connectorId } = await shop('refusals');
    await rig.control('POST', 'worlds/refusals/skus/SKU-0140', { amazon: 'invalid' });
    const run = await rig.firstSync(connectorId, 120);
    expect(run).toMatchObject({ outcome: 'completed', counts: { live: BY_CALLS + MORE - 1, rejected: 1 } });
    expect(await rig.listing(connectorId, 'SKU-0140')).toMatchObject({
      state: 'rejected',
      feed: null,
      problems: [{ severity: 'error' }],
    });
    expect(await feedsOf(connectorId)).toMatchObject([{ state: 'done' }]);
  }, 200_000);

  async function note(connectorId: string, id: number): Promise<void> {
    const arrivedAt = new Date();
    const modifiedAt = arrivedAt.toISOString().replace('Z', '0000Z');
    await changeNoticeStore(rig.database).note(connectorId, {
      skuId: String(id),
      isRemoved: false,
      modifiedAt,
      arrivedAt,
    });
  }
});
