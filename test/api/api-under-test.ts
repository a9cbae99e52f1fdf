import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import type { Connection } from 'mongoose';
import { createAlertSender } from '../../adapters/alerts';
import { jsonataExpressions } from '../../adapters/expressions';
import { filesOfConnector } from '../../adapters/file';
import { createLogger } from '../../adapters/logging';
import { createKeyring } from '../../adapters/secrets/keyring';
import { createRemoteCodec } from '../../adapters/temporal/remote-codec';
import { createApp, type AppDeps } from '../../api/app';
import { createApiServer } from '../../api/server';
import { OutsideError } from '../../domain/errors';
import type { ProductTypes } from '../../domain/ports/amazon';
import { withDatabase } from '../../embedded/mongodb';
import { apiKeyModel } from '../../models/api-keys';
import { connectDatabase } from '../../models/database';
import { idempotencyModel } from '../../models/idempotency-keys';
import { ensureIndexes } from '../../models/indexes';
import { uploadStore } from '../../models/uploads';
import { checkAnswer } from './documented-answers';
import { RecordingOrchestrator } from './recording-orchestrator';
import { bringTo, SECRETS, vtexConnector } from './samples';

/** Where Temporal's pages are. */
export const TEMPORAL_UI = 'http://temporal.example.com:8233';

export const ADMIN_KEY = 'admin-key-of-the-tests-01234567';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The JSON body; an empty object for any other. */
  body: Body;
}

/** An answer's body as tests look into it: what is not there is undefined. */
export interface Body {
  [key: string]: unknown;
  id: string;
  code: string;
  items: Body[];
  errors?: { field: string; code: string; message: string }[];
  nextCursor: string | null;
}

interface Ask {
  /** An API key; the admin's unless given; null for none. */
  key?: string | null;
  headers?: Record<string, string>;
  /** JSON unless it is text or bytes. */
  body?: unknown;
}

const away = (): never => {
  throw new OutsideError('transient', 'Amazon did not answer.', { system: 'amazon', operation: 'any' });
};

/** What most tests have for Amazon. */
const unreachable: ProductTypes = { search: async () => away(), definition: async () => away() };

/** A real API on a real database, with a workflow engine that records. Every answer is held against the documentation. */
export class ApiUnderTest {
  readonly logs: string[] = [];
  readonly answers: string[] = [];

  private constructor(
    readonly url: string,
    readonly connection: Connection,
    readonly orchestrator: RecordingOrchestrator,
    private readonly server: Server,
    private readonly stopping: AbortController,
    logs: string[]
  ) {
    this.logs = logs;
  }

  static async start(deps: Partial<AppDeps> = {}): Promise<ApiUnderTest> {
    const mongodbUri = process.env.TEST_MONGODB_URI;
    if (!mongodbUri) throw new Error('TEST_MONGODB_URI is not set; the global set-up of the tests sets it');
    const database = `api_${randomBytes(6).toString('hex')}`;
    const connection = await connectDatabase(withDatabase(mongodbUri, database));
    await ensureIndexes(connection);
    await apiKeyModel(connection).createIndexes();
    await idempotencyModel(connection).createIndexes();
    const orchestrator = new RecordingOrchestrator();
    const stopping = new AbortController();
    const logs: string[] = [];
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        logs.push(chunk.toString());
        done();
      },
    });
    const expressions = jsonataExpressions();
    stopping.signal.addEventListener('abort', () => void expressions.close());
    const keyring = createKeyring(`test:${randomBytes(32).toString('base64')}`);
    const app = createApp({
      connection,
      orchestrator,
      productTypes: unreachable,
      accounts: { testCredential: async () => away() },
      applications: { takesSecret: async () => away() },
      expressions,
      uploads: {
        limitBytes: 4 * 1024 * 1024,
        filesOf: ({ _id, config }) => filesOfConnector(config, uploadStore(connection).of(_id), null),
      },
      alerts: {
        sender: createAlertSender({
          smtpUrl: undefined,
          from: undefined,
          allowPrivate: true,
          timeoutMs: 2_000,
          publicUrl: 'http://127.0.0.1:3000',
        }),
        operators: [],
        allowPrivate: true,
      },
      secretBox: keyring,
      codec: createRemoteCodec(keyring),
      codecDoor: { namespace: 'longshore', uiOrigin: TEMPORAL_UI },
      logger: createLogger({ level: 'trace', secrets: [ADMIN_KEY], destination: sink }),
      adminApiKey: ADMIN_KEY,
      publicUrl: 'http://127.0.0.1:3000',
      requestsPerMinute: 100_000,
      stopping: stopping.signal,
      ...deps,
    });
    const server = createApiServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new ApiUnderTest(`http://127.0.0.1:${port}`, connection, orchestrator, server, stopping, logs);
  }

  /** Stops everything, and makes sure that no secret was ever seen. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await this.connection.dropDatabase();
    await this.connection.close();
    this.expectNoSecrets();
  }

  /** Ends the event streams as a stopping process does. */
  abortStreams(): void {
    this.stopping.abort();
  }

  expectNoSecrets(): void {
    const seen = [...this.logs, ...this.answers];
    for (const secret of [...Object.values(SECRETS), ADMIN_KEY])
      expect(seen.filter((text) => text.includes(secret))).toEqual([]);
  }

  async request(method: string, path: string, { key = ADMIN_KEY, headers = {}, body }: Ask = {}): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(key !== null && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
    });
    const text = await response.text();
    this.answers.push(text, JSON.stringify([...response.headers]));
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    const parsed: unknown = isJson && text !== '' ? JSON.parse(text) : {};
    checkAnswer(method, path, response.status, response.headers.get('content-type'), parsed);
    return { status: response.status, headers: response.headers, text, body: parsed as Body };
  }

  get(path: string, ask?: Ask): Promise<Answer> {
    return this.request('GET', path, ask);
  }

  post(path: string, body?: unknown, ask?: Ask): Promise<Answer> {
    return this.request('POST', path, { ...ask, body });
  }

  patch(path: string, body?: unknown, ask?: Ask): Promise<Answer> {
    return this.request('PATCH', path, { ...ask, body });
  }

  delete(path: string, ask?: Ask): Promise<Answer> {
    return this.request('DELETE', path, ask);
  }

  /** A new connector in a state, made through the API. */
  async connector(
    state: 'draft' | 'onboarding' | 'inactive' | 'active' | 'paused' | 'failed' = 'active',
    body: unknown = vtexConnector()
  ): Promise<string> {
    const { status, body: created } = await this.post('/v1/connectors', body);
    expect(status).toBe(202);
    if (state !== 'draft') await bringTo(this.connection, created.id, state);
    return created.id;
  }

  async keyFor(role: 'viewer' | 'operator' | 'admin'): Promise<string> {
    const { body } = await this.post('/v1/api-keys', { name: `a ${role}`, role });
    return body.key as string;
  }
}
