import { SECONDS_PER_FEED } from '../domain/feed-plan';
import { requireMarketplace } from '../domain/marketplaces';
import { SEARCHED_AT_ONCE } from '../domain/ports/amazon';
import { feedModel, feedStore } from '../models/feeds';
import { LEDGER_PAGE_SIZE } from '../models/listings';
import { plain, ratio, type Figure } from './figure';
import { SHORT_RATE_FACTOR, type Lab } from './lab';
import { secondsOf, type Shop, type Site } from './site';

/** putListingsItem, of one seller: requests a second, and how many at once. Source: design §5, SP-API usage plans. */
const DOCUMENTED = { rate: 5, burst: 5 } as const;

/** How busy an operation was. */
interface CallSummary {
  byOperation: Record<string, { count: number; byStatus: Record<string, number> }>;
}

/** Where one seller has connectors: three, as many workers and one more send for them. */
const COUNTRIES = ['US', 'CA', 'MX'] as const;

/** How near to Amazon's limits SKUs are published, and how often beyond them. */
export async function* measureLimits(lab: Lab): AsyncIterable<Figure> {
  if (lab.form === 'short') return yield* measureAt(lab, await lab.openShared(), SHORT_RATE_FACTOR);
  const site = await lab.open({ rateFactor: 1 });
  yield* measureAt(lab, site, 1);
  await lab.leave(site);
  yield await feedTime(lab);
}

async function* measureAt(lab: Lab, site: Site, rateFactor: number): AsyncIterable<Figure> {
  yield* publishTime(lab, site, rateFactor);
  yield await sharedSeller(lab, site);
}

/** From the first page's start to the last page's end, over what the limits allow at least. */
async function* publishTime(lab: Lab, site: Site, rateFactor: number): AsyncIterable<Figure> {
  const skus = lab.pick({ full: 1000, short: 200 });
  const shop = await site.openShop('publish-time', skus, 'file');
  await site.stack.sandbox.ask('DELETE', 'calls');
  const run = await site.firstSync(shop);
  const [rate, burst] = [DOCUMENTED.rate * rateFactor, DOCUMENTED.burst * rateFactor];
  yield ratio('limits/publish-time-by-put', {
    ours: (await site.historyOf(run)).secondsOf('publishPage'),
    baseline: (skus - burst) / rate,
    unit: 's',
    target: { atMost: 1.03 },
    // A short run has its slow start still in it.
    gross: 10,
  });
  yield throttled('limits/throttled', await summaryOf(site), { atMost: 0.1 });
}

/** Two feeds and more at twice the documented limits, over the least that the limits of calls, searches and feeds allow. */
async function feedTime(lab: Lab): Promise<Figure> {
  const [skus, rateFactor] = [15_000, 2];
  const site = await lab.open({ rateFactor });
  const shop = await site.openShop('feeds', skus, 'file');
  const { sellerId, clientId } = shop.world.amazon;
  const feeds = feedStore(site.database);
  const { connectorId } = shop;
  // Amazon's feeds are quick here: else the rule would have to wait for five minutes to find out.
  const about = {
    connectorId,
    sellerId,
    clientId,
    syncId: 'earlier',
    book: 'skus' as const,
    pages: { from: 0, to: 0 },
  };
  const earlier = await feeds.begin(about);
  const at = new Date();
  await feeds.change(earlier._id, { state: 'done', submittedAt: at, endedAt: at });
  const run = await site.firstSync(shop);
  const sent = await feedModel(site.database).countDocuments({ connectorId, syncId: run._id });
  const byCalls = LEDGER_PAGE_SIZE - DOCUMENTED.burst * rateFactor;
  const searches = (skus - LEDGER_PAGE_SIZE) / SEARCHED_AT_ONCE;
  const waits = Math.max((sent - 1) * SECONDS_PER_FEED, searches / DOCUMENTED.rate) / rateFactor;
  const figure = ratio('limits/publish-time-by-feed', {
    ours: (await site.historyOf(run)).secondsOf('publishPage', 'followFeeds'),
    baseline: byCalls / (DOCUMENTED.rate * rateFactor) + waits,
    unit: 's',
    target: { atMost: 1.1 },
  });
  lab.log(`limits: ${skus} SKUs went in ${sent} feeds`);
  await lab.leave(site);
  return figure;
}

/** Workers and connectors that share one seller's limits. */
async function sharedSeller(lab: Lab, site: Site): Promise<Figure> {
  const more = lab.pick({ full: ['worker-2', 'worker-3', 'worker-4'], short: ['worker-2'] });
  for (const name of more) await site.stack.startWorker(name);
  const shops = await shopsOfOneSeller(site, lab.pick({ full: 100, short: 30 }));
  await site.stack.sandbox.ask('DELETE', 'calls');
  const runs = await Promise.all(shops.map((shop) => site.firstSync(shop)));
  lab.log(`limits: ${more.length + 1} workers took ${Math.max(...runs.map(secondsOf)).toFixed(1)} s`);
  for (const name of more) await site.stack.kill(name, 'SIGTERM');
  return throttled('limits/throttled-of-workers-sharing-a-seller', await summaryOf(site), { atMost: 0.1 });
}

async function shopsOfOneSeller(site: Site, skus: number): Promise<Shop[]> {
  const world = await site.stack.sandbox.ask<Shop['world']>('PUT', 'worlds/shared', {
    generate: 1,
    seed: 1,
    marketplaces: COUNTRIES.map((country) => requireMarketplace(country).id),
  });
  // Quantities of one seller have one source.
  const file = site.writeCatalogue('shared', skus);
  const shops: Shop[] = [];
  for (const country of COUNTRIES) {
    const connectorId = await site.connect(world, { name: `shared ${country}`, skuLimit: skus, file, country });
    shops.push({ world, connectorId });
  }
  return shops;
}

function throttled(figure: string, { byOperation }: CallSummary, target: { atMost: number }): Figure {
  const listings = Object.entries(byOperation).filter(([operation]) => /Listings/.test(operation));
  const sum = (of: (each: CallSummary['byOperation'][string]) => number): number =>
    listings.reduce((total, [, each]) => total + of(each), 0);
  const requests = sum(({ count }) => count);
  const share = (100 * sum(({ byStatus }) => byStatus['429'] ?? 0)) / requests;
  return plain(figure, { value: share, unit: '%', target, gross: 20 });
}

function summaryOf(site: Site): Promise<CallSummary> {
  return site.stack.sandbox.ask<CallSummary>('GET', 'calls/summary');
}
