import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { orderWorkflowId } from '../../domain/ids';
import { stateOf } from '../../models/orders';
import { buyerOf, emailOf } from '../../sandbox/amazon/orders-view';
import type { AmazonOrder } from '../../sandbox/amazon/orders-book';
import { MailServer } from '../mail-server';
import { OrdersUnderTest } from './orders-under-test';

describe('mail about orders', () => {
  let server: MailServer;
  let test: OrdersUnderTest;
  beforeAll(async () => {
    server = await MailServer.start();
    test = await OrdersUnderTest.start({
      SMTP_URL: server.url,
      ALERT_FROM: 'Longshore <ls@shop.example>',
      ALERT_TO: 'all@shop.example',
      // As long as a mail server may take here.
      HTTP_TIMEOUT_SECONDS: '60',
    });
  });
  afterAll(async () => {
    await test.stop();
    await server.stop();
  });
  beforeEach(() => {
    server.mails.length = 0;
    server.beforeTaking = () => undefined;
  });

  /** A workflow's history together with what its payloads hold. */
  async function historyOf(workflowId: string): Promise<string> {
    const text = JSON.stringify(historyToJSON(await test.rig.client.workflow.getHandle(workflowId).fetchHistory()));
    const payloads = [...text.matchAll(/"data":"([A-Za-z0-9+/=]+)"/g)];
    return [text, ...payloads.map(([, data]) => Buffer.from(data!, 'base64').toString('utf8'))].join('\n');
  }

  /** How often it was tried to hold its stock. */
  const triesOf = async (orderId: string) => stateOf((await test.kept(orderId))!).trouble?.tries ?? 0;

  const mailsAbout = (orderId: string) => server.mails.filter(({ headers }) => headers.subject?.includes(orderId));

  it('is one for an order and a problem, and one when it is overcome, to the address of the connector', async () => {
    await test.connect('mailed', { errorEmail: 'orders@shop.example' });
    const orderId = await test.order({ items: [{ sku: 'SKU-0001', quantity: 11, price: 20 }] });
    await test.watch();
    await test.reaches(orderId, 'unheld');
    await test.rig.until(async () => mailsAbout(orderId).length === 1, 'the mail');
    // The same once more is not told again.
    await test.ask('POST', `${test.pathOf(orderId)}/retry`);
    await test.rig.until(async () => (await triesOf(orderId)) > 1, 'it to be tried again');
    await test.control('skus/SKU-0001', { quantity: 20, tell: 'nobody' });
    await test.ask('POST', `${test.pathOf(orderId)}/retry`);
    await test.reaches(orderId, 'held');
    await test.rig.until(async () => mailsAbout(orderId).length === 2, 'the mail that it is over');

    const [told, over] = mailsAbout(orderId);
    expect(told).toMatchObject({ to: ['orders@shop.example'] });
    for (const body of [told!.text, told!.html]) {
      expect(body).toContain('The store has not enough stock to hold for the order.');
      expect(body).toContain('Bring stock in, or cancel the order at Amazon.');
      expect(body).toContain(`${test.rig.config.PUBLIC_URL}${test.pathOf(orderId)}`);
    }
    expect(over!.text).toContain('This has been overcome.');
    // It is noted a moment after the mail server took it.
    const areNoted = async (): Promise<boolean> =>
      (await test.kept(orderId))!.messages.every(({ state }) => state === 'sent');
    await test.rig.until(areNoted, 'both to be noted as sent');
    expect((await test.kept(orderId))!.messages).toMatchObject([
      { problem: 'no_stock', kind: 'notify' },
      { problem: 'no_stock', kind: 'recovered' },
    ]);
  });

  it('waits for a mail server that is away, and nothing else waits with it', async () => {
    await test.connect('patient');
    server.beforeTaking = () => {
      throw Object.assign(new Error('later'), { responseCode: 451 });
    };
    const orderId = await test.order({
      items: [
        { sku: 'SKU-0001', quantity: 1, price: 20 },
        { sku: 'STRANGE', quantity: 1, price: 5 },
      ],
    });
    await test.watch();
    await test.reaches(orderId, 'held');
    expect((await test.kept(orderId))!.messages).toMatchObject([{ problem: 'unknown_sku', state: 'waiting' }]);
    server.beforeTaking = () => undefined;
    await test.rig.until(async () => mailsAbout(orderId).length === 1, 'the mail');
    expect(mailsAbout(orderId)[0]).toMatchObject({ to: ['all@shop.example'] });
    expect(mailsAbout(orderId)[0]!.text).toContain('SKU STRANGE');
  });

  it('is tried again after an hour when the mail server refuses it, as somebody may mend what it is refused for', async () => {
    await test.connect('refused');
    server.beforeTaking = () => {
      throw Object.assign(new Error('no'), { responseCode: 550 });
    };
    const orderId = await test.order({ items: [{ sku: 'STRANGE', quantity: 1, price: 5 }] });
    await test.watch();
    const message = async () => (await test.kept(orderId))?.messages[0];
    await test.rig.until(async () => (await message())?.state === 'not_sent', 'the refusal');
    expect(await message()).toMatchObject({ note: expect.stringContaining('refuses the message') as string });
    const nextTry = async (): Promise<number> => {
      const { pendingActivities } = (await test.workflow(orderId).describe()).raw;
      return Number(pendingActivities?.[0]?.scheduledTime?.seconds ?? 0) * 1000;
    };
    await test.rig.until(async () => (await nextTry()) > Date.now() + 50 * 60_000, 'it to be tried again in an hour');
    // So it would be in an hour: a run of the order sends what is left.
    server.beforeTaking = () => undefined;
    await test.workflow(orderId).terminate();
    await test.ask('POST', `${test.pathOf(orderId)}/retry`);
    await test.rig.until(async () => (await message())?.state === 'sent', 'it to be sent');
    expect(mailsAbout(orderId)).toHaveLength(1);
    expect(await message()).toMatchObject({ note: null, isRefused: false });
  });

  it('is not sent again by a new history while the mail server is taking it', async () => {
    await test.connect('taking');
    const orderId = await test.order();
    await test.watch();
    const { facts } = stateOf(await test.reaches(orderId, 'held'));
    let changes = 0;
    const see = async (items = facts.items) => {
      const updatedAt = new Date(facts.updatedAt + (changes += 1) * 1000).toISOString();
      const sighting = { amazonOrderId: orderId, from: 'poll', updatedAt, status: 'pending', items } as const;
      await test.rig.orchestrator.tellOrder(test.input(orderId), { kind: 'sighting', sighting });
      return test.workflow(orderId).describe();
    };
    while ((await see()).historyLength < 1_500) expect(changes).toBeLessThan(2_000);

    let take = (): void => undefined;
    let given = 0;
    server.beforeTaking = () => {
      given += 1;
      return new Promise((resolve) => (take = resolve));
    };
    const strange = { orderItemId: '9', sku: 'STRANGE', ordered: 1, canceled: 0, shipped: 0 };
    await see([...facts.items!, strange]);
    await test.rig.until(async () => given === 1, 'the mail server to be given the mail');
    const { runId, historyLength } = await test.workflow(orderId).describe();
    expect(historyLength).toBeGreaterThan(1_500);
    while ((await see([...facts.items!, strange])).historyLength < 2_100) expect(changes).toBeLessThan(2_000);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect((await test.workflow(orderId).describe()).runId).toBe(runId);
    take();
    await test.rig.until(async () => (await test.workflow(orderId).describe()).runId !== runId, 'the new history', 60);
    await see([...facts.items!, strange]);
    await test.rig.until(
      async () => stateOf((await test.kept(orderId))!).facts.updatedAt === facts.updatedAt + changes * 1000,
      'the last news to be kept'
    );
    expect(given).toBe(1);
    expect(mailsAbout(orderId)).toHaveLength(1);
    expect((await test.kept(orderId))!.messages).toMatchObject([{ problem: 'unknown_sku', state: 'sent' }]);
  });

  it('says nothing of the buyer', async () => {
    await test.connect('private');
    await test.control('vtex', { orders: { answers: ['EOI005'] } });
    const orderId = await test.order({ status: 'UNSHIPPED' });
    await test.watch();
    await test.reaches(orderId, 'failing');
    await test.rig.until(async () => mailsAbout(orderId).length === 1, 'the mail');
    await test.control('vtex', { orders: { answers: [] } });
    await test.ask('POST', `${test.pathOf(orderId)}/retry`);
    await test.reaches(orderId, 'integrated');
    await test.ended(orderId);
    const texts = [...mailsAbout(orderId).map(({ raw }) => raw), JSON.stringify(await test.kept(orderId))];
    texts.push(await historyOf(orderWorkflowId(test.world.amazon.sellerId, orderId)));
    const order = { orderId } as AmazonOrder;
    for (const personal of [buyerOf(order), emailOf(order), 'Sandbox Street'])
      for (const text of texts) expect(text).not.toContain(personal);
  });
});
