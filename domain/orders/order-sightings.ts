import type { OrderSighting } from './order';
import { missingFacts, withSighting } from './order-facts';
import { isToBeTold, tell } from './order-telling';
import type { StepOutcome, Turn } from './order-state';
import { pauseAfter, PAUSES } from './order-timing';

/** Amazon has said something of the order, in whatever way. */
export function see({ state, now }: Turn, sighting: OrderSighting): void {
  const before = state.facts;
  state.facts = withSighting(before, sighting);
  const { placement } = state;
  if (state.facts.status !== before.status) {
    // What comes next does not wait for the pause of what was before.
    state.look = { ...state.look, tries: 0, nextAt: now };
    placement.nextAt = now;
    if (state.trouble) state.trouble.nextAt = now;
  }
  if (state.facts.isStale && !before.isStale) state.look.nextAt = now;
  if (JSON.stringify(state.facts.items) === JSON.stringify(before.items)) return;
  state.resolve = { tries: 0, nextAt: now };
  state.swaps = false;
}

/** The order was read at Amazon, or could not be. */
export function looked(turn: Turn, outcome: StepOutcome): void {
  const { state, now } = turn;
  if (outcome.kind === 'looked' && outcome.sighting) see(turn, outcome.sighting);
  const { look } = state;
  if (missingFacts(state.facts).length === 0 && !state.facts.isStale) {
    state.look = { tries: 0, failingSince: null, nextAt: now };
    return;
  }
  look.tries += 1;
  look.failingSince ??= now;
  look.nextAt = now + pauseAfter(look.tries, PAUSES.look);
  const said =
    outcome.kind === 'failed'
      ? outcome.said
      : outcome.kind === 'looked' && !outcome.sighting
        ? 'Amazon knows no such order.'
        : `Amazon does not tell ${missingFacts(state.facts).join(' and ') || 'what has changed'}.`;
  if (isToBeTold(outcome, look.failingSince, now)) tell(turn, 'unreadable', said);
}
