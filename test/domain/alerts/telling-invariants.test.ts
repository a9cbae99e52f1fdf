import fc from 'fast-check';
import type { AlertItem, Channel, QuietHours } from '../../../domain/alerts/alert';
import { AlertWorld, channel, condition, DAY, HOUR, MINUTE, START } from './alert-world';

const KEYS = ['run_failed:con_1', 'run_failed:con_2', 'connector_parked:con_1'] as const;
const EVENT = {
  'run_failed:con_1': 'run_failed',
  'run_failed:con_2': 'run_failed',
  'connector_parked:con_1': 'connector_parked',
} as const;

/** In minutes: from 22:00 to 21:00. */
const LONGEST_QUIET = 23 * 60;

/** Minutes for which something stands or not, in turn; and some of them nobody looks. */
const life = fc.record({
  spans: fc.tuple(...KEYS.map(() => fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 6 }))),
  outages: fc.array(
    fc.record({ from: fc.integer({ min: 0, max: 9000 }), minutes: fc.integer({ min: 1, max: 4000 }) }),
    { maxLength: 3 }
  ),
  quietHours: fc.option(
    fc.record({ from: fc.constantFrom('22:00', '00:00', '01:30'), to: fc.constantFrom('06:00', '12:15', '21:00') }),
    { nil: null }
  ),
  timeZone: fc.constantFrom('UTC', 'Europe/Madrid', 'America/Sao_Paulo', 'Asia/Kathmandu'),
  threshold: fc.integer({ min: 0, max: 120 }),
  repeats: fc.boolean(),
});

interface Life {
  spans: number[][];
  outages: { from: number; minutes: number }[];
  quietHours: QuietHours | null;
  timeZone: string;
  threshold: number;
  /** Every look is made twice, as when a step is repeated that had been through. */
  repeats: boolean;
}

/** Since when a condition stands at a minute; undefined when it does not. */
function standsSince(spans: readonly number[], minute: number): number | undefined {
  let at = 0;
  for (const [index, length] of spans.entries()) {
    if (minute < at + length) return index % 2 === 0 ? at : undefined;
    at += length;
  }
  return undefined;
}

function lived({ spans, outages, quietHours, timeZone, threshold, repeats }: Life) {
  const own: Channel = channel({
    quietHours,
    timeZone,
    thresholdMinutes: { run_failed: threshold, connector_parked: threshold },
  });
  const world = new AlertWorld([own]);
  const longest = Math.max(...spans.map((each) => each.reduce((sum, length) => sum + length, 0)));
  const isOut = (minute: number): boolean =>
    outages.some(({ from, minutes }) => minute >= from && minute < from + minutes);
  const looks: number[] = [];
  const end = longest + (3 * DAY) / MINUTE;
  for (let minute = 0; minute < end; minute += 5) {
    if (isOut(minute) && minute < longest + DAY / MINUTE) continue;
    const conditions = KEYS.flatMap((key, index) => {
      const since = standsSince(spans[index]!, minute);
      const severity = key === 'connector_parked:con_1' ? ('critical' as const) : ('error' as const);
      return since === undefined
        ? []
        : [condition({ key, event: EVENT[key], severity, since: new Date(START + since * MINUTE) })];
    });
    world.look(START + minute * MINUTE, conditions);
    if (repeats) world.look(START + minute * MINUTE, conditions);
    looks.push(minute);
  }
  return { world, looks };
}

const itemsOf = (world: AlertWorld, key: string): { change: AlertItem['change']; minute: number }[] =>
  world.messages.flatMap(({ at, items }) =>
    items.filter((item) => item.key === key).map(({ change }) => ({ change, minute: (at.getTime() - START) / MINUTE }))
  );

describe('whatever comes, goes and is not looked at', () => {
  it('nothing is told twice, the end follows each beginning that was told, and nothing else has an end', () => {
    fc.assert(
      fc.property(life, (one) => {
        const { world } = lived(one);
        for (const key of KEYS) {
          let lastAt: number | undefined;
          for (const { change, minute } of itemsOf(world, key)) {
            if (change === 'firing') expect(lastAt).toBeUndefined();
            if (change === 'passed') expect(lastAt).toBeUndefined();
            if (change === 'recovered') expect(lastAt).toBeDefined();
            if (change === 'reminder') expect(minute - lastAt!).toBeGreaterThanOrEqual(DAY / MINUTE);
            lastAt = change === 'firing' || change === 'reminder' ? minute : undefined;
          }
          // All has been over for days.
          expect(lastAt).toBeUndefined();
        }
      }),
      { numRuns: 30 }
    );
  });

  it('what stands and is looked at for longer than its threshold is told by the end of the quiet hours', () => {
    fc.assert(
      fc.property(life, (one) => {
        const { world, looks } = lived(one);
        for (const [index, key] of KEYS.entries()) {
          const told = itemsOf(world, key);
          const patience = one.threshold + (one.quietHours && key !== 'connector_parked:con_1' ? LONGEST_QUIET : 0) + 5;
          for (const minute of looks) {
            const since = standsSince(one.spans[index]!, minute);
            if (since === undefined || minute - since < patience) continue;
            // Somebody has looked in all that time: an outage is not the rules' affair.
            const isWatched =
              looks.filter((each) => each >= since && each <= minute).length >= (minute - since) / 5 - 1;
            if (isWatched)
              expect(
                told.some((each) => each.minute <= minute && (each.change === 'firing' || each.change === 'reminder'))
              ).toBe(true);
          }
        }
      }),
      { numRuns: 30 }
    );
  });

  it('a condition is told five times in any 24 hours at most', () => {
    fc.assert(
      fc.property(life, (one) => {
        const { world } = lived({ ...one, threshold: 0, quietHours: null });
        for (const key of KEYS) {
          const firings = itemsOf(world, key).filter(({ change }) => change === 'firing');
          for (const { minute } of firings)
            expect(
              firings.filter((each) => each.minute >= minute && each.minute < minute + DAY / MINUTE).length
            ).toBeLessThanOrEqual(5);
        }
      }),
      { numRuns: 30 }
    );
  });

  it('what is not critical is not told in quiet hours', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 1, max: 23 }), (from, hours) => {
        const pad = (hour: number): string => `${String(hour % 24).padStart(2, '0')}:00`;
        const quietHours = { from: pad(from), to: pad(from + hours) };
        const world = new AlertWorld([channel({ quietHours, thresholdMinutes: { run_failed: 0 } })]);
        world.run(START, START + 2 * DAY, () => [condition()], 20 * MINUTE);
        for (const { at } of world.messages) expect((at.getUTCHours() - from + 24) % 24 >= hours).toBe(true);
        expect(world.messages.length).toBeGreaterThan(0);
      }),
      { numRuns: 50 }
    );
  });
});

describe('200 days', () => {
  it('of a connector that fails for a while each week are so many messages', () => {
    const world = new AlertWorld([channel({ digestHour: 7 })]);
    world.run(
      START,
      START + 200 * DAY,
      (at) => {
        const since = START + Math.floor((at - START) / (7 * DAY)) * 7 * DAY;
        return at - since < 3 * HOUR ? [condition({ since: new Date(since) })] : [];
      },
      5 * MINUTE
    );
    const count = (kind: string): number => world.messages.filter((each) => each.kind === kind).length;
    expect({
      firing: count('firing'),
      recovered: count('recovered'),
      digest: count('digest'),
      all: world.messages.length,
    }).toEqual({
      firing: 29,
      recovered: 29,
      digest: 201,
      all: 259,
    });
  });
});
