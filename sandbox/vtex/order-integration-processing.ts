import type { World } from '../world';
import {
  USUAL_ORDER_MANNERS,
  type IntegrationResult,
  type IntegrationTask,
  type OrderManners,
  type StoreOrder,
} from './order-integration-book';
import type { WarehouseUnits } from './stock-held';

const MESSAGES: Record<string, string> = {
  SOI001: 'Order integrated successfully',
  SOI002: 'Order approved successfully',
  EOI000: 'Unknown error',
  EOI001: 'Unmapped error',
  EOI002: 'There are no SLAs or items available to fulfill this order',
  EOI003: "The order's total payment value differs from what the seller expects",
  EOI004: "The order's cart is invalid",
  EOI005: 'Validation error',
  EOI006: 'An unexpected error occurred; try again later',
  EOI007: 'The order already exists',
  EOI008: 'The order cannot be approved: it is not integrated yet',
  EOI009: 'The order is out of the valid status to approve',
  EOI010: 'The request timed out',
  EOI011: "The order waits for the seller's manual authorization",
};

export function orderMannersOf({ settings }: World): OrderManners {
  return { ...USUAL_ORDER_MANNERS, ...settings.orderIntegration };
}

/** Does what a task asks for. An order that is placed as approved has two results. */
export function processTask(world: World, task: IntegrationTask): IntegrationResult[] {
  const planned = takeAnswer(world);
  if (planned !== undefined && planned !== 'EOI010') return [resultOf(task, planned)];
  const results = task.flow === 'PlaceOrder' ? placed(world, task) : [approved(world, task)];
  return planned === undefined ? results : [resultOf(task, planned)];
}

function takeAnswer(world: World): string | undefined {
  const answers = world.settings.orderIntegration?.answers ?? [];
  const planned = answers[0];
  if (planned === undefined) return undefined;
  world.settings.orderIntegration = { ...world.settings.orderIntegration, answers: answers.slice(1) };
  world.save();
  return planned;
}

function placed(world: World, task: IntegrationTask): IntegrationResult[] {
  const { order, affiliateId, marketplaceOrderId } = task;
  const orderId = `${affiliateId}-${marketplaceOrderId}`;
  if (!order) return [resultOf(task, 'EOI005')];
  if (world.storeOrders.find(orderId)) return [resultOf(task, 'EOI007')];
  const units = unitsFor(world, order.items, affiliateId);
  if (typeof units === 'string') return [resultOf(task, units)];
  const expected = expectedValue(world, order);
  const isDivergent = Math.abs(order.value - expected) > expected * order.rate;
  const { divergence } = orderMannersOf(world);
  if (isDivergent && divergence === 'refuse') return [resultOf(task, 'EOI003')];
  const placedOrder: StoreOrder = {
    orderId,
    marketplaceOrderId,
    affiliateId,
    state: isDivergent && divergence === 'authorize' ? 'waiting-for-manual-authorization' : 'payment-pending',
    value: order.value,
    items: order.items,
    units,
    isWrittenDown: false,
    packages: [],
    createdAt: world.now,
    changedAt: world.now,
    authorizedAt: null,
  };
  world.storeOrders.add(placedOrder);
  const result = resultOf(task, 'SOI001', orderId);
  return order.isApproved ? [result, approved(world, { ...task, flow: 'ApproveOrder' })] : [result];
}

function approved(world: World, task: IntegrationTask): IntegrationResult {
  const order =
    world.storeOrders.find(`${task.affiliateId}-${task.marketplaceOrderId}`) ??
    world.storeOrders.all().find(({ marketplaceOrderId }) => marketplaceOrderId === task.marketplaceOrderId);
  if (!order) return resultOf(task, 'EOI008');
  if (order.state === 'canceled') return resultOf(task, 'EOI009');
  if (order.state === 'waiting-for-manual-authorization') return resultOf(task, 'EOI011');
  if (order.state === 'payment-pending') world.storeOrders.turn(order, 'ready-for-handling');
  return resultOf(task, 'SOI002', order.orderId);
}

/** What the order takes from which warehouse, parts in place of kits; a code where it cannot be had. */
function unitsFor(world: World, items: StoreOrder['items'], affiliateId: string): WarehouseUnits[] | string {
  const salesChannel = Number(world.settings.affiliates[affiliateId]?.salesChannel ?? 1);
  const wanted = new Map<number, number>();
  for (const { id, quantity } of items) {
    const sku = world.store.sku(Number(id));
    if (!sku) return 'EOI004';
    if (!sku.active || !sku.product.active || !sku.product.salesChannels.includes(salesChannel)) return 'EOI002';
    if (world.store.price(sku) === null) return 'EOI002';
    const parts = sku.isKit
      ? sku.kitItems.map((part) => ({ part: world.store.find(part.refId), units: part.quantity * quantity }))
      : [{ part: sku, units: quantity }];
    for (const { part, units } of parts) {
      if (!part) return 'EOI002';
      wanted.set(part.skuId, (wanted.get(part.skuId) ?? 0) + units);
    }
  }
  const taken = [...wanted].map(([skuId, units]) => {
    const sku = world.store.sku(skuId);
    return sku && world.store.allocate(sku, units);
  });
  return taken.every((each) => each !== undefined) ? taken.flat() : 'EOI002';
}

/** Hundredths: the store's own prices, and the shipping that the order says. */
function expectedValue(world: World, { items, shipping }: NonNullable<IntegrationTask['order']>): number {
  const prices = items.map(({ id, quantity }) => {
    const sku = world.store.sku(Number(id));
    return Math.round(((sku && world.store.price(sku)) ?? 0) * 100) * quantity;
  });
  return prices.reduce((sum, each) => sum + each, shipping);
}

function resultOf(task: IntegrationTask, code: string, orderId?: string): IntegrationResult {
  const { flow, marketplaceOrderId } = task;
  return { flow, marketplaceOrderId, code, message: MESSAGES[code] ?? code, orderId };
}
