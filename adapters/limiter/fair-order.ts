import type { WaitingGroup } from '../../domain/ports/limiter';

/** Of so many permits, one goes by age alone: what is least urgent gets an eighth, however much urgent work there is. */
const BY_AGE_EVERY = 8;

/** A flow that has had more than this beyond the others makes up for no more. */
const MOST_OWED = 16;

/** Permits that each flow has had more than the one that had least. */
export type Turns = Map<string, number>;

/** The group whose turn it is: the most urgent; among those the flow that has had least; among those the oldest. */
export function whoseTurn<G extends WaitingGroup>(groups: readonly G[], turns: Turns, served: number): G | undefined {
  const goesBefore = served % BY_AGE_EVERY === BY_AGE_EVERY - 1 ? isOlder : isMoreUrgent(turns);
  let first: G | undefined;
  for (const group of groups) if (group.waiting > 0 && (!first || goesBefore(group, first))) first = group;
  return first;
}

const isOlder = (one: WaitingGroup, other: WaitingGroup): boolean => one.since < other.since;

const isMoreUrgent =
  (turns: Turns) =>
  (one: WaitingGroup, other: WaitingGroup): boolean => {
    if (one.rank !== other.rank) return one.rank < other.rank;
    const [had, otherHad] = [turns.get(one.flow) ?? 0, turns.get(other.flow) ?? 0];
    return had === otherHad ? isOlder(one, other) : had < otherHad;
  };

/**
 * The turns of those who wait now. Who was away comes back with nothing owed, who waits alone owes nothing, and nobody makes
 * up for more than `MOST_OWED`.
 */
export function turnsOf(groups: readonly WaitingGroup[], before: Turns): Turns {
  const flows = new Set(groups.map(({ flow }) => flow));
  const known = [...flows].map((flow) => before.get(flow)).filter((taken) => taken !== undefined);
  const least = known.length > 0 ? Math.min(...known) : 0;
  return new Map([...flows].map((flow) => [flow, Math.min((before.get(flow) ?? least) - least, MOST_OWED)]));
}

/** Notes that a flow has had a permit. */
export function took(turns: Turns, flow: string): void {
  turns.set(flow, (turns.get(flow) ?? 0) + 1);
}
