import type { Alert, Condition, Told } from './alert';
import { classOf } from './alert-events';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** A condition that is away for less counts as one that lasted. */
const SETTLES_MS = 10 * MINUTE_MS;
/** Each time that it comes back within a day, it has to be away for so many times longer. */
const SETTLES_SLOWER = 4;

/**
 * How long a condition must be away to be over: 10 minutes, and after each relapse four times as long, up to a day. So whatever
 * comes and goes is told five times in 24 hours at most.
 */
export function settlesAfterMs(relapses: number): number {
  return Math.min(SETTLES_MS * SETTLES_SLOWER ** relapses, DAY_MS);
}

/** What changes of an alert when its condition is seen. */
export function seen(known: Alert | undefined, condition: Condition, now: Date): Alert {
  if (!known) return { ...condition, absentSince: null, endedAt: null, relapses: 0, told: {} };
  const isOpen = known.endedAt === null;
  if (isOpen) {
    const since = condition.since < known.since ? condition.since : known.since;
    return { ...known, ...condition, since, absentSince: null };
  }
  const awayMs = now.getTime() - (known.absentSince ?? known.endedAt!).getTime();
  return {
    ...condition,
    since: condition.since > known.endedAt! ? condition.since : known.endedAt!,
    absentSince: null,
    endedAt: null,
    relapses: awayMs < DAY_MS ? known.relapses + 1 : 0,
    // Whoever has not heard of the end yet needs not hear of the beginning again.
    told: known.told,
  };
}

/** What changes of an alert when its condition is not there. */
export function missed(known: Alert, now: Date): Alert {
  if (known.endedAt) return known;
  const absentSince = known.absentSince ?? now;
  const isOver = classOf(known.event).isNews || now.getTime() - absentSince.getTime() >= settlesAfterMs(known.relapses);
  return { ...known, absentSince, endedAt: isOver ? now : null };
}

/** Of a channel that was told nothing. */
export const NOTHING_TOLD: Told = { lastAt: null, heldSince: null };
