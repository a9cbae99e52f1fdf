import { decide } from '../../domain/orders/decide';
import type { OrderParcel, OrderPolicy, OrderState } from '../../domain/orders/order-state';
import { auditModel } from '../../models/audit-log';
import { connectorModel } from '../../models/connectors';
import { orderWatchStore } from '../../models/order-watches';
import { orderStore } from '../../models/orders';
import { ApiUnderTest } from './api-under-test';
import { freshSeller, vtexConnector } from './samples';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await ApiUnderTest.start();
});
afterAll(async () => {
  await api.stop();
});

const POLICY: OrderPolicy = {
  affiliateId: 'MZN',
  reserves: true,
  integrates: true,
  destination: { postalCode: '10001', country: 'USA' },
  activatedAt: 0,
  askedSeconds: 600,
  carriers: {},
};

let serial = 0;

/** A connector, and an order of it that Amazon has told of. */
async function anOrder(of?: { connectorId: string; sellerId: string }) {
  const sellerId = of?.sellerId ?? freshSeller();
  const connectorId = of?.connectorId ?? (await api.connector('active', vtexConnector({ amazon: { sellerId } })));
  const amazonOrderId = `701-0000000-${String((serial += 1)).padStart(7, '0')}`;
  const store = orderStore(api.connection);
  const input = { sellerId, amazonOrderId, connectorId };
  const { revision } = await store.open(input, POLICY);
  return {
    ...input,
    path: `/v1/orders/${sellerId}/${amazonOrderId}`,
    /** Amazon says that it is pending, and a hold is asked for. */
    pend: async () => {
      const at = Date.parse('2026-03-02T08:00:00Z');
      let { json } = (await store.get(sellerId, amazonOrderId))!;
      const sighting = {
        amazonOrderId,
        from: 'order' as const,
        updatedAt: '2026-03-02T07:59:00Z',
        orderedAt: '2026-03-02T07:58:00Z',
        fulfilledBy: 'merchant' as const,
        status: 'pending' as const,
        items: [{ orderItemId: '1', sku: 'SKU.1', ordered: 2, canceled: 0, shipped: 0 }],
      };
      const seen = decide(JSON.parse(json), { kind: 'sighting', sighting, at }).state;
      const lines = [{ sku: 'SKU.1', sourceId: '11' }];
      const known = decide(seen, { kind: 'outcome', step: 1, outcome: { kind: 'resolved', lines }, at }).state;
      json = JSON.stringify(known);
      await store.save(sellerId, amazonOrderId, {
        revision: revision + 1,
        at,
        state: JSON.parse(json),
        transitions: [{ at, stage: 'reserving', reason: 'The payment is pending; stock is being held.' }],
        messages: [
          { kind: 'notify', problem: 'hold_failed', said: 'No answer.', message: 'Could not.', action: 'Look.' },
        ],
      });
    },
  };
}

const toldOf = (amazonOrderId: string) =>
  api.orchestrator.calls.flatMap(({ name, args }) =>
    name === 'tellOrder' && args[0].amazonOrderId === amazonOrderId ? [args[1]] : []
  );

describe('orders', () => {
  it('are shown with their holds, their way and what people were told', async () => {
    const order = await anOrder();
    await order.pend();
    const { status, body } = await api.get(order.path);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      amazonOrderId: order.amazonOrderId,
      state: 'reserving',
      amazonStatus: 'pending',
      items: [{ sku: 'SKU.1', ordered: 2 }],
      holds: [{ lockId: `MZN-${order.amazonOrderId}`, isCertain: false, units: [{ sourceId: '11', units: 2 }] }],
      transitions: [{ at: '2026-03-02T08:00:00.000Z', state: 'reserving' }],
      messages: [{ problem: 'hold_failed', kind: 'notify', state: 'waiting', sentAt: null }],
    });
  });

  it('are listed page by page, by state, by connector and by whether they hold stock', async () => {
    const first = await anOrder();
    const others = [await anOrder(first), await anOrder(first)];
    await first.pend();
    const list = async (query: string) =>
      (await api.get(`/v1/orders?connectorId=${first.connectorId}${query}`)).body.items.map(
        (each) => each.amazonOrderId
      );
    expect(await list('&holdsStock=true')).toEqual([first.amazonOrderId]);
    expect(await list('&state=reserving')).toEqual([first.amazonOrderId]);
    expect((await list('&state=reading')).sort()).toEqual(others.map(({ amazonOrderId }) => amazonOrderId).sort());
    const seen: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query = `connectorId=${first.connectorId}&limit=1${cursor && `&cursor=${cursor}`}`;
      const { body } = await api.get(`/v1/orders?${query}`);
      seen.push(...body.items.map((each) => each.amazonOrderId));
      cursor = body.nextCursor;
    }
    expect(seen.sort()).toEqual([first, ...others].map(({ amazonOrderId }) => amazonOrderId).sort());
  });

  it.each(['?state=lost', '?holdsStock=perhaps', '?cursor=x', '?stage=held'])('refuses %s', async (query) => {
    expect(await api.get(`/v1/orders${query}`)).toMatchObject({ status: 422, body: { code: 'validation_failed' } });
  });

  it('are released and tried again by a person, with a trace of who did', async () => {
    const order = await anOrder();
    expect((await api.post(`${order.path}/release`)).status).toBe(202);
    expect((await api.post(`${order.path}/retry`)).status).toBe(202);
    expect(toldOf(order.amazonOrderId)).toEqual([{ kind: 'release' }, { kind: 'retry' }]);
    const { body } = await api.get(`/v1/audit?connectorId=${order.connectorId}`);
    expect(body.items.slice(0, 2)).toMatchObject([
      { action: 'order.retry-requested', target: { type: 'order', id: order.amazonOrderId } },
      { action: 'order.release-requested' },
    ]);
  });

  it('are shown with what the store has sent, and whether Amazon knows of it', async () => {
    const order = await anOrder();
    const store = orderStore(api.connection);
    const { json, revision } = (await store.get(order.sellerId, order.amazonOrderId))!;
    const at = Date.now();
    const parcel = {
      reference: 1,
      invoiceNumber: 'INV-1',
      carrier: 'Loggi',
      trackingNumber: 'LG-1',
      shippedAt: '2026-03-02T08:00:00.000Z',
      items: [{ orderItemId: '1', units: 2 }],
    };
    const machine = {
      state: 'refused',
      said: 'No.',
      seenAt: at,
      wasSent: true,
      tries: 1,
      failingSince: null,
      nextAt: at,
    };
    const state = { ...(JSON.parse(json) as OrderState), parcels: [{ ...parcel, ...machine } as OrderParcel] };
    const save = { revision: revision + 1, at, state, transitions: [], messages: [] };
    await store.save(order.sellerId, order.amazonOrderId, save);
    const { body } = await api.get(order.path);
    expect(body.parcels).toEqual([{ ...parcel, state: 'refused', refusal: 'No.' }]);
  });

  it('are watched account by account, with what keeps them from being read', async () => {
    const amazon = { sellerId: freshSeller() };
    const ids = [
      await api.connector('active', vtexConnector({ amazon, orders: { defaultZipCode: '10001' } })),
      await api.connector(
        'paused',
        vtexConnector({ amazon: { ...amazon, country: 'MX' }, orders: { defaultZipCode: '06000' } })
      ),
    ];
    await api.connector('active', vtexConnector({ amazon: { ...amazon, country: 'BR' } }));
    await connectorModel(api.connection).updateMany({ _id: { $in: ids } }, { $set: { activatedAt: new Date() } });
    const mine = async () =>
      (await api.get('/v1/order-watches')).body.items.filter((each) => each.sellerId === amazon.sellerId);
    const fresh = { region: 'NA', readUntil: null, readAt: null, hasMore: false, problem: null };
    expect(await mine()).toEqual([{ ...amazon, ...fresh, connectorIds: ids.sort() }]);

    const watches = orderWatchStore(api.connection);
    const account = { ...amazon, region: 'NA' as const };
    const problem = { code: 'auth.forbidden' as const, said: 'No role.', since: new Date('2026-03-02T08:00:00Z') };
    await watches.noteProblem(account, '2026-03-02T07:00:00.000Z', null, problem);
    expect(await mine()).toMatchObject([
      {
        readAt: null,
        problem: { said: 'No role.', since: '2026-03-02T08:00:00.000Z', action: expect.stringContaining('role') },
      },
    ]);
    await watches.note(account, '2026-03-02T09:00:00.000Z', null);
    expect(await mine()).toMatchObject([{ readUntil: '2026-03-02T09:00:00.000Z', problem: null }]);
  });

  it('that are not known are not found, and told nothing', async () => {
    const nobodys = '/v1/orders/A1B2C3D4E5F6G7/701-9999999-9999999';
    for (const answer of [
      await api.get(nobodys),
      await api.post(`${nobodys}/release`),
      await api.post(`${nobodys}/retry`),
    ])
      expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(toldOf('701-9999999-9999999')).toEqual([]);
  });

  it('are not released while the workflow engine is away, and it is known who wanted that', async () => {
    const order = await anOrder();
    api.orchestrator.mood = 'away';
    expect(await api.post(`${order.path}/release`)).toMatchObject({
      status: 503,
      body: { code: 'workflows_unavailable' },
    });
    api.orchestrator.mood = 'there';
    const { body } = await api.get(`/v1/audit?connectorId=${order.connectorId}`);
    expect(body.items.map(({ action }) => action)).toContain('order.release-requested');
  });

  it('are not released while it cannot be noted who wanted that', async () => {
    const order = await anOrder();
    const create = jest.spyOn(auditModel(api.connection), 'create').mockRejectedValue(new Error('away'));
    expect((await api.post(`${order.path}/release`)).status).toBe(500);
    create.mockRestore();
    expect(toldOf(order.amazonOrderId)).toEqual([]);
  });
});

describe('the hook for processing results', () => {
  const BELOW = '/order-integration/notification/processing-result';
  const result = (marketplaceOrderId: string, more: object = {}) => ({
    marketplaceOrderId,
    accountName: 'luma',
    code: 'SOI001',
    flow: 'PlaceOrder',
    success: true,
    operationId: '0',
    errors: null,
    fields: { mainOrderId: 'MKP-123456789', franchiseOrderId: null },
    message: 'Order integrated successfully',
    ...more,
  });

  async function hookOf(connectorId: string): Promise<string> {
    const { body } = await api.get(`/v1/connectors/${connectorId}/hook`);
    return new URL(body.endpoint as string).pathname + BELOW;
  }

  it('tells the order what the store says, without an API key', async () => {
    const order = await anOrder();
    const hook = await hookOf(order.connectorId);
    expect(await api.post(`${hook}?an=luma`, result(order.amazonOrderId), { key: null })).toMatchObject({
      status: 202,
    });
    expect(toldOf(order.amazonOrderId)).toEqual([
      {
        kind: 'result',
        result: { code: 'SOI001', said: 'SOI001', storeOrderId: 'MKP-123456789' },
      },
    ]);
  });

  it('hands on no word of the store’s, which may be the buyer’s name and address, but the names of fields', async () => {
    const order = await anOrder();
    const message = "receiverName 'Ana Souza', street Long Rd and jo.doe@example.com are not valid";
    await api.post(
      await hookOf(order.connectorId),
      result(order.amazonOrderId, { code: 'EOI005', message, fields: null }),
      { key: null }
    );
    expect(toldOf(order.amazonOrderId)).toEqual([
      { kind: 'result', result: { code: 'EOI005', said: 'EOI005: receiverName, street' } },
    ]);
  });

  it('takes nothing at a wrong address, of another account, for an unknown order or without a code', async () => {
    const order = await anOrder();
    const hook = await hookOf(order.connectorId);
    const stranger = await anOrder();
    const send = (path: string, body: object) => api.post(path, body, { key: null });
    expect((await send(hook.replace(/hook_.{8}/, 'hook_AAAAAAAA'), result(order.amazonOrderId))).status).toBe(404);
    expect((await send(`${hook}?an=other`, result(order.amazonOrderId))).status).toBe(422);
    expect((await send(hook, result('701-9999999-9999999'))).status).toBe(404);
    expect((await send(hook, result(stranger.amazonOrderId))).status).toBe(404);
    expect((await send(hook, result(order.amazonOrderId, { code: undefined }))).status).toBe(422);
    expect(toldOf(order.amazonOrderId)).toEqual([]);
  });
});
