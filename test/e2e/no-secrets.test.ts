import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { mongo } from 'mongoose';
import { createKeyring } from '../../adapters/secrets/keyring';
import { createDataConverter, createPayloadCodec } from '../../adapters/temporal/codec';
import { places as placesIn } from '../../embedded/places';
import type { World } from '../workflows/rig';
import { HookReceiver } from '../hook-receiver';
import { connectorInput } from './public-api';
import { newIdempotencyKey, RealStack, until } from './real-stack';

jest.setTimeout(300_000);

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');
const SMTP_PASSWORD = `mail-${hex(12)}+/`;
const MISTYPED = `amzn1.oa2-cs.v1.${hex(32)}`;
const GUESSED_KEY = `lsk_${randomBytes(32).toString('base64url')}`;
/** Whoever knows where a channel leads can write there. */
const CHANNEL_PATH = `/services/channel-${hex(16)}`;
/** Stands where secrets must not, so that a search that finds nothing is known to have looked. */
const MARKER = `marker-${hex(12)}`;

/** How a secret may be written down. */
function formsOf(secret: string): string[] {
  const inForm = new URLSearchParams({ '': secret }).toString().slice(1);
  const json = JSON.stringify(secret).slice(1, -1);
  // In base64 of something longer it begins at one of three places; its first and last letters depend on what is around.
  const base64 = [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
    const core = (text: string): string => text.replace(/=+$/, '').slice(before === 0 ? 0 : 4, -1);
    return [core(bytes.toString('base64')), core(bytes.toString('base64url'))];
  });
  return [...new Set([secret, encodeURIComponent(secret), inForm, json, ...base64])];
}

/** Every text in a value, bytes read as text, whatever it is wrapped in. */
function textsIn(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof mongo.Binary) return textsIn(value.buffer);
  return Object.entries(value)
    .map(([name, each]) => `${name} ${textsIn(each)}`)
    .join('\n');
}

/** Somewhere that was searched: its bytes, and what must be found there for the search to count. */
interface Place {
  name: string;
  bytes: Buffer;
  control: string;
}

const place = (name: string, content: string | Buffer, control: string): Place => ({
  name,
  bytes: Buffer.from(content),
  control,
});

/** Which secrets stand where, by their names. */
function found(places: readonly Place[], secrets: Record<string, string>): string[] {
  return places.flatMap(({ name, bytes }) =>
    Object.entries(secrets).flatMap(([which, secret]) =>
      formsOf(secret).some((form) => bytes.includes(form)) ? [`${which} in ${name}`] : []
    )
  );
}

describe('after a full life of a connector, no secret that was used', () => {
  let stack: RealStack;
  let client: Client;
  let receiver: HookReceiver;
  const places: Place[] = [];
  const secrets: Record<string, string> = {};

  /** Creates a connector with a wrong secret, mends it, syncs through failures, rotates the secret, and restarts everything. */
  async function live(): Promise<{ connectorId: string; syncId: string; events: string }> {
    const world = await stack.sandbox.ask<World>('PUT', 'worlds/no-secrets', { generate: 10, seed: 5 });
    const { clientSecret, refreshToken } = world.amazon;
    Object.assign(secrets, { clientSecret, refreshToken, appToken: world.vtex.appToken });

    // The other sides repeat what they were sent.
    const echo = `Refused: ${clientSecret} ${MISTYPED} ${refreshToken} Atza|${hex(20)} token=${world.vtex.appToken}`;
    const echoed = { errors: [{ code: 'InvalidInput', message: echo }], message: echo, error: { message: echo } };
    const fault = (operation: string, status: number, times: number) =>
      stack.sandbox.fault({ match: { operation }, kind: 'status', status, body: echoed, times });
    await fault('vtex.*', 500, 1);

    const input = connectorInput(world);
    const amazon = { ...(input.amazon as object), clientSecret: MISTYPED };
    const { id: connectorId } = await stack.api.ask<{ id: string }>('/v1/connectors', {
      method: 'POST',
      body: { ...input, amazon },
      headers: { 'idempotency-key': newIdempotencyKey() },
    });
    const onboarding = () => stack.api.ask<{ waitingFor: unknown }>(`/v1/connectors/${connectorId}/onboarding`);
    await until(async () => (await onboarding()).waitingFor !== null, 'the wrong secret to be found out');
    const patch = (secret: string) =>
      stack.api.ask(`/v1/connectors/${connectorId}`, { method: 'PATCH', body: { amazon: { clientSecret: secret } } });
    await patch(clientSecret);
    await stack.api.whenOnboarded(connectorId);
    await badRequests(connectorId, refreshToken);
    await hooks(connectorId);
    const channelId = await aChannel();

    await fault('putListingsItem', 400, 1);
    await fault('putListingsItem', 500, 2);
    const syncId = await stack.api.activate(connectorId);
    let events = '';
    for await (const { event, data } of stack.api.events(syncId)) events += `${event} ${JSON.stringify(data)}\n`;
    await stack.api.ended(syncId);
    await stack.sandbox.liftFaults();

    const rotated = await stack.sandbox.ask<World>('POST', 'worlds/no-secrets/amazon', {
      newClientSecret: true,
      expireTokens: true,
    });
    secrets.rotated = rotated.amazon.clientSecret;
    expect(secrets.rotated).not.toBe(clientSecret);
    await patch(secrets.rotated);
    await stack.kill('worker', 'SIGTERM');
    await stack.kill('api', 'SIGTERM');
    await Promise.all([stack.startWorker(), stack.startApi()]);
    await stack.api.whenOnboarded(connectorId);
    const next = await stack.api.startSync(connectorId);
    await stack.api.ended(next);
    await alerted(connectorId, channelId);
    return { connectorId, syncId, events };
  }

  /** What an answer says that is meant to show a secret, and is looked at for none. */
  async function shown<T>(path: string, call: { method?: string; body?: object } = {}): Promise<T> {
    const body = await stack.api.ask<T>(path, call);
    stack.api.answered.splice(-1);
    return body;
  }

  /** What a store calls, rightly and not. */
  async function hooks(connectorId: string): Promise<void> {
    const { endpoint } = await shown<{ endpoint: string }>(`/v1/connectors/${connectorId}/hook`);
    const { pathname } = new URL(endpoint);
    secrets.hookToken = pathname.split('/').at(-1)!;
    const send = (path: string, body: object) =>
      stack.api.call<object>(path, { method: 'POST', body, key: secrets.hookToken });
    expect((await send(pathname, { IdSku: secrets.hookToken })).status).toBe(422);
    expect((await send(`${pathname}/nothing`, {})).status).toBe(404);
    expect((await send(pathname.replace('con_', 'con_0'), {})).status).toBeGreaterThanOrEqual(400);
  }

  /** A channel of signed webhooks whose receiver repeats what it was sent. */
  async function aChannel(): Promise<string> {
    receiver.answer = ({ path, headers }) => ({ status: 404, body: `Cannot POST ${path} ${JSON.stringify(headers)}` });
    const target = `http://127.0.0.1:${receiver.port}${CHANNEL_PATH}`;
    const body = { name: 'On call', kind: 'webhook', target };
    const { id, secret } = await shown<{ id: string; secret: string }>('/v1/alert-channels', { method: 'POST', body });
    Object.assign(secrets, { CHANNEL_PATH, channelSecret: secret, channelKey: secret.replace('whsec_', '') });
    const change = (wanted: object) => stack.api.call(`/v1/alert-channels/${id}`, { method: 'PATCH', body: wanted });
    expect((await change({ target: `${target}?again=1` })).status).toBe(200);
    expect((await change({ [secret]: target })).status).toBe(422);
    return id;
  }

  /** Somebody is told something, and the channel refuses it and then takes it. */
  async function alerted(connectorId: string, channelId: string): Promise<void> {
    const { credentialId } = await stack.api.ask<{ credentialId: string }>(`/v1/connectors/${connectorId}`);
    const secretCreatedAt = new Date(Date.now() - 175 * 24 * 3_600_000).toISOString();
    await stack.api.ask(`/v1/credentials/${credentialId}`, { method: 'PATCH', body: { secretCreatedAt } });
    await stack.api.ask(`/v1/alert-channels/${channelId}/test`, { method: 'POST' });
    const isTold = () => Promise.resolve(receiver.hooks.some(({ body }) => body.type === 'alert.firing'));
    await until(isTold, 'the channel to be told of the credential', 90);
    receiver.answer = () => ({ status: 204 });
    const deliveries = () => stack.api.ask<{ items: { state: string }[] }>('/v1/alert-deliveries');
    await until(
      async () => (await deliveries()).items.some(({ state }) => state === 'delivered'),
      'the message to be taken',
      90
    );
    for (const path of ['alerts', 'alert-channels', `alert-channels/${channelId}`]) await stack.api.ask(`/v1/${path}`);
  }

  /** Requests that hold secrets where none belong. */
  async function badRequests(connectorId: string, token: string): Promise<void> {
    const at = encodeURIComponent(token);
    const refused = [
      stack.api.call(`/v1/connectors/${at}`),
      stack.api.call(`/v1/connectors?${at}=${at}`),
      stack.api.call(`/${MISTYPED}`, { headers: { 'x-request-id': MARKER } }),
      stack.api.call(`/v1/connectors/${connectorId}`, { method: 'PATCH', body: { [token]: MISTYPED } }),
      stack.api.call(`/v1/connectors/${connectorId}`, { method: 'PATCH', body: { amazon: { country: token } } }),
      stack.api.call(`/v1/connectors/${connectorId}`, { method: 'PATCH', body: [token] }),
      stack.api.call('/v1/connectors', { method: 'POST', body: token, headers: { 'idempotency-key': MISTYPED } }),
      stack.api.call('/v1/connectors', { key: GUESSED_KEY }),
      stack.api.call('/v1/connectors', { key: token.replaceAll(/[^\x21-\x7e]/g, '') }),
    ];
    for (const answer of await Promise.all(refused)) expect(answer.status).toBeGreaterThanOrEqual(400);
  }

  /** What only a search that works finds. */
  async function plant(database: mongo.Db): Promise<void> {
    await database.collection('controls').insertOne({ text: MARKER });
    // Nothing of this name is there, so that nothing is done.
    const options = { taskQueue: 'longshore', workflowId: `planted-${MARKER}`, args: [{ planted: `in-${MARKER}` }] };
    const planted = await client.workflow.start('nothingOfThisName', options);
    await planted.terminate(MARKER);
  }

  async function histories(): Promise<Place[]> {
    const codec = createPayloadCodec(createKeyring(stack.settings.ENCRYPTION_KEYS!));
    const raw = new Client({ connection: client.connection, namespace: client.options.namespace });
    /** A message with every payload in it decrypted. */
    async function decoded(value: unknown): Promise<unknown> {
      if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
      if ('metadata' in value && 'data' in value) return (await codec.decode([value as Payload]))[0];
      const entries = Object.entries(value).map(async ([name, each]) => [name, await decoded(each)] as const);
      return Object.fromEntries(await Promise.all(entries));
    }
    const all: Place[] = [];
    for await (const { workflowId, runId } of raw.workflow.list()) {
      const handle = raw.workflow.getHandle(workflowId, runId);
      const { raw: described } = await handle.describe();
      const text = textsIn(await decoded([(await handle.fetchHistory()).events, described]));
      all.push(
        place(`the history of ${workflowId}`, text, workflowId.startsWith('planted') ? `in-${MARKER}` : workflowId)
      );
    }
    for await (const { scheduleId } of raw.schedule.list()) {
      const { workflowService } = raw;
      const described = await workflowService.describeSchedule({ namespace: raw.options.namespace, scheduleId });
      all.push(place(`the schedule ${scheduleId}`, textsIn(await decoded(described)), 'longshore'));
    }
    return all;
  }

  async function collections(database: mongo.Db): Promise<Place[]> {
    const all = await database.listCollections().toArray();
    return Promise.all(
      all.map(async ({ name }) => {
        const documents = await database.collection(name).find().toArray();
        return place(
          `the collection ${name}`,
          textsIn(documents),
          name === 'controls' ? MARKER : documents.length > 0 ? '_id' : ''
        );
      })
    );
  }

  /** The files of a server that was stopped, so that nothing is in its memory alone. */
  function filesOf(name: string, at: string): Place {
    const isThere = fs.existsSync(at) && fs.statSync(at).isDirectory();
    const files = isThere
      ? fs.readdirSync(at, { recursive: true, encoding: 'utf8' }).map((file) => path.join(at, file))
      : ['', '-wal', '-shm', '-journal'].map((ending) => `${at}${ending}`);
    const contents = files.filter((file) => fs.existsSync(file) && fs.statSync(file).isFile());
    return place(name, Buffer.concat(contents.map((file) => fs.readFileSync(file))), MARKER);
  }

  beforeAll(async () => {
    receiver = await HookReceiver.start();
    stack = await RealStack.start({
      env: {
        LOG_LEVEL: 'trace',
        VERIFY_AFTER_SECONDS: '1,1,2',
        VERIFY_WAIT_SECONDS: '5',
        RETRY_INITIAL_SECONDS: '1',
        // Nobody listens there.
        SMTP_URL: `smtp://operator:${encodeURIComponent(SMTP_PASSWORD)}@127.0.0.1:9`,
        ALERT_FROM: 'longshore@example.com',
        ALERT_TO: 'ops@example.com',
      },
    });
    const { ADMIN_API_KEY, ENCRYPTION_KEYS, MONGODB_URI, TEMPORAL_NAMESPACE } = stack.settings;
    const keyOfKeys = ENCRYPTION_KEYS!.split(':')[1]!;
    Object.assign(secrets, { adminKey: ADMIN_API_KEY, keyOfKeys, SMTP_PASSWORD, MISTYPED, GUESSED_KEY });
    await stack.startWorker();
    const connection = await Connection.connect({ address: stack.temporalAddress });
    const dataConverter = createDataConverter(createKeyring(ENCRYPTION_KEYS!));
    client = new Client({ connection, namespace: TEMPORAL_NAMESPACE, dataConverter });
    const database = new mongo.MongoClient(MONGODB_URI!);
    try {
      const { connectorId, syncId, events } = await live();
      await plant(database.db());
      const openApi = await (await fetch(`${stack.api.url}/openapi.json`)).text();
      const metrics = await stack.api.call<string>('/metrics');
      const made = await stack.api.call<{ key: string }>('/v1/api-keys', {
        method: 'POST',
        body: { name: 'viewer', role: 'viewer' },
      });
      // Shown once, in this answer and in none other.
      const [answered] = stack.api.answered.splice(-1);
      expect(answered).toContain(made.body.key);
      for (const each of [
        '',
        '/audit',
        '/api-keys',
        `/connectors/${connectorId}/listings`,
        `/connectors/${connectorId}`,
      ])
        await stack.api.call(`/v1${each}`, { key: made.body.key });
      secrets.viewerKey = made.body.key;
      places.push(
        place('the OpenAPI document', openApi, stack.settings.PUBLIC_URL!),
        place('the metrics', metrics.body, '/v1/connectors/{connectorId}'),
        place('the event stream', events, syncId),
        place('the answers of the API', stack.api.answered.join('\n'), MARKER),
        ...(await histories()),
        ...(await collections(database.db()))
      );
    } finally {
      await database.close();
      await connection.close();
    }
    for (const name of ['worker', 'api', 'temporal', 'mongodb']) await stack.kill(name, 'SIGTERM');
    const logs = { worker: 'worker ready', api: MARKER, temporal: '', mongodb: '' };
    for (const [name, control] of Object.entries(logs))
      places.push(place(`the log of ${name}`, stack.logOf(name), control));
    const { dataDir } = stack;
    const databaseDir = [placesIn.mongo, placesIn.mongoSecantus]
      .map((at) => at(dataDir))
      .find((at) => fs.existsSync(at));
    places.push(
      filesOf("Temporal's files", placesIn.temporalDb(dataDir)),
      filesOf("MongoDB's files", databaseDir ?? dataDir)
    );
  });
  afterAll(async () => {
    await stack?.stop();
    await receiver?.stop();
  });

  it('is looked for where something was found', () => {
    const missed = places.filter(({ bytes, control }) => !bytes.includes(control)).map(({ name }) => name);
    expect(missed).toEqual([]);
    const names = places.map(({ name }) => name).join('\n');
    for (const each of [
      'onboarding:',
      'catalog-sync:',
      'credential',
      'alert-delivery:',
      'collection connectors',
      'collection credentials',
      'collection alertDeliveries',
      'collection hookTokens',
    ])
      expect(names).toContain(each);
    expect(Object.values(secrets).every((secret) => secret.length >= 16)).toBe(true);
  });

  it('is found in every form that it may be written in, where it stands', () => {
    for (const [which, secret] of Object.entries(secrets)) {
      const wrapped = ['', 'x', 'xx'].map((before) => Buffer.from(`${before}${secret}yy`));
      const written = [secret, encodeURIComponent(secret), ...wrapped.map((each) => each.toString('base64'))];
      for (const text of written) expect(found([place('a place', `…${text}…`, '')], { which: secret })).toHaveLength(1);
      expect(found([place('a place', `…${which}…`, '')], { which: secret })).toEqual([]);
    }
  });

  it('stands in logs, answers, streams, documents, the database, or histories, also when these are decrypted', () => {
    expect(found(places, secrets)).toEqual([]);
  });

  it('nor anything shaped like one', () => {
    const shaped = /Atz[ar](?:\||%7C)[\w-]{8}|amzn1\.oa2-cs\.v1\.[0-9a-f]{8}/;
    // Examples are shaped like what they are examples of.
    const lived = places.filter(({ name }) => name !== 'the OpenAPI document');
    expect(lived.filter(({ bytes }) => shaped.test(bytes.toString('latin1'))).map(({ name }) => name)).toEqual([]);
  });

  it('nor what workflows were given, in the files of Temporal', () => {
    const files = places.find(({ name }) => name === "Temporal's files")!;
    expect(files.bytes.includes(`in-${MARKER}`)).toBe(false);
    expect(files.bytes.includes('"connectorId"')).toBe(false);
  });
});
