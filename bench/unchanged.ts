import { createVtexStore } from '../adapters/vtex';
import { median } from './definitions';
import { plain, ratio, type Figure } from './figure';
import type { Lab } from './lab';
import { secondsOf, type Shop, type Site } from './site';

/** What a request to a store takes, in milliseconds, where stores are not next door. */
const STORE_MS = 50;

/**
 * One more sync of a store in which nothing has changed: what it asks of Amazon, and how long it takes; the median of some
 * rounds, each with the reading of the store alone after it. Once with a stand-in that answers at once, and once with one that
 * takes as long as a store elsewhere.
 */
export async function* measureUnchanged(lab: Lab): AsyncIterable<Figure> {
  const skus = lab.pick({ full: 1000, short: 150 });
  const site = await lab.openShared();
  const { sandbox } = site.stack;
  const shop = await site.openShop('unchanged', skus, 'vtex');
  await site.firstSync(shop);
  const before = await sandbox.amazonRequests();
  const atOnce = await roundsOf(lab, site, shop);
  yield plain('unchanged/amazon-calls', {
    value: (await sandbox.amazonRequests()) - before,
    unit: 'calls',
    target: { atMost: 0 },
  });
  const figure = (at: string, took: Times): Figure =>
    ratio(`unchanged/time-vs-reading-the-source${at}`, { ...took, unit: 's', target: { atMost: 1.5 }, gross: 8 });
  yield figure('', atOnce);
  await sandbox.fault({ match: { operation: 'vtex.*' }, kind: 'slow', delayMs: STORE_MS });
  yield figure(`-at-${STORE_MS}-ms`, await roundsOf(lab, site, shop));
  await sandbox.liftFaults();
}

/** Seconds. */
interface Times {
  ours: number;
  /** Of reading the store, and nothing else. */
  baseline: number;
}

async function roundsOf(lab: Lab, site: Site, shop: Shop): Promise<Times> {
  const took: Times[] = [];
  for (let round = lab.pick({ full: 5, short: 1 }); round > 0; round--) {
    const run = await site.syncAgain(shop);
    const history = await site.historyOf(run);
    took.push({ ours: secondsOf(run), baseline: await secondsToRead(site, shop) });
    lab.log(
      `unchanged: reading into the ledger took ${history.secondsOf('collectPage').toFixed(1)} s of ${secondsOf(run).toFixed(1)} s`
    );
  }
  return { ours: median(took.map(({ ours }) => ours)), baseline: median(took.map(({ baseline }) => baseline)) };
}

/** Reads the whole store, and does nothing with it. */
async function secondsToRead({ stack }: Site, { world }: Shop): Promise<number> {
  const store = createVtexStore({
    ...world.vtex,
    affiliateId: 'MZN',
    currency: 'USD',
    urlTemplate: stack.settings.VTEX_URL!,
    pricingUrlTemplate: stack.settings.VTEX_PRICING_URL!,
    requestsInFlight: 10,
    timeoutMs: 30_000,
  });
  const startedAt = performance.now();
  let cursor: string | null = null;
  do cursor = (await store.readPage(cursor, 100, new AbortController().signal)).nextCursor;
  while (cursor !== null);
  return (performance.now() - startedAt) / 1000;
}
