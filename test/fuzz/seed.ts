import { randomBytes } from 'node:crypto';
import { createKeyring } from '../../adapters/secrets/keyring';
import type { OrderPolicy } from '../../domain/orders/order-state';
import { alertDeliveryStore } from '../../models/alert-deliveries';
import { credentialIdOf } from '../../models/credentials';
import { deadLetterModel, deadLetterStore } from '../../models/dead-letters';
import { orderStore } from '../../models/orders';
import { syncRunModel } from '../../models/sync-runs';
import type { ApiUnderTest } from '../api/api-under-test';
import { freshSeller, listing, putListings, putRun, vtexConnector } from '../api/samples';

/** Values of parameters that lead to something, as `path.connectorId`; for single operations, those that they may use up. */
export interface Seed {
  parameters: Record<string, string[]>;
  operations: Record<string, Record<string, string[]>>;
}

const POLICY: OrderPolicy = {
  affiliateId: 'MZN',
  reserves: true,
  integrates: true,
  destination: { postalCode: '10001', country: 'USA' },
  activatedAt: 0,
  askedSeconds: 600,
  carriers: {},
};

const NOWHERE = 'con_00000000000000000000';

async function aDeadLetter(api: ApiUnderTest, messageId: string): Promise<string> {
  const at = new Date();
  const body = createKeyring(`test:${randomBytes(32).toString('base64')}`).seal('{}');
  const about = {
    queue: 'q',
    messageId,
    notificationId: messageId,
    type: 'ANY',
    reason: 'Nobody wants it.',
    deliveries: 1,
  };
  await deadLetterStore(api.connection).put({ ...about, eventTime: at, body, sentAt: at });
  const [letter] = await deadLetterModel(api.connection).find({ messageId });
  return letter!._id;
}

/** Fills an API with something of everything, so that requests reach further than "there is no such connector". */
export async function seed(api: ApiUnderTest): Promise<Seed> {
  const sellerId = freshSeller();
  // As the documentation's example of a notification has it.
  const affiliateId = 'SPT';
  const active = await api.connector('active', vtexConnector({ amazon: { sellerId }, source: { affiliateId } }));
  const inactive = await api.connector('inactive');
  const draft = await api.connector('draft');
  const { name, amazon } = vtexConnector();
  const files = await api.connector('inactive', { name, amazon, source: { type: 'file', upload: true } });
  const usd = (minorUnits: number) => ({ minorUnits, currency: 'USD' });
  await putListings(api.connection, [
    listing(active, 'A1'),
    listing(active, 'A2', { state: 'rejected' }),
    listing(active, 'A/3', { sentPrice: usd(4000), heldBackPrice: usd(5250) }),
  ]);
  const ended = 'syn_0000000000000000e0de';
  await putRun(api.connection, { _id: ended, connectorId: active, outcome: 'completed', endedAt: new Date() });
  const running = (await api.post(`/v1/connectors/${active}/syncs`, {})).body.id;
  await syncRunModel(api.connection).updateOne({ _id: running }, { $set: { phase: 'publish', total: 3 } });
  const amazonOrderId = '701-1234567-7654321';
  await orderStore(api.connection).open({ sellerId, amazonOrderId, connectorId: active }, POLICY);
  const key = (await api.post('/v1/api-keys', { name: 'of the seed', role: 'viewer' })).body.id;
  const victim = (await api.post('/v1/api-keys', { name: 'to be revoked', role: 'viewer' })).body.id;
  const channel = (kind: string) =>
    api.post('/v1/alert-channels', { name: 'Ops', kind, target: 'http://127.0.0.1:9/services/x' });
  const channels = [(await channel('slack')).body.id, (await channel('slack')).body.id];
  const hook = new URL((await api.get(`/v1/connectors/${active}/hook`)).body.endpoint as string).pathname;
  const atHook = { 'path.connectorId': [active], 'path.token': [hook.split('/').at(-1)!] };
  const clientId = amazon.clientId as string;

  const at = new Date();
  const deliveryId = `adl_${'0'.repeat(32)}`;
  await alertDeliveryStore(api.connection).add([
    { id: deliveryId, channelId: channels[0]!, kind: 'digest', to: [], items: [], at },
  ]);
  const letters = [await aDeadLetter(api, 'm-1'), await aDeadLetter(api, 'm-2')];
  const csv = { body: 'sku,title,price,stock\nA1,Tee,12.50,3\n', headers: { 'content-type': 'text/csv' } };
  await api.request('PUT', `/v1/connectors/${files}/catalogue?name=products.csv`, csv);

  return {
    parameters: {
      'path.connectorId': [active, inactive, draft, files, NOWHERE],
      'query.connectorId': [active, inactive, NOWHERE],
      'query.connector': [active],
      'path.syncId': [ended, running, 'syn_0'],
      'path.sku': ['A1', 'A2', 'A%2F3', 'nothing'],
      'path.sellerId': [sellerId],
      'path.amazonOrderId': [amazonOrderId, '701-0'],
      'path.credentialId': [credentialIdOf(clientId), 'cred_0'],
      'path.productType': ['SHIRT', 'LUGGAGE', 'NO_SUCH_TYPE'],
      'path.keyId': [key],
      'path.channelId': [channels[0]!, 'ach_0'],
      'path.deliveryId': [deliveryId, 'adl_0'],
      'path.deadLetterId': [letters[0]!, 'dl_0'],
    },
    operations: {
      'DELETE /v1/connectors/{connectorId}': { 'path.connectorId': [await api.connector('paused'), NOWHERE] },
      'DELETE /v1/api-keys/{keyId}': { 'path.keyId': [victim, 'key_0'] },
      'DELETE /v1/alert-channels/{channelId}': { 'path.channelId': [channels[1]!, 'ach_0'] },
      'DELETE /v1/dead-letters/{deadLetterId}': { 'path.deadLetterId': [letters[1]!, 'dl_0'] },
      'GET /v1/connectors/{connectorId}/catalogue': { 'path.connectorId': [files, active] },
      'PUT /v1/connectors/{connectorId}/catalogue': { 'path.connectorId': [files] },
      // A run that goes on streams for as long as it does.
      'GET /v1/syncs/{syncId}/events': { 'path.syncId': [ended, 'syn_0'] },
      'POST /hooks/vtex/{connectorId}/{token}': atHook,
      'POST /hooks/vtex/{connectorId}/{token}/api/notification': atHook,
      'POST /hooks/vtex/{connectorId}/{token}/order-integration/notification/processing-result': atHook,
    },
  };
}
