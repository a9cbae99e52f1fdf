import {
  AUTHORISATION_LIFE_DAYS,
  daysLeft,
  deadlinesOf,
  nextReminder,
  REMINDER_DAYS,
  type ReminderNote,
} from '../../domain/reminders';

const HOUR = 3600_000;
const DAY = 24 * HOUR;
const DUE = new Date('2026-12-31T12:00:00.000Z');

/** So many days before the deadline; negative for after. */
const before = (days: number): Date => new Date(DUE.getTime() - days * DAY);
const sent = (day: number, dueAt = DUE): ReminderNote => ({ state: 'sent', reason: null, dueAt, day, at: before(day) });
const failed = (day: number, at: Date): ReminderNote => ({ state: 'not_sent', reason: 'away', dueAt: DUE, day, at });
const next = (now: Date, last?: ReminderNote) => nextReminder({ dueAt: DUE }, last, now);

describe('the next reminder', () => {
  it.each<[string, number, ReminderNote | undefined, number, number]>([
    // now, the last that was sent → its day, its time, in days before the deadline
    ['long before, it is the first', 180, undefined, 90, 90],
    ['a millisecond before its hour, it is still to come', 90 + 1 / DAY, undefined, 90, 90],
    ['at its hour it is due', 90, undefined, 90, 90],
    ['what begins in between is told at once', 75, undefined, 90, 90],
    ['once sent, the following is next', 90, sent(90), 30, 30],
    ['the last before the deadline', 3, sent(3), 1, 1],
    ['then the deadline itself', 1, sent(1), 0, 0],
    ['then every day', 0, sent(0), -1, -1],
    ['and on', -7.5, sent(-7), -8, -8],
    ['after an outage, the one that stands and none that it went past', 13, sent(90), 14, 14],
    ['after an outage over the deadline, today’s', -4.5, sent(14), -4, -4],
    ['after an outage, what was sent stands until the next', 20, sent(30), 14, 14],
  ])('%s', (_what, daysBefore, last, day, at) => {
    expect(next(before(daysBefore), last)).toEqual({ day, at: before(at) });
  });

  it('is tried again an hour after it could not be sent, until a later one stands', () => {
    const triedAt = new Date(before(30).getTime() + 10 * HOUR);
    expect(next(triedAt, failed(30, triedAt))).toEqual({ day: 30, at: new Date(triedAt.getTime() + HOUR) });
    expect(next(before(14), failed(30, triedAt))).toEqual({ day: 14, at: before(14) });
  });

  it('begins anew when the deadline is another one, and not when the same one moves by hours', () => {
    const moved = (ms: number) => new Date(DUE.getTime() + ms);
    expect(next(before(80), sent(90, moved(180 * DAY)))).toMatchObject({ day: 90 });
    expect(next(before(80), sent(90, moved(20 * HOUR)))).toMatchObject({ day: 30 });
    expect(next(before(80), sent(90, moved(-20 * HOUR)))).toMatchObject({ day: 30 });
    expect(next(before(80), sent(90, moved(DAY)))).toMatchObject({ day: 90 });
  });

  it('counts as sent when the deadline then moves away by hours', () => {
    const last = sent(14, new Date(DUE.getTime() - 20 * HOUR));
    expect(next(new Date(before(14).getTime() - HOUR), last)).toEqual({ day: 7, at: before(7) });
  });

  it('comes once each, whenever one looks: a look an hour gives the whole list', () => {
    const days: number[] = [];
    let last: ReminderNote | undefined;
    for (let now = before(180); now <= before(-3); now = new Date(now.getTime() + HOUR)) {
      const found = next(now, last);
      if (found.at > now) continue;
      days.push(found.day);
      last = { ...sent(found.day), at: now };
    }
    expect(days).toEqual([...REMINDER_DAYS, 0, -1, -2, -3]);
  });
});

describe('what lapses', () => {
  const created = new Date('2026-01-01T00:00:00.000Z');

  it('is a secret 180 days after it was created, or when Amazon says', () => {
    const dates = { secretCreatedAt: created, secretExpiresAt: null, authorisedAt: {} };
    expect(deadlinesOf(dates)).toEqual([{ of: 'client-secret', dueAt: new Date('2026-06-30T00:00:00.000Z') }]);
    expect(deadlinesOf({ ...dates, secretExpiresAt: DUE })).toEqual([{ of: 'client-secret', dueAt: DUE }]);
    expect(deadlinesOf({ ...dates, secretCreatedAt: null })).toEqual([]);
  });

  it('is the authorisation of each seller a year after it was given', () => {
    const authorisedAt = { A1: created, A2: DUE };
    const dueIn = (from: Date) => new Date(from.getTime() + AUTHORISATION_LIFE_DAYS * DAY);
    expect(deadlinesOf({ secretCreatedAt: null, secretExpiresAt: null, authorisedAt })).toEqual([
      { of: 'authorisation', seller: 'A1', dueAt: dueIn(created) },
      { of: 'authorisation', seller: 'A2', dueAt: dueIn(DUE) },
    ]);
  });

  it('has days left, and fewer than none once it has long passed', () => {
    const days = [90, 89.9, 1.5, 1, 0.5, 0, -0.5, -1, -1.5];
    expect(days.map((each) => daysLeft(DUE, before(each)))).toEqual([90, 90, 2, 1, 1, 0, 0, -1, -1]);
  });
});
