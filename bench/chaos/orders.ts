import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../config';
import { orderWatchId, orderWorkflowId } from '../../domain/ids';
import { SIGNALS, WORKFLOWS } from '../../domain/messages';
import { seededRandom } from '../../sandbox/random';
import { disagreements, doubledHolds, wrongMail } from '../../test/e2e/orders-audit';
import { sampleLives, shelfProducts } from '../../test/e2e/orders-lives';
import { play, type OrdersPlace, type PlayedOrder } from '../../test/e2e/orders-player';
import { booksOf, comeToRest } from '../../test/e2e/orders-rest';
import { MailServer } from '../../test/mail-server';
import type { World } from '../../test/workflows/rig';
import { plain, type Figure } from '../figure';
import type { Lab } from '../lab';
import type { Site } from '../site';
import type { Fault } from './answers';

/** How this member of the chaos is named beside the scenarios of a sync. */
export const ORDERS = 'orders';

/** The same lives, and the same moments of the kills, in every run. */
const SEED = 8;

const SIZES = {
  // VTEX's holds live ten minutes at least, in its own example.
  full: { orders: 1_000, kills: 10, liveSeconds: 240, holdSeconds: 600, pressAfterSeconds: 420, watchEvery: 10 },
  short: { orders: 40, kills: 2, liveSeconds: 45, holdSeconds: 90, pressAfterSeconds: 0, watchEvery: 3 },
};

/** How long all orders may take to be known, and then to come to rest; in seconds. */
const KNOWN_BOUND = 600;
const REST_BOUND = 1_500;

/** Of so many sentences about orders is told. */
const SENTENCES_SHOWN = 40;
/** How long the mail may take once the books agree, in seconds. */
const MAIL_BOUND = 60;

/** One in ten requests goes wrong: before it is carried out, after it, or it is slow. */
const FAULTS: readonly Fault[] = [
  { match: { operation: 'vtex.createReservation' }, share: 0.04, kind: 'reset', after: true },
  { match: { operation: 'vtex.cancelReservation' }, share: 0.04, kind: 'reset', after: true },
  { match: { operation: 'vtex.placeOrder' }, share: 0.04, kind: 'reset', after: true },
  { match: { operation: 'vtex.updateOrderStatus' }, share: 0.04, kind: 'status', status: 500, after: true },
  { match: { operation: 'vtex.*' }, share: 0.03, kind: 'reset' },
  { match: { operation: 'vtex.*' }, share: 0.03, kind: 'status', status: 500 },
  { match: { operation: 'vtex.*' }, share: 0.02, kind: 'slow', delayMs: 2_000 },
  { match: { operation: 'amazon.*' }, share: 0.05, kind: 'status', status: 500 },
  { match: { operation: 'getOrder' }, share: 0.05, kind: 'throttle' },
];

/**
 * What the books of Amazon, the store and Longshore disagree in after many orders have lived side by side, with every tenth request
 * gone wrong, results told twice, notices late, and workers killed.
 */
export async function* measureOrders(lab: Lab): AsyncIterable<Figure> {
  const { orders, kills, liveSeconds, holdSeconds, pressAfterSeconds, watchEvery } = lab.pick(SIZES);
  const mail = await MailServer.start();
  const env = { SMTP_URL: mail.url, ALERT_FROM: 'Longshore <ls@shop.example>', ALERT_TO: 'all@shop.example' };
  const site = await lab.open({ rateFactor: 1_000, env });
  try {
    const place = await openPlace(site, orders, holdSeconds);
    for (const fault of FAULTS) await site.stack.sandbox.fault(fault);
    const random = seededRandom(SEED);
    const disturb = Array.from({ length: kills }, random).map((at) => ({ at, run: () => replaceWorker(site) }));
    const played = await play(place, sampleLives(orders, SEED), liveSeconds, { disturb, watchEvery });
    await whenKnown(place, played, site);
    const hits = (await site.stack.sandbox.faults()).reduce((sum, each) => sum + each.hits, 0);
    await site.stack.sandbox.liftFaults();
    lab.log(`chaos: ${orders} orders have lived, ${hits} requests went wrong, ${kills} workers were killed`);
    const bounds = { seconds: REST_BOUND, pressAfterSeconds };
    const rest = await comeToRest(place, played, site.database, bounds);
    for (const sentence of rest.disagreements.slice(0, SENTENCES_SHOWN)) lab.log(`chaos: orders: ${sentence}`);
    const books = await booksOf(place, site.database);
    const wrong = await mailsAtLast(mail, place, site, kills);
    for (const sentence of wrong.slice(0, SENTENCES_SHOWN)) lab.log(`chaos: orders: ${sentence}`);
    const figure = (what: string, value: number, unit: string, atMost?: number): Figure =>
      plain(`chaos/orders-${what}`, { value, unit, target: atMost === undefined ? null : { atMost } });
    yield figure('books-disagree', disagreements(played, books).length, 'findings', 0);
    yield figure('units-off', unitsOff(Object.values(books.store.skus)), 'units', 0);
    yield figure('holds-doubled', doubledHolds(books), 'holds', 0);
    yield figure('mails-wrong', wrong.length, 'mails', 0);
    yield figure('mails', mail.mails.length, 'mails');
    yield figure('requests-gone-wrong', hits, 'requests');
    yield figure('seconds-until-the-books-agree', rest.seconds, 's');
    yield figure('retries-pressed', rest.presses, '');
  } finally {
    await lab.leave(site);
    await mail.stop();
  }
}

/** A shop whose store has plenty of all but one SKU, synced once. */
async function openPlace(site: Site, orders: number, holdSeconds: number): Promise<OrdersPlace> {
  const { stack, temporal } = site;
  const { sandbox, api } = stack;
  const world: World = await sandbox.world('orders', shelfProducts(orders));
  const connectorId = await api.onboard(world, {
    listing: { sendKits: true },
    orders: { defaultZipCode: '10001' },
    schedule: { everyMinutes: 1440 },
  });
  await sandbox.ask('POST', 'worlds/orders/amazon', { orderLagSeconds: 0 });
  await api.ended(await api.activate(connectorId));
  await sandbox.ask('POST', 'worlds/orders/vtex', {
    reservations: { seconds: holdSeconds },
    orders: { tellAfterMs: 700, tellTimes: 2, answers: ['EOI006', 'EOI010', 'EOI005', 'EOI000'] },
  });
  const { sellerId } = world.amazon;
  const taskQueue = loadConfig(stack.settings).TEMPORAL_TASK_QUEUE;
  return {
    world,
    connectorId,
    control: (method, path, body) => sandbox.ask(method, path, body),
    async tellOrder(order, news) {
      await temporal.workflow.signalWithStart(WORKFLOWS.amazonOrder, {
        taskQueue,
        workflowId: orderWorkflowId(order.sellerId, order.amazonOrderId),
        signal: SIGNALS.orderNews,
        signalArgs: [news],
        args: [order],
      });
    },
    async press(orderId, kind) {
      await api.call(`/v1/orders/${sellerId}/${orderId}/${kind}`, { method: 'POST' });
    },
    async loseWorkflow(orderId) {
      await temporal.workflow.getHandle(orderWorkflowId(sellerId, orderId)).terminate();
    },
    async watch() {
      await temporal.schedule.getHandle(orderWatchId(sellerId, 'NA')).trigger();
    },
  };
}

/** Waits, with everything still going wrong, until the service has heard of every order that is its own. */
async function whenKnown(place: OrdersPlace, played: readonly PlayedOrder[], site: Site): Promise<void> {
  const ours = played.filter(({ life }) => life.fulfilledBy === 'MERCHANT');
  const areKnown = async (): Promise<boolean> => {
    await place.watch();
    const { kept } = await booksOf(place, site.database);
    return ours.every(({ orderId }) => kept.has(orderId));
  };
  const end = Date.now() + KNOWN_BOUND * 1000;
  while (!(await areKnown())) {
    if (Date.now() > end) throw new Error(`waited ${KNOWN_BOUND} s in vain for every order to be known`);
    await sleep(3_000);
  }
}

async function replaceWorker({ stack }: Site): Promise<void> {
  await stack.kill('worker');
  await stack.startWorker();
}

/** What is wrong with the mail once it has had its time: each once, and one of them again for each worker that was killed at most. */
async function mailsAtLast({ mails }: MailServer, place: OrdersPlace, site: Site, kills: number): Promise<string[]> {
  const end = Date.now() + MAIL_BOUND * 1000;
  for (;;) {
    const wrong = wrongMail((await booksOf(place, site.database)).kept, mails, kills);
    if (wrong.length === 0 || Date.now() > end) return wrong;
    await sleep(1_000);
  }
}

/** Of SKUs that have a stock of their own: units that are left and should not be, or the other way. */
function unitsOff(skus: readonly { start: number; sold: number; held: number; available: number }[]): number {
  return skus
    .filter(({ start }) => start > 0)
    .reduce((sum, { start, sold, held, available }) => sum + Math.abs(available - (start - sold - held)), 0);
}
