import { deadlinesInUse } from '../../domain/credential-clock';

const HOUR = 3_600_000;
const NOW = new Date('2026-05-01T12:00:00Z');
const inHours = (hours: number): Date => new Date(NOW.getTime() + hours * HOUR);
const seller = { of: 'authorisation' as const, seller: 'A2LUMA', dueAt: inHours(1) };
const secretDue = (hours: number) => ({ of: 'client-secret' as const, dueAt: inHours(hours) });

describe('what lapses of a credential as it is used', () => {
  it.each([
    ['the current secret, while that is used', 4000, null, 4000],
    ['the secret before, while that is used', 4000, { until: 100, replacedAt: -2 }, 100],
    [
      'the secret before also when nobody knows since when there is another',
      4000,
      { until: 100, replacedAt: null },
      100,
    ],
    ['the current secret where it ends first', 50, { until: 100, replacedAt: -2 }, 50],
    ['the current secret while Amazon may still accept it', 4000, { until: 100, replacedAt: -0.9 }, 4000],
    ['the secret before once Amazon should have accepted the other', 4000, { until: 100, replacedAt: -1 }, 100],
    ['the secret before when it has ended', 4000, { until: -5, replacedAt: -200 }, -5],
  ])('is %s', (_what, due, before, expected) => {
    const usedAgain = before && {
      until: inHours(before.until),
      replacedAt: before.replacedAt === null ? null : inHours(before.replacedAt),
    };
    expect(deadlinesInUse([secretDue(due), seller], usedAgain, NOW)).toEqual([secretDue(expected), seller]);
  });
});
