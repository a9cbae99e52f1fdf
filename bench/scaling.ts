import { plain, ratio, type Figure } from './figure';
import type { Lab } from './lab';
import { orchestrate } from './orchestration';
import { secondsOf, type Site } from './site';

/** How cost grows with the catalogue, and what a second worker adds. */
export async function* measureScaling(lab: Lab): AsyncIterable<Figure> {
  const site = await lab.openShared();
  yield* growth(lab, site);
  // In the short form a second worker is started for the limits.
  if (lab.form === 'full') yield await secondWorker(site);
  if (lab.form === 'full') yield* engineAlone(lab, site);
}

/** What the engine takes for each SKU of a catalogue of a million, were everything else done at once. */
async function* engineAlone(lab: Lab, { temporal, stack }: Site): AsyncIterable<Figure> {
  const [few, many] = [10_000, 1_000_000];
  const before = await orchestrate(temporal, stack.temporalAddress, few);
  const after = await orchestrate(temporal, stack.temporalAddress, many);
  lab.log(`scaling: the engine alone took ${after.seconds.toFixed(1)} s and ${after.events} events for ${many} SKUs`);
  yield plain(`scaling/engine-alone-events-per-sku-of-${many}`, {
    value: after.events / many,
    unit: 'events/SKU',
    baseline: before.events / few,
    target: { atMost: 0.05 },
  });
  yield ratio(`scaling/engine-alone-time-per-sku-${many}-vs-${few}`, {
    ours: (after.seconds * 1000) / many,
    baseline: (before.seconds * 1000) / few,
    unit: 'ms/SKU',
    target: { atMost: 1.2 },
  });
}

/** Time per SKU of a first sync, ten times as many SKUs later. */
async function* growth(lab: Lab, site: Site): AsyncIterable<Figure> {
  const [few, many] = lab.pick({ full: [1_000, 10_000], short: [50, 200] }) as [number, number];
  const measure = async (skus: number): Promise<{ msPerSku: number; eventsPerSku: number }> => {
    const run = await site.firstSync(await site.openShop(`growth-${skus}`, skus, 'file'));
    const history = await site.historyOf(run);
    const { events } = history;
    const parts = ['collectPage', 'publishPage', 'readBack'].map(
      (step) => `${step} ${history.secondsOf(step).toFixed(1)} s`
    );
    lab.log(`scaling: ${skus} SKUs took ${secondsOf(run).toFixed(1)} s (${parts.join(', ')}) and ${events} events`);
    return { msPerSku: (secondsOf(run) * 1000) / skus, eventsPerSku: events / skus };
  };
  const before = await measure(few);
  const after = await measure(many);
  yield plain(`scaling/history-events-per-sku-of-${many}`, {
    value: after.eventsPerSku,
    unit: 'events/SKU',
    baseline: before.eventsPerSku,
    // The steps around a run weigh more the fewer its SKUs are.
    target: lab.form === 'full' ? { atMost: 0.05 } : null,
  });
  yield ratio(`scaling/time-per-sku-${many}-vs-${few}`, {
    ours: after.msPerSku,
    baseline: before.msPerSku,
    unit: 'ms/SKU',
    target: { atMost: 1.2 },
  });
}

/** Several shops at once, by one worker and by two. */
async function secondWorker(site: Site): Promise<Figure> {
  const [shops, skus] = [4, 500];
  const speed = async (name: string): Promise<number> => {
    const opened = [];
    for (let shop = 1; shop <= shops; shop++) opened.push(await site.openShop(`${name}-${shop}`, skus, 'file'));
    const startedAt = performance.now();
    await Promise.all(opened.map((shop) => site.firstSync(shop)));
    return (shops * skus * 1000) / (performance.now() - startedAt);
  };
  const baseline = await speed('one-worker');
  await site.stack.startWorker('worker-2');
  try {
    return ratio('scaling/two-workers-vs-one', {
      ours: await speed('two-workers'),
      baseline,
      unit: 'SKU/s',
      target: null,
    });
  } finally {
    await site.stack.kill('worker-2', 'SIGTERM');
  }
}
