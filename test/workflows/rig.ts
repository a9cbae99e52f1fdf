import { randomBytes } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { Connection as Database } from 'mongoose';
import pino from 'pino';
import { jsonataExpressions } from '../../adapters/expressions';
import { createOrchestrator } from '../../adapters/temporal/orchestrator';
import { createKeyring } from '../../adapters/secrets/keyring';
import { createDataConverter } from '../../adapters/temporal/codec';
import { loadConfig, type Config } from '../../config';
import { parseConnector, type ConnectorSecrets, type SecretField } from '../../domain/connector-contract';
import type { ConnectorConfig, WaitingFor } from '../../domain/connector';
import { onboardingWorkflowId, removalWorkflowId } from '../../domain/ids';
import type { ListingState } from '../../domain/listing';
import type { Orchestrator } from '../../domain/ports/orchestrator';
import type { Sealed } from '../../domain/ports/secrets';
import { connectorModel, connectorStore, type ConnectorDocument } from '../../models/connectors';
import { credentialIdOf, credentialStore } from '../../models/credentials';
import { connectDatabase } from '../../models/database';
import { ensureIndexes } from '../../models/indexes';
import { hookTokenStore } from '../../models/hook-tokens';
import { ledgerStore, listingModel, type ListingDocument } from '../../models/listings';
import { syncRunStore, type SyncRequest, type SyncRunDocument } from '../../models/sync-runs';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../sandbox';
import { createActivities } from '../../worker/activities';

/** What a sandbox world answers when it is made. */
export interface World {
  name: string;
  vtex: { account: string; appKey: string; appToken: string; salesChannel: string };
  amazon: { clientId: string; clientSecret: string; refreshToken: string; sellerId: string; marketplaceIds: string[] };
}

/** What a real Amazon would now hold of one SKU. */
export interface AmazonBook {
  state: string;
  status: string[];
  quantity?: number;
  price?: number;
  puts: number;
  patches: number;
  submissions: number;
  attributes: Record<string, unknown[]>;
}

/** What a real VTEX would now hold of one affiliate. */
export interface AffiliateBook {
  name: string;
  followUpEmail: string | null;
  salesChannel: string;
  searchURIEndpoint: string | null;
}

/** A product line of a sandbox catalogue, as far as tests write one. */
export interface ProductLine {
  productId: number;
  refId: string;
  name: string;
  brand: string;
  descriptionHtml: string;
  categories: string[];
  attributes: Record<string, unknown>;
  skus: Record<string, unknown>[];
}

let runtimeIsInstalled = false;
function quietRuntime(): void {
  if (runtimeIsInstalled) return;
  runtimeIsInstalled = true;
  Runtime.install({ logger: new DefaultLogger('ERROR') });
}

/** Workers, a database and a sandbox of one test file's own, on the servers that the whole test run shares. */
export class Rig {
  readonly worlds = new Map<string, World>();
  private readonly expressions = jsonataExpressions();
  private worker: { worker: Worker; done: Promise<void> } | undefined;

  private constructor(
    readonly config: Config,
    readonly database: Database,
    readonly sandbox: Sandbox,
    readonly client: Client,
    readonly orchestrator: Orchestrator & { close(): Promise<void> },
    private readonly native: NativeConnection,
    private readonly dataConverter: DataConverter | undefined
  ) {}

  /** @param options.payloads - `plain` for histories that are kept: everybody may read and replay them. */
  static async start(
    options: { sandbox?: SandboxOptions; env?: Record<string, string>; payloads?: 'plain' } = {}
  ): Promise<Rig> {
    quietRuntime();
    const { TEST_MONGODB_URI, TEST_TEMPORAL_ADDRESS, TEST_TEMPORAL_NAMESPACE } = process.env;
    if (!TEST_MONGODB_URI || !TEST_TEMPORAL_ADDRESS) throw new Error('the test servers are not up: run by npm test');
    const sandbox = await startSandbox({ rateFactor: 40, visibleAfterMs: 200, ...options.sandbox });
    const unique = randomBytes(6).toString('hex');
    const uri = new URL(TEST_MONGODB_URI);
    uri.pathname = `/test_${unique}`;
    const config = loadConfig({
      NODE_ENV: 'test',
      LOG_LEVEL: 'silent',
      MONGODB_URI: uri.toString(),
      TEMPORAL_ADDRESS: TEST_TEMPORAL_ADDRESS,
      TEMPORAL_NAMESPACE: TEST_TEMPORAL_NAMESPACE ?? 'default',
      TEMPORAL_TASK_QUEUE: `test-${unique}`,
      ADMIN_API_KEY: randomBytes(24).toString('hex'),
      ENCRYPTION_KEYS: `test:${randomBytes(32).toString('base64')}`,
      LWA_URL: `${sandbox.url}/auth/o2/token`,
      SPAPI_URL: sandbox.url,
      VTEX_URL: `${sandbox.url}/vtex/{account}`,
      VTEX_PRICING_URL: `${sandbox.url}/vtex-pricing/{account}`,
      SALESLAYER_URL: `${sandbox.url}/saleslayer`,
      SALESLAYER_REST_URL: `${sandbox.url}/saleslayer-rest/catalog/rest/Catalog`,
      PUBLIC_URL: 'http://127.0.0.1:3000',
      RETRY_INITIAL_SECONDS: '1',
      RETRY_MAXIMUM_SECONDS: '4',
      VERIFY_AFTER_SECONDS: '1,1,2,3,5',
      VERIFY_WAIT_SECONDS: '20',
      HTTP_TIMEOUT_SECONDS: '5',
      SHUTDOWN_GRACE_SECONDS: '2',
      ...options.env,
    });
    const database = await connectDatabase(config.MONGODB_URI);
    await ensureIndexes(database);
    const connection = await Connection.connect({ address: config.TEMPORAL_ADDRESS });
    const native = await NativeConnection.connect({ address: config.TEMPORAL_ADDRESS });
    const dataConverter =
      options.payloads === 'plain' ? undefined : createDataConverter(createKeyring(config.ENCRYPTION_KEYS));
    const orchestrator = createOrchestrator({
      dataConverter,
      address: config.TEMPORAL_ADDRESS,
      namespace: config.TEMPORAL_NAMESPACE,
      taskQueue: config.TEMPORAL_TASK_QUEUE,
    });
    const client = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE, dataConverter });
    const rig = new Rig(config, database, sandbox, client, orchestrator, native, dataConverter);
    await rig.startWorker();
    return rig;
  }

  async startWorker(): Promise<void> {
    const worker = await Worker.create({
      connection: this.native,
      namespace: this.config.TEMPORAL_NAMESPACE,
      taskQueue: this.config.TEMPORAL_TASK_QUEUE,
      workflowBundle: { codePath: process.env.TEST_WORKFLOW_BUNDLE ?? '' },
      dataConverter: this.dataConverter,
      activities: createActivities({
        config: this.config,
        connection: this.database,
        orchestrator: this.orchestrator,
        expressions: this.expressions,
        logger: pino({ level: 'silent' }),
      }),
      shutdownGraceTime: 1000,
      maxHeartbeatThrottleInterval: '2 seconds',
      maxCachedWorkflows: 50,
    });
    this.worker = { worker, done: worker.run() };
  }

  /** Replaces the worker by one whose activities are changed, and that forgets a workflow as soon as it stands still. */
  async startForgetfulWorker(
    change: (activities: ReturnType<typeof createActivities>) => ReturnType<typeof createActivities>
  ): Promise<void> {
    await this.stopWorker();
    const worker = await Worker.create({
      connection: this.native,
      namespace: this.config.TEMPORAL_NAMESPACE,
      taskQueue: this.config.TEMPORAL_TASK_QUEUE,
      workflowBundle: { codePath: process.env.TEST_WORKFLOW_BUNDLE ?? '' },
      dataConverter: this.dataConverter,
      activities: change(
        createActivities({
          config: this.config,
          connection: this.database,
          orchestrator: this.orchestrator,
          expressions: this.expressions,
          logger: pino({ level: 'silent' }),
        })
      ),
      shutdownGraceTime: 1000,
      maxCachedWorkflows: 0,
    });
    this.worker = { worker, done: worker.run() };
  }

  async stopWorker(): Promise<void> {
    this.worker?.worker.shutdown();
    await this.worker?.done;
    this.worker = undefined;
  }

  async stop(): Promise<void> {
    for (const { _id } of await connectorModel(this.database).find().lean())
      await this.orchestrator.deleteSchedule(_id);
    await this.stopWorker();
    await this.expressions.close();
    await this.orchestrator.close();
    await this.client.connection.close();
    await this.native.close();
    await this.database.dropDatabase();
    await this.database.close();
    await this.sandbox.close();
  }

  /** Asks the sandbox's control API; the answer as it is. */
  async control<T>(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<T> {
    const answer = await fetch(`${this.sandbox.url}/__sandbox/${path}`, {
      method,
      ...(body !== undefined && {
        headers: { 'content-type': contentType },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (answer.status === 204 ? undefined : await answer.json()) as T;
  }

  async world(name: string, lines: readonly unknown[] | { generate: number; seed?: number }): Promise<World> {
    const world = Array.isArray(lines)
      ? await this.control<World>(
          'PUT',
          `worlds/${name}`,
          lines.map((line) => JSON.stringify(line)).join('\n'),
          'application/x-ndjson'
        )
      : await this.control<World>('PUT', `worlds/${name}`, lines);
    this.worlds.set(name, world);
    return world;
  }

  /** Amazon's side of a world, by SKU. */
  async books(world: World): Promise<Record<string, AmazonBook>> {
    const { sellerId } = world.amazon;
    const books = await this.control<{ amazon: Record<string, Record<string, AmazonBook>> }>(
      'GET',
      `books?seller=${sellerId}`
    );
    return books.amazon[sellerId] ?? {};
  }

  /** Puts a listing into a seller's account, as another tool of theirs would. */
  async putAtAmazon(world: World, sku: string, body: Record<string, unknown>): Promise<void> {
    const { clientId, clientSecret, refreshToken, sellerId, marketplaceIds } = world.amazon;
    const grant = { grant_type: 'refresh_token', refresh_token: refreshToken };
    const token = await fetch(`${this.sandbox.url}/auth/o2/token`, {
      method: 'POST',
      body: new URLSearchParams({ ...grant, client_id: clientId, client_secret: clientSecret }),
    });
    const { access_token } = (await token.json()) as { access_token: string };
    const path = `/listings/2021-08-01/items/${sellerId}/${encodeURIComponent(sku)}`;
    const answer = await fetch(`${this.sandbox.url}${path}?marketplaceIds=${marketplaceIds[0]}`, {
      method: 'PUT',
      headers: { 'x-amz-access-token': access_token, 'content-type': 'application/json', 'user-agent': 'Other/1.0' },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok || !text.includes('ACCEPTED')) throw new Error(`putting ${sku}: ${answer.status} ${text}`);
    await this.until(async () => (await this.books(world))[sku]?.state === 'live', `${sku} to be at Amazon`);
  }

  /** Writes a connector as the API would, without starting anything. */
  async insertConnector(
    world: World,
    change: (input: Record<string, Record<string, unknown>>) => void = () => undefined
  ): Promise<string> {
    const input: Record<string, Record<string, unknown>> = {
      source: {
        type: 'vtex',
        account: world.vtex.account,
        appKey: world.vtex.appKey,
        appToken: world.vtex.appToken,
        salesChannel: world.vtex.salesChannel,
        affiliateId: 'MZN',
        affiliateEmail: 'ops@example.com',
      },
      amazon: {
        country: 'US',
        sellerId: world.amazon.sellerId,
        clientId: world.amazon.clientId,
        clientSecret: world.amazon.clientSecret,
        refreshToken: world.amazon.refreshToken,
      },
      listing: { sendKits: false },
      offer: { minimumStock: 1 },
      orders: {},
      schedule: { everyMinutes: 60 },
    };
    change(input);
    const parsed = parseConnector({ name: `Test ${world.name}`, ...input });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const connectorId = `con_${randomBytes(10).toString('hex')}`;
    await this.store(connectorId, parsed.config, parsed.secrets);
    return connectorId;
  }

  private async store(connectorId: string, config: ConnectorConfig, secrets: ConnectorSecrets): Promise<void> {
    const box = createKeyring(this.config.ENCRYPTION_KEYS);
    await this.proposeSecrets(config, secrets);
    const sourceSecrets: Partial<Record<SecretField, Sealed>> = {};
    for (const [field, value] of Object.entries(secrets))
      if (field.startsWith('source.')) sourceSecrets[field as SecretField] = box.seal(value);
    await connectorModel(this.database).create({
      _id: connectorId,
      config,
      state: 'draft',
      credentialId: credentialIdOf(config.amazon.clientId),
      sourceSecrets,
    });
  }

  /** Writes new Amazon secrets as a PATCH would. */
  async proposeSecrets(config: ConnectorConfig, secrets: ConnectorSecrets): Promise<void> {
    const box = createKeyring(this.config.ENCRYPTION_KEYS);
    const seal = (value?: string): Sealed | undefined => (value === undefined ? undefined : box.seal(value));
    await credentialStore(this.database).propose(
      config.amazon.clientId,
      config.amazon.sellerId ?? config.amazon.vendorCode ?? '',
      { clientSecret: seal(secrets['amazon.clientSecret']), refreshToken: seal(secrets['amazon.refreshToken']) }
    );
  }

  /** Changes a connector's configuration as a PATCH would. */
  async patch(connectorId: string, set: Record<string, unknown>): Promise<void> {
    const paths = Object.fromEntries(Object.entries(set).map(([path, value]) => [`config.${path}`, value]));
    await connectorModel(this.database).updateOne({ _id: connectorId }, { $set: paths, $inc: { configVersion: 1 } });
    await this.orchestrator.configurationChanged(connectorId);
  }

  async connector(connectorId: string): Promise<ConnectorDocument> {
    const found = await connectorStore(this.database).get(connectorId);
    if (!found) throw new Error(`connector ${connectorId} is gone`);
    return found;
  }

  /** A world with a connector that is onboarded to `inactive`. */
  async ready(
    name: string,
    lines: Parameters<Rig['world']>[1],
    change?: Parameters<Rig['insertConnector']>[1]
  ): Promise<{ world: World; connectorId: string }> {
    const world = await this.world(name, lines);
    const connectorId = await this.insertConnector(world, change);
    await this.onboard(connectorId);
    return { world, connectorId };
  }

  /** Onboards a connector to `inactive`. */
  async onboard(connectorId: string): Promise<void> {
    await this.orchestrator.startOnboarding(connectorId);
    await this.until(async () => {
      const { state, onboarding } = await this.connector(connectorId);
      // The state moves before the last step is shown as done, and only then is the workflow through with the connector.
      return state === 'inactive' && onboarding.steps.at(-1)?.state === 'done';
    }, 'the connector to be inactive').catch(async (error: Error) => {
      throw new Error(`${error.message}: ${JSON.stringify((await this.connector(connectorId)).onboarding)}`);
    });
  }

  /** Activates an onboarded connector and waits for its first sync to end. */
  async firstSync(connectorId: string, seconds = 60): Promise<SyncRunDocument> {
    await this.orchestrator.startActivation(connectorId);
    return this.ended(connectorId, (run) => run.trigger === 'activation', seconds);
  }

  /** Runs one more sync, as the API would. */
  async sync(connectorId: string, seconds = 60, wanted: Partial<SyncRequest> = {}): Promise<SyncRunDocument> {
    const syncId = await this.startSync(connectorId, wanted);
    return this.ended(connectorId, (run) => run._id === syncId, seconds);
  }

  async startSync(connectorId: string, wanted: Partial<SyncRequest> = {}): Promise<string> {
    const { configVersion } = await this.connector(connectorId);
    const opened = await syncRunStore(this.database).request(
      { connectorId, trigger: 'api', mode: 'synchronization', scope: 'full', skus: [], configVersion, ...wanted },
      (workflowId) => this.orchestrator.isSyncRunning(workflowId)
    );
    if (opened.kind === 'busy') throw new Error(`sync ${opened.syncId} is at work`);
    await this.orchestrator.startSync({ connectorId, syncId: opened.syncId, trigger: 'api' });
    return opened.syncId;
  }

  async ended(connectorId: string, which: (run: SyncRunDocument) => boolean, seconds = 60): Promise<SyncRunDocument> {
    let found: SyncRunDocument | undefined;
    await this.until(
      async () => {
        const runs = syncRunStore(this.database);
        found = (await runs.history(connectorId, 10)).find((run) => which(run) && run.endedAt !== null);
        // The connector's place is given back right after the end was noted.
        return found !== undefined && !(await runs.atWork(connectorId)).some(({ _id }) => _id === found!._id);
      },
      'the sync to end',
      seconds
    );
    return found as SyncRunDocument;
  }

  async run(connectorId: string): Promise<SyncRunDocument | undefined> {
    return syncRunStore(this.database).current(connectorId);
  }

  async listings(connectorId: string): Promise<ListingDocument[]> {
    return listingModel(this.database).find({ connectorId }).lean();
  }

  async listing(connectorId: string, sku: string): Promise<ListingDocument> {
    const found = await ledgerStore(listingModel(this.database)).one(connectorId, sku);
    if (!found) throw new Error(`no listing ${sku}`);
    return found;
  }

  async inState(connectorId: string, state: ListingState): Promise<ListingDocument[]> {
    return (await this.listings(connectorId)).filter((entry) => entry.state === state);
  }

  /** Waits until a connector waits for something with this code. */
  async waiting(connectorId: string, code: string): Promise<WaitingFor> {
    let seen: ConnectorDocument | undefined;
    await this.until(async () => {
      seen = await this.connector(connectorId);
      return seen.onboarding.waitingFor?.code === code;
    }, `the connector to wait for ${code}`).catch((error: Error) => {
      throw new Error(`${error.message}: ${JSON.stringify(seen?.onboarding)}`);
    });
    return seen!.onboarding.waitingFor!;
  }

  /** Waits until the onboarding that is at work has ended well. */
  async onboarded(connectorId: string, seconds = 30): Promise<ConnectorDocument> {
    const handle = this.client.workflow.getHandle(onboardingWorkflowId(connectorId));
    await this.until(
      async () => (await handle.describe()).status.name !== 'RUNNING',
      'the onboarding to end',
      seconds
    ).catch(async (error: Error) => {
      throw new Error(`${error.message}: ${JSON.stringify((await this.connector(connectorId)).onboarding)}`);
    });
    await handle.result();
    return this.connector(connectorId);
  }

  /** Asks for a connector's removal, as the API would. */
  async startRemoval(connectorId: string): Promise<void> {
    await connectorModel(this.database).updateOne({ _id: connectorId }, { $set: { state: 'removing' } });
    await this.orchestrator.startRemoval(connectorId);
  }

  async isGone(connectorId: string): Promise<boolean> {
    return (await connectorStore(this.database).get(connectorId)) === undefined;
  }

  /** Waits until a connector is removed. */
  async removed(connectorId: string, seconds = 30): Promise<void> {
    await this.until(() => this.isGone(connectorId), 'the connector to be gone', seconds);
    await this.client.workflow.getHandle(removalWorkflowId(connectorId)).result();
  }

  /** The affiliates that a world's store holds, by id. */
  async affiliates(world: World): Promise<Record<string, AffiliateBook>> {
    const { account } = world.vtex;
    const books = await this.control<{ vtex: Record<string, { affiliates: Record<string, AffiliateBook> }> }>(
      'GET',
      `books?account=${account}`
    );
    return books.vtex[account]?.affiliates ?? {};
  }

  /** Writes an affiliate as a person in the store's admin would, whatever the store refuses by API. */
  /** Where the connector's store sends change notifications. */
  async hookEndpoint(connectorId: string): Promise<string> {
    const tokens = hookTokenStore(this.database, createKeyring(this.config.ENCRYPTION_KEYS));
    return `${this.config.PUBLIC_URL}/hooks/vtex/${connectorId}/${await tokens.tokenOf(connectorId)}`;
  }

  async createAffiliateByHand(world: World, affiliate: { id: string } & Partial<AffiliateBook>): Promise<void> {
    await this.control('POST', `worlds/${world.name}/vtex`, { affiliateCreation: 'allowed' });
    const answer = await fetch(
      `${this.sandbox.url}/vtex/${world.vtex.account}/api/fulfillment/pvt/affiliates/${affiliate.id}`,
      {
        method: 'PUT',
        headers: {
          'content-type': 'application/json',
          'x-vtex-api-appkey': world.vtex.appKey,
          'x-vtex-api-apptoken': world.vtex.appToken,
        },
        body: JSON.stringify({ salesChannel: '1', searchURIEndpointVersion: '1.x.x', ...affiliate }),
      }
    );
    if (answer.status !== 204) throw new Error(`creating the affiliate: ${answer.status} ${await answer.text()}`);
  }

  /** How often each operation was called so far. */
  async callCount(operation: string): Promise<number> {
    return (await this.calls(operation)).length;
  }

  async calls(
    operation: string
  ): Promise<{ at: string; sellerId?: string; account?: string; sku?: string; status: number }[]> {
    return this.control('GET', `calls?operation=${operation}&limit=50000`);
  }

  /** Waits, with a bound, and says what for when it is in vain. */
  async until(isSo: () => Promise<boolean>, what: string, seconds = 30): Promise<void> {
    const end = Date.now() + seconds * 1000;
    while (!(await isSo())) {
      if (Date.now() > end) throw new Error(`waited ${seconds} s in vain for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** What another tool of the seller's has put there: with an attribute that Longshore knows nothing of. */
export const othersListing = {
  productType: 'SHIRT',
  requirements: 'LISTING',
  attributes: {
    item_name: [{ value: 'A shirt from before', language_tag: 'en_US', marketplace_id: 'ATVPDKIKX0DER' }],
    brand: [{ value: 'Luma', language_tag: 'en_US', marketplace_id: 'ATVPDKIKX0DER' }],
    product_description: [{ value: 'An older text.', language_tag: 'en_US', marketplace_id: 'ATVPDKIKX0DER' }],
    country_of_origin: [{ value: 'BR', marketplace_id: 'ATVPDKIKX0DER' }],
    condition_type: [{ value: 'new_new', marketplace_id: 'ATVPDKIKX0DER' }],
    supplier_declared_has_product_identifier_exemption: [{ value: true, marketplace_id: 'ATVPDKIKX0DER' }],
    fulfillment_availability: [{ fulfillment_channel_code: 'DEFAULT', quantity: 2 }],
    purchasable_offer: [
      {
        audience: 'ALL',
        currency: 'USD',
        marketplace_id: 'ATVPDKIKX0DER',
        our_price: [{ schedule: [{ value_with_tax: 31 }] }],
      },
    ],
  },
};

/** Plain products of one SKU each, all of them fit for sale. */
export function plainProducts(
  count: number,
  change: (index: number) => Record<string, unknown> = () => ({})
): ProductLine[] {
  return Array.from({ length: count }, (_, index) => ({
    productId: index + 1,
    refId: `P${index + 1}`,
    name: `Running shirt ${index + 1}`,
    brand: 'Luma',
    descriptionHtml: '<p>Light, dries fast.</p>',
    categories: ['Men/Tops/Tees'],
    attributes: { material: 'Cotton' },
    skus: [
      {
        skuId: index + 1,
        refId: `SKU-${String(index + 1).padStart(4, '0')}`,
        name: `Running shirt ${index + 1}`,
        options: { size: 'M', color: 'Blue' },
        price: 20,
        quantity: 10,
        weightKg: 0.2,
        images: ['/p/shirt.jpg'],
        isKit: false,
        ...change(index),
      },
    ],
  }));
}
