import type { HoldAnswer } from '../ports/reservations';
import { openUnitsBySku } from './order-facts';
import { currentHold, isExpired } from './order-plan';
import type { ProblemCode } from './order-problems';
import { isToBeTold, tell } from './order-telling';
import type { OrderHold, OrderState, OrderStep, StepOutcome, Turn } from './order-state';
import {
  HOLD_SETTLES_IN,
  pauseAfter,
  PAUSES,
  RENEW_AFTER,
  SHORTEST_LIFE,
  TELL_AFTER,
  type Pauses,
} from './order-timing';

type ReserveStep = Extract<OrderStep, { kind: 'reserve' }>;

export function reserved(turn: Turn, { lockId, thenRelease }: ReserveStep, outcome: StepOutcome): void {
  const { state, now } = turn;
  if (outcome.kind === 'reserved') {
    const { answer, released: before } = outcome;
    answered(turn, lockId, answer, before !== undefined);
    if (before && thenRelease !== null) released(turn, thenRelease, { kind: 'released', answer: before });
    return;
  }
  if (outcome.kind !== 'failed') return;
  if (outcome.sent) doubt(state, lockId, now);
  // What was not sent says nothing of an earlier request, however long ago that was.
  else if (holdOf(state, lockId)?.doubtedUntil === 0) forget(state, lockId);
  holdFails(turn, 'hold_failed', outcome.said, PAUSES.outage, isToBeTold(outcome, state.trouble?.since ?? now, now));
}

/** @param isAlone - the hold before it is gone: however short it lives, it is what there is. */
function answered(turn: Turn, lockId: string, answer: HoldAnswer, isAlone: boolean): void {
  const { state, now } = turn;
  const hold = holdOf(state, lockId);
  if (!hold) return;
  if (answer.kind === 'held') {
    const expiresAt = answer.hold.expiresAt === null ? null : Date.parse(answer.hold.expiresAt);
    const isDead = answer.hold.state === 'canceled' || answer.hold.state === 'expired';
    if (isDead || (!isAlone && expiresAt !== null && expiresAt - now < SHORTEST_LIFE)) {
      if (isDead) forget(state, lockId);
      return holdFails(turn, 'hold_failed', 'The hold ended as soon as it was made.', PAUSES.outage, false);
    }
    hold.state = 'live';
    hold.expiresAt = expiresAt;
    hold.renewAt = expiresAt === null ? null : Math.floor(now + Math.max(0, expiresAt - now) * RENEW_AFTER);
    state.swaps = false;
    state.trouble = null;
    return;
  }
  if (answer.kind === 'taken') {
    doubt(state, lockId, now);
    return holdFails(
      turn,
      'hold_failed',
      'The store has a hold of this name and does not show it.',
      PAUSES.outage,
      false
    );
  }
  notHeld(state, lockId, now);
  if (answer.kind === 'refused') return holdFails(turn, 'hold_refused', answer.said, PAUSES.short, true);
  if (answer.kind === 'undeliverable') {
    const skus = skusWith(state, answer.sourceIds).join(', ');
    return holdFails(turn, 'undeliverable', `SKU ${skus}`, PAUSES.short, true);
  }
  if (state.holds.some(({ doubtedUntil }) => now < doubtedUntil))
    return holdFails(turn, 'hold_failed', 'A request whose answer is lost may hold the stock.', PAUSES.outage, false);
  const keepsOwn = state.holds.some((each) => each.state === 'live' && !isExpired(each, now));
  if (keepsOwn && !state.swaps) {
    // What is missing may be what we hold ourselves.
    state.swaps = true;
    if (state.trouble) state.trouble.nextAt = now;
    return;
  }
  const skus = skusWith(
    state,
    answer.missing.map(({ sourceId }) => sourceId)
  );
  if (state.trouble?.problem !== 'no_stock') turn.commands.push({ kind: 'stop-selling', skus });
  holdFails(turn, 'no_stock', `SKU ${skus.join(', ')}`, PAUSES.short, true);
}

/** Tried again after a pause that leaves the hold before it time, where there is one; told at once, or when it has lasted. */
function holdFails(turn: Turn, problem: ProblemCode, said: string, pauses: Pauses, isTold: boolean): void {
  const { state, now } = turn;
  const same = state.trouble?.problem === problem ? state.trouble : undefined;
  const tries = (same?.tries ?? 0) + 1;
  const expiresAt = currentHold(state, now)?.expiresAt ?? Infinity;
  const pause = Math.min(pauseAfter(tries, pauses), Math.max(PAUSES.outage.first, (expiresAt - now) / 2));
  state.trouble = { problem, said, since: same?.since ?? now, tries, nextAt: Math.ceil(now + pause) };
  if (isTold || now - state.trouble.since >= TELL_AFTER) tell(turn, problem, said);
}

export function released(turn: Turn, lockId: string, outcome: StepOutcome): void {
  const { state, now } = turn;
  const hold = holdOf(state, lockId);
  if (!hold) return;
  if (outcome.kind === 'released') {
    if (outcome.answer === 'released' || now >= hold.doubtedUntil) return forget(state, lockId);
    // It was asked for and may still come to be.
    hold.releaseAt = hold.doubtedUntil;
    return;
  }
  if (outcome.kind !== 'failed') return;
  hold.releases += 1;
  hold.failingSince ??= now;
  hold.releaseAt = now + pauseAfter(hold.releases, PAUSES.outage);
  if (isToBeTold(outcome, hold.failingSince, now)) tell(turn, 'hold_failed', outcome.said);
}

export function holdOf({ holds }: OrderState, lockId: string): OrderHold | undefined {
  return holds.find((hold) => hold.lockId === lockId);
}

/** A request for it may have been sent, and its answer is lost. */
export function doubt(state: OrderState, lockId: string, now: number): void {
  const hold = holdOf(state, lockId);
  if (hold) hold.doubtedUntil = now + HOLD_SETTLES_IN;
}

/** The store has answered that there is none; an earlier request, in doubt, may still make it. */
function notHeld(state: OrderState, lockId: string, now: number): void {
  const hold = holdOf(state, lockId);
  if (hold && now >= hold.doubtedUntil) forget(state, lockId);
}

function forget(state: OrderState, lockId: string): void {
  state.holds = state.holds.filter((hold) => hold.lockId !== lockId);
}

/** The order's SKUs that take one of these from the store; all of them where none is named. */
function skusWith({ lines, facts }: OrderState, sourceIds: readonly string[]): string[] {
  const open = openUnitsBySku(facts);
  const ofOrder = lines.filter(({ sku }) => open.has(sku));
  const named = ofOrder.filter(({ sourceId, parts = [] }) =>
    [sourceId, ...parts.map((part) => part.sourceId)].some((id) => sourceIds.includes(id))
  );
  return (named.length > 0 ? named : ofOrder).map(({ sku }) => sku);
}
