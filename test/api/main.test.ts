import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mongoose from 'mongoose';
import { withDatabase } from '../../embedded/mongodb';
import { bringTo, vtexConnector } from './samples';
import { connectDatabase } from '../../models/database';

const ROOT = join(__dirname, '../..');
const ADMIN_KEY = 'admin-key-of-the-process-0123456789';

interface Running {
  url: string;
  process: ChildProcess;
  output: () => string;
}

const started: ChildProcess[] = [];
afterEach(() => {
  for (const each of started.splice(0)) each.kill('SIGKILL');
});

function spawnApi(env: Record<string, string>): { process: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, ['--import', 'tsx', join(ROOT, 'api/main.ts')], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, NODE_ENV: 'development', PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { process: child, output: () => output };
}

async function startApi(env: Record<string, string>): Promise<Running> {
  const api = spawnApi({
    ADMIN_API_KEY: ADMIN_KEY,
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    TEMPORAL_NAMESPACE: process.env.TEST_TEMPORAL_NAMESPACE ?? 'longshore',
    TEMPORAL_TASK_QUEUE: `nobody-${randomBytes(4).toString('hex')}`,
    ...env,
  });
  for (let tries = 0; tries < 200; tries++) {
    const url = /api ready at (http:\/\/127\.0\.0\.1:\d+)/.exec(api.output())?.[1];
    if (url) return { url, ...api };
    if (api.process.exitCode !== null) break;
    await sleep(100);
  }
  throw new Error(`the API did not start: ${api.output()}`);
}

async function ask(api: Running, method: string, path: string, body?: unknown) {
  const response = await fetch(api.url + path, {
    method,
    headers: {
      authorization: `Bearer ${ADMIN_KEY}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function eventually(check: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 150; tries++) {
    if (await check()) return;
    await sleep(200);
  }
  throw new Error('it did not come to that');
}

const mongodbUri = (): string => withDatabase(process.env.TEST_MONGODB_URI!, `api_${randomBytes(6).toString('hex')}`);

describe('the API as a process', () => {
  it('works on a real database and a real workflow engine, and stops when it is told to', async () => {
    const uri = mongodbUri();
    const api = await startApi({ MONGODB_URI: uri, TEMPORAL_ADDRESS: process.env.TEST_TEMPORAL_ADDRESS! });
    await eventually(async () => (await ask(api, 'GET', '/readyz')).status === 200);

    const created = await ask(api, 'POST', '/v1/connectors', vtexConnector());
    expect(created.status).toBe(202);
    const path = `/v1/connectors/${created.body.id as string}`;
    expect((await ask(api, 'GET', `${path}/onboarding`)).body.state).toBe('running');
    expect((await ask(api, 'PATCH', path, { name: 'Renamed' })).status).toBe(200);

    const connection = await connectDatabase(uri);
    await bringTo(connection, created.body.id as string, 'active');
    expect((await ask(api, 'PATCH', path, { schedule: { everyMinutes: 30 } })).status).toBe(200);
    expect((await ask(api, 'GET', path)).body.nextSyncAt).toMatch(/^\d{4}-/);
    expect((await ask(api, 'POST', `${path}/pause`)).status).toBe(200);
    const sync = await ask(api, 'POST', `${path}/syncs`, {});
    expect(sync.status).toBe(202);
    const view = await ask(api, 'GET', `/v1/syncs/${sync.body.id as string}`);
    expect([view.status, view.body.live, view.body.phase]).toEqual([200, false, 'queued']);
    expect((await ask(api, 'POST', `${path}/syncs`, {})).status).toBe(409);
    expect((await ask(api, 'POST', `/v1/syncs/${sync.body.id as string}/cancel`)).status).toBe(202);
    expect((await ask(api, 'DELETE', path)).status).toBe(202);

    const events = await fetch(`${api.url}/v1/syncs/${sync.body.id as string}/events`, {
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    });
    expect(events.status).toBe(200);
    const ended = events.text();
    api.process.kill('SIGTERM');
    const [code] = (await once(api.process, 'exit')) as [number];
    expect(code).toBe(0);
    expect(await ended).toContain('event: progress');
    expect(api.output()).not.toContain(ADMIN_KEY);
    await connection.dropDatabase();
    await connection.close();
  });

  it('serves while database and workflow engine are away, and finds them when they come', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    await new Promise((resolve) => holder.close(resolve));
    const api = await startApi({
      MONGODB_URI: `mongodb://127.0.0.1:${port}/away?directConnection=true`,
      TEMPORAL_ADDRESS: '127.0.0.1:1',
    });

    expect(await ask(api, 'GET', '/healthz')).toEqual({ status: 200, body: { status: 'ok' } });
    expect(await ask(api, 'GET', '/readyz')).toEqual({
      status: 503,
      body: { ready: false, parts: { database: 'down', workflows: 'down' } },
    });
    expect((await ask(api, 'GET', '/v1/connectors')).body.code).toBe('database_unavailable');

    const real = new URL(process.env.TEST_MONGODB_URI!);
    const bridge = createServer((client) => {
      const server = connect(Number(real.port), real.hostname);
      client.pipe(server).pipe(client);
      for (const each of [client, server]) each.on('error', () => each.destroy());
    }).listen(port, '127.0.0.1');
    await eventually(async () => (await ask(api, 'GET', '/v1/connectors')).status === 200);
    expect((await ask(api, 'GET', '/readyz')).body.parts).toEqual({ database: 'up', workflows: 'down' });
    api.process.kill('SIGINT');
    const [code] = (await once(api.process, 'exit')) as [number];
    expect(code).toBe(0);
    bridge.close();
    const connection = await mongoose.createConnection(withDatabase(process.env.TEST_MONGODB_URI!, 'away')).asPromise();
    await connection.dropDatabase();
    await connection.close();
  });

  it('refuses a wrong environment with every reason, and without a value', async () => {
    const api = spawnApi({ MONGODB_URI: 'postgres://u:p4ssw0rd@h/x', ADMIN_API_KEY: 'short-one' });
    const [code] = (await once(api.process, 'exit')) as [number];
    expect(code).toBe(1);
    expect(api.output()).toContain('MONGODB_URI must begin with mongodb:// or mongodb+srv://');
    expect(api.output()).toContain('ADMIN_API_KEY must have at least 24 characters');
    expect(api.output()).toContain('ENCRYPTION_KEYS is missing');
    expect(api.output()).not.toMatch(/p4ssw0rd|short-one|at .*\.ts:/);
  });

  it('says when its port is taken', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const api = spawnApi({
      PORT: String((holder.address() as { port: number }).port),
      MONGODB_URI: mongodbUri(),
      ADMIN_API_KEY: ADMIN_KEY,
      ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    });
    const [code] = (await once(api.process, 'exit')) as [number];
    holder.close();
    expect(code).toBe(1);
    expect(api.output()).toContain('The API cannot listen there: EADDRINUSE. Set HOST and PORT.');
  });
});
