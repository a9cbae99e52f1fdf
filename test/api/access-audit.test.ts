import { randomBytes } from 'node:crypto';
import { createAmazon } from '../../adapters/amazon';
import { createInProcessLimiter } from '../../adapters/limiter/in-process';
import { createKeyring } from '../../adapters/secrets/keyring';
import { ENDPOINTS } from '../../api/endpoints';
import { changesBetween } from '../../api/services/audit-changes';
import { alertDeliveryStore } from '../../models/alert-deliveries';
import { auditLog } from '../../models/audit-log';
import { credentialIdOf, credentialStore } from '../../models/credentials';
import { deadLetterModel, deadLetterStore } from '../../models/dead-letters';
import { orderStore } from '../../models/orders';
import { startSandbox, type Sandbox } from '../../sandbox';
import { ApiUnderTest, type Answer } from './api-under-test';
import { freshSeller, listing, putListings, SECRETS, vtexConnector } from './samples';

let api: ApiUnderTest;
let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox({ rateFactor: 100 });
  const world = await fetch(`${sandbox.url}/__sandbox/worlds/w`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ generate: 5, seed: 1 }),
  });
  const { amazon: facts } = (await world.json()) as { amazon: Parameters<typeof credentialsOf>[0] };
  const amazon = createAmazon({
    lwaUrl: `${sandbox.url}/auth/o2/token`,
    spApiUrl: () => sandbox.url,
    limiter: createInProcessLimiter(),
    credentials: credentialsOf(facts),
    timeoutMs: 5_000,
  });
  api = await ApiUnderTest.start({ productTypes: amazon.productTypes });
});
afterAll(async () => {
  await api.stop();
  await sandbox.close();
});

const credentialsOf =
  (facts: { clientId: string; clientSecret: string; refreshToken: string; sellerId: string }) => () =>
    Promise.resolve(facts);

async function aSync(): Promise<{ id: string; connectorId: string }> {
  const connectorId = await api.connector('active');
  const { body } = await api.post(`/v1/connectors/${connectorId}/syncs`, {});
  return { id: body.id, connectorId };
}

async function anOrder(): Promise<string> {
  const sellerId = freshSeller();
  const connectorId = await api.connector('active', vtexConnector({ amazon: { sellerId } }));
  const order = { sellerId, amazonOrderId: '701-0000000-0000001', connectorId };
  await orderStore(api.connection).open(order, {
    affiliateId: 'MZN',
    reserves: true,
    integrates: true,
    destination: { postalCode: '10001', country: 'USA' },
    activatedAt: 0,
    askedSeconds: 600,
    carriers: {},
  });
  return `/v1/orders/${sellerId}/${order.amazonOrderId}`;
}

async function aCredential(): Promise<string> {
  const clientId = `amzn1.application-oa2-client.${freshSeller().toLowerCase()}`;
  const seller = freshSeller();
  await api.connector('active', vtexConnector({ amazon: { clientId, sellerId: seller } }));
  const store = credentialStore(api.connection);
  await store.promote(seller, (await store.newest(clientId, seller))!, { clientSecret: true, refreshToken: true });
  return `/v1/credentials/${credentialIdOf(clientId)}`;
}

async function aDeadLetter(messageId: string): Promise<string> {
  const at = new Date('2026-05-01T10:00:00Z');
  const body = createKeyring(`test:${randomBytes(32).toString('base64')}`).seal('{}');
  const letter = {
    queue: 'q',
    messageId,
    notificationId: messageId,
    type: 'ANY',
    reason: 'Nobody wants it.',
    deliveries: 1,
  };
  await deadLetterStore(api.connection).put({ ...letter, eventTime: at, body, sentAt: at });
  const [newest] = await deadLetterModel(api.connection).find({ messageId });
  return newest!._id;
}

const aChannel = (target = 'https://hooks.example.com/T0/B0/x'): Promise<Answer> =>
  api.post('/v1/alert-channels', { name: 'Ops', kind: 'slack', target });

async function mapped(): Promise<string> {
  const id = await api.connector('active');
  const path = `/v1/connectors/${id}/mappings/SHIRT`;
  const mapping = { attributes: { item_name: { from: 'title' } } };
  expect((await api.request('PUT', path, { body: { mapping, version: 0 } })).status).toBe(200);
  return path;
}

const csv = { body: 'sku,title,price,stock\nA1,Tee,12.50,3\n', headers: { 'content-type': 'text/csv' } };

/** Each changing route, with what is made ready and then asked; and the fields that its entry in the audit trail tells of. */
const CHANGES: Record<string, [() => Promise<Answer>, string[]]> = {
  'POST /v1/connectors': [() => api.post('/v1/connectors', vtexConnector()), ['amazon.clientSecret', 'name']],
  'PATCH /v1/connectors/{connectorId}': [
    async () =>
      api.patch(`/v1/connectors/${await api.connector()}`, {
        name: 'Other',
        source: { appToken: 'another-app-token-9Z' },
        amazon: { refreshToken: SECRETS.nextRefreshToken },
      }),
    ['amazon.refreshToken', 'name', 'source.appToken'],
  ],
  'DELETE /v1/connectors/{connectorId}': [async () => api.delete(`/v1/connectors/${await api.connector()}`), ['state']],
  'PUT /v1/connectors/{connectorId}/catalogue': [
    async () => {
      const { name, amazon } = vtexConnector();
      const id = await api.connector('active', { name, amazon, source: { type: 'file', upload: true } });
      return api.request('PUT', `/v1/connectors/${id}/catalogue?name=products.csv`, csv);
    },
    ['name', 'sha256', 'size'],
  ],
  'POST /v1/connectors/{connectorId}/activate': [
    async () => api.post(`/v1/connectors/${await api.connector('inactive')}/activate`),
    ['state'],
  ],
  'POST /v1/connectors/{connectorId}/pause': [
    async () => api.post(`/v1/connectors/${await api.connector()}/pause`),
    ['state'],
  ],
  'POST /v1/connectors/{connectorId}/resume': [
    async () => api.post(`/v1/connectors/${await api.connector('paused')}/resume`),
    ['state'],
  ],
  'POST /v1/connectors/{connectorId}/syncs': [
    async () => api.post(`/v1/connectors/${await api.connector()}/syncs`, {}),
    ['state'],
  ],
  'POST /v1/syncs/{syncId}/cancel': [async () => api.post(`/v1/syncs/${(await aSync()).id}/cancel`), ['state']],
  'POST /v1/syncs/{syncId}/pause': [async () => api.post(`/v1/syncs/${(await aSync()).id}/pause`), ['state']],
  'POST /v1/syncs/{syncId}/resume': [async () => api.post(`/v1/syncs/${(await aSync()).id}/resume`), ['state']],
  'POST /v1/connectors/{connectorId}/requeue': [
    async () => {
      const id = await api.connector();
      await putListings(api.connection, [listing(id, 'a', { state: 'rejected' })]);
      return api.post(`/v1/connectors/${id}/requeue`, { state: 'rejected' });
    },
    ['requeued'],
  ],
  'POST /v1/connectors/{connectorId}/listings/{sku}/approve-price': [
    async () => {
      const id = await api.connector();
      const usd = (minorUnits: number) => ({ minorUnits, currency: 'USD' });
      await putListings(api.connection, [listing(id, 'a', { sentPrice: usd(4000), heldBackPrice: usd(5250) })]);
      const price = { amount: '52.50', currency: 'USD' };
      return api.post(`/v1/connectors/${id}/listings/a/approve-price`, { price });
    },
    ['price'],
  ],
  'POST /v1/connectors/{connectorId}/mappings/import': [
    async () =>
      api.post(`/v1/connectors/${await api.connector()}/mappings/import`, {
        format: 'longshore.mappings.v1',
        mappings: { SHIRT: { attributes: { bullet_point: { omit: true } } } },
      }),
    ['mappings.SHIRT.bullet_point'],
  ],
  'PUT /v1/connectors/{connectorId}/mappings/{productType}': [
    async () => {
      const mapping = { attributes: { item_name: { from: 'brand' } } };
      return api.request('PUT', await mapped(), { body: { mapping, version: 1 } });
    },
    ['mappings.SHIRT.item_name'],
  ],
  'DELETE /v1/connectors/{connectorId}/mappings/{productType}': [
    async () => api.delete(await mapped(), { headers: { 'if-match': '"1"' } }),
    ['mappings.SHIRT.item_name'],
  ],
  'PUT /v1/connectors/{connectorId}/assignments': [
    async () =>
      api.request('PUT', `/v1/connectors/${await api.connector()}/assignments`, {
        body: { assignments: [{ productType: 'SHIRT', when: { category: 'Men/Tops' } }], version: 0 },
      }),
    ['assignments'],
  ],
  'POST /v1/orders/{sellerId}/{amazonOrderId}/release': [async () => api.post(`${await anOrder()}/release`), ['asked']],
  'POST /v1/orders/{sellerId}/{amazonOrderId}/retry': [async () => api.post(`${await anOrder()}/retry`), ['asked']],
  'PATCH /v1/credentials/{credentialId}': [
    async () => api.patch(await aCredential(), { secretCreatedAt: '2026-01-01T00:00:00Z' }),
    ['secretCreatedAt'],
  ],
  'POST /v1/credentials': [
    () =>
      api.post('/v1/credentials', {
        clientId: `amzn1.application-oa2-client.${freshSeller().toLowerCase()}`,
        clientSecret: SECRETS.clientSecret,
      }),
    ['clientId', 'clientSecret'],
  ],
  'POST /v1/credentials/{credentialId}/secret': [
    async () => api.post(`${await aCredential()}/secret`, { clientSecret: 'amzn1.oa2-cs.v1.another-secret' }),
    ['clientSecret'],
  ],
  'POST /v1/credentials/{credentialId}/rotate': [async () => api.post(`${await aCredential()}/rotate`), ['rotation']],
  'POST /v1/dead-letters/{deadLetterId}/retry': [
    async () => api.post(`/v1/dead-letters/${await aDeadLetter('m-1')}/retry`),
    ['state'],
  ],
  'DELETE /v1/dead-letters/{deadLetterId}': [
    async () => api.delete(`/v1/dead-letters/${await aDeadLetter('m-2')}`),
    ['reason'],
  ],
  'POST /v1/alert-channels': [() => aChannel(), ['kind', 'target']],
  'PATCH /v1/alert-channels/{channelId}': [
    async () =>
      api.patch(`/v1/alert-channels/${(await aChannel()).body.id}`, { target: 'https://hooks.example.com/other' }),
    ['target'],
  ],
  'DELETE /v1/alert-channels/{channelId}': [
    async () => api.delete(`/v1/alert-channels/${(await aChannel()).body.id}`),
    ['kind', 'target'],
  ],
  'POST /v1/alert-channels/{channelId}/test': [
    async () => api.post(`/v1/alert-channels/${(await aChannel('http://127.0.0.1:9')).body.id}/test`),
    ['outcome'],
  ],
  'POST /v1/alert-deliveries/{deliveryId}/retry': [
    async () => {
      const at = new Date();
      const id = `adl_${'0'.repeat(32)}`;
      await alertDeliveryStore(api.connection).add([{ id, channelId: 'ach_x', kind: 'digest', to: [], items: [], at }]);
      return api.post(`/v1/alert-deliveries/${id}/retry`);
    },
    ['state'],
  ],
  'POST /v1/api-keys': [() => api.post('/v1/api-keys', { name: 'x', role: 'viewer' }), ['name', 'role']],
  'DELETE /v1/api-keys/{keyId}': [
    async () => api.delete(`/v1/api-keys/${(await api.post('/v1/api-keys', { name: 'y', role: 'viewer' })).body.id}`),
    ['name', 'role'],
  ],
};

/** Routes that are no reading and yet change nothing that people decide. */
const CHANGE_NOTHING = [
  'POST /codec/decode',
  'POST /codec/encode',
  'POST /v1/connectors/{connectorId}/mappings/{productType}/try',
  'POST /v1/credentials/{credentialId}/test',
  'POST /hooks/vtex/{connectorId}/{token}',
  'POST /hooks/vtex/{connectorId}/{token}/api/notification',
  'POST /hooks/vtex/{connectorId}/{token}/order-integration/notification/processing-result',
];

it('knows every changing route, and no other', () => {
  const changing = ENDPOINTS.filter(({ method }) => method !== 'get');
  expect(changing.map(({ method, path }) => `${method.toUpperCase()} ${path}`).sort()).toEqual(
    [...Object.keys(CHANGES), ...CHANGE_NOTHING].sort()
  );
});

it.each(Object.entries(CHANGES))('%s notes who did it, and what was and is', async (_route, [change, fields]) => {
  const { status, text, headers } = await change();
  expect([status, status < 300 ? '' : text]).toEqual([expect.any(Number), '']);
  const entries = await auditLog(api.connection).page({}, 200);
  const own = entries.filter(({ requestId }) => requestId === headers.get('x-request-id'));
  expect(own.length).toBeGreaterThanOrEqual(1);
  expect(own.every(({ actor }) => actor.id === 'bootstrap')).toBe(true);
  expect(own.flatMap((entry) => entry.fields)).toEqual(expect.arrayContaining(fields));
  for (const { changes } of own) {
    expect(changes.length).toBeGreaterThan(0);
    for (const each of changes) {
      expect(Object.keys(each).sort()).toEqual(['after', 'before', 'field']);
      expect(each.before === null && each.after === null).toBe(false);
    }
  }
  for (const secret of [...Object.values(SECRETS), 'another-app-token-9Z'])
    expect(JSON.stringify(own)).not.toContain(secret);
});

describe('what differs', () => {
  it('is told field by field, and a secret only by its being there', () => {
    const before = { name: 'a', offer: { stock: 1, tags: ['x'] }, 'source.appToken': 'old-secret' };
    const after = { name: 'a', offer: { stock: 2, tags: ['x', 'y'] }, 'source.appToken': 'new-secret', note: 'n' };
    expect(changesBetween(before, after, ['source.appToken'])).toEqual([
      { field: 'note', before: null, after: 'n' },
      { field: 'offer.stock', before: '1', after: '2' },
      { field: 'offer.tags', before: '["x"]', after: '["x","y"]' },
      { field: 'source.appToken', before: '[secret]', after: '[secret]' },
    ]);
    expect(changesBetween(after, after)).toEqual([]);
  });

  it('is cut short, and has no token in it wherever somebody put one', () => {
    const [change] = changesBetween(null, { note: `${'x'.repeat(400)}` });
    expect(change!.after).toHaveLength(300);
    expect(JSON.stringify(changesBetween(null, { note: `see ${SECRETS.refreshToken}` }))).not.toContain('IwEBIH4s7Pq0');
  });
});
