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
import { rotationStore } from '../../models/credential-rotations';
import { credentialModel, credentialStore } from '../../models/credentials';
import { alertStore } from '../../models/alerts';
import { connectDatabase } from '../../models/database';
import { ensureIndexes } from '../../models/indexes';
import { orderWatchStore } from '../../models/order-watches';
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
    const found = await runs(connectorId, 'synchronization');
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
    expect((await runs(connectorId, 'synchronization')).atWork[0]!.mark).not.toBe(atWork!.mark);
  });

  it('are the tests of a connector whose schedule makes tests, as well', async () => {
    const connectorId = 'con_0000000000000000000f';
    const run = (n: number, parts: object) =>
      putRun(connection, { _id: `syn_t${n}`, connectorId, startedAt: at(n), endedAt: at(n + 1), ...parts });
    await run(1, { outcome: 'completed' });
    await run(2, { outcome: 'failed', mode: 'test' });
    await run(3, { outcome: 'completed', mode: 'preview' });
    const { runs } = alertFactQueries(connection);
    const tests = await runs(connectorId, 'test');
    expect(tests.ended.map(({ id }) => id)).toEqual(['syn_t2', 'syn_t1']);
    expect(tests.lastStartedAt).toEqual(at(2));
    await run(4, { mode: 'test', endedAt: null });
    expect((await runs(connectorId, 'test')).lastStartedAt).toEqual(at(4));
    expect((await runs(connectorId, 'synchronization')).lastStartedAt).toEqual(at(1));
  });

  it('are a long run at work and the syncs before it, however many runs came and went beside them', async () => {
    const connectorId = 'con_00000000000000000010';
    await putRun(connection, { _id: 'syn_long', connectorId, mode: 'test', startedAt: at(1) });
    await putRun(connection, { _id: 'syn_sync', connectorId, startedAt: at(2), endedAt: at(3), outcome: 'failed' });
    for (let n = 0; n < 25; n += 1)
      await putRun(connection, {
        _id: `syn_beside_${n}`,
        connectorId,
        mode: 'preview',
        startedAt: at(10 + n),
        endedAt: at(11 + n),
        outcome: 'completed',
      });
    const found = await alertFactQueries(connection).runs(connectorId, 'synchronization');
    expect(found.atWork.map(({ id }) => id)).toEqual(['syn_long']);
    expect(found.ended.map(({ id }) => id)).toEqual(['syn_sync']);
    expect(found.lastStartedAt).toEqual(at(2));
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

  it('are the accounts whose orders are watched and cannot be read, with whose orders they are', async () => {
    const watches = orderWatchStore(connection);
    const problem = { code: 'auth.forbidden' as const, said: 'Amazon denies searchOrders.', since: at(0) };
    const unread = async (sellerId: string, region: 'NA' | 'EU') =>
      watches.noteProblem({ sellerId, region }, at(0).toISOString(), null, problem);
    const connector = (id: string, sellerId: string, country: string, state = 'active', zip?: string) => ({
      _id: id,
      state,
      activatedAt: at(-10),
      config: {
        name: `Store ${id}`,
        source: { type: 'vtex' },
        amazon: { sellerId, country },
        orders: { defaultZipCode: zip ?? '10001' },
      },
    });
    await connectorModel(connection).collection.insertMany([
      connector('con_us', 'A1UNREAD', 'US'),
      connector('con_ca', 'A1UNREAD', 'CA', 'paused'),
      connector('con_de', 'A1UNREAD', 'DE'),
      connector('con_well', 'A2READ', 'US'),
      connector('con_gone', 'A3GONE', 'US', 'removing'),
    ] as never);
    await unread('A1UNREAD', 'NA');
    await unread('A3GONE', 'NA');
    await unread('A4UNKNOWN', 'EU');
    await unread('A2READ', 'NA');
    await watches.note({ sellerId: 'A2READ', region: 'NA' }, at(1).toISOString(), null);
    const queries = alertFactQueries(connection);
    const found = async () => queries.unreadOrders(await queries.connectors());
    const connectors = [
      { id: 'con_us', name: 'Store con_us' },
      { id: 'con_ca', name: 'Store con_ca' },
    ];
    expect(await found()).toEqual([
      { sellerId: 'A1UNREAD', region: 'NA', connectors: expect.arrayContaining(connectors) as object[], problem },
    ]);
    expect((await found())[0]!.connectors).toHaveLength(2);
    await watches.note({ sellerId: 'A1UNREAD', region: 'NA' }, at(2).toISOString(), null);
    expect(await found()).toEqual([]);
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
    expect(await queries.credentials(new Date())).toEqual([
      {
        id,
        clientId: 'amzn1.application-oa2-client.a',
        deadlines: [expect.objectContaining({ of: 'client-secret' }), expect.objectContaining({ of: 'authorisation' })],
        connectorIds: ['con_z'],
        failedRotation: null,
      },
    ]);
    const credentials = credentialModel(connection);
    const secretCreatedAt = new Date(Date.now() - 3 * 3_600_000);
    const until = new Date(Date.now() + 6 * 24 * 3_600_000);
    const previous = { secret: box.seal('p'), until };
    const fallback = { tryAgainAt: new Date() };
    const set = { secretCreatedAt, 'clientSecret.previous': previous, 'clientSecret.fallback': fallback };
    await credentials.updateOne({ _id: id }, { $set: set });
    const [usesPrevious] = await queries.credentials(new Date());
    expect(usesPrevious!.deadlines[0]).toEqual({ of: 'client-secret', dueAt: until });

    const rotations = rotationStore(connection);
    const begunAt = new Date(secretCreatedAt.getTime() + 60_000);
    const waitingFor = { code: 'not_enrolled', message: 'Register a queue.', owner: 'longshore' as const, since: '' };
    await rotations.ask(id, 'asked', begunAt);
    expect((await queries.credentials(new Date()))[0]!.failedRotation).toBeNull();
    await rotations.end(id, 'requesting', { state: 'failed', waitingFor }, begunAt);
    const failed = async () => (await queries.credentials(new Date()))[0]!.failedRotation;
    expect(await failed()).toEqual({ since: begunAt, action: 'Register a queue.' });
    // Another has come into use since.
    await store.setDates(id, { secretCreatedAt: new Date() });
    expect(await failed()).toBeNull();

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
