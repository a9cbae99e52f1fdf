import type { WaitingFor } from './connector';
import { isPassing, OutsideError, type FailureCode } from './errors';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How long Amazon takes a client secret that another has replaced, unless it says otherwise. Source: Amazon's rotation guide. */
export const PREVIOUS_KEPT_MS = 7 * DAY_MS;

/** An automatic rotation begins so long before the secret expires. */
const ROTATE_BEFORE_MS = 30 * DAY_MS;

/** How long the message with the new secret is waited for. Each request burns a secret, so another is never made instead. */
const MESSAGE_WITHIN_MS = DAY_MS;

/** How long a secret that a person has saved is tried; Amazon has been seen to take up to an hour. */
const SAVED_TRIED_FOR_MS = DAY_MS;

/** How often the current secret is tried again while the one before it is used. */
const CURRENT_AGAIN_MS = 2 * MINUTE_MS;

/** After Amazon has refused the request without burning a secret, an automatic rotation asks again. */
const ASK_AGAIN_MS = DAY_MS;

/** Who began a rotation: a person through the API, Longshore at its time, Amazon by an unasked secret, a secret that was saved. */
export type RotationCause = 'asked' | 'automatic' | 'received' | 'saved';

/**
 * How far a change of the client secret is: it is to be asked for (`requesting`), Amazon is to send it (`awaiting`), Amazon is
 * to take it (`proving`), it is in use (`done`), or a person has to act (`failed`).
 */
type RotationState = 'requesting' | 'awaiting' | 'proving' | 'done' | 'failed';

/** The last change of a credential's client secret. */
export interface Rotation {
  state: RotationState;
  cause: RotationCause;
  startedAt: Date;
  /** When Amazon was asked; set before it is, so that nobody asks twice. */
  requestedAt: Date | null;
  /** What Amazon has answered: `unknown` when no answer came, so that it may have made a secret or not. */
  answer: 'accepted' | 'unknown' | null;
  /** What a person, Amazon or time has to do. */
  waitingFor: WaitingFor | null;
  endedAt: Date | null;
}

/** What a rotation depends on, as it is kept. */
export interface RotationFacts {
  rotation: Rotation | null;
  /** A secret that Amazon has sent waits for its proof, or one that a person has saved does. */
  unproved: 'received' | 'saved' | null;
  /** The secret before is used because Amazon does not take the current one. */
  isFallenBack: boolean;
  /** When the secret before may be deleted. */
  previousUntil: Date | null;
}

/** What is to be done about a rotation now. Times are ISO 8601. */
export type RotationStep =
  | { kind: 'request' }
  | { kind: 'prove'; nextInMs: number }
  | { kind: 'give-up'; why: 'no-message' | 'not-taken' }
  | { kind: 'drop-previous' }
  | { kind: 'wait'; until: string }
  | { kind: 'end' };

/** What the workflow of a rotation does next. */
export function rotationStep(facts: RotationFacts, now: Date): RotationStep {
  const { rotation, unproved, isFallenBack, previousUntil } = facts;
  const age = now.getTime() - (rotation?.startedAt ?? now).getTime();
  const open = rotation?.endedAt === null ? rotation : undefined;
  if (open?.state === 'proving' && unproved === 'saved' && age >= SAVED_TRIED_FOR_MS)
    return { kind: 'give-up', why: 'not-taken' };
  if (open?.state === 'proving' || unproved === 'received') return { kind: 'prove', nextInMs: triedAgainAfter(age) };
  if (open?.state === 'requesting') return { kind: 'request' };
  if (open?.requestedAt) {
    const until = new Date(open.requestedAt.getTime() + MESSAGE_WITHIN_MS);
    return now < until ? { kind: 'wait', until: until.toISOString() } : { kind: 'give-up', why: 'no-message' };
  }
  if (previousUntil && previousUntil <= now) return { kind: 'drop-previous' };
  if (isFallenBack) return { kind: 'prove', nextInMs: CURRENT_AGAIN_MS };
  if (previousUntil) return { kind: 'wait', until: previousUntil.toISOString() };
  return { kind: 'end' };
}

/** How long until a secret that Amazon does not take is tried again: often while that is likely to help. */
function triedAgainAfter(ageMs: number): number {
  if (ageMs < MINUTE_MS) return 5_000;
  if (ageMs < 10 * MINUTE_MS) return 30_000;
  if (ageMs < 2 * HOUR_MS) return 2 * MINUTE_MS;
  return ageMs < DAY_MS ? 15 * MINUTE_MS : HOUR_MS;
}

/**
 * When a secret is to be rotated by itself: 30 days before its end. Undefined when nothing is to be done about it: one rotation
 * is under way, or has burned this secret already; then a person decides.
 *
 * @param secretCreatedAt - a rotation that was begun before it was about an older secret.
 */
export function automaticRotationAt(
  dueAt: Date,
  rotation: Rotation | null,
  secretCreatedAt: Date | null
): Date | undefined {
  const at = new Date(dueAt.getTime() - ROTATE_BEFORE_MS);
  if (!rotation) return at;
  if (rotation.endedAt === null) return undefined;
  const isOfThisSecret = secretCreatedAt !== null && rotation.startedAt >= secretCreatedAt;
  if (!isOfThisSecret || rotation.state === 'done') return at;
  if (rotation.requestedAt !== null) return undefined;
  const again = new Date(rotation.endedAt.getTime() + ASK_AGAIN_MS);
  return again > at ? again : at;
}

/** What is known of a client secret that Login with Amazon refuses. */
interface RefusedSecret {
  clientId: string;
  /** Amazon has taken it before. */
  hasWorked: boolean;
  /** When it expires; null while nobody knows. */
  dueAt: Date | null;
  /** A new one is there, and Amazon does not take it yet. */
  isNewOneThere: boolean;
}

/** Why Login with Amazon refuses a client secret: its own answer is `invalid_client`, whatever the reason. */
export function secretFailure({ clientId, hasWorked, dueAt, isNewOneThere }: RefusedSecret, now: Date): OutsideError {
  const day = dueAt?.toISOString().slice(0, 10);
  const failure = (code: FailureCode, message: string): OutsideError =>
    new OutsideError(code, message, { system: 'lwa', operation: 'token', status: 401 });
  if (!hasWorked)
    return failure(
      'auth.wrong_secret',
      `Login with Amazon has never taken the client secret that was saved for ${clientId}.`
    );
  if (isNewOneThere) return failure('auth.secret_pending', `Amazon has sent a new client secret for ${clientId}.`);
  if (dueAt && dueAt <= now) return failure('auth.secret_expired', `That of ${clientId} was good until ${day}.`);
  const wasGood = day ? `, and was to be good until ${day}` : '';
  return failure('auth.secret_rotated', `The one that is kept for ${clientId} has worked before${wasGood}.`);
}

/** What a credential comes to when it is tried at Amazon. */
export const CREDENTIAL_VERDICTS = [
  'works',
  'secret_expired',
  'secret_rotated',
  'secret_pending',
  'wrong_secret',
  'access_revoked',
  'unauthorized_client',
  'unknown',
] as const;
type CredentialVerdict = (typeof CREDENTIAL_VERDICTS)[number];

/** The verdict of a failed try; `unknown` when it says nothing about the credential. */
export function verdictOf(error: OutsideError): CredentialVerdict {
  const name = error.code.replace(/^auth\./, '');
  const known = CREDENTIAL_VERDICTS.find((each) => each === name);
  return known === undefined || isPassing(error.code) ? 'unknown' : known;
}
