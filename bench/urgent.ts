import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../test/e2e/real-stack';
import { plain, type Figure } from './figure';
import type { Lab } from './lab';
import type { Shop, Site } from './site';

/** SKUs that are sold out one after the other, and how long is waited between two, in milliseconds. */
const SOLD_OUT = 20;
const BETWEEN_MS = 1_000;
/** The longest that one is waited for, in milliseconds; and how often it is looked. */
const BOUND_MS = 60_000;
const LOOK_MS = 1_000;
/** The longest that a store is read before anything is sent, in seconds. */
const READING_BOUND = 1_800;

/**
 * How soon a quantity that falls to 0 reaches Amazon while the details of everything else go out at Amazon's documented limits, from
 * the change in the store on; told by the store's own notices.
 */
export async function* measureUrgent(lab: Lab): AsyncIterable<Figure> {
  const skus = lab.pick({ full: 10_000, short: 300 });
  const site = await lab.open({ rateFactor: 1 });
  const shop = await site.openShop('urgent', skus, 'vtex');
  const { api } = site.stack;
  const syncId = await api.activate(shop.connectorId);
  const settled = lab.pick({ full: 60, short: 30 });
  const isSending = async (): Promise<boolean> => {
    const { phase, total, counts } = await api.sync(syncId);
    return phase === 'publish' && total - counts.pending >= settled;
  };
  await until(isSending, 'the sync to send', READING_BOUND);
  const waits: number[] = [];
  for (const sku of await onSale(site, shop, lab.pick({ full: SOLD_OUT, short: 3 }))) {
    waits.push(await secondsToStop(site, shop, sku));
    await sleep(BETWEEN_MS);
  }
  const { phase, counts } = await api.sync(syncId);
  lab.log(`urgent: the sync was in ${phase}, ${counts.pending} SKUs were still to be sent`);
  if (phase !== 'publish') throw new Error(`the sync was in ${phase} before all SKUs had stopped selling`);
  await lab.leave(site);
  yield plain('urgent/longest-wait-to-stop-selling', {
    value: Math.max(...waits),
    unit: 's',
    baseline: waits.sort((one, other) => one - other)[Math.floor(waits.length / 2)]!,
    target: { atMost: 10 },
  });
}

/** SKUs that Amazon sells by now, spread over all of these. */
async function onSale({ stack }: Site, { world }: Shop, most: number): Promise<string[]> {
  const books = await stack.sandbox.amazonBooks(world);
  const sold = Object.keys(books).filter((sku) => (books[sku]?.quantity ?? 0) > 0);
  const step = Math.max(1, Math.floor(sold.length / most));
  return sold.filter((_sku, at) => at % step === 0).slice(0, most);
}

async function secondsToStop({ stack: { sandbox } }: Site, { world }: Shop, sku: string): Promise<number> {
  await sandbox.ask('POST', `worlds/${world.name}/skus/${sku}`, { quantity: 0, tell: 'sku' });
  const startedAt = performance.now();
  while ((await sandbox.amazonBooks(world))[sku]?.quantity !== 0) {
    if (performance.now() - startedAt > BOUND_MS) throw new Error(`${sku} is still on sale after ${BOUND_MS / 1000} s`);
    await sleep(LOOK_MS);
  }
  return (performance.now() - startedAt) / 1000;
}
