import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { loadConfig } from '../config';
import { orderKey, orderWorkflowId } from '../domain/ids';
import { SIGNALS, WORKFLOWS } from '../domain/messages';
import type { OrderNews } from '../domain/orders/order-record';
import { orderModel } from '../models/orders';
import type { StoreBook } from '../test/workflows/orders-under-test';
import { plainProducts, type World } from '../test/workflows/rig';
import { plain, type Figure } from './figure';
import type { Lab } from './lab';
import type { Site } from './site';

/** How many orders are open at once, step by step; `ORDERS=2000` in the environment takes other steps. */
const STEPS = { full: [500, 2_000, 10_000], short: [60] };
/** How many of them are told at once, and for how long one step may be waited for, in seconds. */
const TOLD_AT_ONCE = 40;
const STEP_BOUND = 1_800;
/** For how long a worker is watched that has nothing to do but to hold, in milliseconds. */
const WATCHED_MS = { full: 60_000, short: 10_000 };
/** Orders whose way from the notice to the hold is timed, one after the other. */
const TIMED = { full: 50, short: 10 };
/** Life of the holds that are renewed while they are watched, in seconds, and how many of them there are. */
const RENEWED = { full: { orders: 200, life: 60 }, short: { orders: 20, life: 30 } };
/** Part of a hold's life after which it is renewed. */
const RENEW_AFTER = 0.8;
/** VTEX's holds last ten days where the store grants what is asked for. */
const LONG_LIFE = 864_000;

/**
 * What one worker needs for orders whose stock it holds: memory and processor while nothing happens to them; beside them the time from
 * a notice to its hold, and how late holds are renewed that run out within a minute.
 */
export async function* measureHeldOrders(lab: Lab): AsyncIterable<Figure> {
  const reporter = pathToFileURL(path.join(__dirname, 'memory-reporter.mjs')).href;
  const site = await lab.open({ rateFactor: 1_000, env: { NODE_OPTIONS: `--import ${reporter}` } });
  try {
    const shop = await Shop.open(site);
    const steps = process.env.ORDERS?.split(',').map(Number) ?? lab.pick(STEPS);
    const before = await shop.restingWorker(lab.pick(WATCHED_MS));
    for (const orders of steps) yield* measureStep(lab, shop, orders, before);
    await shop.grant(lab.pick(RENEWED).life);
    yield await renewals(lab, shop, steps.at(-1)!);
  } finally {
    await lab.leave(site);
  }
}

interface Worker {
  /** Megabytes. */
  rss: number;
  /** Part of one processor, from 0 to 1. */
  cpu: number;
}

async function* measureStep(lab: Lab, shop: Shop, orders: number, before: Worker): AsyncIterable<Figure> {
  const startedAt = Date.now();
  const more = orders - shop.held;
  await shop.hold(more);
  const seconds = (Date.now() - startedAt) / 1000;
  const after = await shop.restingWorker(lab.pick(WATCHED_MS));
  const waits: number[] = [];
  for (let order = 0; order < lab.pick(TIMED); order += 1) waits.push(await shop.secondsToHold());
  const figure = (what: string, of: Parameters<typeof plain>[1]): Figure =>
    plain(`held-orders/${what}-of-${orders}`, of);
  yield figure('holds-made-a-second', { value: more / seconds, unit: '1/s', target: null });
  const mb = { unit: 'MB', baseline: before.rss };
  yield figure('worker-memory', { value: after.rss, ...mb, target: { atMost: before.rss * 1.5 } });
  yield figure('worker-processor', {
    value: after.cpu * 100,
    unit: '%',
    baseline: before.cpu * 100,
    target: { atMost: 10 },
  });
  yield figure('notice-to-hold-p95', { value: percentile(waits, 0.95), unit: 's', target: { atMost: 2 } });
}

async function renewals(lab: Lab, shop: Shop, beside: number): Promise<Figure> {
  const { orders, life } = lab.pick(RENEWED);
  const late = await shop.secondsLate(orders, life);
  lab.log(`held-orders: ${late.length} renewals of ${orders} holds of ${life} s beside ${beside} others`);
  return plain('held-orders/renewals-late-p95', {
    value: percentile(late, 0.95),
    unit: 's',
    // What is left of the hold's life when it is to be renewed.
    baseline: life * (1 - RENEW_AFTER),
    target: { atMost: (life * (1 - RENEW_AFTER)) / 2 },
  });
}

/** A store with plenty of everything, and its connector. */
class Shop {
  /** Orders that are held. */
  held = 0;
  private readonly taskQueue: string;

  private constructor(
    private readonly site: Site,
    private readonly world: World,
    private readonly connectorId: string
  ) {
    this.taskQueue = loadConfig(site.stack.settings).TEMPORAL_TASK_QUEUE;
  }

  static async open(site: Site): Promise<Shop> {
    const { sandbox, api } = site.stack;
    const world = await sandbox.world(
      'held',
      plainProducts(5, () => ({ quantity: 1_000_000 }))
    );
    const connectorId = await api.onboard(world, {
      orders: { defaultZipCode: '10001' },
      schedule: { everyMinutes: 1440 },
    });
    await api.ended(await api.activate(connectorId));
    const shop = new Shop(site, world, connectorId);
    await shop.grant(LONG_LIFE);
    return shop;
  }

  /** How long holds live from now on, in seconds. */
  async grant(seconds: number): Promise<void> {
    await this.site.stack.sandbox.ask('POST', `worlds/${this.world.name}/vtex`, { reservations: { seconds } });
  }

  /** Holds so many orders more. @throws Error when one is not held in time */
  async hold(orders: number): Promise<string[]> {
    const ids: string[] = [];
    const one = async (): Promise<void> => {
      while (ids.length < orders) {
        const at = ids.push('') - 1;
        ids[at] = await this.tell();
      }
    };
    await Promise.all(Array.from({ length: TOLD_AT_ONCE }, one));
    this.held += orders;
    const end = Date.now() + STEP_BOUND * 1000;
    const model = orderModel(this.site.database);
    while ((await model.countDocuments({ connectorId: this.connectorId, stage: 'held' })) < this.held) {
      if (Date.now() > end) throw new Error(`waited ${STEP_BOUND} s in vain for ${this.held} orders to be held`);
      await sleep(2_000);
    }
    return ids;
  }

  /** From the notice of a new order until the store holds its stock. */
  async secondsToHold(): Promise<number> {
    const startedAt = performance.now();
    const orderId = await this.tell();
    this.held += 1;
    const model = orderModel(this.site.database);
    const end = Date.now() + 60_000;
    // By its id alone: what looks is not to be what is measured.
    const id = orderKey(this.world.amazon.sellerId, orderId);
    while ((await model.findById(id, { stage: 1 }).lean())?.stage !== 'held') {
      if (Date.now() > end) throw new Error(`waited in vain for ${orderId} to be held`);
      await sleep(20);
    }
    return (performance.now() - startedAt) / 1000;
  }

  /** How late each renewal of new holds was, over three lives of them; in seconds. */
  async secondsLate(orders: number, life: number): Promise<number[]> {
    const ids = new Set(await this.hold(orders));
    await sleep(life * 3_000);
    const made = new Map<string, number[]>();
    for (const [lockId, { until }] of Object.entries((await this.store()).reservations)) {
      const orderId = lockId.slice('MZN-'.length).split('-', 3).join('-');
      if (!ids.has(orderId)) continue;
      made.set(orderId, [...(made.get(orderId) ?? []), Date.parse(until) / 1000 - life]);
    }
    return [...made.values()].flatMap((moments) => {
      const sorted = moments.sort((one, other) => one - other);
      return sorted.slice(1).map((at, index) => at - sorted[index]! - life * RENEW_AFTER);
    });
  }

  /** What the worker takes while nothing happens to any order. */
  async restingWorker(ms: number): Promise<Worker> {
    const from = this.reports().length;
    await sleep(ms);
    const seen = this.reports().slice(from);
    const [first, last] = [seen[0], seen.at(-1)];
    if (!first || !last || first === last) throw new Error('the worker has not told of its memory');
    return { rss: Math.max(...seen.map(({ rss }) => rss)), cpu: (last.cpuMs - first.cpuMs) / (last.at - first.at) };
  }

  private reports(): { rss: number; cpuMs: number; at: number }[] {
    const lines = this.site.stack.logOf('worker').matchAll(/^memory (\{.*\})$/gm);
    return [...lines].map(([, json]) => {
      const told = JSON.parse(json!) as { rss: number; cpuMs: number; at: number };
      return { ...told, rss: told.rss / 1e6 };
    });
  }

  /** One buyer more, told by a notice. @returns Amazon's number of the order */
  private async tell(): Promise<string> {
    const { sandbox } = this.site.stack;
    const { sellerId } = this.world.amazon;
    const sku = `SKU-000${(this.held % 5) + 1}`;
    const items = [{ sku, quantity: 1, price: 20 }];
    const order = await sandbox.ask<{ orderId: string; items: { orderItemId: string }[] }>(
      'POST',
      `worlds/${this.world.name}/orders`,
      { items }
    );
    const now = new Date().toISOString();
    const news: OrderNews = {
      kind: 'sighting',
      sighting: {
        amazonOrderId: order.orderId,
        from: 'notice',
        updatedAt: now,
        orderedAt: now,
        status: 'pending',
        fulfilledBy: 'merchant',
        items: [{ orderItemId: order.items[0]!.orderItemId, sku, ordered: 1, canceled: 0, shipped: 0 }],
      },
    };
    await this.site.temporal.workflow.signalWithStart(WORKFLOWS.amazonOrder, {
      taskQueue: this.taskQueue,
      workflowId: orderWorkflowId(sellerId, order.orderId),
      signal: SIGNALS.orderNews,
      signalArgs: [news],
      args: [{ sellerId, amazonOrderId: order.orderId, connectorId: this.connectorId }],
    });
    return order.orderId;
  }

  private async store(): Promise<StoreBook> {
    const { account } = this.world.vtex;
    const books = await this.site.stack.sandbox.ask<{ vtex: Record<string, StoreBook> }>(
      'GET',
      `books?account=${account}`
    );
    return books.vtex[account]!;
  }
}

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}
