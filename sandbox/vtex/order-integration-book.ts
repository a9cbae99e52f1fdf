import { randomUUID } from 'node:crypto';
import type { SandboxClock } from '../clock';
import type { Journal } from '../journal';
import { deliver, type Delivery } from './callbacks';
import type { HeldStock, WarehouseUnits } from './stock-held';

const LOOK_EVERY_MS = 1_000;

/** How a store takes orders of other marketplaces. */
export interface OrderManners {
  /** From an answer to the processing of what it was about, and from there to its result being told; ms on the sandbox's clock. */
  processAfterMs: number;
  tellAfterMs: number;
  /** How often a result is told; 0: never. */
  tellTimes: number;
  /** What comes of the next ones in place of what should: `EOI006`; after `EOI010`, a timeout, the order is there nevertheless. */
  answers: string[];
  /** An order whose value is not what the store expects: refused (EOI003), left to somebody (EOI011 when approved) or accepted. */
  divergence: 'refuse' | 'authorize' | 'accept';
}

export const USUAL_ORDER_MANNERS: OrderManners = {
  processAfterMs: 20,
  tellAfterMs: 0,
  tellTimes: 1,
  answers: [],
  divergence: 'refuse',
};

type StoreOrderState =
  'waiting-for-manual-authorization' | 'payment-pending' | 'ready-for-handling' | 'handling' | 'invoiced' | 'canceled';

/** An invoice and what left with it. */
interface StorePackage {
  invoiceNumber: string;
  /** Null and empty until somebody says. */
  courier: string | null;
  trackingNumber: string;
  issuedAt: number;
  /** `Input`: of what has come back. */
  type: 'Output' | 'Input';
  /** By position in the order. */
  items: { index: number; quantity: number }[];
}

export interface StoreOrder {
  /** `<affiliate>-<marketplaceOrderId>` */
  orderId: string;
  marketplaceOrderId: string;
  affiliateId: string;
  state: StoreOrderState;
  /** Hundredths. */
  value: number;
  items: { id: string; quantity: number; price: number }[];
  /** What it keeps from others until it is cancelled, or until the store has written its stock down. */
  units: WarehouseUnits[];
  isWrittenDown: boolean;
  packages: StorePackage[];
  /** Epoch ms. */
  createdAt: number;
  changedAt: number;
  authorizedAt: number | null;
}

/** What was asked for and is worked on. Holds nothing of the buyer. */
export interface IntegrationTask {
  flow: 'PlaceOrder' | 'ApproveOrder';
  marketplaceOrderId: string;
  affiliateId: string;
  endpoint: string;
  /** Of an order to place. */
  order?: { value: number; rate: number; shipping: number; items: StoreOrder['items']; isApproved: boolean };
}

/** What came of a task. */
export interface IntegrationResult {
  flow: IntegrationTask['flow'];
  marketplaceOrderId: string;
  code: string;
  message: string;
  orderId?: string;
}

/** A result that was told, or is about to be. */
interface Told extends Delivery {
  /** Increases by one with each. */
  seq: number;
  flow: string;
  marketplaceOrderId: string;
  code: string;
}

interface Waiting {
  id: string;
  at: number;
  endpoint: string;
  task?: IntegrationTask;
  result?: IntegrationResult;
}

interface OrderIntegrationBookOptions {
  worldName: string;
  account: string;
  journal: Journal;
  clock: SandboxClock;
  held: HeldStock;
  manners: () => OrderManners;
  process: (task: IntegrationTask) => IntegrationResult[];
}

/** A store's orders from other marketplaces, and what it still has to do and to tell about them. */
export class OrderIntegrationBook {
  private readonly orders = new Map<string, StoreOrder>();
  private waiting: Waiting[] = [];
  private readonly told: Told[] = [];
  /** Set once everything is forgotten, which ends what is under way. */
  private isForgotten = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: OrderIntegrationBookOptions) {}

  get keyPrefix(): string {
    return `store-order/${this.options.worldName}/`;
  }

  private get waitingPrefix(): string {
    return `${this.keyPrefix}waiting/`;
  }

  /** Puts back what the journal kept. */
  restore(): void {
    for (const [key, value] of this.options.journal.entries(this.keyPrefix)) {
      if (key.startsWith(this.waitingPrefix)) this.waitUntil(value as Waiting);
      else this.remember(value as StoreOrder);
    }
  }

  forget(): void {
    this.isForgotten = true;
    this.waiting = [];
    clearTimeout(this.timer);
  }

  enqueue(task: IntegrationTask): void {
    const { clock, manners } = this.options;
    this.await({ id: randomUUID(), at: clock.now() + manners().processAfterMs, endpoint: task.endpoint, task });
  }

  find(orderId: string): StoreOrder | undefined {
    this.settle();
    return this.orders.get(orderId);
  }

  all(): StoreOrder[] {
    this.settle();
    return [...this.orders.values()];
  }

  /** The results told so far, oldest first. */
  results(): { waiting: number; told: Told[] } {
    return { waiting: this.waiting.length, told: this.told };
  }

  add(order: StoreOrder): void {
    this.remember(order);
    this.save(order);
  }

  turn(order: StoreOrder, state: StoreOrderState): void {
    const now = this.options.clock.now();
    if (state === 'canceled' && keepsUnits(order)) this.options.held.giveBack(order.units);
    if (state === 'ready-for-handling') order.authorizedAt ??= now;
    order.state = state;
    this.save(order);
  }

  /** Invoices a part of the order, or all of it; the same invoice again replaces what was said of it. */
  invoice(order: StoreOrder, invoice: Omit<StorePackage, 'issuedAt'>): void {
    const known = order.packages.find(({ invoiceNumber }) => invoiceNumber === invoice.invoiceNumber);
    if (known) Object.assign(known, invoice);
    else order.packages.push({ ...invoice, issuedAt: this.options.clock.now() });
    this.turn(order, 'invoiced');
  }

  /** The store's own stock has been written down by what the order takes. */
  writtenDown(order: StoreOrder): void {
    if (keepsUnits(order)) this.options.held.giveBack(order.units);
    order.isWrittenDown = true;
    this.save(order);
  }

  /** To be called after every change of an order. */
  save(order: StoreOrder): void {
    order.changedAt = this.options.clock.now();
    this.options.journal.put(this.keyPrefix + order.orderId, order);
  }

  /** Does what is due, in the order in which it came. */
  settle(): void {
    const now = this.options.clock.now();
    for (;;) {
      const next = this.waiting.find(({ at }) => at <= now);
      if (!next) return this.arm();
      this.waiting = this.waiting.filter((each) => each !== next);
      this.options.journal.delete(this.waitingPrefix + next.id);
      if (next.task) this.work(next.task);
      if (next.result) this.tell(next.endpoint, next.result);
    }
  }

  private work(task: IntegrationTask): void {
    const { clock, manners, process } = this.options;
    const results = process(task);
    const { tellAfterMs, tellTimes } = manners();
    for (const result of results)
      for (let time = 0; time < tellTimes; time += 1)
        this.await({ id: randomUUID(), at: clock.now() + tellAfterMs, endpoint: task.endpoint, result });
  }

  private tell(endpoint: string, result: IntegrationResult): void {
    const { flow, marketplaceOrderId, code } = result;
    const entry: Told = {
      seq: this.told.length + 1,
      flow,
      marketplaceOrderId,
      code,
      tries: 0,
      status: null,
      isDone: false,
    };
    this.told.push(entry);
    const { account } = this.options;
    const path = `/order-integration/notification/processing-result?an=${account}`;
    void deliver(entry, endpoint.replace(/\/+$/, '') + path, resultBody(account, result), () => this.isForgotten);
  }

  private await(waiting: Waiting): void {
    this.options.journal.put(this.waitingPrefix + waiting.id, waiting);
    this.waitUntil(waiting);
  }

  private waitUntil(waiting: Waiting): void {
    this.waiting.push(waiting);
    this.arm();
  }

  /** Looks again when the next is due, and now and then before: the clock may be advanced, or stand still. */
  private arm(): void {
    clearTimeout(this.timer);
    if (this.waiting.length === 0) return;
    const next = this.waiting.reduce((soonest, { at }) => Math.min(soonest, at), Infinity);
    const ms = Math.min(Math.max(next - this.options.clock.now(), 1), LOOK_EVERY_MS);
    this.timer = setTimeout(() => this.settle(), ms);
    this.timer.unref();
  }

  private remember(order: StoreOrder): void {
    this.orders.set(order.orderId, order);
    if (keepsUnits(order)) this.options.held.take(order.units);
  }
}

/** Units that other buyers cannot have although they are still in the store's stock. */
function keepsUnits({ state, isWrittenDown }: StoreOrder): boolean {
  return state !== 'canceled' && !isWrittenDown;
}

/** Whether its units are sold, and not only kept for it. */
export function isSold({ state }: StoreOrder): boolean {
  return state === 'ready-for-handling' || state === 'handling' || state === 'invoiced';
}

/** The contract of all answers and results. */
export function resultBody(
  account: string | null,
  { flow, marketplaceOrderId, code, message, orderId }: IntegrationResult
) {
  const isSuccess = code.startsWith('S');
  return {
    marketplaceOrderId,
    accountName: account,
    code,
    flow,
    success: isSuccess,
    operationId: randomUUID(),
    errors: isSuccess ? null : [{ source: 'Order Integration', code, description: message }],
    fields: orderId ? { mainOrderId: orderId, franchiseOrderId: null } : null,
    message,
  };
}
