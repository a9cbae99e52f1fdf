import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../sandbox/random';
import { countsOf, type SyncShown } from '../../test/e2e/public-api';
import type { WholeBook } from '../../test/e2e/sandbox-control';
import type { World } from '../../test/workflows/rig';
import { plain, type Figure } from '../figure';
import type { Lab } from '../lab';
import type { Site } from '../site';
import { differences, repeatsIn, withoutEnd, withoutWorld, type End } from './comparison';
import { Door } from './door';
import { measureOrders, ORDERS } from './orders';
import { recoveryOf } from './recovery';
import { Answers } from './answers';
import { SCENARIOS, type Disturbance, type Scenario } from './scenarios';
import { SyncWatch } from './sync-watch';

/** One catalogue for all, troublesome SKUs included, and one seed for whatever is left to chance. */
const SEED = 3;

const SIZES = {
  full: {
    skus: 5_000,
    kills: 20,
    submissionMs: 100,
    outageMs: { server: 120_000, amazon: 300_000 },
    rateFactor: 8,
    boundSeconds: 3_600,
    env: {},
  },
  short: {
    skus: 200,
    kills: 3,
    submissionMs: 150,
    outageMs: { server: 3_000, amazon: 5_000 },
    rateFactor: 20,
    boundSeconds: 240,
    env: { VERIFY_AFTER_SECONDS: '1,1', RETRY_INITIAL_SECONDS: '1', RETRY_MAXIMUM_SECONDS: '5' },
  },
} as const;

/** Of each scenario, so many sentences about SKUs are shown. */
const SENTENCES_SHOWN = 60;

/** How long Amazon may take for what it was sent last, in seconds. */
const SETTLED_BOUND = 30;

/**
 * What a sync leaves at Amazon when something breaks meanwhile, held against what a calm sync of the same catalogue leaves,
 * SKU by SKU and attribute by attribute; and what is left of orders. `CHAOS=worker-killed,orders` in the environment takes these
 * scenarios alone.
 */
export async function* measureChaos(lab: Lab): AsyncIterable<Figure> {
  const names = namesWanted(process.env.CHAOS);
  const scenarios = SCENARIOS.filter(({ name }) => names.includes(name));
  if (scenarios.length > 0) yield* measureSyncs(lab, scenarios);
  if (names.includes(ORDERS)) yield* measureOrders(lab);
}

async function* measureSyncs(lab: Lab, scenarios: readonly Scenario[]): AsyncIterable<Figure> {
  const chaos = await Chaos.begin(lab);
  try {
    yield* chaos.measure(scenarios);
  } finally {
    await chaos.end();
  }
}

/** @throws Error that names the scenarios there are */
function namesWanted(list: string | undefined): readonly string[] {
  const all = [...SCENARIOS.map(({ name }) => name), ORDERS];
  if (!list) return all;
  const names = list.split(',').map((name) => name.trim());
  const stranger = names.find((name) => !all.includes(name));
  if (stranger !== undefined) throw new Error(`CHAOS: '${stranger}' is no scenario; there are ${all.join(', ')}`);
  return names;
}

/** A sync that has ended. */
interface Ended extends End {
  world: World;
  sync: SyncShown;
  disturbance: Disturbance;
  /** Submissions carried out whose answers the sandbox withheld: these had to be sent again. */
  lostAnswers: number;
}

class Chaos {
  private readonly sizes;
  private site: Site | undefined;

  private constructor(
    private readonly lab: Lab,
    private readonly door: Door
  ) {
    this.sizes = SIZES[lab.form];
  }

  static async begin(lab: Lab): Promise<Chaos> {
    return new Chaos(lab, await Door.make());
  }

  async end(): Promise<void> {
    await this.leaveSite();
    await this.door.shut();
  }

  /** @throws Error, after all the others were measured, when a scenario could not be */
  async *measure(scenarios: readonly Scenario[]): AsyncIterable<Figure> {
    const calm = await this.calmSync();
    const failed: string[] = [];
    for (const scenario of scenarios) {
      try {
        yield* await this.figuresOf(scenario, calm);
      } catch (error) {
        failed.push(`${scenario.name}: ${error instanceof Error ? error.message : String(error)}`);
        // Nobody knows in which state it has left the service.
        await this.leaveSite();
      }
    }
    if (failed.length > 0) throw new Error(failed.join('\n'));
  }

  /** @throws Error when it is nothing to compare with */
  private async calmSync(): Promise<End> {
    const calm = await this.sync('calm');
    const repeats = repeatsIn(calm.books);
    const states = JSON.stringify(countsOf(calm.listings));
    this.lab.log(`chaos: a calm sync ends with ${states} and ${repeats} needless submissions`);
    const endless = withoutEnd(calm, calm);
    if (calm.sync.outcome !== 'completed' || endless.length > 0)
      throw new Error(`the calm sync ended as ${calm.sync.outcome}; ${endless.join(', ')}`);
    return calm;
  }

  private async figuresOf(scenario: Scenario, calm: End): Promise<Figure[]> {
    const figure = (what: string, of: Parameters<typeof plain>[1]): Figure =>
      plain(`chaos/${scenario.name}-${what}`, of);
    const startedAt = Date.now();
    const after = await this.sync(scenario.name, scenario);
    const { disturbance } = after;
    const differing = differences(calm, after);
    this.tell(
      scenario,
      [...differing].flatMap(([sku, sentences]) => sentences.map((each) => `${sku}: ${each}`))
    );
    const endless = withoutEnd(calm, after);
    this.tell(scenario, endless);
    if (after.sync.outcome !== 'completed') throw new Error(`the sync ended so: ${JSON.stringify(after.sync)}`);
    this.lab.log(`chaos: ${scenario.name} took ${((Date.now() - startedAt) / 1000).toFixed(0)} s`);
    return [
      figure('skus-that-differ', { value: differing.size, unit: 'SKUs', target: { atMost: 0 } }),
      figure('skus-without-an-end', { value: endless.length, unit: 'SKUs', target: { atMost: 0 } }),
      figure('sent-again-needlessly', {
        value: Math.max(0, repeatsIn(after.books) - after.lostAnswers),
        unit: 'submissions',
        target: { atMost: disturbance.inFlight },
      }),
      ...(await this.recoveryFigures(after.world, disturbance, figure)),
      ...(disturbance.saidWaiting === undefined
        ? []
        : [figure('said-waiting', { value: Number(disturbance.saidWaiting), unit: '', target: { atLeast: 1 } })]),
    ];
  }

  private async recoveryFigures(
    { amazon: { sellerId } }: World,
    { recoveries }: Disturbance,
    figure: (what: string, of: Parameters<typeof plain>[1]) => Figure
  ): Promise<Figure[]> {
    if (recoveries.length === 0) return [];
    const calls = await (await this.openSite()).stack.sandbox.callsSince(Math.min(...recoveries));
    const ofSeller = calls.filter((call) => call.sellerId === sellerId && /Listings/.test(call.operation));
    const { throttledPercent, secondsToSubmission } = recoveryOf(ofSeller, recoveries);
    return [
      figure('throttled-after', { value: throttledPercent, unit: '%', target: { atMost: 0.1 }, gross: 20 }),
      ...(secondsToSubmission === undefined
        ? []
        : [figure('seconds-to-a-submission', { value: secondsToSubmission, unit: 's', target: null })]),
    ];
  }

  /** One shop's first sync, from its activation until Amazon is through with it. */
  private async sync(name: string, scenario?: Scenario): Promise<Ended> {
    const { skus, boundSeconds, outageMs, kills, submissionMs } = this.sizes;
    const { door } = this;
    const site = await this.openSite();
    const { sandbox, api } = site.stack;
    const world = await sandbox.ask<World>('PUT', `worlds/${name}`, { generate: skus, seed: SEED });
    const connectorId = await site.connect(world, { name, skuLimit: skus });
    const answers = new Answers(sandbox, world, submissionMs);
    await answers.become(scenario?.faults?.(world) ?? []);
    const watch = new SyncWatch(api, await api.activate(connectorId), skus, boundSeconds);
    const scene = { site, door, answers, sync: watch, outageMs, kills, random: seededRandom(SEED) };
    const disturbance = (await scenario?.disturb(scene)) ?? { recoveries: [], inFlight: 0 };
    const sync = await api.ended(watch.syncId, boundSeconds);
    const lostAnswers = await answers.lost();
    await sandbox.liftFaults();
    const books = withoutWorld(await settledBooks(site, world), world);
    return { world, sync, books, listings: await api.listings(connectorId), disturbance, lostAnswers };
  }

  private tell({ name }: Scenario, sentences: readonly string[]): void {
    for (const sentence of sentences.slice(0, SENTENCES_SHOWN)) this.lab.log(`chaos: ${name}: ${sentence}`);
    const left = sentences.length - SENTENCES_SHOWN;
    if (left > 0) this.lab.log(`chaos: ${name}: and ${left} more`);
  }

  private async openSite(): Promise<Site> {
    if (this.site) return this.site;
    this.site = await this.lab.open({
      rateFactor: this.sizes.rateFactor,
      env: {
        SPAPI_URL: this.door.url,
        LWA_URL: `${this.door.url}/auth/o2/token`,
        // A run looks on until all is seen: what a later run would still find is no end to compare.
        VERIFY_WAIT_SECONDS: '600',
        ...this.sizes.env,
      },
    });
    this.door.leadsTo = this.site.stack.sandbox.url;
    return this.site;
  }

  private async leaveSite(): Promise<void> {
    const { site } = this;
    this.site = undefined;
    if (site) await this.lab.leave(site);
  }
}

/** Amazon's books once nothing of them waits to be processed. */
async function settledBooks({ stack }: Site, world: World): Promise<Record<string, WholeBook>> {
  const end = Date.now() + SETTLED_BOUND * 1000;
  for (;;) {
    const books = await stack.sandbox.amazonBooks(world);
    if (Date.now() > end || !Object.values(books).some(({ state }) => state === 'processing')) return books;
    await sleep(250);
  }
}
