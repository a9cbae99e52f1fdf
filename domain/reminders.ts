/** So many days before a deadline people are reminded; from the deadline on, every day (S6). */
export const REMINDER_DAYS = [90, 30, 14, 7, 3, 1] as const;

/** How long a client secret lives. Source: Amazon's rule for every SP-API application, private ones too. */
export const SECRET_LIFE_DAYS = 180;

/** How long a seller's authorisation of an application lasts. Source: Amazon asks sellers to renew it every year. */
export const AUTHORISATION_LIFE_DAYS = 365;

const DAY_MS = 24 * 3600 * 1000;

/** A reminder that could not be sent is tried again this long after, until it is sent or a later one is due. */
const TRY_AGAIN_MS = 3600 * 1000;

/** A deadline that moves by less is still the same one: Amazon's date and ours differ by the hour a secret was saved at. */
const SAME_DEADLINE_MS = DAY_MS;

/** What lapses: an application's client secret, or what a seller has authorised it to do. */
export type Lapsing = { of: 'client-secret' } | { of: 'authorisation'; seller: string };

/** When it does. */
export type Deadline = Lapsing & { dueAt: Date };

/** One reminder of one deadline, as it travels between workflow and activities. */
export type Reminder = Lapsing & {
  credentialId: string;
  /** ISO 8601 */
  dueAt: string;
  /** One of {@link REMINDER_DAYS}; 0 when the deadline has come, -1, -2, … on the days after. */
  day: number;
};

/** What became of a reminder. */
export type ReminderOutcome =
  | { state: 'sent'; reason: string | null }
  /** `reason` is for people. */
  | { state: 'not_sent'; reason: string };

/** What is kept of a reminder. */
export type ReminderNote = ReminderOutcome & {
  dueAt: Date;
  day: number;
  /** When it was sent, or last tried. */
  at: Date;
};

/** A credential's dates, as far as its deadlines follow from them. */
export interface CredentialDates {
  /** Null until a client secret was proved. */
  secretCreatedAt: Date | null;
  /** What Amazon, or a person, has said since about the end of the secret in use. */
  secretExpiresAt: Date | null;
  /** By seller id or vendor code: when each refresh token in use was authorised. */
  authorisedAt: Readonly<Record<string, Date>>;
}

/** Everything about a credential that lapses. */
export function deadlinesOf({ secretCreatedAt, secretExpiresAt, authorisedAt }: CredentialDates): Deadline[] {
  const secretDueAt = secretExpiresAt ?? (secretCreatedAt && daysAfter(secretCreatedAt, SECRET_LIFE_DAYS));
  return [
    ...(secretDueAt ? [{ of: 'client-secret' as const, dueAt: secretDueAt }] : []),
    ...Object.entries(authorisedAt).map(([seller, at]) => ({
      of: 'authorisation' as const,
      seller,
      dueAt: daysAfter(at, AUTHORISATION_LIFE_DAYS),
    })),
  ];
}

/** Names what lapses within its credential: `client-secret`, `authorisation:A2SELLER`. */
export function lapsingKey(lapsing: Lapsing): string {
  return lapsing.of === 'client-secret' ? lapsing.of : `${lapsing.of}:${lapsing.seller}`;
}

/**
 * The next reminder of a deadline, and when it is to be sent: in the past when it is due. After an outage that is the one
 * reminder which stands now; those it went past are left out.
 *
 * @param last - what is kept of the last reminder of the same thing, of whichever deadline.
 */
export function nextReminder(
  { dueAt }: Pick<Deadline, 'dueAt'>,
  last: ReminderNote | undefined,
  now: Date
): { day: number; at: Date } {
  const day = standingDay(dueAt, now);
  if (day === undefined) return upcoming(dueAt, REMINDER_DAYS[0]);
  const known = last && isSameDeadline(last.dueAt, dueAt) && last.day <= day ? last : undefined;
  if (known?.state === 'sent') return upcoming(dueAt, dayAfter(known.day));
  if (known) return { day, at: new Date(known.at.getTime() + TRY_AGAIN_MS) };
  return upcoming(dueAt, day);
}

/** Whether a date that was told before is the deadline of now, and not one that a rotation or a notice has replaced. */
export function isSameDeadline(told: Date, dueAt: Date): boolean {
  return Math.abs(told.getTime() - dueAt.getTime()) < SAME_DEADLINE_MS;
}

/** Days until a deadline, one that has begun counted whole; 0 on the day after it, then -1, -2, … */
export function daysLeft(dueAt: Date, now: Date): number {
  return 0 - Math.floor((now.getTime() - dueAt.getTime()) / DAY_MS);
}

/** The reminder that stands at a time: the latest whose hour has come. Undefined before the first. */
function standingDay(dueAt: Date, now: Date): number | undefined {
  const left = daysLeft(dueAt, now);
  if (left <= 0) return left;
  return REMINDER_DAYS.findLast((day) => upcoming(dueAt, day).at <= now);
}

function dayAfter(day: number): number {
  if (day <= 0) return day - 1;
  return REMINDER_DAYS.find((each) => each < day) ?? 0;
}

function upcoming(dueAt: Date, day: number): { day: number; at: Date } {
  return { day, at: daysAfter(dueAt, 0 - day) };
}

function daysAfter(date: Date, days: number): Date {
  return new Date(date.getTime() + days * DAY_MS);
}
