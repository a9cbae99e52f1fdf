/** `waiting`: is tried. `delivered`: the other side has taken it. `dead`: given up. `dropped`: its channel is gone or silenced, or wants no more of it. */
export const DELIVERY_STATES = ['waiting', 'delivered', 'dead', 'dropped'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** What the workflow of a delivery is started with. */
export interface DeliveryInput {
  deliveryId: string;
}

/**
 * What came of one try. `refused`: the other side says that it is wrong as it is. `gone`: it says that it wants no more of it.
 * `away`: no answer, or one that asks for patience. `said` is for people.
 */
export type DeliveryAnswer = { kind: 'taken'; said: string } | DeliveryFailure;

export type DeliveryFailure =
  { kind: 'refused' | 'gone'; said: string } | { kind: 'away'; said: string; retryAfterMs?: number };

/**
 * One try as its workflow hears of it. `over`: nothing is to be delivered any more. `behind`: an older message to the same channel
 * is not through, and they go in their order.
 */
export type DeliveryTry = DeliveryAnswer | { kind: 'over' } | { kind: 'behind' };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The waits between tries; the last one is repeated. */
const WAITS_MS = [5_000, 30_000, 2 * MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS] as const;

/** How long it is tried; what is refused may be mended in that time, or an endpoint be put up anew. */
const TRIED_FOR_MS = { away: 24 * HOUR_MS, refused: HOUR_MS } as const;

/**
 * How long to wait for the next try; null when it is given up.
 *
 * @param tries - how often it was tried since it was begun, this one included.
 */
export function nextTryAfterMs(answer: DeliveryFailure, tries: number, beganAt: Date, now: Date): number | null {
  if (answer.kind === 'gone') return null;
  const usual = WAITS_MS[Math.min(tries, WAITS_MS.length) - 1]!;
  const asked = answer.kind === 'away' ? Math.min(answer.retryAfterMs ?? 0, HOUR_MS) : 0;
  const wait = Math.max(usual, asked);
  return now.getTime() + wait - beganAt.getTime() > TRIED_FOR_MS[answer.kind] ? null : wait;
}
