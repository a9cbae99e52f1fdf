import { FAILURES, failureCodeOf, isAuthFailure, isPassing, OutsideError, type FailureCode } from '../../domain/errors';

const codes = Object.keys(FAILURES) as FailureCode[];

test.each([
  ['throttled', true, false],
  ['transient', true, false],
  ['auth.token_expired', true, false],
  ['rejected', false, false],
  ['config', false, false],
  ['bug', false, false],
  ['auth.secret_expired', false, true],
  ['auth.secret_rotated', false, true],
  ['auth.secret_pending', false, true],
  ['auth.wrong_secret', false, true],
  ['auth.access_revoked', false, true],
  ['auth.unauthorized_client', false, true],
  ['auth.forbidden', false, true],
] as const)('%s: passes by itself %s, parks the connector %s', (code, passing, parks) => {
  expect(isPassing(code)).toBe(passing);
  expect(isAuthFailure(code)).toBe(parks);
});

test('every class says in sentences what it means and what to do', () => {
  for (const code of codes) {
    expect(FAILURES[code].sentence).toMatch(/^[A-Z].*\.$/);
    expect(FAILURES[code].action).toMatch(/^[A-Z].*\.$/);
  }
});

test('what passes by itself is nobody’s task, and only that', () => {
  for (const code of codes) expect([code, FAILURES[code].owner === 'nobody']).toEqual([code, isPassing(code)]);
});

test('what was classified at the edge keeps its class, everything else is a bug', () => {
  const error = new OutsideError('throttled', 'Too many requests.', { system: 'amazon', operation: 'putListingsItem' });

  expect(failureCodeOf(error)).toBe('throttled');
  expect(error).toMatchObject({ name: 'OutsideError', message: 'Too many requests.', facts: { system: 'amazon' } });
  for (const other of [new Error('x'), 'x', null, undefined, { code: 'throttled' }])
    expect(failureCodeOf(other)).toBe('bug');
});
