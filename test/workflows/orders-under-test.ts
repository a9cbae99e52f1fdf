import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { WorkflowHandle } from '@temporalio/client';
import pino from 'pino';
import { jsonataExpressions } from '../../adapters/expressions';
import { createKeyring } from '../../adapters/secrets/keyring';
import { createRemoteCodec } from '../../adapters/temporal/remote-codec';
import { createApp } from '../../api/app';
import { OutsideError } from '../../domain/errors';
import { orderWatchId, orderWorkflowId } from '../../domain/ids';
import type { OrderInput } from '../../domain/orders/order-record';
import type { OrderStage } from '../../domain/orders/order-view';
import { orderModel, orderStore, type OrderDocument } from '../../models/orders';
import { plainProducts, Rig, type ProductLine, type World } from './rig';

interface SkuBook {
  start: number;
  sold: number;
  held: number;
  available: number;
}

/** What a real VTEX would now hold. */
export interface StoreBook {
  skus: Record<string, SkuBook>;
  reservations: Record<string, { status: number; until: string; units: Record<string, number> }>;
  orders: Record<string, { state: string; units: Record<string, number> }>;
}

const kitOfThird = (index: number): Record<string, unknown> =>
  index === 3 ? { isKit: true, quantity: null, kitItems: [{ refId: 'SKU-0003', quantity: 2 }] } : {};

const away = (): never => {
  throw new OutsideError('transient', 'Amazon did not answer.', { system: 'amazon', operation: 'any' });
};

/** A rig whose stores reach a real API by its hooks, and with an active connector that holds stock. */
export class OrdersUnderTest {
  world!: World;
  connectorId!: string;
  private readonly stopping = new AbortController();
  private readonly expressions = jsonataExpressions();

  private constructor(
    readonly rig: Rig,
    private readonly server: Server
  ) {}

  static async start(env: Record<string, string> = {}): Promise<OrdersUnderTest> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const rig = await Rig.start({ sandbox: { rateFactor: 1000 }, env: { PUBLIC_URL: url, ...env } });
    const test = new OrdersUnderTest(rig, server);
    server.on(
      'request',
      createApp({
        connection: rig.database,
        orchestrator: rig.orchestrator,
        productTypes: { search: async () => away(), definition: async () => away() },
        accounts: { testCredential: async () => away() },
        applications: { takesSecret: async () => away() },
        expressions: test.expressions,
        uploads: { limitBytes: 1024, filesOf: () => away() },
        alerts: { sender: { send: async () => away() }, operators: [], allowPrivate: true },
        secretBox: createKeyring(rig.config.ENCRYPTION_KEYS),
        codec: createRemoteCodec(createKeyring(rig.config.ENCRYPTION_KEYS)),
        codecDoor: { namespace: rig.config.TEMPORAL_NAMESPACE },
        logger: pino({ level: 'silent' }),
        adminApiKey: rig.config.ADMIN_API_KEY,
        publicUrl: url,
        requestsPerMinute: 100_000,
        stopping: test.stopping.signal,
      })
    );
    return test;
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    for (const account of await this.rig.orchestrator.orderWatches())
      await this.rig.orchestrator.stopOrderWatch(account);
    await this.rig.stop();
    await this.expressions.close();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** A world of its own with ten units of each of four shirts, of which the last is a kit of two of the third; synced. */
  async connect(
    name: string,
    orders: Record<string, unknown> = {},
    lines: readonly ProductLine[] = plainProducts(4, kitOfThird)
  ): Promise<void> {
    const { world, connectorId } = await this.rig.ready(name, lines, (input) => {
      input.listing = { sendKits: true };
      input.orders = { defaultZipCode: '10001', ...orders };
    });
    this.world = world;
    this.connectorId = connectorId;
    await this.control('amazon', { orderLagSeconds: 0 });
    await this.rig.firstSync(connectorId);
  }

  control<T>(path: string, body?: object): Promise<T> {
    return this.rig.control<T>(body ? 'POST' : 'GET', `worlds/${this.world.name}/${path}`, body);
  }

  /** A buyer orders; units of SKU-0001 unless said. */
  async order(order: Record<string, unknown> = {}): Promise<string> {
    const items = [{ sku: 'SKU-0001', quantity: 2, price: 20 }];
    return (await this.control<{ orderId: string }>('orders', { items, ...order })).orderId;
  }

  async change(orderId: string, change: object): Promise<void> {
    await this.control(`orders/${orderId}`, change);
  }

  /** From now on the schedule of the watch starts no look of its own, between two of a test. */
  async watchByHandAlone(): Promise<void> {
    await this.rig.until(() => this.watched(), 'the watch to be there');
    const scheduleId = orderWatchId(this.world.amazon.sellerId, 'NA');
    await this.rig.client.schedule.getHandle(scheduleId).pause();
  }

  /** One look of the watch at the account, as its schedule starts it. */
  async watch(): Promise<void> {
    await this.rig.client.workflow.execute('orderWatch', {
      taskQueue: this.rig.config.TEMPORAL_TASK_QUEUE,
      workflowId: `order-watch-by-hand-${Date.now()}-${Math.random()}`,
      args: [{ sellerId: this.world.amazon.sellerId, region: 'NA' }],
    });
  }

  /** A look of the watch when it is time again to ask stores for parcels. */
  async askForParcels(): Promise<void> {
    await orderModel(this.rig.database).updateMany({}, { $set: { parcelsAskedAt: new Date(0) } });
    await this.watch();
  }

  /** The order as it is kept. */
  async kept(orderId: string): Promise<OrderDocument | undefined> {
    return orderStore(this.rig.database).get(this.world.amazon.sellerId, orderId);
  }

  /** Waits until an order is somewhere. */
  async reaches(orderId: string, stage: OrderStage, seconds = 30): Promise<OrderDocument> {
    let kept: OrderDocument | undefined;
    await this.rig
      .until(
        async () => {
          kept = await this.kept(orderId);
          return kept?.stage === stage;
        },
        `order ${orderId} to be ${stage}`,
        seconds
      )
      .catch((error: Error) => {
        throw new Error(`${error.message}: ${kept?.json} ${JSON.stringify(kept?.transitions)}`);
      });
    return kept!;
  }

  workflow(orderId: string): WorkflowHandle {
    return this.rig.client.workflow.getHandle(orderWorkflowId(this.world.amazon.sellerId, orderId));
  }

  async ended(orderId: string): Promise<void> {
    await this.workflow(orderId).result();
  }

  async store(): Promise<StoreBook> {
    const { account } = this.world.vtex;
    const books = await this.rig.control<{ vtex: Record<string, StoreBook> }>('GET', `books?account=${account}`);
    return books.vtex[account]!;
  }

  /** Reservations that keep stock. */
  async liveHolds(): Promise<string[]> {
    const { reservations } = await this.store();
    return Object.keys(reservations).filter((lockId) => reservations[lockId]!.status === 1);
  }

  /** What the store told of orders, and how it was answered. */
  async results(): Promise<{ code: string; status: number | null; isDone: boolean }[]> {
    return (await this.control<{ told: { code: string; status: number | null; isDone: boolean }[] }>('order-results'))
      .told;
  }

  input(orderId: string): OrderInput {
    return { sellerId: this.world.amazon.sellerId, amazonOrderId: orderId, connectorId: this.connectorId };
  }

  /** Whether there is a watch on the account's orders. */
  async watched(): Promise<boolean> {
    const watches = await this.rig.orchestrator.orderWatches();
    return watches.some(({ sellerId }) => sellerId === this.world.amazon.sellerId);
  }

  async ask(method: string, path: string, body?: object): Promise<{ status: number; body: Record<string, unknown> }> {
    const answer = await fetch(this.rig.config.PUBLIC_URL + path, {
      method,
      headers: {
        authorization: `Bearer ${this.rig.config.ADMIN_API_KEY}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
  }

  /** Changes the connector's ZIP code as people do; null takes it away. */
  async setZipCode(defaultZipCode: string | null): Promise<void> {
    const { status } = await this.ask('PATCH', `/v1/connectors/${this.connectorId}`, { orders: { defaultZipCode } });
    if (status !== 200) throw new Error(`the ZIP code could not be changed: ${status}`);
  }

  pathOf(orderId: string): string {
    return `/v1/orders/${this.world.amazon.sellerId}/${orderId}`;
  }
}
