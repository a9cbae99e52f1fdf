import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../test/e2e/real-stack';
import { plain, type Figure } from './figure';
import type { Lab } from './lab';
import type { Shop, Site } from './site';

/** Requests leave in bunches this far apart, in milliseconds: finer than that no timer keeps. */
const BUNCH_MS = 20;
/** Who has waited this long goes away, and counts as this long, in milliseconds. */
const PATIENCE_MS = 10_000;

/** How long reads of the API take at a steady rate, with no sync and with one at work: the slowest but one in a hundred. */
export async function* measureApiLatency(lab: Lab): AsyncIterable<Figure> {
  const perSecond = lab.pick({ full: 200, short: 50 });
  const seconds = lab.pick({ full: 20, short: 3 });
  // A sync of this size takes longer than what is asked meanwhile.
  const skus = lab.pick({ full: 10_000, short: 500 });
  const site = await lab.openShared();
  const quiet = await site.openShop('asked', 200, 'file');
  await site.firstSync(quiet);
  const busy = await site.openShop('busy', skus, 'file');
  const reads = new Reads(site, quiet, perSecond);
  await reads.during(1);
  const baseline = percentile(await reads.during(seconds), 0.99);

  await reads.settled();
  // Amazon takes a moment for each SKU.
  await site.stack.sandbox.fault({ match: { operation: 'putListingsItem' }, kind: 'slow', delayMs: 100 });
  const syncId = await site.stack.api.activate(busy.connectorId);
  await site.stack.api.whenIn(syncId, 'publish');
  const asksUntil = Date.now() + seconds * 1000;
  const took = await reads.during(seconds);
  await reads.settled();
  const { endedAt } = await site.stack.api.sync(syncId);
  if (endedAt && Date.parse(endedAt) < asksUntil) throw new Error('the sync ended before everything was asked');
  yield plain(`api/p99-at-${perSecond}-per-second`, {
    value: percentile(took, 0.99),
    baseline,
    unit: 'ms',
    target: { atMost: 50 },
    gross: 5_000,
  });
  await site.stack.sandbox.liftFaults();
}

/** What a console asks while it is open. */
class Reads {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 50 });
  private readonly paths: string[];

  constructor(
    private readonly site: Site,
    { connectorId }: Shop,
    private readonly perSecond: number
  ) {
    const connector = `/v1/connectors/${connectorId}`;
    this.paths = [
      connector,
      `${connector}/listings?limit=50`,
      `${connector}/listings/SKU-0007`,
      `${connector}/syncs`,
      `${connector}/problems`,
    ];
  }

  /** Asks at the rate, whether or not answers have come, and says how long each took, in milliseconds from when it was due. */
  async during(seconds: number): Promise<number[]> {
    const asked: Promise<number>[] = [];
    const perBunch = (this.perSecond * BUNCH_MS) / 1000;
    const startedAt = performance.now();
    for (let at = 0; at < seconds * 1000; at += BUNCH_MS) {
      await sleep(Math.max(0, startedAt + at - performance.now()));
      for (let each = 0; each < perBunch; each++)
        asked.push(this.ask(this.paths[asked.length % this.paths.length]!, startedAt + at));
      // A refusal is told at the end, and not as one that nobody handles.
      void Promise.allSettled(asked.slice(-perBunch));
    }
    return Promise.all(asked);
  }

  /** Waits until an API that was asked for more than it can do has caught up. */
  async settled(): Promise<void> {
    const isQuick = async (): Promise<boolean> =>
      (await this.ask(this.paths[0]!, performance.now())) < PATIENCE_MS / 10;
    await until(isQuick, 'the API to catch up', 120);
  }

  private ask(path: string, dueAt: number): Promise<number> {
    const { url } = this.site.stack.api;
    const headers = { authorization: `Bearer ${this.site.stack.settings.ADMIN_API_KEY}` };
    const signal = AbortSignal.timeout(PATIENCE_MS);
    return new Promise((resolve, reject) => {
      const failed = (error: Error): void => (signal.aborted ? resolve(PATIENCE_MS) : reject(error));
      get(`${url}${path}`, { agent: this.agent, headers, signal }, (answer) => {
        answer.resume();
        answer.once('end', () => {
          if (answer.statusCode === 200) resolve(performance.now() - dueAt);
          else reject(new Error(`${path}: ${answer.statusCode}`));
        });
        answer.once('error', failed);
      }).once('error', failed);
    });
  }
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}
