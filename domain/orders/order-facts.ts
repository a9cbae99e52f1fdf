import {
  openUnits,
  type Destination,
  type FulfilledBy,
  type OrderItem,
  type OrderSighting,
  type OrderStatus,
} from './order';

/** What is known of an order at Amazon, put together from its sightings. Times in milliseconds since 1970. */
export interface OrderFacts {
  status?: OrderStatus;
  fulfilledBy?: FulfilledBy;
  orderedAt?: number;
  marketplaceId?: string;
  programs?: string[];
  destination?: Destination;
  items?: OrderItem[];
  /** Who told the lines: a notice knows nothing of cancelled and shipped units. */
  itemsFrom?: 'read' | 'notice';
  /** Amazon's last update, as far as Amazon's APIs told; 0 until they told. */
  updatedAt: number;
  /** Something has changed that is not known yet: the order is to be read. */
  isStale: boolean;
}

/** An order only moves forward; the last three are ends, of which the first one seen stays. */
const RANKS: Record<OrderStatus, number> = {
  pending_availability: 0,
  pending: 1,
  unshipped: 2,
  partially_shipped: 3,
  shipped: 4,
  canceled: 4,
  unfulfillable: 4,
};

export const NO_FACTS: OrderFacts = { updatedAt: 0, isStale: false };

/**
 * The facts after one more sighting, in whatever order sightings come:
 *
 * - The status never goes back, whatever a late notice or a slow copy of Amazon's says, and an end stays the end.
 * - A page that tells of a change and leaves status or lines out makes the order to be read.
 * - Lines are taken from a reading that is not older than the one before. A notice gives them only to an order that has none; where it
 *   is newer and names other quantities, the order is read.
 */
export function withSighting(facts: OrderFacts, sighting: OrderSighting): OrderFacts {
  const at = timeOf(sighting.updatedAt) ?? 0;
  const isRead = sighting.from !== 'notice';
  const isNewest = at >= facts.updatedAt;
  const believed = <T>(known: T | undefined, said: T | undefined): T | undefined =>
    isRead && isNewest ? (said ?? known) : (known ?? said);
  const takesItems = sighting.items !== undefined && takesItemsFrom(facts, isRead, isNewest);
  return {
    status: isAhead(sighting.status, facts.status) ? sighting.status : facts.status,
    fulfilledBy: believed(facts.fulfilledBy, sighting.fulfilledBy),
    orderedAt: believed(facts.orderedAt, timeOf(sighting.orderedAt)),
    marketplaceId: believed(facts.marketplaceId, sighting.marketplaceId),
    programs: believed(facts.programs, sighting.programs),
    destination: believed(facts.destination, sighting.destination),
    items: takesItems ? sighting.items : facts.items,
    itemsFrom: takesItems ? (isRead ? 'read' : 'notice') : facts.itemsFrom,
    updatedAt: isRead ? Math.max(facts.updatedAt, at) : facts.updatedAt,
    isStale: isStaleAfter(facts, sighting, at),
  };
}

/** Whether the order is to be read: something has changed, and what exactly was not told. */
function isStaleAfter(facts: OrderFacts, sighting: OrderSighting, at: number): boolean {
  if (sighting.from === 'notice') return facts.isStale || (at > facts.updatedAt && differs(facts, sighting));
  if (at < facts.updatedAt) return facts.isStale;
  const isWhole = sighting.status !== undefined && sighting.items !== undefined;
  return isWhole ? false : facts.isStale || at > facts.updatedAt;
}

function takesItemsFrom({ items, itemsFrom }: OrderFacts, isRead: boolean, isNewest: boolean): boolean {
  if (!items) return true;
  return isRead && (itemsFrom === 'notice' || isNewest);
}

function isAhead(said: OrderStatus | undefined, known: OrderStatus | undefined): boolean {
  return said !== undefined && (known === undefined || RANKS[said] > RANKS[known]);
}

/** Whether a notice names other lines or units than those that are known, or does not tell all of them. */
function differs({ items }: OrderFacts, notice: OrderSighting): boolean {
  if (!notice.items) return true;
  if (!items) return false;
  const known = new Map(items.map((item) => [item.orderItemId, item]));
  return (
    notice.items.length !== items.length ||
    notice.items.some(({ orderItemId, ordered }) => {
      const item = known.get(orderItemId);
      return !item || (ordered !== item.ordered && ordered !== item.ordered - item.canceled);
    })
  );
}

/** No longer to be shipped by anybody, or shipped. */
export function isOver({ status }: OrderFacts): boolean {
  return status !== undefined && RANKS[status] === RANKS.shipped;
}

/** Ended without being shipped. */
export function isCanceled({ status }: OrderFacts): boolean {
  return status === 'canceled' || status === 'unfulfillable';
}

/** What is missing before anything may be done for the order; empty when all is there. */
export function missingFacts(facts: OrderFacts): string[] {
  if (isOver(facts)) return [];
  const { status, fulfilledBy, orderedAt, items } = facts;
  return [
    ...(status ? [] : ['its status']),
    ...(fulfilledBy ? [] : ['who ships it']),
    ...(orderedAt === undefined ? ['when it was ordered'] : []),
    ...(items ? [] : ['its lines']),
  ];
}

/** Units still to be shipped, by SKU; lines without any, or without a SKU, are left out. */
export function openUnitsBySku({ items = [] }: OrderFacts): Map<string, number> {
  return unitsBySku(items, openUnits);
}

/** Units that were or will be shipped, by SKU. */
export function soldUnitsBySku({ items = [] }: OrderFacts): Map<string, number> {
  return unitsBySku(items, ({ ordered, canceled }) => Math.max(0, ordered - canceled));
}

function unitsBySku(items: readonly OrderItem[], unitsOf: (item: OrderItem) => number): Map<string, number> {
  const units = new Map<string, number>();
  for (const item of items) {
    const of = unitsOf(item);
    if (item.sku !== undefined && of > 0) units.set(item.sku, (units.get(item.sku) ?? 0) + of);
  }
  return units;
}

/** Milliseconds since 1970; undefined for what is no time. */
function timeOf(iso: string | undefined): number | undefined {
  const at = iso === undefined ? NaN : Date.parse(iso);
  return Number.isNaN(at) ? undefined : at;
}
