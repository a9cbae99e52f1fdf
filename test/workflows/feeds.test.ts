import { feedModel, feedStore, type FeedDocument } from '../../models/feeds';
import { changeNoticeStore } from '../../models/change-notices';
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

  async function feedsOf(connectorId: string): Promise<FeedDocument[]> {
    return feedModel(rig.database)
      .find({ connectorId, syncId: { $ne: 'syn_earlier' } })
      .sort({ submittedAt: 1 })
      .lean();
  }

  async function putsOf(world: World): Promise<number> {
    return Object.values(await rig.books(world)).reduce((sum, { puts }) => sum + puts, 0);
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

  it('is in one feed although nobody knows whether Amazon has got it', async () => {
    const { world, connectorId } = await shop('lost');
    await rig.control('POST', 'faults', {
      match: { operation: 'createFeedDocument', sellerId: world.amazon.sellerId },
      kind: 'status',
      status: 500,
      times: 2,
    });
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
