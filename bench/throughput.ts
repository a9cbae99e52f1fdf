import { setTimeout as sleep } from 'node:timers/promises';
import type { WantedListing } from '../domain/listing';
import { putAttributes } from '../domain/listing-changes';
import { plainProducts } from '../test/workflows/rig';
import { ActivityPerSku } from './baselines/activity-per-sku';
import { bareScript } from './baselines/bare-script';
import { JobPerSku } from './baselines/job-per-sku';
import { Seller, type Submission } from './baselines/seller';
import { median } from './definitions';
import { ratio, type Figure, type Target } from './figure';
import type { Lab } from './lab';
import { IN_FLIGHT, type Shop, type Site } from './site';

/** Something that publishes SKUs, and how long it took in seconds. */
type Contender = (name: string) => Promise<number>;
type ContenderName = 'ours' | 'bare' | 'activities' | 'jobs';

/**
 * SKUs per second with Amazon's limits lifted, beside others that send the same payloads to the same stand-in with as many
 * requests at once. Once with a stand-in that answers at once, which shows what each SKU costs us, and once with one that
 * takes as long as a quick Amazon does.
 */
export async function* measureThroughput(lab: Lab): AsyncIterable<Figure> {
  const skus = lab.pick({ full: 1000, short: 100 });
  const rounds = lab.pick({ full: 3, short: 1 });
  const site = await lab.openShared();
  const activities = await ActivityPerSku.start(site.temporal, site.stack.temporalAddress, IN_FLIGHT);
  const jobs = await JobPerSku.start(site.stack.dataDir, IN_FLIGHT, lab.log);
  try {
    for (const latencyMs of lab.pick({ full: [0, 100], short: [100] })) {
      const contest = new Contest(site, activities, jobs, skus, `${latencyMs}-ms`);
      await slowDown(site, latencyMs);
      const speeds = await contest.run(rounds);
      await site.stack.sandbox.liftFaults();
      const at = latencyMs === 0 ? '' : `-at-${latencyMs}-ms`;
      const against = (name: string, speed: number, target: Target | null): Figure =>
        ratio(`throughput/vs-${name}${at}`, { ours: speeds.ours, baseline: speed, unit: 'SKU/s', target });
      yield against('bare-script', speeds.bare, { atLeast: 0.8 });
      // Where all wait for the same answers, with as many requests at once, nobody can be twice as fast.
      yield against('activity-per-sku', speeds.activities, latencyMs === 0 ? { atLeast: 2 } : null);
      yield against('bullmq', speeds.jobs, latencyMs === 0 ? { atLeast: 1 } : null);
    }
  } finally {
    await jobs.stop();
    await activities.stop();
  }
}

async function slowDown(site: Site, delayMs: number): Promise<void> {
  if (delayMs > 0) await site.stack.sandbox.fault({ match: { operation: 'putListingsItem' }, kind: 'slow', delayMs });
}

/** What the contenders before have left to do, such as listings that come live, is over after this long, in milliseconds. */
const REST_MS = 1_000;

/** The same SKUs, published by each in turn, each into a seller account of its own. */
class Contest {
  private submissions: Submission[] = [];

  constructor(
    private readonly site: Site,
    private readonly activities: ActivityPerSku,
    private readonly jobs: JobPerSku,
    private readonly skus: number,
    private readonly name: string
  ) {}

  /** SKUs per second of each, the median of some rounds; every round another one begins. */
  async run(rounds: number): Promise<Record<ContenderName, number>> {
    const contenders: Record<ContenderName, Contender> = {
      ours: (name) => this.ours(name),
      bare: (name) => this.theirs(name, (seller) => bareScript(seller, this.submissions, IN_FLIGHT)),
      activities: (name) => this.theirs(name, (seller) => this.activities.publish(seller, this.submissions)),
      jobs: (name) => this.theirs(name, (seller) => this.jobs.publish(seller, this.submissions)),
    };
    const names = Object.keys(contenders) as ContenderName[];
    const took: Record<ContenderName, number[]> = { ours: [], bare: [], activities: [], jobs: [] };
    await this.ours(`first-${this.name}`);
    for (let round = 0; round < rounds; round++)
      for (const name of [...names.slice(round % names.length), ...names.slice(0, round % names.length)]) {
        await sleep(REST_MS);
        took[name].push(await contenders[name](`${name}-${this.name}-${round}`));
      }
    const speed = (name: ContenderName): number => this.skus / median(took[name]);
    return { ours: speed('ours'), bare: speed('bare'), activities: speed('activities'), jobs: speed('jobs') };
  }

  /** From the first page's start to the last page's end, as the engine's history tells. */
  private async ours(name: string): Promise<number> {
    const shop = await this.site.openShop(name, this.skus, 'file');
    const history = await this.site.historyOf(await this.site.firstSync(shop));
    this.submissions = await submissionsOf(this.site, shop);
    return history.secondsOf('publishPage');
  }

  private async theirs(name: string, publish: (seller: Seller) => Promise<void>): Promise<number> {
    const { sandbox } = this.site.stack;
    const world = await sandbox.world(name, plainProducts(1));
    const seller = await Seller.of(sandbox.url, world);
    const startedAt = performance.now();
    await publish(seller);
    const seconds = (performance.now() - startedAt) / 1000;
    const received = Object.keys(await sandbox.amazonBooks(world)).length;
    if (received !== this.skus) throw new Error(`${name}: Amazon has ${received} of ${this.skus} SKUs`);
    return seconds;
  }
}

/** What our worker sent, for the others to send too. */
async function submissionsOf(site: Site, shop: Shop): Promise<Submission[]> {
  return (await site.listings(shop)).map(({ sku, wanted }) => {
    const { productType, requirements } = wanted as WantedListing;
    return { sku, payload: { productType, requirements, attributes: putAttributes(wanted as WantedListing) } };
  });
}
