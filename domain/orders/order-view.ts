import { isCanceled, isOver, missingFacts } from './order-facts';
import { currentHold, isInStore, unplaceable, wantedUnits, wantsHold, wantsPlacing } from './order-plan';
import { whyIgnored } from './order-scope';
import { explainProblem } from './order-problems';
import type { OrderState } from './order-state';
import { isStrange } from './parcels';

/**
 * Where an order is, for people.
 *
 * `reading`: Amazon has not told all of it yet. `ignored`: none of ours. `watched`: nothing is to be done before Amazon changes it.
 * `reserving`, `held`, `unheld`: pending, its stock is being held, is held, or cannot be. `integrating`: being placed in the store.
 * `failing`: the store refuses it or does not answer; tried again by itself. `attention`: nothing happens before a person acts.
 * `integrated`: approved in the store. `undoing`: what was made for it is being taken back. `closed`: ended at Amazon, and nothing is
 * left of it here. `released`: a person let the stock go.
 */
export const ORDER_STAGES = [
  'reading',
  'ignored',
  'watched',
  'reserving',
  'held',
  'unheld',
  'integrating',
  'failing',
  'attention',
  'integrated',
  'undoing',
  'closed',
  'released',
] as const;
export type OrderStage = (typeof ORDER_STAGES)[number];

/** An order as people see it. Times in milliseconds since 1970. */
export interface OrderView {
  stage: OrderStage;
  /** Why, in a sentence. */
  reason: string;
  /** What happens by itself, and when; null when nothing does. */
  deadline: { at: number; what: string } | null;
  /** Holds that keep stock, or may. */
  holds: {
    lockId: string;
    isCertain: boolean;
    units: { sourceId: string; units: number }[];
    expiresAt: number | null;
  }[];
}

export function viewOf(state: OrderState, now: number): OrderView {
  const { stage, reason } = stageOf(state, now);
  return {
    stage,
    reason,
    deadline: deadlineOf(state, now),
    holds: state.holds.map(({ lockId, units, expiresAt, state: of }) => ({
      lockId,
      isCertain: of === 'live',
      units,
      expiresAt,
    })),
  };
}

/** Nothing is under way and nothing waits for time: until something else happens, nobody has to look at it. */
export function isAtRest(state: OrderState): boolean {
  return state.underWay === null && state.wakeAt === null;
}

type Told = Pick<OrderView, 'stage' | 'reason'>;

function stageOf(state: OrderState, now: number): Told {
  const { facts, placement } = state;
  const ignored = whyIgnored(state);
  if (ignored && state.holds.length === 0) return { stage: 'ignored', reason: IGNORED[ignored] };
  if (isOver(facts)) return over(state);
  if (placement.phase === 'approved') return integrated(state);
  const missing = missingFacts(facts);
  if (missing.length > 0) return { stage: 'reading', reason: `Amazon has not told ${missing.join(' and ')} yet.` };
  if (facts.status === 'pending_availability')
    return { stage: 'watched', reason: 'A preorder: stock is held when Amazon begins to ask for the payment.' };
  return facts.status === 'pending' ? pending(state, now) : paid(state, now);
}

const IGNORED = {
  before_activation: 'It was ordered before its connector handled orders. What is done with it is not changed.',
  fulfilled_by_amazon: "Amazon ships it from its own warehouse: none of the store's stock is touched.",
} as const;

function over(state: OrderState): Told {
  const { facts, placement } = state;
  const said = isCanceled(facts) ? 'Amazon has cancelled the order' : 'The order has been shipped';
  if (placement.phase === 'kept') return { stage: 'attention', reason: explainProblem('cancel_refused').sentence };
  const isTakenBack = isCanceled(facts) && isInStore(state) && placement.phase !== 'canceled';
  const isInDoubt = !isInStore(state) && placement.mayExistUntil !== null;
  if (isTakenBack) return { stage: 'undoing', reason: `${said}; it is being taken back in the store.` };
  if (isInDoubt) return { stage: 'undoing', reason: `${said}; the store is asked whether it has it after all.` };
  if (state.holds.length > 0) return { stage: 'undoing', reason: `${said}; its stock is being let go.` };
  if (isCanceled(facts)) return { stage: 'closed', reason: `${said}. Nothing is held for it.` };
  if (state.told.shipped_elsewhere) return { stage: 'attention', reason: explainProblem('shipped_elsewhere').sentence };
  if (isInStore(state)) return integrated(state);
  return { stage: 'closed', reason: `${said} from elsewhere; it was never in the store.` };
}

function integrated(state: OrderState): Told {
  if (state.told.changed_after_placing)
    return { stage: 'attention', reason: explainProblem('changed_after_placing').sentence };
  const order = `Order ${state.placement.storeOrderId} in the store`;
  const { parcels } = state;
  if (!isOver(state.facts)) {
    const refused = parcels.find((parcel) => parcel.state === 'refused');
    if (refused)
      return { stage: 'failing', reason: `${explainProblem('shipment_refused').sentence} (${refused.said})` };
    if (parcels.some(isStrange)) return { stage: 'attention', reason: explainProblem('strange_parcel').sentence };
  }
  const confirmed = parcels.filter((parcel) => parcel.state === 'confirmed').length;
  const sent = parcels.length > 0 ? ` Amazon knows ${confirmed} of ${parcels.length} parcels.` : '';
  return state.holds.length > 0
    ? { stage: 'integrating', reason: `${order}, approved; the stock held beside it is being let go.` }
    : { stage: 'integrated', reason: `${order}, approved.${sent}` };
}

function pending(state: OrderState, now: number): Told {
  const { policy, trouble } = state;
  if (state.isReleased) return { stage: 'released', reason: 'A person has let the stock go. Retry holds it again.' };
  if (!policy.reserves)
    return { stage: 'watched', reason: 'The payment is pending, and the connector does not hold stock for that.' };
  const unknown = unplaceable(state);
  const without = unknown.length > 0 ? ` Not for SKU ${unknown.join(', ')}: this connector does not sell it.` : '';
  if (currentHold(state, now)) return { stage: 'held', reason: `The payment is pending; the stock is held.${without}` };
  if (trouble && wantsHold(state))
    return { stage: 'unheld', reason: `${explainProblem(trouble.problem).sentence} (${trouble.said})` };
  if (without && wantedUnits(state).length === 0)
    return { stage: 'unheld', reason: explainProblem('unknown_sku').sentence };
  return { stage: 'reserving', reason: `The payment is pending; stock is being held.${without}` };
}

function paid(state: OrderState, now: number): Told {
  const { placement, policy, facts } = state;
  if (placement.phase === 'canceled')
    return { stage: 'attention', reason: explainProblem('canceled_in_store').sentence };
  if (!policy.integrates)
    return { stage: 'watched', reason: 'The order is paid, and the connector does not place orders in the store.' };
  if (state.isHandledByHand && placement.phase === 'none')
    return { stage: 'released', reason: 'A person handles the order by hand. Retry places it in the store.' };
  const held = currentHold(state, now) ? ' The stock stays held.' : '';
  if (placement.refused) {
    const { code, said } = placement.refused;
    return { stage: 'failing', reason: `${explainProblem(code).sentence} (${said})${held}` };
  }
  if (placement.phase === 'created') return { stage: 'integrating', reason: 'In the store; it is being approved.' };
  if (placement.phase === 'approving')
    return { stage: 'integrating', reason: 'In the store; the approval is awaited.' };
  if (placement.phase === 'awaiting') return { stage: 'integrating', reason: `The store works on the order.${held}` };
  if (placement.failingSince !== null)
    return { stage: 'failing', reason: `${explainProblem('placement_failed').sentence}${held}` };
  if (facts.status === 'partially_shipped' && !wantsPlacing(state))
    return { stage: 'attention', reason: explainProblem('partly_shipped').sentence + held };
  if (unplaceable(state).length > 0)
    return { stage: 'failing', reason: `${explainProblem('unknown_sku').sentence}${held}` };
  return { stage: 'integrating', reason: `The order is paid and is being placed in the store.${held}` };
}

function deadlineOf(state: OrderState, now: number): OrderView['deadline'] {
  const hold = currentHold(state, now);
  if (hold && hold.renewAt !== null && wantsHold(state) && !isNext(state, hold.renewAt))
    return { at: hold.renewAt, what: 'the hold is renewed' };
  if (state.wakeAt === null) return null;
  return { at: state.wakeAt, what: hold?.renewAt === state.wakeAt ? 'the hold is renewed' : 'it is tried again' };
}

/** Whether something else happens before. */
function isNext({ wakeAt }: OrderState, at: number): boolean {
  return wakeAt !== null && wakeAt < at;
}
