import type { StoreOrder, StoreParcel } from '../ports/order-integration';
import type { Shipment } from '../ports/orders';
import type { OrderItem } from './order';
import { amazonCarrierOf } from './carriers';
import { isOver } from './order-facts';
import { whyIgnored } from './order-scope';
import type { OrderParcel, OrderState, OrderStep, Turn } from './order-state';
import { TRACKING_OVERDUE_AFTER } from './order-timing';

export type ConfirmStep = Extract<OrderStep, { kind: 'confirm-shipment' }>;

/** Whether the store is to be asked for parcels: it has the order, and Amazon does not know yet that all of it has left. */
export function awaitsParcels(state: OrderState): boolean {
  if (!isShippedByStore(state)) return false;
  const items = state.facts.items ?? [];
  return items.some((item) => roomFor(state, item) > 0) || state.parcels.some(hasNoTracking);
}

/** What the store has sent by now. What is known keeps its number; what was sent to Amazon keeps its lines. */
export function takeParcels({ state, now }: Turn, { parcels }: StoreOrder): void {
  const named = withNames(parcels);
  state.parcels = state.parcels.filter((known) => known.wasSent || named.has(known.invoiceNumber));
  for (const [invoiceNumber, sent] of named) {
    const known = state.parcels.find((each) => each.invoiceNumber === invoiceNumber);
    if (known) amend(state, known, sent, now);
    else state.parcels.push(newParcel(state, invoiceNumber, sent, now));
  }
}

/** Whether the store says anything of an order that is not known yet. */
export function isNewsOfStore(state: OrderState, order: StoreOrder, now: number): boolean {
  if (order.state === 'canceled') return true;
  const before = JSON.stringify(state.parcels);
  const copy = { ...state, parcels: JSON.parse(before) as OrderParcel[] };
  takeParcels({ state: copy, now, commands: [] }, order);
  return JSON.stringify(copy.parcels) !== before;
}

/** The next parcel to tell Amazon of, and from when on. */
export function confirming(state: OrderState, now: number): { at: number; step: OrderStep } | undefined {
  const { facts, parcels } = state;
  const { marketplaceId } = facts;
  if (!isShippedByStore(state) || marketplaceId === undefined) return undefined;
  const [next] = parcels
    .filter((parcel) => parcel.state !== 'confirmed' && !hasNoTracking(parcel) && parcel.items.length > 0)
    .sort((one, other) => one.nextAt - other.nextAt);
  if (!next) return undefined;
  const shipment = shipmentOf(state, next, now);
  return { at: next.nextAt, step: { kind: 'confirm-shipment', marketplaceId, shipment } };
}

/** When people are to be told that a tracking number does not come; null when they were, or all are there. */
export function trackingOverdueAt(state: OrderState): number | null {
  const waiting =
    isShippedByStore(state) && state.told.no_tracking === undefined && state.parcels.filter(hasNoTracking);
  return waiting && waiting.length > 0
    ? Math.min(...waiting.map(({ seenAt }) => seenAt)) + TRACKING_OVERDUE_AFTER
    : null;
}

/** From here on Amazon may know of it, whatever becomes of us. */
export function noteConfirming(state: OrderState, { shipment }: ConfirmStep): void {
  const parcel = parcelOf(state, shipment);
  if (parcel) Object.assign(parcel, { wasSentBefore: parcel.wasSent, wasSent: true });
}

/** Amazon says that all of it has left: so what it was told and did not answer has arrived. */
export function noteArrived({ facts, parcels }: OrderState): void {
  if (facts.status !== 'shipped') return;
  for (const parcel of parcels)
    if (parcel.wasSent && parcel.failingSince !== null)
      Object.assign(parcel, { state: 'confirmed', failingSince: null });
}

/** In the store, not ended at Amazon, and shipped by the merchant: nothing else is ever confirmed. */
export function isShippedByStore(state: OrderState): boolean {
  return state.placement.phase === 'approved' && !isOver(state.facts) && !whyIgnored(state);
}

export function hasNoTracking({ trackingNumber }: OrderParcel): boolean {
  return trackingNumber === null;
}

/** Nothing in it can be told to be what Amazon waits for. */
export function isStrange(parcel: OrderParcel): boolean {
  return !hasNoTracking(parcel) && parcel.items.length === 0;
}

/** By invoice; a second parcel of one invoice gets a name of its own. */
function withNames(parcels: readonly StoreParcel[]): Map<string, StoreParcel> {
  const named = new Map<string, StoreParcel>();
  for (const parcel of parcels) {
    const { invoiceNumber } = parcel;
    let name = invoiceNumber;
    for (let count = 2; named.has(name); count += 1) name = `${invoiceNumber} (${count})`;
    named.set(name, parcel);
  }
  return named;
}

function newParcel(state: OrderState, invoiceNumber: string, sent: StoreParcel, now: number): OrderParcel {
  return {
    reference: Math.max(0, ...state.parcels.map(({ reference }) => reference)) + 1,
    invoiceNumber,
    carrier: sent.carrier ?? null,
    trackingNumber: sent.trackingNumber ?? null,
    shippedAt: sent.shippedAt,
    items: itemsIn(state, sent),
    state: 'waiting',
    said: null,
    seenAt: now,
    wasSent: false,
    wasSentBefore: false,
    tries: 0,
    failingSince: null,
    nextAt: now,
  };
}

function amend(state: OrderState, parcel: OrderParcel, sent: StoreParcel, now: number): void {
  if (!parcel.wasSent) {
    parcel.items = [];
    parcel.items = itemsIn(state, sent);
  }
  const carrier = sent.carrier ?? parcel.carrier;
  const trackingNumber = sent.trackingNumber ?? parcel.trackingNumber;
  if (carrier === parcel.carrier && trackingNumber === parcel.trackingNumber) return;
  // A correction is said under the same number.
  Object.assign(parcel, { carrier, trackingNumber, state: 'waiting', said: null, tries: 0, nextAt: now });
}

/** Which lines of Amazon's a parcel holds, in units: no more than what is left of each. One that names nothing holds all of it. */
function itemsIn(state: OrderState, { units }: StoreParcel): OrderParcel['items'] {
  const { facts, lines } = state;
  const left = new Map((facts.items ?? []).map((item) => [item, roomFor(state, item)]));
  if (units.length === 0) return taken([...left].map(([item, room]) => [item, item.sku === undefined ? 0 : room]));
  const found = new Map<OrderItem, number>();
  for (const { sourceId, units: wanted } of units) {
    const skus = lines.filter((line) => line.sourceId === sourceId).map(({ sku }) => sku);
    let open = wanted;
    for (const [item, room] of left) {
      if (item.sku === undefined || !skus.includes(item.sku)) continue;
      const some = Math.min(open, room);
      open -= some;
      left.set(item, room - some);
      found.set(item, (found.get(item) ?? 0) + some);
    }
  }
  return taken([...found]);
}

function taken(units: [item: OrderItem, units: number][]): OrderParcel['items'] {
  return units.flatMap(([{ orderItemId }, count]) => (count > 0 ? [{ orderItemId, units: count }] : []));
}

/** Units of a line that are in no parcel yet, be it one of the store's or one that Amazon was told of by somebody else. */
function roomFor({ parcels }: OrderState, { orderItemId, ordered, canceled, shipped }: OrderItem): number {
  const unitsIn = (some: readonly OrderParcel[]): number =>
    some
      .flatMap(({ items }) => items)
      .reduce((sum, item) => sum + (item.orderItemId === orderItemId ? item.units : 0), 0);
  const elsewhere = Math.max(0, shipped - unitsIn(parcels.filter(({ wasSent }) => wasSent)));
  return Math.max(0, ordered - canceled - elsewhere - unitsIn(parcels));
}

/** Amazon takes no moment before the order, and none to come. */
function shipmentOf({ facts, policy }: OrderState, parcel: OrderParcel, now: number): Shipment {
  const shippedAt = Math.min(now, Math.max(Date.parse(parcel.shippedAt), facts.orderedAt ?? 0));
  return {
    packageReferenceId: String(parcel.reference),
    ...amazonCarrierOf(parcel.carrier ?? undefined, policy.carriers),
    trackingNumber: parcel.trackingNumber ?? '',
    shippedAt: new Date(shippedAt).toISOString(),
    items: parcel.items,
  };
}

export function parcelOf({ parcels }: OrderState, { packageReferenceId }: Shipment): OrderParcel | undefined {
  return parcels.find(({ reference }) => String(reference) === packageReferenceId);
}
