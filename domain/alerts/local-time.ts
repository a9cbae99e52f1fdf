import type { QuietHours } from './alert';

/** What a clock on the wall shows. */
interface LocalTime {
  /** `2026-03-29` */
  day: string;
  /** 0–23 */
  hour: number;
  /** Since midnight, as the clock counts. */
  minutes: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** @throws RangeError for a time zone that is none; see {@link isTimeZone}. */
export function localTime(at: Date, timeZone: string): LocalTime {
  const parts = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value])
  );
  const hour = Number(parts.hour);
  return { day: `${parts.year}-${parts.month}-${parts.day}`, hour, minutes: hour * 60 + Number(parts.minute) };
}

export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** Whether the clock on the wall is within quiet hours; an hour that the change to summer time leaves out, is not. */
export function isQuiet(quietHours: QuietHours | null, timeZone: string, at: Date): boolean {
  if (!quietHours) return false;
  const { minutes } = localTime(at, timeZone);
  const [from, to] = [minutesOf(quietHours.from), minutesOf(quietHours.to)];
  return from < to ? minutes >= from && minutes < to : minutes >= from || minutes < to;
}

function minutesOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number);
  return hours! * 60 + minutes!;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const digits = '2-digit' as const;
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: digits,
    day: digits,
    hour: digits,
    minute: digits,
  });
  formats.set(timeZone, made);
  return made;
}
