import type { RateBucket, WaitingGroup } from '../../domain/ports/limiter';
import type { Plan } from './documented-limits';
import { took, turnsOf, whoseTurn, type Turns } from './fair-order';
import { paceOf, type Pace } from './pace';

/** Permits are given away until so far ahead: a process that dies loses no more, and urgent work waits no longer behind it. */
export const AHEAD_MS = 1000;

/** In one lease, whatever the rate. */
const MOST_PERMITS = 1000;

/** Who got nothing looks again after this long, and for slow buckets when there may be something, but at the latest then. */
const LOOK_AGAIN_MS = 300;
const LOOK_AGAIN_AT_MOST_MS = 5000;

/** A claim is forgotten when its process does not come back in this time after it may. */
const CLAIM_LIFE_MS = 1500;

/** A 429 halves the rate; a second one within this time belongs to the same burst. */
const SAME_BURST_MS = 2000;

/** The rate never falls below this part of the announced one. */
const LOWEST_SHARE = 1 / 16;

/** Every answer within the limit gives back this much: fifteen of them make up for one halving. */
const RECOVERY = 1.05;

/** The earliest moment there is; a database keeps it better than an infinity. */
const NEVER = -8.64e15;

/** Permits that are due one after the other. Times are milliseconds of the bucket's clock. */
export interface Block extends Pace {
  first: number;
  count: number;
}

/** What answers have taught since the last lease. */
export interface Lesson {
  /** The rate that Amazon announced last. */
  announcedRate?: number;
  /** Of an application, which Amazon announces no rate of: one seller's part of it, which is never more than the whole. */
  leastRate?: number;
  /** Answers that were within the limit. */
  within: number;
  wasThrottled: boolean;
}

export interface LeaseRequest {
  /** The process that asks. */
  holder: string;
  /** Everybody in it who waits, and is not covered by permits that it holds. */
  groups: readonly WaitingGroup[];
  lesson: Lesson;
  /** Permits of its last block that are not due yet: taken back when the rate has changed, if they are the last given. */
  notDue?: Block;
  now: number;
}

export interface Lease {
  bucket: RateBucket;
  /** False when nothing has changed that others must know. */
  isNews: boolean;
  pace: Pace;
  block?: Block;
  wasTakenBack: boolean;
  /** Not worth asking again before. */
  nextAt: number;
}

/** Gives the process the permits of the next second that are its turn, and notes who of it waits on. */
export function lease(plan: Plan, found: RateBucket | undefined, request: LeaseRequest): Lease {
  const { holder, groups, now } = request;
  const before = found ?? newBucket(plan);
  const learned = learn(before, request.lesson, now);
  const pace = paceOf(plan, rateOf(learned));
  const wasTakenBack = rateOf(learned) !== rateOf(before) && isLast(request.notDue, before.lastSlot);
  const lastSlot = wasTakenBack ? request.notDue!.first - request.notDue!.spacingMs : learned.lastSlot;

  const first = Math.max(sane(lastSlot, now) + pace.spacingMs, now - pace.backlogMs);
  const room = Math.min(MOST_PERMITS, Math.floor((now + AHEAD_MS - first) / pace.spacingMs) + 1);
  const others = before.claims.filter((each) => each.holder !== holder && each.until > now);
  const { given, left, turns } = share(groups, others, before, room);

  const mayAskAgain = given > 0 || left.length === 0;
  const nextAt = mayAskAgain
    ? now
    : now + Math.min(Math.max(first - AHEAD_MS - now, LOOK_AGAIN_MS), LOOK_AGAIN_AT_MOST_MS);
  const claims = left.map((group) => ({ ...group, holder, until: nextAt + CLAIM_LIFE_MS }));
  const bucket: RateBucket = {
    ...learned,
    lastSlot: given > 0 ? first + (given - 1) * pace.spacingMs : lastSlot,
    served: before.served + given,
    claims: [...others, ...claims],
    turns: [...turns].map(([flow, taken]) => ({ flow, taken })),
  };
  const isNews = !found || given > 0 || hasLearned(before, bucket) || !isKnown(before, holder, claims, nextAt);
  return {
    bucket,
    isNews,
    pace,
    wasTakenBack,
    nextAt,
    ...(given > 0 && { block: { first, count: given, ...pace } }),
  };
}

function newBucket(plan: Plan): RateBucket {
  return {
    lastSlot: NEVER,
    announcedRate: plan.rate,
    share: 1,
    halvedAt: NEVER,
    served: 0,
    claims: [],
    turns: [],
  };
}

const rateOf = ({ announcedRate, share }: RateBucket): number => announcedRate * share;

function learn(bucket: RateBucket, lesson: Lesson, now: number): RateBucket {
  const announcedRate = Math.max(lesson.announcedRate ?? bucket.announcedRate, lesson.leastRate ?? 0);
  const share = Math.min(1, bucket.share * RECOVERY ** lesson.within);
  const learned = { ...bucket, announcedRate, share };
  if (!lesson.wasThrottled) return learned;
  const emptied = { ...learned, lastSlot: Math.max(bucket.lastSlot, now) };
  if (now - bucket.halvedAt < Math.max(SAME_BURST_MS, 1000 / rateOf(bucket))) return emptied;
  return { ...emptied, halvedAt: now, share: Math.max(LOWEST_SHARE, share / 2) };
}

/** Nothing is given away further ahead: what seems to be was written under a clock that has been set back since. */
function sane(lastSlot: number, now: number): number {
  return lastSlot > now + 2 * AHEAD_MS ? now : lastSlot;
}

function isLast(block: Block | undefined, lastSlot: number): boolean {
  return block !== undefined && Math.abs(block.first + (block.count - 1) * block.spacingMs - lastSlot) < 0.5;
}

/**
 * Plays who would get the permits there are, one by one, with everybody who waits anywhere. Those of others are left for
 * them to take.
 */
function share(
  groups: readonly WaitingGroup[],
  others: RateBucket['claims'],
  { turns: before, served }: RateBucket,
  room: number
): { given: number; left: WaitingGroup[]; turns: Turns } {
  const own = groups.map((group) => ({ ...group, isOwn: true }));
  const all = [...own, ...others.map((claim) => ({ ...claim, isOwn: false }))];
  const turns = turnsOf(all, new Map(before.map(({ flow, taken }) => [flow, taken])));
  const imagined: Turns = new Map(turns);
  let given = 0;
  for (let place = 0; place < room; place += 1) {
    const next = whoseTurn(all, imagined, served + place);
    if (!next) break;
    next.waiting -= 1;
    took(imagined, next.flow);
    if (!next.isOwn) continue;
    took(turns, next.flow);
    given += 1;
  }
  const left = own.filter(({ waiting }) => waiting > 0).map(({ isOwn: _, ...group }) => group);
  return { given, left, turns };
}

function hasLearned(before: RateBucket, after: RateBucket): boolean {
  return (['announcedRate', 'share', 'halvedAt', 'lastSlot'] as const).some((each) => before[each] !== after[each]);
}

/** The others know already for which flows, and how urgently, this process waits. */
function isKnown(
  { claims: before }: RateBucket,
  holder: string,
  claims: readonly WaitingGroup[],
  needed: number
): boolean {
  const known = before.filter((each) => each.holder === holder);
  return (
    known.length === claims.length &&
    claims.every(({ flow, rank }) =>
      known.some((each) => each.flow === flow && each.rank === rank && each.until > needed)
    )
  );
}
