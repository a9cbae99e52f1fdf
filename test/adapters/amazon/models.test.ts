import { createAmazon } from '../../../adapters/amazon';
import { createInProcessLimiter } from '../../../adapters/limiter/in-process';
import { requireMarketplace } from '../../../domain/marketplaces';
import { describeWithAmazonModels, findOperation } from '../../sandbox/amazon-models';
import { answerJson, startOddServer, type OddServer, type Seen } from '../odd-server';
import { never } from '../sandbox-world';
import { ordersAt } from './orders-under-test';

const ACCOUNT = {
  connectorId: 'con_1',
  clientId: 'app',
  sellerId: 'A1',
  marketplace: requireMarketplace('US'),
  issueLocale: 'en_US',
};

/** Answers that are good enough for the adapters to go on. */
function answerOf({ method, url }: Seen): object {
  if (url.endsWith('/token')) return { access_token: 'Atza|model', expires_in: 3600 };
  if (url.includes('/orders')) return ordersAnswer(url);
  if (url.includes('/restrictedDataToken')) return { restrictedDataToken: 'Atz.sprdt|model', expiresIn: 3600 };
  if (url.includes('/sellers/')) return { payload: [] };
  if (method !== 'GET') return { sku: 'S', status: 'ACCEPTED', submissionId: 'x' };
  return url.includes('/A1/') ? { sku: 'a,b' } : { numberOfResults: 0, items: [] };
}

function ordersAnswer(url: string): object {
  const address = { postalCode: '98109', countryCode: 'US', PostalCode: '98109', CountryCode: 'US' };
  const order = {
    orderId: '1',
    createdTime: '2026-01-01T00:00:00Z',
    lastUpdatedTime: '2026-01-01T00:00:00Z',
    orderItems: [],
  };
  const known = { ...order, salesChannel: {}, recipient: { deliveryAddress: address } };
  if (url.startsWith('/orders/2026-01-01/orders/')) return { order: known };
  if (url.startsWith('/orders/2026-01-01/')) return { orders: [] };
  if (url.includes('/orderItems')) return { payload: { OrderItems: [] } };
  if (!url.startsWith('/orders/v0/orders/')) return { payload: { Orders: [] } };
  const old = {
    AmazonOrderId: '1',
    PurchaseDate: '2026-01-01',
    LastUpdateDate: '2026-01-01',
    OrderStatus: 'Unshipped',
  };
  return { payload: { ...old, ShippingAddress: address } };
}

describeWithAmazonModels("every request, held against Amazon's own models", () => {
  let server: OddServer;
  beforeAll(async () => {
    server = await startOddServer((request, response) => answerJson(response, 200, answerOf(request)));
  });
  afterAll(() => server.close());

  it('has the path, the query and the body that the model describes, and nothing it does not know', async () => {
    const account = ACCOUNT;
    const { listings, accounts } = createAmazon({
      lwaUrl: `${server.url}/token`,
      spApiUrl: () => server.url,
      limiter: createInProcessLimiter(),
      credentials: () => Promise.resolve({ clientId: 'app', clientSecret: 's', refreshToken: 'Atzr|r' }),
      timeoutMs: 2_000,
    });
    const attributes = { item_name: [{ value: 'Tee', marketplace_id: account.marketplace.id }] };
    const patch = { op: 'merge' as const, path: '/attributes/item_name', value: attributes.item_name };
    await listings.put(account, 'a/b c', { productType: 'SHIRT', requirements: 'LISTING', attributes }, never);
    await listings.patch(account, 'a/b c', 'SHIRT', [patch], never);
    await listings.search(account, ['a b', 'a,b'], never);
    await accounts.participations(account, never);

    expect(problemsOf(server.seen)).toEqual([
      ['putListingsItem', []],
      ['patchListingsItem', []],
      ['searchListingsItems', []],
      ['getListingsItem', []],
      ['getMarketplaceParticipations', []],
    ]);
  });

  it.each([
    ['2026-01-01', ['searchOrders', 'getOrder', 'getOrder', 'confirmShipment']],
    [
      'v0',
      [
        'getOrders',
        'getOrder',
        'getOrderItems',
        'createRestrictedDataToken',
        'getOrder',
        'getOrderItems',
        'confirmShipment',
      ],
    ],
  ] as const)('so have those about orders by version %s', async (version, operations) => {
    server.seen.length = 0;
    const orders = ordersAt(server.url, { clientId: 'app', clientSecret: 's', refreshToken: 'Atzr|r' }, version);
    const { id } = ACCOUNT.marketplace;
    const window = { updatedAfter: '2026-01-01T00:00:00.000Z', marketplaceIds: [id, 'A2EUQ1WTGCTBG2'] };
    await orders.search(ACCOUNT, window, 'a token+/=', never);
    await orders.get(ACCOUNT, '111-2222222-3333333', never);
    await orders.getToPlace(ACCOUNT, '111-2222222-3333333', never);
    const shipment = {
      packageReferenceId: '1',
      carrierCode: 'Other',
      carrierName: 'Rickshaw',
      trackingNumber: 'R1',
      shippedAt: '2026-01-02T00:00:00.000Z',
      items: [{ orderItemId: '1', units: 1 }],
    };
    await orders.confirmShipment(ACCOUNT, '111-2222222-3333333', id, shipment, never);
    expect(problemsOf(server.seen)).toEqual(operations.map((operation) => [operation, []]));
  });
});

/** Each request's operation, and what the model finds wrong with it. */
function problemsOf(seen: readonly Seen[]): [operationId: string, wrong: string[]][] {
  return seen
    .filter(({ url }) => !url.endsWith('/token'))
    .map(({ method, url, body }) => {
      const [path = '', query = ''] = url.split('?');
      const operation = findOperation(method, path);
      if (!operation) throw new Error(`no model knows ${method} ${path}`);
      const wrong = operation.model.validateRequest(operation.operationId, {
        path: operation.path,
        query: Object.fromEntries(new URLSearchParams(query)),
        body: body === '' ? undefined : JSON.parse(body),
      });
      return [operation.operationId, wrong];
    });
}
