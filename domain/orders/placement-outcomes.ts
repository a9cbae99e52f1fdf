import type { StoreOrder } from '../ports/order-integration';
import { isOver } from './order-facts';
import { isInStore, wantsPlacing } from './order-plan';
import type { ProblemCode } from './order-problems';
import { see } from './order-sightings';
import { isToBeTold, tell } from './order-telling';
import type { OrderState, StepOutcome, Turn } from './order-state';
import { pauseAfter, PAUSES, RESULT_OVERDUE_AFTER } from './order-timing';
import { takeParcels } from './parcels';
import { meaningOf } from './placement-codes';

/** The store's code for an order that it has no stock for, or cannot deliver. */
const NO_STOCK = 'EOI002';

export function placed(turn: Turn, step: number, outcome: StepOutcome): void {
  const { state, now } = turn;
  const { placement } = state;
  if (outcome.kind === 'found' && outcome.order) return found(turn, outcome.order);
  if (outcome.kind === 'changed') {
    notSent(state, now);
    placement.tries += 1;
    placement.nextAt = now + pauseAfter(placement.tries, PAUSES.outage);
    return see(turn, outcome.sighting);
  }
  if (outcome.kind === 'failed') {
    if (!outcome.sent) notSent(state, now);
    return placementFails(turn, outcome, 'placement_failed');
  }
  // Its result may have come before its answer.
  if (outcome.kind !== 'placed' || placement.phase !== 'none' || placement.refusedStep === step) return;
  const { answer } = outcome;
  const means = answer.kind === 'accepted' ? 'wait' : meaningOf(answer.code).means;
  if (answer.kind === 'refused' && (means === 'refused' || means === 'no_stock' || means === 'not_approved'))
    return beRefused(turn, answer.code, answer.said);
  placement.phase = 'awaiting';
  if (means === 'duplicate') placement.nextAt = now;
  else succeed(state, now + PAUSES.result.first);
}

/** The request was not sent after all; a hold that was let go for it is made again. */
function notSent({ placement }: OrderState, now: number): void {
  placement.attempts -= 1;
  if (placement.attempts === 0) placement.mayExistUntil = null;
  if (!placement.letsGoFirst) return;
  placement.letsGoFirst = false;
  placement.refused ??= { code: NO_STOCK, said: 'The store found no stock.', since: now };
}

/** A result of the store's, or a refusal at once. What is older than what is known changes nothing. */
export function hear(turn: Turn, code: string, said: string, storeOrderId?: string): void {
  const { state, now } = turn;
  const { placement } = state;
  if (placement.attempts === 0) return;
  switch (meaningOf(code).means) {
    case 'created':
      if (!isInStore(state)) beCreated(state, storeOrderId, now);
      return;
    case 'approved':
      if (placement.phase !== 'canceled' && placement.phase !== 'kept') beApproved(state, storeOrderId);
      return;
    case 'duplicate':
      if (isInStore(state)) return;
      placement.phase = 'awaiting';
      placement.nextAt = now;
      return;
    case 'not_approved':
      if (placement.phase === 'created' || placement.phase === 'approving') approvalRefused(turn, code, said);
      return;
    case 'no_stock':
    case 'refused':
      return refused(turn, code, said);
    case 'wait':
  }
}

/** A refusal that was counted already says nothing new, unless the order is being placed again. */
function refused(turn: Turn, code: string, said: string): void {
  const { placement, underWay } = turn.state;
  const isPlacing = underWay?.kind === 'place';
  const isCounted = placement.phase === 'none' && (placement.refused !== null || placement.letsGoFirst);
  if (isInStore(turn.state) || (isCounted && !isPlacing)) return;
  if (isPlacing) placement.refusedStep = underWay.step;
  beRefused(turn, code, said);
}

function beRefused(turn: Turn, code: string, said: string): void {
  const { state, now } = turn;
  const { placement } = state;
  placement.phase = 'none';
  const isShort = meaningOf(code).means === 'no_stock';
  if (isShort && !placement.letsGoFirst && state.holds.length > 0) {
    // What the store lacks may be what we hold for this very order.
    placement.letsGoFirst = true;
    placement.nextAt = now;
    return;
  }
  placement.letsGoFirst = false;
  placement.refused = { code, said, since: placement.refused?.since ?? now };
  placement.tries += 1;
  placement.nextAt = now + pauseAfter(placement.tries, PAUSES.refused);
  if (!isShort) return tell(turn, code, said);
  if (state.told.no_stock === undefined)
    turn.commands.push({ kind: 'stop-selling', skus: Object.keys(placement.units) });
  tell(turn, 'no_stock', said);
}

/** The store was asked for an order that it has approved. */
export function hearOfStore(turn: Turn, order: StoreOrder): void {
  if (turn.state.placement.phase !== 'approved') return;
  if (order.state === 'canceled') return canceledInStore(turn, order.storeOrderId);
  takeParcels(turn, order);
}

export function approved(turn: Turn, outcome: StepOutcome): void {
  const { state, now } = turn;
  const { placement } = state;
  if (outcome.kind !== 'approved') return placementFails(turn, outcome, 'placement_failed');
  if (placement.phase !== 'created') return;
  if (outcome.answer.kind === 'refused') return approvalRefused(turn, outcome.answer.code, outcome.answer.said);
  placement.phase = 'approving';
  succeed(state, now + PAUSES.result.first);
}

function approvalRefused(turn: Turn, code: string, said: string): void {
  const { placement } = turn.state;
  placement.phase = 'created';
  placement.refused = { code, said, since: placement.refused?.since ?? turn.now };
  placement.tries += 1;
  placement.nextAt = turn.now + pauseAfter(placement.tries, PAUSES.refused);
  tell(turn, code, said);
}

/** What the store has under the order's number; null for nothing. */
export function found(turn: Turn, order: StoreOrder | null): void {
  const { state, now } = turn;
  const { placement } = state;
  if (order) {
    if (order.state === 'canceled') return canceledInStore(turn, order.storeOrderId);
    if (order.state !== 'created') {
      beApproved(state, order.storeOrderId);
      return takeParcels(turn, order);
    }
    return beCreated(state, order.storeOrderId, now);
  }
  placement.failingSince = null;
  placement.tries += 1;
  placement.nextAt = now + pauseAfter(placement.tries, PAUSES.result);
  if (isInStore(state)) return;
  if (isOver(state.facts) || (placement.phase === 'none' && !wantsPlacing(state))) {
    const until = placement.mayExistUntil ?? 0;
    placement.nextAt = Math.min(placement.nextAt, Math.max(until, now + 1));
    if (now < until) return;
    placement.phase = 'none';
    placement.mayExistUntil = null;
  } else if (now - placement.placedAt >= RESULT_OVERDUE_AFTER) {
    placement.phase = 'none';
    placement.nextAt = now;
    tell(turn, 'no_result', 'No result for an hour.');
  }
}

function beCreated(state: OrderState, storeOrderId: string | undefined, now: number): void {
  const { placement } = state;
  // Seen as new although it was told to be approved: it is told again, after a pause.
  const isAgain = placement.phase === 'approving';
  placement.phase = 'created';
  placement.storeOrderId ??= storeOrderId ?? `${state.policy.affiliateId}-${state.amazonOrderId}`;
  placement.mayExistUntil = null;
  placement.letsGoFirst = false;
  if (isAgain) placement.tries += 1;
  else placement.refused = null;
  if (isAgain) placement.nextAt = now + pauseAfter(placement.tries, PAUSES.result);
  else succeed(state, now);
}

function beApproved(state: OrderState, storeOrderId: string | undefined): void {
  const { placement } = state;
  placement.phase = 'approved';
  placement.storeOrderId ??= storeOrderId ?? `${state.policy.affiliateId}-${state.amazonOrderId}`;
  placement.mayExistUntil = null;
  placement.letsGoFirst = false;
  placement.refused = null;
  succeed(state, 0);
}

function canceledInStore(turn: Turn, storeOrderId: string): void {
  const { placement, facts } = turn.state;
  placement.phase = 'canceled';
  placement.storeOrderId ??= storeOrderId;
  placement.mayExistUntil = null;
  succeed(turn.state, 0);
  if (!isOver(facts)) tell(turn, 'canceled_in_store', `Order ${storeOrderId}`);
}

export function canceled(turn: Turn, outcome: StepOutcome): void {
  const { placement } = turn.state;
  if (outcome.kind !== 'canceled') return placementFails(turn, outcome, 'cancel_failed');
  succeed(turn.state, 0);
  if (outcome.answer.kind === 'canceled') {
    placement.phase = 'canceled';
    return;
  }
  placement.phase = 'kept';
  tell(turn, 'cancel_refused', outcome.answer.said);
}

export function placementFails({ state, now, ...turn }: Turn, outcome: StepOutcome, problem: ProblemCode): void {
  const { placement } = state;
  if (outcome.kind !== 'failed') return;
  placement.tries += 1;
  placement.failingSince ??= now;
  placement.nextAt = now + pauseAfter(placement.tries, PAUSES.outage);
  if (isToBeTold(outcome, placement.failingSince, now)) tell({ state, now, ...turn }, problem, outcome.said);
}

function succeed({ placement }: OrderState, nextAt: number): void {
  placement.tries = 0;
  placement.failingSince = null;
  placement.nextAt = nextAt;
}
