import type { Plan } from './documented-limits';

/** Part of a burst that is kept back: clocks are known to some milliseconds, and requests overtake each other on the way. */
const KEPT_BACK = 0.1;

/** A high announced rate says nothing about the burst; Amazon is taken to count at least this much of the flow as one. */
const LEAST_BURST_SECONDS = 0.1;

/** Part of the tolerance that a bucket which rested gives away at once; the rest is for permits that are used late. */
const AT_ONCE = 0.4;

/** A timer and the way to the next one take this long, in milliseconds, also where there is no burst to spare. */
const LEAST_TOLERANCE_MS = 100;

/** … and a permit that is due every few minutes only must not lapse while the database is slow: part of the spacing. */
const LEAST_TOLERANCE = 0.01;

/** How permits of one bucket follow each other. */
export interface Pace {
  /** Milliseconds from one permit to the next. */
  spacingMs: number;
  /** A permit is good for this long after it became due. */
  toleranceMs: number;
  /** Of a bucket that rested, so many milliseconds' worth of permits are due at once. */
  backlogMs: number;
}

/**
 * Permits are due one spacing after the other, and are used between then and a tolerance later. In any time t that makes at
 * most 1 + rate × (t + tolerance) requests, whoever uses them: the tolerance is what the burst allows beyond one.
 */
export function paceOf(plan: Plan, rate: number): Pace {
  const burst = Math.max(1, plan.burst * Math.min(1, rate / plan.rate), rate * LEAST_BURST_SECONDS);
  const spacingMs = 1000 / rate;
  const spare = Math.max(0, burst * (1 - KEPT_BACK) - 1) * spacingMs;
  const tolerance = Math.max(LEAST_TOLERANCE_MS, spacingMs * LEAST_TOLERANCE);
  return { spacingMs, toleranceMs: Math.max(spare, tolerance), backlogMs: spare * AT_ONCE };
}
