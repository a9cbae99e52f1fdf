import { setTimeout as sleep } from 'node:timers/promises';
import { orderModel, type OrderDocument } from '../models/orders';
import { until } from '../test/e2e/real-stack';
import { startElasticMq, type QueueServer } from '../test/elasticmq/server';
import { plainProducts } from '../test/workflows/rig';
import { plain, type Figure } from './figure';
import type { Lab } from './lab';
import type { Site } from './site';

/** Between two orders, in milliseconds. */
const BETWEEN_MS = 500;
/** The longest that all of them are waited for, in seconds. */
const BOUND = 120;

/**
 * How soon the stock of an order is held that Amazon tells of by its queue: from the buyer's order to the order's own word that the
 * store has confirmed the hold. All but one in twenty are sooner.
 */
export async function* measureOrderNotices(lab: Lab): AsyncIterable<Figure> {
  const count = lab.pick({ full: 100, short: 20 });
  const server = await startElasticMq();
  try {
    const url = await server.createQueue('orders');
    const env = { SQS_QUEUE_URLS: url, SQS_ENDPOINT: server.endpoint, SQS_REGION: server.region };
    const site = await lab.open({ rateFactor: lab.pick({ full: 1, short: 20 }), env });
    const waits = await waitsOf(site, server, url, count);
    await lab.leave(site);
    yield plain('orders/notice-to-hold', {
      value: waits[Math.floor(count * 0.95)]!,
      unit: 's',
      baseline: waits[Math.floor(count / 2)]!,
      target: { atMost: 2 },
      // Every hold is some fifteen steps of five processes, and each of them waits where others keep the machine busy.
      gross: 60,
    });
  } finally {
    await server.stop();
  }
}

/** Of each order, in seconds, the shortest first. */
async function waitsOf({ stack, database }: Site, server: QueueServer, url: string, count: number): Promise<number[]> {
  const { api, sandbox } = stack;
  // A SKU for each order, with ten units.
  const world = await sandbox.world('told', plainProducts(count));
  const connectorId = await api.onboard(world, { orders: { defaultZipCode: '10001' } });
  await api.ended(await api.activate(connectorId));
  const queue = { url, endpoint: server.endpoint, region: server.region, casing: 'mixed', copies: 2 };
  await sandbox.ask('POST', `worlds/${world.name}/notification-queue`, queue);
  const orderedAt = new Map<string, number>();
  for (let index = 1; index <= count; index += 1) {
    const items = [{ sku: `SKU-${String(index).padStart(4, '0')}`, quantity: 1, price: 20 }];
    const order = await sandbox.ask<{ orderId: string; createdAt: number }>('POST', `worlds/${world.name}/orders`, {
      items,
    });
    orderedAt.set(order.orderId, order.createdAt);
    await sleep(BETWEEN_MS);
  }
  const orders = orderModel(database);
  await until(async () => (await orders.countDocuments({ stage: 'held' })) === count, 'every order to be held', BOUND);
  const held = await orders.find().lean();
  return held
    .map((order) => (heldAt(order) - orderedAt.get(order.amazonOrderId)!) / 1000)
    .sort((one, other) => one - other);
}

function heldAt({ amazonOrderId, transitions }: OrderDocument): number {
  const found = transitions.find(({ stage }) => stage === 'held');
  if (!found) throw new Error(`order ${amazonOrderId} was never held`);
  return found.at;
}
