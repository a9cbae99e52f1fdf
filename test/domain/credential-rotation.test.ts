import {
  automaticRotationAt,
  rotationStep,
  secretFailure,
  verdictOf,
  type Rotation,
  type RotationFacts,
} from '../../domain/credential-rotation';
import { FAILURES, OutsideError, type FailureCode } from '../../domain/errors';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = new Date('2026-06-01T12:00:00.000Z');
const ago = (ms: number): Date => new Date(NOW.getTime() - ms);

const rotation = (change: Partial<Rotation>): Rotation => ({
  state: 'requesting',
  cause: 'asked',
  startedAt: NOW,
  requestedAt: null,
  answer: null,
  waitingFor: null,
  endedAt: null,
  ...change,
});
const facts = (change: Partial<RotationFacts>): RotationFacts => ({
  rotation: null,
  unproved: null,
  isFallenBack: false,
  previousUntil: null,
  ...change,
});
const awaiting = (since: number): Rotation =>
  rotation({ state: 'awaiting', startedAt: ago(since), requestedAt: ago(since) });
const proving = (since: number): Rotation => rotation({ state: 'proving', startedAt: ago(since) });
const done = rotation({ state: 'done', endedAt: NOW });

describe('the next step of a rotation', () => {
  it.each<[string, Partial<RotationFacts>, object]>([
    ['nothing, when nothing changes', {}, { kind: 'end' }],
    ['to ask Amazon', { rotation: rotation({}) }, { kind: 'request' }],
    [
      'to wait a day for the message',
      { rotation: awaiting(HOUR) },
      { kind: 'wait', until: ago(HOUR - DAY).toISOString() },
    ],
    ['never to ask again, but to tell people', { rotation: awaiting(DAY) }, { kind: 'give-up', why: 'no-message' }],
    [
      'to prove what comes after people were told',
      { rotation: rotation({ state: 'failed', requestedAt: ago(DAY), endedAt: NOW }), unproved: 'received' },
      { kind: 'prove' },
    ],
    ['to try a new one often at first', { rotation: proving(0), unproved: 'received' }, { nextInMs: 5_000 }],
    ['and each half minute then', { rotation: proving(MINUTE), unproved: 'received' }, { nextInMs: 30_000 }],
    ['and each two minutes for two hours', { rotation: proving(HOUR), unproved: 'received' }, { nextInMs: 2 * MINUTE }],
    ['and each quarter for a day', { rotation: proving(2 * HOUR), unproved: 'received' }, { nextInMs: 15 * MINUTE }],
    [
      'and hourly from then on',
      { rotation: proving(3 * DAY), unproved: 'received' },
      { kind: 'prove', nextInMs: HOUR },
    ],
    ['to try a saved one for a day', { rotation: proving(DAY - 1), unproved: 'saved' }, { kind: 'prove' }],
    ['and no longer', { rotation: proving(DAY), unproved: 'saved' }, { kind: 'give-up', why: 'not-taken' }],
    ['to find that another process has taken it', { rotation: proving(0) }, { kind: 'prove' }],
    ['to leave alone what nobody wants tried', { unproved: 'saved' }, { kind: 'end' }],
    [
      'to keep the one before',
      { rotation: done, previousUntil: ago(-DAY) },
      { kind: 'wait', until: ago(-DAY).toISOString() },
    ],
    ['to delete it', { rotation: done, previousUntil: NOW }, { kind: 'drop-previous' }],
    [
      'to try the current one while the one before is used',
      { isFallenBack: true, previousUntil: ago(-DAY) },
      { kind: 'prove' },
    ],
    ['to delete it all the same', { isFallenBack: true, previousUntil: NOW }, { kind: 'drop-previous' }],
  ])('is %s', (_, change, step) => {
    expect(rotationStep(facts(change), NOW)).toMatchObject(step);
  });
});

describe('an automatic rotation', () => {
  const due = ago(-40 * DAY);
  const at = ago(-10 * DAY);
  const created = ago(140 * DAY);
  it.each<[string, Rotation | null, Date | undefined]>([
    ['is due 30 days before the end', null, at],
    ['waits for the one under way', awaiting(HOUR), undefined],
    ['comes for each secret', rotation({ state: 'failed', startedAt: ago(141 * DAY), endedAt: ago(140 * DAY) }), at],
    ['comes again after one that is through', done, at],
    [
      'is not repeated where a secret may have been burned',
      rotation({ state: 'failed', startedAt: ago(DAY), requestedAt: ago(DAY), endedAt: NOW }),
      undefined,
    ],
    [
      'is repeated when it is due where none was',
      rotation({ state: 'failed', startedAt: ago(DAY), endedAt: ago(DAY) }),
      at,
    ],
  ])('%s', (_, last, expected) => {
    expect(automaticRotationAt(due, last, created)).toEqual(expected);
  });

  it('that was refused without burning a secret comes again a day later', () => {
    const refused = rotation({ state: 'failed', startedAt: ago(HOUR), endedAt: ago(HOUR) });
    expect(automaticRotationAt(ago(-20 * DAY), refused, created)).toEqual(ago(HOUR - DAY));
  });
});

describe('a client secret that is refused', () => {
  const clientId = 'amzn1.application-oa2-client.x';
  it.each<[string, Parameters<typeof secretFailure>[0], FailureCode]>([
    [
      'and never worked was mistyped',
      { clientId, hasWorked: false, dueAt: null, isNewOneThere: false },
      'auth.wrong_secret',
    ],
    [
      'and is past its date has expired',
      { clientId, hasWorked: true, dueAt: NOW, isNewOneThere: false },
      'auth.secret_expired',
    ],
    [
      'before its date was replaced',
      { clientId, hasWorked: true, dueAt: ago(-1), isNewOneThere: false },
      'auth.secret_rotated',
    ],
    [
      'and has no date was replaced',
      { clientId, hasWorked: true, dueAt: null, isNewOneThere: false },
      'auth.secret_rotated',
    ],
    [
      'while a new one is there is waited out',
      { clientId, hasWorked: true, dueAt: NOW, isNewOneThere: true },
      'auth.secret_pending',
    ],
  ])('%s', (_, refused, code) => {
    const failure = secretFailure(refused, NOW);
    expect([failure.code, failure.message]).toEqual([code, expect.stringContaining(clientId)]);
    expect(verdictOf(failure)).toBe(code.replace('auth.', ''));
  });

  it('leaves the verdict open where the failure is of another kind', () => {
    for (const code of Object.keys(FAILURES) as FailureCode[]) {
      const verdict = verdictOf(new OutsideError(code, '', { system: 'lwa', operation: 'token' }));
      const tells = /^auth\.(?!token_expired|forbidden)/.test(code);
      expect([code, verdict]).toEqual([code, tells ? code.replace('auth.', '') : 'unknown']);
    }
  });
});
