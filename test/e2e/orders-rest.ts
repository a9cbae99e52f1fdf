import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mongoose';
import { orderModel } from '../../models/orders';
import type { StoreBook } from '../workflows/orders-under-test';
import { disagreements, type AmazonOrderBook, type OrderBooks } from './orders-audit';
import type { OrdersPlace, PlayedOrder } from './orders-player';

/** Between two looks at the books, in milliseconds; and how often in a row they must agree. */
const LOOK_EVERY_MS = 2_000;
const AGREEING_LOOKS = 3;

/** What everybody's books tell of a shop's orders now. */
export async function booksOf(
  { control, world: { vtex, amazon }, connectorId }: OrdersPlace,
  database: Connection
): Promise<OrderBooks> {
  const found = await control<{
    amazonOrders: Record<string, Record<string, AmazonOrderBook>>;
    vtex: Record<string, StoreBook>;
  }>('GET', `books?account=${vtex.account}&seller=${amazon.sellerId}`);
  const kept = await orderModel(database).find({ connectorId }).lean();
  return {
    store: found.vtex[vtex.account]!,
    amazon: found.amazonOrders[amazon.sellerId]!,
    kept: new Map(kept.map((each) => [each.amazonOrderId, each])),
  };
}

/** How orders came to rest. */
interface Rest {
  /** What the books still disagree in, in sentences with the order's state. */
  disagreements: string[];
  seconds: number;
  /** Times that somebody pressed retry. */
  presses: number;
}

/**
 * Waits, with a bound, until the books agree and go on agreeing. Where they do not, people press retry after a while: what was refused
 * is tried again by itself after minutes and hours.
 */
export async function comeToRest(
  place: OrdersPlace,
  played: readonly PlayedOrder[],
  database: Connection,
  bounds: { seconds: number; pressAfterSeconds: number }
): Promise<Rest> {
  const start = Date.now();
  let agreeing = 0;
  let presses = 0;
  for (;;) {
    await place.watch().catch(() => undefined);
    const books = await booksOf(place, database);
    const found = disagreements(played, books);
    const seconds = (Date.now() - start) / 1000;
    agreeing = found.length === 0 ? agreeing + 1 : 0;
    if (agreeing === AGREEING_LOOKS) return { disagreements: [], seconds, presses };
    if (seconds > bounds.seconds)
      return { disagreements: found.map((each) => withState(each, books)), seconds, presses };
    if (seconds >= bounds.pressAfterSeconds) presses += await pressRetry(place, played, found);
    await sleep(LOOK_EVERY_MS);
  }
}

/** Whoever has let an order's stock go wants it left alone. */
async function pressRetry(
  place: OrdersPlace,
  played: readonly PlayedOrder[],
  found: readonly string[]
): Promise<number> {
  const named = new Set(found.map((sentence) => sentence.split(':')[0]));
  const waiting = played.filter(({ orderId, life }) => named.has(orderId) && life.press?.kind !== 'release');
  for (const { orderId } of waiting) await place.press(orderId, 'retry').catch(() => undefined);
  return waiting.length;
}

function withState(sentence: string, { kept }: OrderBooks): string {
  const order = kept.get(sentence.split(':')[0]!);
  return order ? `${sentence}; it is ${order.stage}: ${order.reason} ${order.json}` : sentence;
}
