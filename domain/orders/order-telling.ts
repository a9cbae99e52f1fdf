import { isPassing } from '../errors';
import { isCanceled, isOver, missingFacts, soldUnitsBySku } from './order-facts';
import {
  currentHold,
  isInStore,
  unplaceable,
  unresolvedSkus,
  wantsHold,
  wantsPlacing,
  wantsReading,
} from './order-plan';
import { whyIgnored } from './order-scope';
import { explainProblem } from './order-problems';
import type { OrderState, StepOutcome, Turn } from './order-state';
import { TELL_AFTER } from './order-timing';
import { hasNoTracking, isShippedByStore, isStrange, trackingOverdueAt } from './parcels';

/** V14: one message for an order and a problem, however often it comes back; none of what is over already. */
export function tell({ state, now, commands }: Turn, problem: string, said: string): void {
  if (state.told[problem] !== undefined || isSettled(state, problem, now)) return;
  state.told[problem] = 'open';
  const { sentence, action } = explainProblem(problem);
  commands.push({ kind: 'notify', problem, said, message: sentence, action });
}

/** Whether people are to be told of a failure: at once of what does not pass by itself, else when it has lasted. */
export function isToBeTold(outcome: StepOutcome, since: number, now: number): boolean {
  return now - since >= TELL_AFTER || (outcome.kind === 'failed' && !isPassing(outcome.code));
}

/** What is wrong with the order as it stands, whatever brought it there. */
export function tellOfOrder(turn: Turn): void {
  const { state } = turn;
  const { facts, placement, policy } = state;
  if (whyIgnored(state)) return;
  const isKnown = missingFacts(facts).length === 0 && unresolvedSkus(state).length === 0;
  const unknown = unplaceable(state);
  if (isKnown && unknown.length > 0 && (wantsHold(state) || wantsPlacing(state)))
    tell(turn, 'unknown_sku', `SKU ${unknown.join(', ')}`);
  if (isPlacedOtherwise(state)) tell(turn, 'changed_after_placing', `Order ${placement.storeOrderId}`);
  const isLeft = placement.phase === 'none' && placement.mayExistUntil === null;
  if (facts.status === 'partially_shipped' && policy.integrates && placement.phase === 'none' && !placement.isOrdered)
    if (!state.isHandledByHand) tell(turn, 'partly_shipped', 'Partly shipped.');
  if (facts.status === 'shipped' && (placement.phase === 'created' || (isLeft && placement.attempts > 0)))
    if (!state.isHandledByHand) tell(turn, 'shipped_elsewhere', 'Shipped.');
  tellOfParcels(turn);
}

/** What is wrong with the parcels as they are. */
function tellOfParcels(turn: Turn): void {
  const { state, now } = turn;
  if (!isShippedByStore(state)) return;
  const strange = state.parcels.find(isStrange);
  if (strange) tell(turn, 'strange_parcel', `Invoice ${strange.invoiceNumber}`);
  const overdue = trackingOverdueAt(state);
  if (overdue === null || now < overdue) return;
  const invoices = state.parcels.filter(hasNoTracking).map(({ invoiceNumber }) => invoiceNumber);
  tell(turn, 'no_tracking', `Invoice ${invoices.join(', ')}`);
}

/** Whether the store was given other units than Amazon says by now. */
function isPlacedOtherwise(state: OrderState): boolean {
  const { facts, placement } = state;
  const isThere = placement.phase === 'created' || placement.phase === 'approving' || placement.phase === 'approved';
  if (!isThere || facts.itemsFrom !== 'read' || placement.isOrdered || isCanceled(facts)) return false;
  const sold = soldUnitsBySku(facts);
  const skus = new Set([...sold.keys(), ...Object.keys(placement.units)]);
  return [...skus].some((sku) => (sold.get(sku) ?? 0) !== (placement.units[sku] ?? 0));
}

/** Says of every problem that people were told of and that is over. */
export function settleProblems({ state, now, commands }: Turn): void {
  for (const [problem, how] of Object.entries(state.told)) {
    if (how === 'settled' || !isSettled(state, problem, now)) continue;
    state.told[problem] = 'settled';
    const message = isOver(state.facts)
      ? 'The order has ended at Amazon; there is nothing left to do about this.'
      : state.isHandledByHand
        ? 'The order is handled by hand.'
        : 'This has been overcome.';
    commands.push({ kind: 'recovered', problem, message });
  }
}

function isSettled(state: OrderState, problem: string, now: number): boolean {
  const { facts, placement } = state;
  const isEnded = (isOver(facts) && state.holds.length === 0) || state.isHandledByHand;
  switch (problem) {
    case 'no_stock':
      return isEnded || (isHeld(state, now) && !placement.refused) || isInStore(state);
    case 'undeliverable':
    case 'hold_refused':
      return isEnded || isHeld(state, now) || (isInStore(state) && state.holds.length === 0);
    case 'hold_failed':
      if (state.holds.some(({ failingSince }) => failingSince !== null)) return false;
      return isEnded || isHeld(state, now) || (isInStore(state) && state.holds.length === 0);
    case 'unknown_sku':
      return isEnded || unplaceable(state).length === 0;
    case 'unreadable':
      return !wantsReading(state);
    case 'partly_shipped':
      return isEnded || isInStore(state);
    case 'cancel_refused':
    case 'cancel_failed':
      return placement.phase === 'canceled';
    case 'shipment_refused':
      return isOver(facts) || !state.parcels.some(({ state: of }) => of === 'refused');
    case 'shipment_failed':
      return isOver(facts) || !state.parcels.some(({ failingSince }) => failingSince !== null);
    case 'no_tracking':
      return isOver(facts) || !state.parcels.some(hasNoTracking);
    case 'strange_parcel':
      return isOver(facts) || !state.parcels.some(isStrange);
    case 'changed_after_placing':
    case 'canceled_in_store':
    case 'shipped_elsewhere':
      return false;
    case 'placement_failed':
      return placement.failingSince === null && (isEnded || placement.phase === 'approved');
    default:
      return isEnded || placement.phase === 'approved';
  }
}

/** Held, and nothing in the way of holding it on: a hold that could not be renewed is on its way out. */
function isHeld(state: OrderState, now: number): boolean {
  return state.trouble === null && currentHold(state, now) !== undefined;
}
