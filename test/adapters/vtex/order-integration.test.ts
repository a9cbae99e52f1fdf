import { NO_DELIVERY } from '../../../domain/orders/placement-codes';
import type { OrderIntegration, OrderToPlace, PlacementResult } from '../../../domain/ports/order-integration';
import { answerJson, startOddServer, type OddServer } from '../odd-server';
import { failureOf, never } from '../sandbox-world';
import { StoreWithOrders, type SkuBook } from './orders-under-test';

const RECIPIENT = {
  buyerName: 'Ana de Souza',
  buyerEmail: 'x1@marketplace.example.com',
  name: 'Li Wei',
  phone: '+1 555 0100',
  addressLines: ['12 Long Street', 'Flat 3'],
  city: 'Seattle',
  stateOrRegion: 'WA',
  postalCode: '98109',
  country: 'USA',
};

describe("a VTEX store's order integration, against the sandbox", () => {
  let store: StoreWithOrders;
  let hook: OddServer;
  let integration: OrderIntegration;
  let plain: string[];

  beforeAll(async () => {
    store = await StoreWithOrders.start();
    plain = (await store.plainSkus()).slice(0, 2);
    hook = await startOddServer((_, response) => answerJson(response, 200, {}));
  });
  afterAll(async () => {
    await hook.close();
    await store.world.sandbox.close();
  });
  beforeEach(async () => {
    await store.reset();
    hook.seen.length = 0;
    integration = store.orders({ connector: { name: 'Longshore', endpoint: `${hook.url}/hooks/token-1` } }).integration;
    for (const sku of plain) await store.change(sku, { quantity: 10, price: 12.5 });
  });

  const order = (more: Partial<OrderToPlace> = {}): OrderToPlace => ({
    marketplaceOrderId: '111-2222222-3333333',
    lines: [{ sourceId: plain[0]!, units: 2, unitPrice: { minorUnits: 1250, currency: 'USD' } }],
    total: { minorUnits: 2500, currency: 'USD' },
    recipient: RECIPIENT,
    ...more,
  });
  const book = async (sku: string): Promise<SkuBook> => (await store.books()).skus[sku]!;
  const results = () =>
    hook.seen.map(({ url, body }) => ({ url, ...(JSON.parse(body) as PlacementResult & { success: boolean }) }));
  const told = async (count: number) => {
    for (let tries = 0; tries < 200 && hook.seen.length < count; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 25));
    expect(hook.seen.length).toBeGreaterThanOrEqual(count);
    return results();
  };

  it('places an order, hears of it, finds it, approves it', async () => {
    expect(await integration.place(order(), never)).toEqual({ kind: 'accepted' });
    const [placed] = await told(1);
    expect(placed).toMatchObject({
      url: `/hooks/token-1/order-integration/notification/processing-result?an=${store.world.facts.vtex.account}`,
      marketplaceOrderId: '111-2222222-3333333',
      code: 'SOI001',
      success: true,
      fields: { mainOrderId: 'MZN-111-2222222-3333333' },
    });
    expect(await integration.find('111-2222222-3333333', never)).toEqual({
      storeOrderId: 'MZN-111-2222222-3333333',
      state: 'created',
      parcels: [],
    });
    expect(await book(plain[0]!)).toMatchObject({ start: 10, held: 2, sold: 0, available: 8 });

    expect(await integration.approve('111-2222222-3333333', never)).toEqual({ kind: 'accepted' });
    expect((await told(2))[1]).toMatchObject({ code: 'SOI002' });
    expect(await integration.find('111-2222222-3333333', never)).toMatchObject({ state: 'approved' });
    expect(await book(plain[0]!)).toMatchObject({ start: 10, held: 0, sold: 2, available: 8 });
  });

  it('places an order of which Amazon tells no more than the place', async () => {
    const recipient = { addressLines: [], postalCode: '98109', country: 'USA' };
    expect(await integration.place(order({ recipient }), never)).toEqual({ kind: 'accepted' });
    expect((await told(1))[0]).toMatchObject({ code: 'SOI001' });
  });

  it('finds no order that was never placed', async () => {
    expect(await integration.find('999-9999999-9999999', never)).toBeUndefined();
  });

  it('has a second order of that number refused as a duplicate, and takes units once', async () => {
    await integration.place(order(), never);
    await told(1);
    await integration.place(order(), never);
    expect((await told(2))[1]).toMatchObject({ code: 'EOI007', success: false });
    expect(await book(plain[0]!)).toMatchObject({ held: 2 });
  });

  it('does not place what the store has not; nor, for another reason, what nobody delivers', async () => {
    await store.world.heal();
    await store.change(plain[0]!, { quantity: 1 });
    expect(await integration.place(order(), never)).toMatchObject({
      kind: 'refused',
      code: 'EOI002',
      said: expect.stringContaining(plain[0]!),
    });
    await store.change(plain[0]!, { quantity: 10 });
    const elsewhere = order({ recipient: { ...RECIPIENT, postalCode: '00000' } });
    expect(await integration.place(elsewhere, never)).toEqual({
      kind: 'refused',
      code: NO_DELIVERY,
      said: `Nobody delivers SKU ${plain[0]} there.`,
    });
    await store.change(plain[0]!, { quantity: 1 });
    expect(await integration.place(elsewhere, never)).toMatchObject({ kind: 'refused', code: 'EOI002' });
    expect(await store.world.calls('vtex.placeOrder')).toMatchObject({ count: 0 });
  });

  it('hears that the price is not what the store expects, and pays shipping on top', async () => {
    await integration.place(order({ total: { minorUnits: 3000, currency: 'USD' } }), never);
    expect((await told(1))[0]).toMatchObject({ code: 'SOI001' });
    const dear = [{ sourceId: plain[0]!, units: 1, unitPrice: { minorUnits: 999, currency: 'USD' } }];
    await integration.place(
      order({ marketplaceOrderId: '2', lines: dear, total: { minorUnits: 999, currency: 'USD' } }),
      never
    );
    expect((await told(2))[1]).toMatchObject({ code: 'EOI003' });
  });

  it('waits for a person where the store wants one to decide about the price', async () => {
    await store.manners({ orders: { divergence: 'authorize' } });
    await integration.place(order({ total: { minorUnits: 1, currency: 'USD' } }), never);
    await told(1);
    await integration.approve('111-2222222-3333333', never);
    expect((await told(2))[1]).toMatchObject({ code: 'EOI011' });
    expect(await integration.find('111-2222222-3333333', never)).toMatchObject({ state: 'created' });
    await store.world.control('POST', '/worlds/w/store-orders/MZN-111-2222222-3333333', { authorize: true });
    await integration.approve('111-2222222-3333333', never);
    expect((await told(3))[2]).toMatchObject({ code: 'SOI002' });
  });

  it('takes an order back, and does not mind doing so twice', async () => {
    await integration.place(order(), never);
    await told(1);
    const cancel = () => integration.cancel('MZN-111-2222222-3333333', 'cancelled at Amazon', never);
    expect(await cancel()).toEqual({ kind: 'canceled' });
    expect(await cancel()).toEqual({ kind: 'canceled' });
    expect(await integration.find('111-2222222-3333333', never)).toMatchObject({ state: 'canceled' });
    expect(await book(plain[0]!)).toMatchObject({ held: 0, sold: 0, available: 10 });
    await integration.approve('111-2222222-3333333', never);
    expect((await told(2))[1]).toMatchObject({ code: 'EOI009' });
  });

  it('reads the parcels of an order that is invoiced, which can no longer be taken back', async () => {
    await integration.place(order(), never);
    await told(1);
    await integration.approve('111-2222222-3333333', never);
    await told(2);
    await store.world.control('POST', '/worlds/w/store-orders/MZN-111-2222222-3333333', {
      writeDown: true,
      invoice: { number: 'INV-1', courier: 'UPS', trackingNumber: '1Z999' },
    });
    expect(await integration.find('111-2222222-3333333', never)).toEqual({
      storeOrderId: 'MZN-111-2222222-3333333',
      state: 'invoiced',
      parcels: [
        {
          invoiceNumber: 'INV-1',
          carrier: 'UPS',
          trackingNumber: '1Z999',
          shippedAt: expect.stringMatching(/^\d{4}-.*Z$/),
          units: [{ sourceId: plain[0]!, units: 2 }],
        },
      ],
    });
    const invoice = (what: object) =>
      store.world.control('POST', '/worlds/w/store-orders/MZN-111-2222222-3333333', { invoice: what });
    // One that has no number yet and no carrier, one that came back, and a correction.
    await invoice({ number: 'INV-2', courier: null, items: [{ index: 0, quantity: 1 }] });
    await invoice({ number: 'RET-1', type: 'Input', trackingNumber: 'BACK' });
    await invoice({ number: 'INV-1', courier: 'UPS', trackingNumber: '1Z-right' });
    const { parcels } = (await integration.find('111-2222222-3333333', never))!;
    expect(parcels).toEqual([
      expect.objectContaining({ invoiceNumber: 'INV-1', trackingNumber: '1Z-right' }),
      {
        invoiceNumber: 'INV-2',
        shippedAt: expect.stringMatching(/Z$/),
        units: [{ sourceId: plain[0]!, units: 1 }],
      },
    ]);
    expect(await integration.cancel('MZN-111-2222222-3333333', 'too late', never)).toMatchObject({
      kind: 'refused',
      said: expect.stringContaining('cannot be canceled'),
    });
    expect(await book(plain[0]!)).toMatchObject({ start: 10, held: 0, sold: 2, available: 8 });
  });

  it('finds an order whose placing got no answer', async () => {
    await store.world.heal();
    await store.world.fault({
      match: { operation: 'vtex.placeOrder' },
      kind: 'timeout',
      delayMs: 60_000,
      after: true,
      times: 1,
    });
    const connector = { name: 'Longshore', endpoint: hook.url };
    const impatient = store.orders({ timeoutMs: 300, connector }).integration;
    expect(await failureOf(impatient.place(order(), never))).toMatchObject({ code: 'transient' });
    await told(1);
    expect(await store.world.calls('vtex.placeOrder')).toMatchObject({ count: 1 });
    expect(await integration.find('111-2222222-3333333', never)).toMatchObject({ state: 'created' });
  });

  it('repeats nothing of the buyer, nor the hook, from what the store says', async () => {
    const echo = Object.values(RECIPIENT).flat().join(' / ');
    await store.world.fault({
      match: { operation: 'vtex.placeOrder' },
      kind: 'status',
      status: 400,
      body: { code: 'EOI005', success: false, message: `Wrong: ${echo} at ${hook.url}/hooks/token-1` },
    });
    const answer = await integration.place(order(), never);
    expect(answer).toMatchObject({ kind: 'refused', code: 'EOI005', said: expect.stringContaining('Wrong') });
    const said = JSON.stringify(answer);
    for (const part of ['Ana', 'Souza', 'Li ', 'Wei', 'x1@', '0100', 'Long', 'Flat', 'Seattle', '98109', 'token-1'])
      expect(said).not.toContain(part);
  });

  it.each([
    ['that it refuses', 400],
    ['that it refuses with HTTP 200', 200],
    ['when it fails', 500],
  ])(
    'repeats none of the store’s words %s to approve an order, where it is not known whose it is',
    async (_, status) => {
      await store.world.fault({
        match: { operation: 'vtex.updateOrderStatus' },
        kind: 'status',
        status,
        body: { code: 'EOI008', success: false, message: "EOI008: receiverName 'Ana Souza', Long Rd" },
      });
      const said = await integration.approve('111-2222222-3333333', never).then(
        (answer) => (answer.kind === 'refused' ? `${answer.code} ${answer.said}` : answer.kind),
        (error: Error) => error.message
      );
      expect(said).toBe(
        status === 500 ? "The store answered 'approve order' with 500." : 'EOI008 EOI008: receiverName'
      );
    }
  );

  it('says the same of a refusal that comes with HTTP 200', async () => {
    await store.world.fault({
      match: { operation: 'vtex.placeOrder' },
      kind: 'status',
      status: 200,
      body: { code: 'EOI004', success: false, message: 'Invalid cart', errors: null },
    });
    expect(await integration.place(order(), never)).toEqual({ kind: 'refused', code: 'EOI004', said: 'Invalid cart' });
  });
});
