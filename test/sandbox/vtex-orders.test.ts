import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox } from '../../sandbox/index';
import { seededRandom } from '../../sandbox/random';
import { answerJson, startOddServer, type OddServer } from '../adapters/odd-server';
import { SandboxClient, useSandbox, type WorldAnswer } from './sandbox-client';

interface Reservation {
  LockId: string;
  Status: number;
  MaximumConfirmationDateUtc: string;
  CanceledDateUtc: string;
  Errors: string[];
  IsSucess: boolean;
}
interface Book {
  skus: Record<string, { start: number; sold: number; held: number; available: number }>;
  reservations: Record<string, { status: number }>;
  orders: Record<string, { state: string }>;
}

const CATALOG = `{"productId":1,"name":"Tee","skus":[
{"skuId":1,"refId":"TEE","name":"Tee","price":10,"quantity":20},
{"skuId":2,"refId":"CAP","name":"Cap","price":5,"quantity":20},
{"skuId":3,"refId":"SET","name":"Set","isKit":true,"kitItems":[{"refId":"TEE","quantity":1},{"refId":"CAP","quantity":2}]}]}`.replaceAll(
  '\n',
  ''
);

/** A store of two SKUs and a kit of them, with the affiliate MZN. */
class StoreClient {
  private constructor(
    readonly box: SandboxClient,
    readonly world: WorldAnswer
  ) {}

  static async open(box: SandboxClient, name: string): Promise<StoreClient> {
    const headers = { 'content-type': 'application/x-ndjson' };
    const made = await box.send<WorldAnswer>('PUT', `/__sandbox/worlds/${name}`, { body: CATALOG, headers });
    expect(made.status).toBe(200);
    const store = new StoreClient(box, made.body);
    const affiliate = { name: 'Amazon', salesChannel: '1', searchURIEndpointVersion: '1.x.x' };
    expect((await store.send('PUT', '/api/fulfillment/pvt/affiliates/MZN', affiliate)).status).toBe(204);
    return store;
  }

  send<T = never>(method: string, path: string, body?: object) {
    const { account, appKey, appToken } = this.world.vtex;
    const headers = { 'x-vtex-api-appkey': appKey, 'x-vtex-api-apptoken': appToken };
    return this.box.send<T>(method, `/vtex/${account}${path}`, { body, headers });
  }

  manners(manners: object) {
    return this.box.control('POST', `worlds/${this.world.name}/vtex`, manners);
  }

  async book(): Promise<Book> {
    const { account } = this.world.vtex;
    const books = await this.box.control<{ vtex: Record<string, Book> }>('GET', `books?account=${account}`);
    return books.body.vtex[account]!;
  }

  reserve(lockId: string | null, id: string, quantity: number, more: { kitItem?: string[]; ttl?: string } = {}) {
    return this.send<Reservation>('POST', RESERVATIONS, reservationOf(lockId, id, quantity, more));
  }

  reservation(lockId: string) {
    return this.send<Reservation>('GET', `${RESERVATIONS}/${lockId}`);
  }

  cancel(lockId: string) {
    return this.send('POST', `${RESERVATIONS}/${lockId}/cancel`);
  }

  place(marketplaceOrderId: string, id: string, quantity: number, endpoint: string, more: object = {}) {
    const body = { ...orderOf(marketplaceOrderId, id, quantity, endpoint), ...more };
    return this.send<{ code: string; success: boolean; message: string }>('POST', `${ORDERS}?affiliateId=MZN`, body);
  }

  approve(marketplaceOrderId: string, endpoint: string) {
    const body = {
      marketplaceOrderId,
      marketplaceOrderStatus: 'approved',
      connectorName: 'L',
      connectorEndpoint: endpoint,
    };
    return this.send<{ code: string }>('PUT', `${ORDERS}/status`, body);
  }
}

const RESERVATIONS = '/api/logistics/pvt/inventory/reservations';
const ORDERS = '/api/order-integration/orders';

function reservationOf(
  lockId: string | null,
  id: string,
  quantity: number,
  { kitItem = [], ttl = '10.00:00:00' }: { kitItem?: string[]; ttl?: string } = {}
) {
  const zero = '00:00:00';
  return {
    salesChannel: '1',
    lockId,
    autorizationExpirationTTL: ttl,
    deliveryItemOptions: [
      {
        item: {
          id,
          quantity,
          kitItem,
          price: 10,
          additionalHandlingTime: zero,
          dimension: { weight: 1, height: 1, width: 1, length: 1 },
        },
        slaType: 'delivery',
        slaTypeName: 'Standard',
        listPrice: 5,
        promotionalPrice: 5,
        transitTime: zero,
        dockTime: zero,
        timeToDockPlusDockTime: zero,
        aditionalTimeBlockedDays: zero,
        totalTime: zero,
        deliveryWindows: [],
        wareHouseId: '1_1',
        dockId: '1',
        location: { zipCode: '98109', country: 'USA', inStore: { IsCheckedIn: false, StoreId: null } },
      },
    ],
  };
}

function orderOf(marketplaceOrderId: string, id: string, quantity: number, connectorEndpoint: string) {
  const price = { 1: 1000, 2: 500, 3: 2000 }[id] ?? 0;
  return {
    marketplaceOrderId,
    marketplaceOrderStatus: 'new',
    marketplacePaymentValue: price * quantity,
    connectorName: 'Longshore',
    connectorEndpoint,
    allowFranchises: false,
    items: [{ id, price, quantity }],
    clientProfileData: {
      email: 'a@example.com',
      firstName: 'A',
      lastName: 'B',
      phone: '',
      document: '',
      corporateDocument: null,
      corporatePhone: null,
      corporateName: null,
      tradeName: null,
      stateInscription: null,
    },
    shippingData: {
      logisticsInfo: [
        {
          price: 0,
          selectedDeliveryChannel: 'delivery',
          selectedSla: 'Standard',
          lockTTL: '5d',
          shippingEstimate: '3bd',
          deliveryIds: [],
        },
      ],
      selectedAddresses: [
        { addressType: 'residential', addressId: '1', receiverName: 'A', postalCode: '98109', country: 'USA' },
      ],
      isFob: false,
      isMarketplaceFulfillment: false,
    },
    invoiceData: { userPaymentInfo: { paymentMethods: ['promissoryPaymentGroup'] } },
  };
}

const sandbox = useSandbox();
let store: StoreClient;
let hook: OddServer;
let stores = 0;

beforeAll(async () => {
  hook = await startOddServer((_, response) => answerJson(response, 200, {}));
});
afterAll(() => hook.close());
beforeEach(async () => {
  hook.seen.length = 0;
  store = await StoreClient.open(sandbox(), `store${(stores += 1)}`);
});

const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 200 && !(await isSo()); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await isSo()).toBe(true);
};
const codes = () => hook.seen.map(({ body }) => (JSON.parse(body) as { code: string }).code);
const advance = (seconds: number) => sandbox().control('POST', 'clock', { advanceSeconds: seconds });

describe('a reservation', () => {
  it('has the spellings of the real one, and its own life whatever was asked for', async () => {
    const made = await store.reserve('MZN-1', '1', 3);
    expect(made.body).toMatchObject({
      LockId: 'MZN-1',
      SalesChannel: '1',
      Status: 1,
      Errors: [],
      IsSucess: true,
      CanceledDateUtc: '0001-01-01T00:00:00+00:00',
      SlaRequest: [{ wareHouseId: '1_1', item: { id: '1', quantity: 3 } }],
    });
    expect(made.body.MaximumConfirmationDateUtc).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+00:00$/);
    expect((await store.reservation('MZN-1')).body).toEqual(made.body);
    const inventory = await store.send<object>('GET', '/api/logistics/pvt/inventory/skus/1');
    expect(inventory.body).toMatchObject({ balance: [{ totalQuantity: 20, reservedQuantity: 3 }] });
  });

  it('gets an id where it is given none', async () => {
    const { LockId } = (await store.reserve(null, '1', 1)).body;
    expect(LockId).toMatch(/^[0-9a-f-]{36}$/);
    expect((await store.reservation(LockId)).status).toBe(200);
  });

  it.each(['lockId', 'autorizationExpirationTTL', 'deliveryItemOptions', 'salesChannel'])(
    'is refused as text without %s',
    async (key) => {
      const body: Record<string, unknown> = reservationOf('MZN-1', '1', 1);
      delete body[key];
      const reply = await store.send<string>('POST', RESERVATIONS, body);
      expect([reply.status, reply.text]).toEqual([400, `The field ${key} is required`]);
    }
  );

  it('fails with HTTP 200 where there is not enough, and holds nothing', async () => {
    const made = await store.reserve('MZN-1', '1', 21);
    expect([made.status, made.body.IsSucess, made.body.Status]).toEqual([200, false, 0]);
    expect(made.body.Errors[0]).toContain('stock');
    expect((await store.reservation('MZN-1')).status).toBe(404);
  });

  it("takes a kit's components, which it must name", async () => {
    expect((await store.reserve('MZN-1', '3', 2)).body.IsSucess).toBe(false);
    expect((await store.reserve('MZN-2', '3', 2, { kitItem: ['1', '2'] })).body.IsSucess).toBe(true);
    expect((await store.book()).skus).toMatchObject({ 1: { held: 2, available: 18 }, 2: { held: 4, available: 16 } });
  });

  it('expires with status 4 and gives its units back', async () => {
    await store.reserve('MZN-1', '1', 20, { ttl: '00:01:00' });
    await advance(59);
    expect((await store.reserve('MZN-2', '1', 1)).body.IsSucess).toBe(false);
    await advance(2);
    expect((await store.reservation('MZN-1')).body.Status).toBe(4);
    expect((await store.reserve('MZN-3', '1', 20)).body.IsSucess).toBe(true);
  });

  it('lasts without end once it is confirmed, and can still be cancelled', async () => {
    await store.reserve('MZN-1', '1', 5);
    const confirmed = await store.send('POST', `${RESERVATIONS}/MZN-1/confirm`);
    expect([confirmed.status, confirmed.text]).toEqual([200, '']);
    await advance(365 * 24 * 3600);
    expect((await store.reservation('MZN-1')).body.Status).toBe(2);
    await store.cancel('MZN-1');
    expect((await store.reservation('MZN-1')).body.Status).toBe(5);
  });

  it('takes a used lockId, and the end of what has ended, either way', async () => {
    await store.reserve('MZN-1', '1', 2);
    expect((await store.reserve('MZN-1', '1', 2)).body).toMatchObject({ IsSucess: true, Status: 1 });
    await store.cancel('MZN-1');
    expect((await store.cancel('MZN-1')).status).toBe(200);
    expect((await store.reserve('MZN-1', '1', 2)).body).toMatchObject({ IsSucess: true, Status: 5 });
    await store.manners({ reservations: { repeatedLock: 'refuse', ended: 'refuse' } });
    expect((await store.cancel('MZN-1')).status).toBe(400);
    expect((await store.reserve('MZN-1', '1', 2)).body).toMatchObject({ IsSucess: false });
    expect((await store.book()).skus['1']).toMatchObject({ held: 0, available: 20 });
  });
});

describe('the order integration', () => {
  it('answers before it works, and tells late, twice or never', async () => {
    await store.manners({ orders: { tellAfterMs: 3_600_000, tellTimes: 2 } });
    expect((await store.place('1', '1', 1, hook.url)).body).toMatchObject({ code: 'SOI003', success: true });
    await until(async () => Object.keys((await store.book()).orders).length === 1);
    expect(hook.seen).toEqual([]);
    await advance(3601);
    await until(() => hook.seen.length === 2);
    expect(codes()).toEqual(['SOI001', 'SOI001']);
    await store.manners({ orders: { tellAfterMs: 0, tellTimes: 0 } });
    await store.place('2', '1', 1, hook.url);
    await until(async () => Object.keys((await store.book()).orders).length === 2);
    const results = await sandbox().control<object>('GET', `worlds/${store.world.name}/order-results`);
    expect(results.body).toMatchObject({ waiting: 0, told: [{ code: 'SOI001', status: 200 }, { tries: 1 }] });
  });

  it('approves what is placed as approved, in two results', async () => {
    await store.place('1', '3', 2, hook.url, { marketplaceOrderStatus: 'approved' });
    await until(() => hook.seen.length === 2);
    expect(codes()).toEqual(['SOI001', 'SOI002']);
    const { skus, orders } = await store.book();
    expect(orders['MZN-1']).toMatchObject({ state: 'ready-for-handling', units: { 1: 2, 2: 4 } });
    expect(skus).toMatchObject({ 1: { sold: 2, held: 0 }, 2: { sold: 4, held: 0 } });
  });

  it('says what is wrong with codes', async () => {
    await store.manners({ orders: { answers: ['EOI006', 'EOI010'] } });
    for (const [index, expected] of [
      ['1', 'EOI006'],
      ['2', 'EOI010'],
      ['2', 'EOI007'],
    ].entries()) {
      await store.place(expected[0]!, '1', 1, hook.url);
      await until(() => hook.seen.length === index + 1);
      expect(codes().at(-1)).toBe(expected[1]);
    }
    expect(Object.keys((await store.book()).orders)).toEqual(['MZN-2']);
    await store.approve('3', hook.url);
    await store.place('4', '9', 1, hook.url);
    await store.place('5', '1', 21, hook.url);
    await store.place('6', '1', 1, hook.url, { marketplacePaymentValue: 900 });
    await until(() => hook.seen.length === 7);
    expect(codes().slice(3).sort()).toEqual(['EOI002', 'EOI003', 'EOI004', 'EOI008']);
  });

  it('takes the last units for an order only when no reservation has them', async () => {
    await store.reserve('MZN-1', '1', 20);
    await store.place('1', '1', 20, hook.url);
    await until(() => hook.seen.length === 1);
    await store.cancel('MZN-1');
    await store.place('1', '1', 20, hook.url);
    await until(() => hook.seen.length === 2);
    expect(codes()).toEqual(['EOI002', 'SOI001']);
  });

  it('refuses at once what is incomplete, naming the field', async () => {
    const reply = await store.place('1', '1', 1, hook.url, { clientProfileData: { email: 'a@example.com' } });
    expect(reply).toMatchObject({ status: 400, body: { code: 'EOI005', success: false } });
    expect(reply.body.message).toBe('clientProfileData.firstName is required');
  });
});

it('keeps books that add up, whatever is done in whatever order', async () => {
  const random = seededRandom(8);
  const pick = (count: number): number => Math.floor(random() * count);
  await store.manners({ orders: { processAfterMs: 0, tellTimes: 0 }, reservations: { seconds: 30 } });
  const { name } = store.world;
  for (const id of ['1', '2']) await sandbox().control('POST', `worlds/${name}/skus/${id}`, { elsewhere: 7 });
  const steps: (() => Promise<unknown>)[] = [
    () => store.reserve(`L-${pick(40)}`, '1', 1 + pick(6)),
    () => store.reserve(`L-${pick(40)}`, '3', 1 + pick(3), { kitItem: ['1', '2'] }),
    () => store.cancel(`L-${pick(40)}`),
    () => store.send('POST', `${RESERVATIONS}/L-${pick(40)}/confirm`),
    () => advance(pick(10)),
    () => store.place(String(pick(30)), String(1 + pick(3)), 1 + pick(4), hook.url),
    () => store.approve(String(pick(30)), hook.url),
    () => store.send('POST', `/api/oms/pvt/orders/MZN-${pick(30)}/cancel`, { reason: 'test' }),
    () => sandbox().control('POST', `worlds/${name}/store-orders/MZN-${pick(30)}`, { writeDown: true }),
  ];
  let moved = 0;
  for (let step = 0; step < 400; step += 1) {
    await steps[pick(steps.length)]!();
    const { skus } = await store.book();
    for (const id of ['1', '2']) {
      const { start, sold, held, available } = skus[id]!;
      expect([step, available]).toEqual([step, start - sold - held]);
      expect(available).toBeGreaterThanOrEqual(0);
      if (sold > 0 && held > 0) moved += 1;
    }
  }
  expect(moved).toBeGreaterThan(50);
});

it('keeps reservations, orders and what waits over a restart', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'sandbox-store-'));
  const first = await startSandbox({ dataDir });
  const before = await StoreClient.open(new SandboxClient(first.url), 'kept');
  await before.reserve('MZN-1', '1', 3);
  await before.place('1', '2', 2, hook.url);
  await until(() => hook.seen.length === 1);
  await before.manners({ orders: { processAfterMs: 60_000 } });
  await before.approve('1', hook.url);
  const book = await before.book();
  await first.close();
  const second = await startSandbox({ dataDir });
  const box = new SandboxClient(second.url);
  const after = await StoreClient.open(box, 'kept');
  expect(await after.book()).toEqual(book);
  await box.control('POST', 'clock', { advanceSeconds: 61 });
  await until(() => hook.seen.length === 2);
  expect(codes()).toEqual(['SOI001', 'SOI002']);
  await second.close();
});
