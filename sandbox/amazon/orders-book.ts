import { randomInt } from 'node:crypto';
import type { SandboxClock } from '../clock';
import type { Journal } from '../journal';

export const FULFILLMENT_STATUSES = [
  'PENDING_AVAILABILITY',
  'PENDING',
  'UNSHIPPED',
  'PARTIALLY_SHIPPED',
  'SHIPPED',
  'CANCELLED',
  'UNFULFILLABLE',
] as const;
export type FulfillmentStatus = (typeof FULFILLMENT_STATUSES)[number];

export const FULFILLERS = ['MERCHANT', 'AMAZON'] as const;
export type Fulfiller = (typeof FULFILLERS)[number];

export interface OrderItem {
  orderItemId: string;
  /** null: Amazon does not say which SKU it is. */
  sku: string | null;
  /** Units, as the two below: ordered less cancelled and shipped is what is still to be shipped. */
  ordered: number;
  cancelled: number;
  shipped: number;
  /** Of one, in currency units. */
  unitPrice: number;
  /** The buyer's reason, once the buyer has asked for the item to be cancelled. */
  cancelRequest: string | null;
}

interface ShippedPackage {
  reference: string;
  carrierCode: string;
  trackingNumber: string;
  /** ISO 8601. */
  shipDate: string;
  items: { orderItemId: string; quantity: number }[];
}

/** Where the order goes; the rest of the address and the buyer are invented by the views. */
interface Destination {
  postalCode: string;
  /** ISO 3166 alpha-2. */
  countryCode: string;
}

/** What becomes of one item; units, each of them the new value. */
export interface ItemChange {
  ordered?: number;
  cancelled?: number;
  shipped?: number;
  cancelRequest?: string;
}

export interface OrderChange {
  status?: FulfillmentStatus;
  /** By seller SKU or by order item id. */
  items?: Record<string, ItemChange>;
}

export interface AmazonOrder {
  orderId: string;
  marketplaceId: string;
  /** Epoch ms, as all moments. */
  createdAt: number;
  updatedAt: number;
  status: FulfillmentStatus;
  fulfilledBy: Fulfiller;
  destination: Destination;
  items: OrderItem[];
  packages: ShippedPackage[];
  /** Packages that Amazon was told of, a correction of one counted too. */
  confirmations: number;
  /** What will happen to it, soonest first. */
  plan: { at: number; change: OrderChange }[];
}

/** An order as the control API takes it. */
export interface NewOrder {
  /** Absent: one in Amazon's format, 3-7-7. */
  orderId?: string;
  marketplaceId: string;
  status: FulfillmentStatus;
  fulfilledBy: Fulfiller;
  destination: Destination;
  items: { sku: string | null; quantity: number; unitPrice: number }[];
  plan: { afterSeconds: number; change: OrderChange }[];
}

interface OrderBookOptions {
  worldName: string;
  journal: Journal;
  clock: SandboxClock;
  /** Called when an order is new or has changed. */
  onChange?: (order: AmazonOrder) => void;
}

/** A seller's orders. What was planned for them happens on the sandbox's clock, at its own moment, whenever that is noticed. */
export class OrderBook {
  private readonly orders = new Map<string, AmazonOrder>();
  /** When the next planned change is due. */
  private nextDue = Infinity;

  constructor(private readonly options: OrderBookOptions) {}

  get keyPrefix(): string {
    return `order/${this.options.worldName}/`;
  }

  /** Puts back what the journal kept. */
  restore(): void {
    for (const [, value] of this.options.journal.entries(this.keyPrefix)) this.remember(value as AmazonOrder);
  }

  /** @returns undefined when there is an order of that id. */
  add(given: NewOrder): AmazonOrder | undefined {
    const { orderId = newOrderId(), items, plan, status, ...fields } = given;
    if (this.orders.has(orderId)) return undefined;
    const now = this.options.clock.now();
    const order: AmazonOrder = {
      ...fields,
      orderId,
      status: 'PENDING',
      createdAt: now,
      updatedAt: now,
      items: items.map(({ sku, quantity, unitPrice }) => newItem(sku, quantity, unitPrice)),
      packages: [],
      confirmations: 0,
      plan: plan
        .map(({ afterSeconds, change }) => ({ at: now + afterSeconds * 1000, change }))
        .sort((one, other) => one.at - other.at),
    };
    apply(order, { status }, now);
    this.remember(order);
    this.save(order);
    return order;
  }

  find(orderId: string): AmazonOrder | undefined {
    this.settle();
    return this.orders.get(orderId);
  }

  /** By the moment of their last update, oldest first. */
  all(): AmazonOrder[] {
    this.settle();
    return [...this.orders.values()].sort(
      (one, other) => one.updatedAt - other.updatedAt || (one.orderId < other.orderId ? -1 : 1)
    );
  }

  /** Changes it now. */
  change(order: AmazonOrder, change: OrderChange): void {
    apply(order, change, this.options.clock.now());
    this.save(order);
  }

  /** Takes a package of the seller's: its items are shipped, and the order with them or in part. */
  ship(order: AmazonOrder, shipped: ShippedPackage): void {
    order.packages = [...order.packages.filter(({ reference }) => reference !== shipped.reference), shipped];
    order.confirmations += 1;
    const items: Record<string, ItemChange> = {};
    for (const item of order.items) {
      const units = order.packages
        .flatMap((each) => each.items)
        .filter((each) => each.orderItemId === item.orderItemId);
      items[item.orderItemId] = { shipped: units.reduce((sum, { quantity }) => sum + quantity, 0) };
    }
    this.change(order, { items });
  }

  /** Lets happen what is due. */
  settle(): void {
    const now = this.options.clock.now();
    if (now < this.nextDue) return;
    this.nextDue = Infinity;
    for (const order of this.orders.values()) {
      const due = order.plan.filter(({ at }) => at <= now);
      if (due.length > 0) {
        order.plan = order.plan.slice(due.length);
        for (const { at, change } of due) apply(order, change, at);
        this.save(order);
      }
      this.nextDue = Math.min(this.nextDue, order.plan[0]?.at ?? Infinity);
    }
  }

  private remember(order: AmazonOrder): void {
    this.orders.set(order.orderId, order);
    this.nextDue = Math.min(this.nextDue, order.plan[0]?.at ?? Infinity);
  }

  private save(order: AmazonOrder): void {
    this.options.journal.put(`${this.keyPrefix}${order.orderId}`, order);
    this.options.onChange?.(order);
  }
}

/** Units that are still to be shipped. */
export function openUnits({ ordered, cancelled, shipped }: OrderItem): number {
  return Math.max(0, ordered - cancelled - shipped);
}

function newItem(sku: string | null, ordered: number, unitPrice: number): OrderItem {
  return { orderItemId: digits(14), sku, ordered, cancelled: 0, shipped: 0, unitPrice, cancelRequest: null };
}

/** The status follows the items, and the items the status. */
function apply(order: AmazonOrder, { status, items = {} }: OrderChange, at: number): void {
  for (const item of order.items) Object.assign(item, items[item.orderItemId] ?? items[item.sku ?? '']);
  order.updatedAt = Math.max(at, order.updatedAt);
  order.status = status ?? statusByItems(order);
  for (const item of order.items) {
    if (status === 'CANCELLED') item.cancelled = item.ordered - item.shipped;
    if (status === 'SHIPPED') item.shipped = item.ordered - item.cancelled;
  }
}

function statusByItems({ status, items }: AmazonOrder): FulfillmentStatus {
  if (items.every(({ ordered, cancelled }) => cancelled >= ordered)) return 'CANCELLED';
  if (!items.some(({ shipped }) => shipped > 0)) return status;
  return items.every((item) => openUnits(item) === 0) ? 'SHIPPED' : 'PARTIALLY_SHIPPED';
}

function newOrderId(): string {
  return `${digits(3)}-${digits(7)}-${digits(7)}`;
}

function digits(count: number): string {
  return Array.from({ length: count }, () => randomInt(10)).join('');
}
