import { randomBytes } from 'node:crypto';
import type { Connection } from 'mongoose';
import { createKeyring } from '../../adapters/secrets/keyring';
import { emptyCounts } from '../../domain/listing';
import type { OrderStage } from '../../domain/orders/order-view';
import { withDatabase } from '../../embedded/mongodb';
import { alertChannelStore, BUILT_IN_CHANNEL } from '../../models/alert-channels';
import { alertDeliveryStore } from '../../models/alert-deliveries';
import { alertFactQueries } from '../../models/alert-facts';
import { alertWatchStore } from '../../models/alert-watch';
import { connectorModel } from '../../models/connectors';
import { credentialStore } from '../../models/credentials';
import { alertStore } from '../../models/alerts';
import { connectDatabase } from '../../models/database';
import { ensureIndexes } from '../../models/indexes';
import { orderModel } from '../../models/orders';
import { productTypeModel } from '../../models/product-types';
import { listing, putListings, putRun } from '../api/samples';
import { condition } from '../domain/alerts/alert-world';

let connection: Connection;
beforeAll(async () => {
  const name = `alerts_${randomBytes(6).toString('hex')}`;
  connection = await connectDatabase(withDatabase(process.env.TEST_MONGODB_URI!, name));
  await ensureIndexes(connection);
});
afterAll(async () => {
  await connection.dropDatabase();
  await connection.close();
});

const at = (minutes: number): Date => new Date(Date.parse('2026-03-02T12:00:00Z') + minutes * 60_000);

describe('the facts that alerts go by', () => {
  it('are the syncs of a connector that ended well or not, those at work, and when the last was started', async () => {
    const connectorId = 'con_0000000000000000000a';
    const run = (n: number, parts: object) =>
      putRun(connection, { _id: `syn_${n}`, connectorId, startedAt: at(n), endedAt: at(n + 1), ...parts });
    await run(1, { outcome: 'completed' });
    await run(2, { outcome: 'failed', outcomeReason: 'VTEX does not answer.' });
    await run(3, { outcome: 'skipped' });
    await run(4, { outcome: 'cancelled' });
    await run(5, { outcome: 'failed', mode: 'test' });
    await run(6, { outcome: null, endedAt: null, phase: 'publish' });
    await putRun(connection, { _id: 'syn_other', connectorId: 'con_0000000000000000000b' });
    const { runs } = alertFactQueries(connection);
    const found = await runs(connectorId);
    expect(found.ended.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['syn_2', 'failed'],
      ['syn_1', 'completed'],
    ]);
    expect(found.lastStartedAt).toEqual(at(6));
    const [atWork] = found.atWork;
    expect(atWork).toMatchObject({ id: 'syn_6', run: { phase: 'publish', paused: false, waitingFor: null } });
    await connection
      .collection('syncRuns')
      .updateOne({ _id: 'syn_6' as never }, { $set: { counts: { ...emptyCounts(), live: 1 } } });
    expect((await runs(connectorId)).atWork[0]!.mark).not.toBe(atWork!.mark);
  });

  it('are the SKUs that something is wrong with, and not those that are held back as somebody wants it', async () => {
    const connectorId = 'con_0000000000000000000c';
    const blocked = (reason: string) => ({
      state: 'blocked' as const,
      verdict: { kind: 'block' as const, reasons: [], blockReason: reason },
    });
    await putListings(connection, [
      listing(connectorId, 'live'),
      listing(connectorId, 'rejected', { state: 'rejected' }),
      listing(connectorId, 'unseen', { state: 'not_visible' }),
      listing(connectorId, 'unmapped', blocked('unmapped')),
      listing(connectorId, 'kit', blocked('kit')),
      listing(connectorId, 'inactive', blocked('inactive')),
      listing('con_0000000000000000000d', 'other', { state: 'rejected' }),
    ]);
    expect(await alertFactQueries(connection).problems(connectorId)).toEqual({ problems: 3, total: 6 });
  });

  it('are the orders in trouble, since they came to be', async () => {
    const order = (id: string, stage: OrderStage, stages: OrderStage[], mail: 'sent' | 'not_sent' | null) => ({
      _id: `A1:${id}`,
      sellerId: 'A1',
      amazonOrderId: id,
      connectorId: 'con_0000000000000000000e',
      revision: 1,
      json: '{}',
      stage,
      reason: `It is ${stage}.`,
      holdsStock: false,
      lookedAt: at(0),
      transitions: stages.map((each, n) => ({ at: at(n).getTime(), stage: each, reason: '' })),
      messages: mail === null ? [] : [{ key: 'x:notify', kind: 'notify', problem: 'x', message: '', state: mail }],
    });
    await orderModel(connection).collection.insertMany([
      order('held', 'held', ['reserving', 'held'], null),
      order('unheld', 'unheld', ['reading', 'reserving', 'unheld'], 'sent'),
      order('again', 'failing', ['failing', 'integrating', 'failing', 'attention', 'failing'], 'not_sent'),
    ] as never);
    const found = (await alertFactQueries(connection).orders()).get('con_0000000000000000000e');
    expect(found!.map(({ amazonOrderId, since, isMailed }) => [amazonOrderId, since, isMailed]).sort()).toEqual([
      ['again', at(2), false],
      ['unheld', at(1), true],
    ]);
  });

  it('are the credentials in use with their deadlines, and the product types that changed lately', async () => {
    const box = createKeyring(`test:${randomBytes(32).toString('base64')}`);
    const store = credentialStore(connection);
    const id = await store.propose('amzn1.application-oa2-client.a', 'A1', {
      clientSecret: box.seal('s'),
      refreshToken: box.seal('t'),
    });
    await store.propose('amzn1.application-oa2-client.unproved', 'A1', { clientSecret: box.seal('s') });
    const pair = (await store.newest('amzn1.application-oa2-client.a', 'A1'))!;
    await store.promote('A1', pair, { clientSecret: true, refreshToken: true });
    await connectorModel(connection).collection.insertOne({ _id: 'con_z', credentialId: id, state: 'active' } as never);
    const queries = alertFactQueries(connection);
    expect(await queries.credentials()).toEqual([
      {
        id,
        clientId: 'amzn1.application-oa2-client.a',
        deadlines: [expect.objectContaining({ of: 'client-secret' }), expect.objectContaining({ of: 'authorisation' })],
        connectorIds: ['con_z'],
      },
    ]);

    const type = (version: string, changedAt: Date | null) => ({
      _id: version,
      key: 'k',
      productType: 'SHIRT',
      marketplaceId: 'M1',
      requirements: 'LISTING',
      locale: 'DEFAULT',
      displayName: 'Shirt',
      version,
      checksum: 'c',
      firstSeenAt: at(0),
      lookedAt: at(0),
      change: changedAt && { at: changedAt, fromVersion: 'v0', skus: { touched: 2, ofType: 5 } },
    });
    await productTypeModel(connection).create([type('v1', null), type('v2', at(-100)), type('v3', at(5))] as never);
    expect(await queries.schemaChanges(at(0))).toEqual([
      { productType: 'SHIRT', marketplaceId: 'M1', version: 'v3', at: at(5), touched: 2, ofType: 5 },
    ]);
  });
});

describe('what the watch keeps', () => {
  it('is written by one of two looks that go on at once', async () => {
    const watch = alertWatchStore(connection);
    const [one, other] = await Promise.all([watch.open(at(0)), watch.open(at(0))]);
    expect(one).toEqual(other);
    const next = { plan: { alerts: [], messages: [], digests: [] }, lookedAt: at(1), upSince: at(0), connectors: [] };
    const written = await Promise.all([watch.commit(0, next), watch.commit(0, next)]);
    expect(written.sort()).toEqual([false, true]);
    expect(await watch.open(at(2))).toMatchObject({ revision: 1, plan: next.plan, lookedAt: at(1) });
    await watch.done(0);
    expect((await watch.open(at(2))).plan).not.toBeNull();
    await watch.done(1);
    expect((await watch.open(at(2))).plan).toBeNull();
  });

  it('is what stands, what would be a relapse, and what somebody is to hear of still', async () => {
    const store = alertStore(connection);
    const alert = (key: string, endedMinutes: number | null, told: object = {}) => ({
      ...condition({ key }),
      absentSince: null,
      endedAt: endedMinutes === null ? null : at(endedMinutes),
      relapses: 0,
      told: told as Record<string, never>,
    });
    const day = -24 * 60;
    await store.write(
      [
        alert('stands', null),
        alert('lately', day + 1),
        alert('long ago', day - 1),
        alert('to be told', day - 1, { ach_1: { lastAt: at(day - 60), heldSince: null } }),
      ],
      1
    );
    const known = await store.known(at(0));
    expect(known.map(({ key }) => key).sort()).toEqual(['lately', 'stands', 'to be told']);
    expect(known.find(({ key }) => key === 'stands')).toEqual(alert('stands', null));
  });

  it('has messages started that were not, and the first of a channel that was forgotten', async () => {
    const deliveries = alertDeliveryStore(connection);
    const message = (id: string, channelId: string, minutes: number) => ({
      id,
      channelId,
      kind: 'digest' as const,
      to: [],
      items: [],
      at: at(minutes),
    });
    await deliveries.add([message('adl_1', 'ach_1', 0), message('adl_2', 'ach_1', 0), message('adl_3', 'ach_2', 50)]);
    expect(await deliveries.toStart(at(10))).toEqual(['adl_1', 'adl_2', 'adl_3']);
    for (const id of ['adl_1', 'adl_2', 'adl_3']) await deliveries.noteStarted(id);
    expect(await deliveries.toStart(at(-10))).toEqual([]);
    expect(await deliveries.toStart(at(10))).toEqual(['adl_1']);
    await deliveries.noteTry('adl_1', { at: at(1), outcome: 'taken', said: '' }, { state: 'delivered', nextAt: null });
    expect(await deliveries.toStart(at(10))).toEqual(['adl_2']);
    expect([await deliveries.head('ach_1'), await deliveries.head('ach_none')]).toEqual(['adl_2', undefined]);
  });

  it('has the channel of ALERT_TO while there is mail, as it was set up', async () => {
    const channels = alertChannelStore(connection);
    expect(await channels.all([], at(0))).toEqual([]);
    const [made] = await channels.all(['ops@example.com'], at(0));
    expect(made).toMatchObject({ _id: BUILT_IN_CHANNEL, addresses: ['ops@example.com'], isEnabled: true });
    expect(await channels.change(BUILT_IN_CHANNEL, 1, { isEnabled: false })).toBe(true);
    expect(await channels.change(BUILT_IN_CHANNEL, 1, { isEnabled: true })).toBe(false);
    await channels.noteDigest(BUILT_IN_CHANNEL, '2026-03-02');
    await channels.noteDigest(BUILT_IN_CHANNEL, '2026-03-01');
    expect(await channels.all(['b@example.com'], at(9))).toMatchObject([
      { addresses: ['b@example.com'], isEnabled: false, digestDay: '2026-03-02' },
    ]);
    expect(await channels.get(BUILT_IN_CHANNEL, [])).toBeUndefined();
  });
});
