import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { plain, ratio, type Figure } from './figure';
import type { Lab } from './lab';
import { secondsOf } from './site';

/** Fewest and most SKUs of a catalogue that one worker handles. */
const CATALOGUES = { small: 1_000, large: 100_000 } as const;

/** The most that a new worker held, after garbage collections, through the first sync of a catalogue; and how long that took. */
export async function* measureWorkerMemory(lab: Lab): AsyncIterable<Figure> {
  const small = await peakOf(lab, CATALOGUES.small);
  const large = await peakOf(lab, CATALOGUES.large);
  yield plain('worker-memory/history-events-per-sku-of-100000', {
    value: large.events / CATALOGUES.large,
    unit: 'events/SKU',
    target: { atMost: 0.05 },
  });
  yield ratio('worker-memory/time-per-sku-100000-vs-1000', {
    ours: (large.seconds * 1000) / CATALOGUES.large,
    baseline: (small.seconds * 1000) / CATALOGUES.small,
    unit: 'ms/SKU',
    target: { atMost: 1.2 },
  });
  const compared = (figure: string, of: 'heapUsed' | 'rss'): Figure =>
    ratio(figure, { ours: large[of] / 1e6, baseline: small[of] / 1e6, unit: 'MB', target: { atMost: 1.3 } });
  yield compared('worker-memory/heap-of-100000-skus', 'heapUsed');
  yield compared('worker-memory/rss-of-100000-skus', 'rss');
}

interface Memory {
  heapUsed: number;
  rss: number;
}

async function peakOf(lab: Lab, skus: number): Promise<Memory & { events: number; seconds: number }> {
  const reporter = pathToFileURL(path.join(__dirname, 'memory-reporter.mjs')).href;
  const site = await lab.open({ rateFactor: 1000, env: { NODE_OPTIONS: `--import ${reporter}` } });
  const shop = await site.openShop('memory', skus, 'file');
  const run = await site.firstSync(shop);
  lab.log(`worker-memory: ${skus} SKUs took ${secondsOf(run).toFixed(0)} s`);
  const { events } = await site.historyOf(run);
  const seen = [...site.stack.logOf('worker').matchAll(/^memory (\{.*\})$/gm)].map(
    ([, json]) => JSON.parse(json!) as Memory
  );
  await lab.leave(site);
  return {
    heapUsed: Math.max(...seen.map(({ heapUsed }) => heapUsed)),
    rss: Math.max(...seen.map(({ rss }) => rss)),
    events,
    seconds: secondsOf(run),
  };
}
