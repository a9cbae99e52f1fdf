import { setTimeout as sleep } from 'node:timers/promises';
import { fulfilledByOf, orderStatusOf, type OrderSighting } from '../../domain/orders/order';
import type { OrderInput, OrderNews } from '../../domain/orders/order-record';
import type { AmazonOrder } from '../../sandbox/amazon/orders-book';
import type { World } from '../workflows/rig';
import type { LifeStage, OrderLife } from './orders-lives';

/** How lives reach the service and what stands in for the outside world. */
export interface OrdersPlace {
  world: World;
  connectorId: string;
  /** The sandbox's control API. */
  control<T>(method: string, path: string, body?: unknown): Promise<T>;
  tellOrder(order: OrderInput, news: OrderNews): Promise<void>;
  press(orderId: string, kind: 'release' | 'retry'): Promise<void>;
  /** Ends an order's workflow without its knowing. */
  loseWorkflow(orderId: string): Promise<void>;
  /** One look of the watch at the account. */
  watch(): Promise<void>;
}

/** An order that has lived. */
export interface PlayedOrder {
  orderId: string;
  life: OrderLife;
}

type Happening = { at: number; run: () => Promise<void> };

/**
 * Lets orders live side by side: at Amazon, in notices, at the hands of people.
 *
 * @param seconds - how long the whole of it takes at least; a slow machine needs longer
 * @param disturb - what befalls the service meanwhile, with moments as lives have them
 * @returns the orders, in the order of the lives
 */
export async function play(
  place: OrdersPlace,
  lives: readonly OrderLife[],
  seconds: number,
  { disturb = [], watchEvery }: { disturb?: readonly Happening[]; watchEvery: number }
): Promise<PlayedOrder[]> {
  const played: PlayedOrder[] = [];
  const happenings = lives.flatMap((life, index) => happeningsOf(place, life, index, played));
  const watching = watchAllTheTime(place, watchEvery);
  try {
    await Promise.all([inTheirTime(happenings, seconds), inTheirTime(disturb, seconds), sleep(seconds * 1000)]);
  } finally {
    await watching.stop();
  }
  return played;
}

/** One after the other, none before its moment. */
async function inTheirTime(happenings: readonly Happening[], seconds: number): Promise<void> {
  const start = Date.now();
  for (const { at, run } of [...happenings].sort((one, other) => one.at - other.at)) {
    await sleep(Math.max(0, start + at * seconds * 1000 - Date.now()));
    await run();
  }
}

/** Looks at the account again and again; a look that fails is made up for by the next. */
function watchAllTheTime(place: OrdersPlace, everySeconds: number): { stop(): Promise<void> } {
  let isOver = false;
  const done = (async () => {
    while (!isOver) {
      await place.watch().catch(() => undefined);
      for (let waited = 0; waited < everySeconds * 10 && !isOver; waited += 1) await sleep(100);
    }
  })();
  return {
    async stop() {
      isOver = true;
      await done;
    },
  };
}

function happeningsOf(place: OrdersPlace, life: OrderLife, index: number, played: PlayedOrder[]): Happening[] {
  const { world } = place;
  /** As Amazon stood at each stage. */
  const seen: AmazonOrder[] = [];
  const orderId = (): string => played[index]!.orderId;
  const stages = life.stages.map((stage, number) => ({
    at: stage.at,
    run: async () => {
      if (number === 0) {
        const order = await begin(place, life, stage);
        played[index] = { orderId: order.orderId, life };
        seen.push(order);
      } else seen.push(await change(place, orderId(), life, stage));
    },
  }));
  const born = life.stages[0]!.at;
  const afterBirth = (at: number): number => Math.max(at, born);
  return [
    ...stages,
    ...life.notices.map(({ stage, at }) => ({
      at,
      run: () =>
        place.tellOrder(inputOf(place, orderId()), { kind: 'sighting', sighting: noticeOf(seen[stage]!, world) }),
    })),
    ...(life.press ? [{ at: afterBirth(life.press.at), run: () => place.press(orderId(), life.press!.kind) }] : []),
    ...(life.lostAt === null
      ? []
      : [{ at: afterBirth(life.lostAt), run: () => place.loseWorkflow(orderId()).catch(() => undefined) }]),
  ];
}

function begin({ control, world }: OrdersPlace, life: OrderLife, { status }: LifeStage): Promise<AmazonOrder> {
  const { fulfilledBy, items } = life;
  return control('POST', `worlds/${world.name}/orders`, {
    items: items.map((item) => ({ ...item, price: 20 })),
    status,
    fulfilledBy,
  });
}

async function change(
  { control, world }: OrdersPlace,
  orderId: string,
  { items: [first] }: OrderLife,
  { status, canceled }: LifeStage
): Promise<AmazonOrder> {
  const cancelled = Math.min(canceled, first!.quantity - 1);
  const isOpen = status === 'PENDING' || status === 'UNSHIPPED';
  const order = await control<AmazonOrder>('POST', `worlds/${world.name}/orders/${orderId}`, {
    status,
    ...(isOpen && cancelled > 0 && { items: { [first!.sku]: { cancelled } } }),
  });
  return structuredClone(order);
}

function inputOf({ world, connectorId }: OrdersPlace, amazonOrderId: string): OrderInput {
  return { sellerId: world.amazon.sellerId, amazonOrderId, connectorId };
}

/** An ORDER_CHANGE knows nothing of cancelled or shipped units. */
function noticeOf(order: AmazonOrder, { amazon }: World): OrderSighting {
  return {
    amazonOrderId: order.orderId,
    from: 'notice',
    updatedAt: new Date(order.updatedAt).toISOString(),
    orderedAt: new Date(order.createdAt).toISOString(),
    marketplaceId: amazon.marketplaceIds[0],
    status: orderStatusOf(order.status),
    fulfilledBy: fulfilledByOf(order.fulfilledBy),
    items: order.items.map(({ orderItemId, sku, ordered, cancelled }) => ({
      orderItemId,
      sku: sku ?? undefined,
      ordered: ordered - cancelled,
      canceled: 0,
      shipped: 0,
    })),
  };
}
