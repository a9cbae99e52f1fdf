import fc from 'fast-check';
import { wrongMail } from '../e2e/orders-audit';
import { orderLives, shelfProducts, type OrderLife } from '../e2e/orders-lives';
import { play, type OrdersPlace } from '../e2e/orders-player';
import { booksOf, comeToRest } from '../e2e/orders-rest';
import { MailServer } from '../mail-server';
import { OrdersUnderTest } from './orders-under-test';

/** How many orders live side by side. */
const LIVES = Number(process.env.ORDER_LIVES_RUNNING ?? 50);
/** ORDER_SEED lives an earlier run's lives again; ORDER_SHRINK looks for the fewest of them that fail, which takes an hour. */
const SEED = Number(process.env.ORDER_SEED ?? Date.now() % 2 ** 31);
const SHRINKS = process.env.ORDER_SHRINK !== undefined;
/** How long they live, and how long they may take to come to rest; in seconds. */
const LIVE_SECONDS = 25;
const REST_SECONDS = 120;

jest.setTimeout(SHRINKS ? 4 * 3600_000 : 300_000);

/** One in ten requests of orders goes wrong somehow, before or after it was carried out. */
const FAULTS = [
  { match: { operation: 'vtex.createReservation' }, share: 0.06, kind: 'reset', after: true },
  { match: { operation: 'vtex.cancelReservation' }, share: 0.06, kind: 'reset', after: true },
  { match: { operation: 'vtex.placeOrder' }, share: 0.06, kind: 'reset', after: true },
  { match: { operation: 'vtex.updateOrderStatus' }, share: 0.06, kind: 'status', status: 500, after: true },
  { match: { operation: 'vtex.*' }, share: 0.03, kind: 'reset' },
  { match: { operation: 'vtex.*' }, share: 0.03, kind: 'status', status: 500 },
  { match: { operation: 'vtex.*' }, share: 0.03, kind: 'slow', delayMs: 1_500 },
  { match: { operation: 'amazon.*' }, share: 0.05, kind: 'status', status: 500 },
  // Of searches Amazon gives one in three minutes: a refused one is followed by none for as long.
  { match: { operation: 'getOrder' }, share: 0.05, kind: 'throttle' },
];

describe('generated lives of orders against the running system', () => {
  let mail: MailServer;
  let test: OrdersUnderTest;
  let worlds = 0;
  beforeAll(async () => {
    mail = await MailServer.start();
    test = await OrdersUnderTest.start({
      SMTP_URL: mail.url,
      ALERT_FROM: 'Longshore <ls@shop.example>',
      ALERT_TO: 'all@shop.example',
    });
  });
  afterAll(async () => {
    await test.stop();
    await mail.stop();
  });

  it(`end with books that agree, after faults, repetitions, lost workflows and restarts (ORDER_SEED=${SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(orderLives, { minLength: SHRINKS ? 1 : LIVES, maxLength: LIVES, size: 'max' }), live),
      { numRuns: 1, seed: SEED, endOnFailure: !SHRINKS }
    );
  });

  async function live(lives: OrderLife[]): Promise<void> {
    worlds += 1;
    mail.mails.length = 0;
    await test.connect(`lives-${worlds}`, {}, shelfProducts(lives.length));
    await test.control('vtex', {
      reservations: { seconds: 60 },
      orders: { tellAfterMs: 700, tellTimes: 2, answers: ['EOI006', 'EOI010', 'EOI005'] },
    });
    for (const { match, ...fault } of FAULTS) await test.rig.control('POST', 'faults', { match, ...fault });
    const place = placeOf(test);
    const restart = async () => {
      await test.rig.stopWorker();
      await test.rig.startWorker();
    };
    const disturb = [0.25, 0.5, 0.75].map((at) => ({ at, run: restart }));
    const played = await play(place, lives, LIVE_SECONDS, { disturb, watchEvery: 3 });
    const faults = await test.rig.control<{ hits: number }[]>('GET', 'faults');
    expect(faults.reduce((sum, { hits }) => sum + hits, 0)).toBeGreaterThan(lives.length / 5);
    await test.rig.control('DELETE', 'faults');
    await test.control('vtex', { orders: { answers: [] } });
    const rest = await comeToRest(place, played, test.rig.database, { seconds: REST_SECONDS, pressAfterSeconds: 0 });
    expect(rest.disagreements).toEqual([]);
    const mailIsRight = async (): Promise<boolean> => (await wrongMails(place, disturb.length)).length === 0;
    await test.rig.until(mailIsRight, 'the mail').catch(() => undefined);
    expect(await wrongMails(place, disturb.length)).toEqual([]);
    await expectVariety(place);
  }

  const wrongMails = async (place: OrdersPlace, restarts: number): Promise<string[]> =>
    wrongMail((await booksOf(place, test.rig.database)).kept, mail.mails, restarts);

  /** A generator that no longer makes every kind of life would make this test worthless. */
  async function expectVariety(place: OrdersPlace): Promise<void> {
    if (SHRINKS) return;
    const { kept } = await booksOf(place, test.rig.database);
    const stages = new Set([...kept.values()].map(({ stage }) => stage));
    expect([...stages]).toEqual(expect.arrayContaining(['held', 'integrated', 'closed']));
    expect(mail.mails.length).toBeGreaterThan(0);
  }
});

function placeOf(test: OrdersUnderTest): OrdersPlace {
  return {
    world: test.world,
    connectorId: test.connectorId,
    control: (method, path, body) => test.rig.control(method, path, body),
    tellOrder: (order, news) => test.rig.orchestrator.tellOrder(order, news),
    press: async (orderId, kind) => void (await test.ask('POST', `${test.pathOf(orderId)}/${kind}`)),
    loseWorkflow: async (orderId) => void (await test.workflow(orderId).terminate()),
    watch: () => test.watch(),
  };
}
