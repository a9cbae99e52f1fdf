import { nextStep, wantedUnits } from './order-plan';
import { doubt, holdOf, released, reserved } from './hold-outcomes';
import { looked, see } from './order-sightings';
import { settleProblems, tellOfOrder } from './order-telling';
import type { OrderCommand, OrderEvent, OrderHold, OrderState, OrderStep, StepOutcome, Turn } from './order-state';
import { pauseAfter, PAUSES, PLACEMENT_SETTLES_IN } from './order-timing';
import { shipmentConfirmed } from './parcel-outcomes';
import { noteArrived, noteConfirming } from './parcels';
import { approved, canceled, found, hear, hearOfStore, placed, placementFails } from './placement-outcomes';

/**
 * What an event makes of an order, and what is to be done for it. Pure: the caller executes the commands and brings each step's
 * outcome back as an event; one step is under way at a time. Events may come repeated, late and in any order.
 */
export function decide(before: OrderState, event: OrderEvent): { state: OrderState; commands: OrderCommand[] } {
  const turn: Turn = { state: JSON.parse(JSON.stringify(before)) as OrderState, now: event.at, commands: [] };
  happen(turn, event);
  noteArrived(turn.state);
  tellOfOrder(turn);
  settleProblems(turn);
  goOn(turn);
  return { state: turn.state, commands: turn.commands };
}

function happen(turn: Turn, event: OrderEvent): void {
  const { state, now } = turn;
  switch (event.kind) {
    case 'sighting':
      return see(turn, event.sighting);
    case 'outcome':
      return finish(turn, event.step, event.outcome);
    case 'result':
      return hear(turn, event.result.code, event.result.said, event.result.storeOrderId);
    case 'store':
      return hearOfStore(turn, event.order);
    case 'restart':
      return repeat(turn);
    case 'policy':
      state.policy = event.policy;
      return;
    case 'release':
      state.isReleased = true;
      state.isHandledByHand = state.facts.status === 'unshipped' || state.facts.status === 'partially_shipped';
      return;
    case 'retry':
      return tryNow(state, now);
    case 'clock':
  }
}

/** Takes the next step, unless one is under way. */
function goOn({ state, now, commands }: Turn): void {
  if (state.underWay) {
    state.wakeAt = null;
    return;
  }
  const { step, wakeAt } = nextStep(state, now);
  state.wakeAt = wakeAt;
  if (!step) return;
  state.steps += 1;
  noteBegun(state, step, now);
  state.underWay = { ...step, step: state.steps, since: now };
  commands.push({ ...step, step: state.steps });
}

/** From here on it may have been sent, whatever becomes of us. */
function noteBegun(state: OrderState, step: OrderStep, now: number): void {
  const { placement } = state;
  if (step.kind === 'reserve' && !holdOf(state, step.lockId)) {
    state.holdsMade += 1;
    state.holds.push({ ...NEW_HOLD, lockId: step.lockId, units: wantedUnits(state) });
  }
  if (step.kind === 'confirm-shipment') noteConfirming(state, step);
  if (step.kind !== 'place') return;
  placement.attempts += 1;
  placement.placedAt = now;
  placement.mayExistUntil = now + PLACEMENT_SETTLES_IN;
  placement.units = Object.fromEntries(step.lines.map(({ sku, units }) => [sku, units]));
}

const NEW_HOLD: Omit<OrderHold, 'lockId' | 'units'> = {
  state: 'asked',
  doubtedUntil: 0,
  expiresAt: null,
  renewAt: null,
  releases: 0,
  failingSince: null,
  releaseAt: 0,
};

/** The step under way is taken again; it may have been sent before. */
function repeat({ state, now, commands }: Turn): void {
  if (!state.underWay) return;
  const { since, ...before } = state.underWay;
  state.steps += 1;
  const step = { ...before, ...('looksFirst' in before && { looksFirst: true }), step: state.steps };
  if (step.kind === 'reserve') doubt(state, step.lockId, now);
  noteBegun(state, step, now);
  state.underWay = { ...step, since };
  commands.push(step);
}

/** A person wants everything that waits tried now. */
function tryNow(state: OrderState, now: number): void {
  state.isReleased = false;
  state.isHandledByHand = false;
  state.look.nextAt = now;
  state.resolve.nextAt = now;
  if (state.trouble) state.trouble.nextAt = now;
  for (const hold of state.holds) hold.releaseAt = Math.min(hold.releaseAt, now);
  for (const parcel of state.parcels) parcel.nextAt = now;
  const { placement } = state;
  placement.nextAt = now;
  if (state.facts.status === 'partially_shipped' && placement.phase === 'none') placement.isOrdered = true;
  if (placement.phase === 'kept') placement.phase = 'created';
}

const ANSWERS: Record<OrderStep['kind'], readonly StepOutcome['kind'][]> = {
  look: ['looked'],
  resolve: ['resolved'],
  reserve: ['reserved'],
  release: ['released'],
  place: ['placed', 'found', 'changed'],
  check: ['found'],
  approve: ['approved'],
  'cancel-order': ['canceled'],
  'confirm-shipment': ['confirmed'],
};

function finish(turn: Turn, step: number, outcome: StepOutcome): void {
  const { state } = turn;
  const done = state.underWay;
  // An answer that was given twice, or to a step that was taken again since.
  if (done?.step !== step) return;
  if (outcome.kind !== 'failed' && !ANSWERS[done.kind].includes(outcome.kind))
    throw new RangeError(`The outcome '${outcome.kind}' does not answer the step '${done.kind}' (step ${step}).`);
  state.underWay = null;
  switch (done.kind) {
    case 'look':
      return looked(turn, outcome);
    case 'resolve':
      return resolved(turn, done.skus, outcome);
    case 'reserve':
      return reserved(turn, done, outcome);
    case 'release':
      return released(turn, done.lockId, outcome);
    case 'place':
      return placed(turn, step, outcome);
    case 'check':
      return outcome.kind === 'found' ? found(turn, outcome.order) : placementFails(turn, outcome, 'placement_failed');
    case 'approve':
      return approved(turn, outcome);
    case 'cancel-order':
      return canceled(turn, outcome);
    case 'confirm-shipment':
      return shipmentConfirmed(turn, done, outcome);
  }
}

function resolved(turn: Turn, asked: readonly string[], outcome: StepOutcome): void {
  const { state, now } = turn;
  const { resolve } = state;
  resolve.tries += 1;
  if (outcome.kind !== 'resolved') {
    resolve.nextAt = now + pauseAfter(resolve.tries, PAUSES.outage);
    return;
  }
  const known = new Set(outcome.lines.map(({ sku }) => sku));
  state.lines = [...state.lines.filter(({ sku }) => !known.has(sku)), ...outcome.lines];
  const unknown = new Set([...state.unknownSkus, ...asked].filter((sku) => !known.has(sku)));
  state.unknownSkus = [...unknown];
  resolve.nextAt = now + pauseAfter(resolve.tries, PAUSES.unknownSku);
}
