import { openUnits } from '../amazon/orders-book';
import { isSold } from '../vtex/order-integration-book';
import { isLive } from '../vtex/reservations-book';
import type { WarehouseUnits } from '../vtex/stock-held';
import type { StoreSku } from '../vtex/store';
import type { World } from '../world';

interface AmazonOrderBook {
  status: string;
  fulfilledBy: string;
  /** Units that are still to be shipped, by seller SKU or else by order item id. */
  open: Record<string, number>;
  packages: number;
  /** How often Amazon was told of one; more than there are packages where one was said twice. */
  confirmations: number;
}

/** By seller, then by order id. */
export function amazonOrderBooks(worlds: readonly World[]): Record<string, Record<string, AmazonOrderBook>> {
  return Object.fromEntries(
    worlds.map(({ identity, orders }) => {
      const books = orders.all().map(({ orderId, status, fulfilledBy, items, packages, confirmations }) => {
        const open = summed(items.map((item) => [item.sku ?? item.orderItemId, openUnits(item)]));
        return [orderId, { status, fulfilledBy, open, packages: packages.length, confirmations }] as const;
      });
      return [identity.sellerId, Object.fromEntries(books)];
    })
  );
}

export function reservationBook({ reservations }: World) {
  const books = reservations
    .all()
    .map(
      ({ lockId, status, until, units }) => [lockId, { status, until: iso(until), units: unitsBySku(units) }] as const
    );
  return Object.fromEntries(books);
}

export function storeOrderBook({ storeOrders }: World) {
  const books = storeOrders
    .all()
    .map(
      ({ orderId, state, value, units, isWrittenDown }) =>
        [orderId, { state, value, units: unitsBySku(units), isWrittenDown }] as const
    );
  return Object.fromEntries(books);
}

/** What reservations and orders say of stock, by SKU id. */
interface Wanted {
  held: Map<number, number>;
  sold: Map<number, number>;
  writtenDown: Map<number, number>;
}

/** Counted from the reservations and orders themselves, not from what the stock keeps for them. */
export function unitsWanted({ reservations, storeOrders }: World): Wanted {
  const wanted: Wanted = { held: new Map(), sold: new Map(), writtenDown: new Map() };
  const count = (of: Map<number, number>, units: readonly WarehouseUnits[]): void => {
    for (const each of units) of.set(each.skuId, (of.get(each.skuId) ?? 0) + each.units);
  };
  for (const reservation of reservations.all()) if (isLive(reservation)) count(wanted.held, reservation.units);
  for (const order of storeOrders.all()) {
    if (isSold(order)) count(wanted.sold, order.units);
    else if (order.state !== 'canceled') count(wanted.held, order.units);
    if (order.isWrittenDown) count(wanted.writtenDown, order.units);
  }
  return wanted;
}

/**
 * The stock of a SKU over all warehouses. Of one that is neither a kit nor unlimited, `available` is what can be bought now, and
 * must be `start` less `sold` and `held`; orders that are not approved yet hold their units.
 */
export function stockBook(world: World, sku: StoreSku, { held, sold, writtenDown }: Wanted) {
  return {
    elsewhere: sku.elsewhere,
    start: (sku.quantity ?? 0) + sku.elsewhere - sku.reserved + (writtenDown.get(sku.skuId) ?? 0),
    sold: sold.get(sku.skuId) ?? 0,
    held: held.get(sku.skuId) ?? 0,
    available: world.store.available(sku),
  };
}

function unitsBySku(units: readonly WarehouseUnits[]): Record<string, number> {
  return summed(units.map((each) => [String(each.skuId), each.units]));
}

function summed(entries: readonly [name: string, units: number][]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [name, units] of entries) sums[name] = (sums[name] ?? 0) + units;
  return sums;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
