import type { HoldLine, StockUnits } from '../ports/reservations';
import { isCanceled, isOver, missingFacts, openUnitsBySku } from './order-facts';
import type { OrderHold, OrderLine, OrderState, OrderStep } from './order-state';
import { whyIgnored } from './order-scope';
import { confirming, trackingOverdueAt } from './parcels';

/** A step that is wanted, and from when on. */
interface Wish {
  at: number;
  step: OrderStep;
}

/**
 * The step that is due now, and when to look again if none is. The order of the wishes is the order of what matters: what was
 * made is undone in reverse, then the order is known, then placed, then held.
 */
export function nextStep(state: OrderState, now: number): { step: OrderStep | null; wakeAt: number | null } {
  const wishes = [
    undoing(state),
    ...lettingGo(state, now),
    looking(state),
    resolving(state),
    ...placing(state),
    confirming(state, now),
    holding(state, now),
  ].filter((wish) => wish !== undefined);
  const due = wishes.find(({ at }) => at <= now);
  if (due) return { step: due.step, wakeAt: null };
  const moments = [...wishes.map(({ at }) => at), trackingOverdueAt(state) ?? Infinity];
  const next = Math.min(...moments);
  return { step: null, wakeAt: next === Infinity ? null : next };
}

/** Whether stock is to be kept for the order now. */
export function wantsHold(state: OrderState): boolean {
  const { facts, policy, placement } = state;
  if (!policy.reserves || state.isReleased || whyIgnored(state) || isOver(facts)) return false;
  if (facts.status === 'pending') return true;
  if (facts.status !== 'unshipped' && facts.status !== 'partially_shipped') return false;
  if (!policy.integrates || isInStore(state) || placement.letsGoFirst) return false;
  return placement.refused !== null || state.holds.some(({ state: of }) => of === 'live');
}

/** Whether the store is known to have the order, or had it. */
export function isInStore({ placement }: OrderState): boolean {
  return placement.phase !== 'none' && placement.phase !== 'awaiting';
}

/** Whether the order is to be placed, now or when what it waits for has come. */
export function wantsPlacing(state: OrderState): boolean {
  const { facts, policy, placement } = state;
  if (!policy.integrates || state.isHandledByHand || whyIgnored(state) || placement.phase !== 'none') return false;
  return facts.status === 'unshipped' || (facts.status === 'partially_shipped' && placement.isOrdered);
}

/** Whether Amazon is to be asked for the order: something is missing, or has changed and is not known. */
export function wantsReading(state: OrderState): boolean {
  const { facts } = state;
  if (isOver(facts) || whyIgnored(state)) return false;
  return missingFacts(facts).length > 0 || facts.isStale;
}

/** What the order takes from the store's stock: open units by SKU of the store, parts in place of kits, sorted. */
export function wantedUnits(state: OrderState): StockUnits[] {
  return unitsOf(knownLines(state));
}

/** Units by SKU of the store, parts in place of kits, sorted. */
export function unitsOf(lines: readonly HoldLine[]): StockUnits[] {
  const units = new Map<string, number>();
  const add = (sourceId: string, more: number): void => void units.set(sourceId, (units.get(sourceId) ?? 0) + more);
  for (const line of lines) {
    if (line.parts) for (const part of line.parts) add(part.sourceId, part.units * line.units);
    else add(line.sourceId, line.units);
  }
  return [...units]
    .map(([sourceId, count]) => ({ sourceId, units: count }))
    .sort((one, other) => (one.sourceId < other.sourceId ? -1 : 1));
}

/** The hold that keeps what the order takes; the newest where there are several. */
export function currentHold(state: OrderState, now: number): OrderHold | undefined {
  const wanted = wantedUnits(state);
  return state.holds.findLast(
    (hold) => hold.state === 'live' && !isExpired(hold, now) && isSameUnits(hold.units, wanted)
  );
}

/** SKUs with open units that the ledger was not asked about yet. */
export function unresolvedSkus({ facts, lines, unknownSkus }: OrderState): string[] {
  return [...openUnitsBySku(facts).keys()].filter(
    (sku) => !unknownSkus.includes(sku) && !lines.some((line) => line.sku === sku)
  );
}

/** SKUs with open units that cannot be placed, and lines of which Amazon does not tell the SKU. */
export function unplaceable({ facts, unknownSkus }: OrderState): string[] {
  const open = openUnitsBySku(facts);
  const nameless = (facts.items ?? []).filter(({ sku, ordered, canceled }) => sku === undefined && ordered > canceled);
  return [
    ...unknownSkus.filter((sku) => open.has(sku)),
    ...nameless.map(({ orderItemId }) => `(no SKU, line ${orderItemId})`),
  ];
}

/** A cancelled order that is in the store, or may come to be there, is taken back before any hold is let go. */
function undoing(state: OrderState): Wish | undefined {
  const { facts, placement } = state;
  if (!isOver(facts)) return undefined;
  if (isInStore(state) && placement.phase !== 'canceled' && placement.phase !== 'kept' && isCanceled(facts))
    return { at: placement.nextAt, step: { kind: 'cancel-order', storeOrderId: placement.storeOrderId ?? '' } };
  const isInDoubt = placement.mayExistUntil !== null || placement.phase === 'awaiting';
  return isInDoubt && !isInStore(state) ? { at: placement.nextAt, step: { kind: 'check' } } : undefined;
}

/** Holds that are not wanted, or not wanted any more beside a newer one; the newest first. */
function lettingGo(state: OrderState, now: number): Wish[] {
  const wanted = wantedUnits(state);
  const isWanted = wantsHold(state) && (wanted.length > 0 || unresolvedSkus(state).length > 0);
  const current = currentHold(state, now);
  const goes = (hold: OrderHold): boolean => {
    if (!isWanted || isExpired(hold, now)) return true;
    if (state.swaps && hold.state === 'live') return true;
    if (current) return hold !== current && !isNewerTry(state, hold, current);
    return hold.state === 'asked' && !isSameUnits(hold.units, wanted);
  };
  return state.holds
    .filter(goes)
    .reverse()
    .map(({ lockId, releaseAt }) => ({ at: releaseAt, step: { kind: 'release', lockId } }));
}

/** A renewal whose answer is not known: it is asked for again and not given up. */
function isNewerTry(state: OrderState, hold: OrderHold, current: OrderHold): boolean {
  return (
    hold.state === 'asked' &&
    state.holds.indexOf(hold) > state.holds.indexOf(current) &&
    isSameUnits(hold.units, current.units)
  );
}

function looking(state: OrderState): Wish | undefined {
  return wantsReading(state) ? { at: state.look.nextAt, step: { kind: 'look' } } : undefined;
}

/** Which SKUs of the store these are. Those that the ledger did not know are asked for again, ever more rarely. */
function resolving(state: OrderState): Wish | undefined {
  if (!wantsHold(state) && !wantsPlacing(state)) return undefined;
  if (missingFacts(state.facts).length > 0) return undefined;
  const { unknownSkus, resolve } = state;
  const open = openUnitsBySku(state.facts);
  const skus = [...unresolvedSkus(state), ...unknownSkus.filter((sku) => open.has(sku))];
  if (skus.length === 0) return undefined;
  return { at: resolve.nextAt, step: { kind: 'resolve', skus } };
}

function placing(state: OrderState): Wish[] {
  const { facts, placement } = state;
  const at = placement.nextAt;
  if (isOver(facts)) {
    // What was shipped and is being approved ends as it should; what is cancelled is undone above.
    return placement.phase === 'approving' && !isCanceled(facts) ? [{ at, step: { kind: 'check' } }] : [];
  }
  if (placement.phase === 'awaiting' || placement.phase === 'approving') return [{ at, step: { kind: 'check' } }];
  if (placement.phase === 'created') return [{ at, step: { kind: 'approve' } }];
  // It is not placed any more, and may have been.
  if (placement.phase === 'none' && placement.mayExistUntil !== null && !wantsPlacing(state))
    return [{ at, step: { kind: 'check' } }];
  if (!wantsPlacing(state) || missingFacts(facts).length > 0) return [];
  if (unresolvedSkus(state).length > 0 || unplaceable(state).length > 0) return [];
  if (placement.letsGoFirst && state.holds.length > 0) return [];
  const lines = knownLines(state);
  if (lines.length === 0) return [];
  return [{ at, step: { kind: 'place', lines, looksFirst: placement.attempts > 0 } }];
}

/** A hold where there is none, a new one where it runs out or keeps other units than the order has now. */
function holding(state: OrderState, now: number): Wish | undefined {
  const { facts, policy, trouble } = state;
  if (!wantsHold(state) || missingFacts(facts).length > 0 || unresolvedSkus(state).length > 0) return undefined;
  const units = wantedUnits(state);
  const destination = facts.destination ?? policy.destination;
  if (units.length === 0 || !destination) return undefined;
  const current = currentHold(state, now);
  if (current && current.renewAt === null) return undefined;
  if (state.swaps && state.holds.some(({ state: of }) => of === 'live')) return undefined;
  const asked = state.holds.findLast((hold) => hold.state === 'asked' && isSameUnits(hold.units, units));
  return {
    at: Math.max(current?.renewAt ?? 0, trouble?.nextAt ?? 0),
    step: {
      kind: 'reserve',
      lockId: asked?.lockId ?? lockIdOf(state, state.holdsMade + 1),
      lines: holdLines(state),
      destination,
      askedSeconds: policy.askedSeconds,
      looksFirst: asked !== undefined,
      thenRelease: isRenewal(current, now) && !state.swaps ? current.lockId : null,
    },
  };
}

/** Only where nothing about the hold before it is in doubt is it let go by the same step. */
function isRenewal(current: OrderHold | undefined, now: number): current is OrderHold {
  return current !== undefined && current.doubtedUntil <= now && current.releases === 0;
}

/** One line a SKU of the store: SKUs of Amazon's that are the same there are one. */
function holdLines(state: OrderState): HoldLine[] {
  const lines = new Map<string, HoldLine>();
  for (const { sourceId, units, parts } of knownLines(state)) {
    const same = lines.get(sourceId);
    lines.set(sourceId, { sourceId, units: units + (same?.units ?? 0), ...(parts && { parts }) });
  }
  return [...lines.values()];
}

function knownLines({ facts, lines }: OrderState): (OrderLine & { units: number })[] {
  const open = openUnitsBySku(facts);
  return lines.flatMap((line) => {
    const units = open.get(line.sku);
    return units === undefined ? [] : [{ ...line, units }];
  });
}

function lockIdOf({ policy, amazonOrderId }: OrderState, count: number): string {
  return `${policy.affiliateId}-${amazonOrderId}${count === 1 ? '' : `-${count}`}`;
}

export function isExpired({ expiresAt }: OrderHold, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}

/** Both sorted by SKU. */
export function isSameUnits(one: readonly StockUnits[], other: readonly StockUnits[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ sourceId, units }, at) => sourceId === other[at]!.sourceId && units === other[at]!.units)
  );
}
