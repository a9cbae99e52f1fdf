import type { ProblemLevel } from './alert-facts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Two levels are at least so far apart. */
const BETWEEN_MS = HOUR_MS / 4;

/** What makes a rise: so many SKUs more, of so great a share of all, and so much more than there were. */
const RISE = { skus: 10, ofAll: 0.01, ofBefore: 0.25 } as const;

/** Whether it is time for another level. */
export function isLevelDue(levels: readonly ProblemLevel[], at: Date): boolean {
  const last = levels.at(-1);
  return !last || at.getTime() - last.at.getTime() >= BETWEEN_MS;
}

/** The levels with a new one, without those that no comparison needs any more. */
export function withLevel(levels: readonly ProblemLevel[], level: ProblemLevel): ProblemLevel[] {
  const all = [...levels, level];
  const firstOfDay = all.findIndex(({ at }) => level.at.getTime() - at.getTime() <= DAY_MS);
  return all.slice(Math.max(0, firstOfDay - 1));
}

/**
 * Problems rise when there are at least 10 SKUs more that have some than at the lowest level of the last 24 hours (and the one
 * before), which is at least 1 % of all SKUs and at least a quarter more than there were. After a day the new level is the usual
 * one, and the rise is over.
 *
 * @param levels - the oldest first.
 */
export function riseOf(levels: readonly ProblemLevel[]): { from: ProblemLevel; to: ProblemLevel } | undefined {
  const to = levels.at(-1);
  if (!to) return undefined;
  const earlier = withLevel(levels.slice(0, -1), to).slice(0, -1);
  const [lowest] = [...earlier].sort((one, other) => one.problems - other.problems);
  if (!lowest) return undefined;
  const more = to.problems - lowest.problems;
  const isRise = more >= RISE.skus && more >= to.total * RISE.ofAll && more >= lowest.problems * RISE.ofBefore;
  return isRise ? { from: lowest, to } : undefined;
}
