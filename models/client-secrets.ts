import type { Connection } from 'mongoose';
import { deadlinesInUse } from '../domain/credential-clock';
import { PREVIOUS_KEPT_MS } from '../domain/credential-rotation';
import type { Sealed } from '../domain/ports/secrets';
import { deadlinesOf, type Deadline } from '../domain/reminders';
import {
  credentialModel,
  datesOf,
  secretReplacedBy,
  type CredentialDocument,
  type ReceivedSecret,
} from './credentials';
import { stillHolds } from './sealed-values';

/** Where a secret waits for its proof. */
type NewSlot = 'next' | 'received';

/** A client secret that Amazon may take, and where it is kept. */
export interface Candidate {
  slot: 'current' | 'previous' | NewSlot;
  secret: Sealed;
}

/** The secret that token requests are made with; undefined until one was proved. */
export function secretInUse({ clientSecret }: CredentialDocument, now: Date): Sealed | undefined {
  const { current, previous, fallback } = clientSecret;
  const isFallenBack = fallback && fallback.tryAgainAt > now && previous && previous.until > now;
  return (isFallenBack ? previous.secret : current) ?? undefined;
}

/** Every secret that Amazon may take, in the order in which they are tried. */
export function candidatesOf({ clientSecret }: CredentialDocument, now: Date): Candidate[] {
  const { current, next, received, previous } = clientSecret;
  const kept: [Candidate['slot'], Sealed | null | undefined][] = [
    ['current', current],
    ['received', received?.secret],
    ['next', next],
    ['previous', previous && previous.until > now ? previous.secret : null],
  ];
  return kept.flatMap(([slot, secret]) => (secret ? [{ slot, secret }] : []));
}

/** When the secret in use expires, as far as that is known. */
export function secretDueAt(credential: CredentialDocument): Date | null {
  return deadlinesOf(datesOf(credential)).find((each) => each.of === 'client-secret')?.dueAt ?? null;
}

/** What lapses of a credential as it is used now; the end of the secret before counts while Amazon takes that alone. */
export function lapsingInUse(credential: CredentialDocument, now: Date): Deadline[] {
  const { previous, fallback } = credential.clientSecret;
  const usedAgain = fallback && previous ? { until: previous.until, replacedAt: credential.secretCreatedAt } : null;
  return deadlinesInUse(deadlinesOf(datesOf(credential)), usedAgain, now);
}

/** The changes of a credential's client secret. Each is one compare-and-set, safe to repeat. */
export function clientSecretStore(connection: Connection) {
  const model = credentialModel(connection);

  /** Puts a secret in the place of the current one, which is kept beside it. @returns false when it is no longer there. */
  async function take(
    id: string,
    slot: NewSlot,
    secret: Sealed,
    dates: Parameters<typeof secretReplacedBy>[1]
  ): Promise<boolean> {
    const path = slot === 'next' ? 'clientSecret.next' : 'clientSecret.received.secret';
    const taken = await model.updateOne(
      { _id: id, ...stillHolds(path, secret) },
      [{ $set: { ...secretReplacedBy(path, dates), [`clientSecret.${slot}`]: null } }],
      { updatePipeline: true }
    );
    return taken.modifiedCount === 1;
  }

  return {
    /** Takes the secret that a person has saved into use. */
    takeSaved: (id: string, secret: Sealed, at: Date): Promise<boolean> =>
      take(id, 'next', secret, {
        createdAt: at,
        expiresAt: null,
        previousUntil: new Date(at.getTime() + PREVIOUS_KEPT_MS),
      }),

    /** Takes the secret that Amazon has sent into use. */
    takeReceived: (id: string, { secret, at, expiresAt, previousUntil }: ReceivedSecret): Promise<boolean> =>
      take(id, 'received', secret, { createdAt: at, expiresAt, previousUntil }),

    /** Writes a secret that a person has saved where it waits for its proof. @returns false when there is no such credential. */
    async save(id: string, secret: Sealed): Promise<boolean> {
      const saved = await model.updateOne(
        { _id: id },
        { $set: { 'clientSecret.next': secret, 'clientSecret.refusedAt': null } }
      );
      return saved.matchedCount === 1;
    },

    /**
     * Keeps a secret that Amazon has sent, unless a newer one was sent or is in use.
     *
     * @returns whether it is kept.
     */
    async receive(id: string, received: ReceivedSecret): Promise<boolean> {
      const isNewer = [{ 'clientSecret.received': null }, { 'clientSecret.received.at': { $lt: received.at } }];
      const kept = await model.updateOne(
        { _id: id, $or: isNewer, secretCreatedAt: { $not: { $gt: received.at } } },
        { $set: { 'clientSecret.received': received, 'clientSecret.refusedAt': null } }
      );
      return kept.modifiedCount === 1;
    },

    /** Empties a slot whose secret is one that is in use already. */
    async clear(id: string, slot: NewSlot, secret: Sealed): Promise<void> {
      const path = slot === 'next' ? 'clientSecret.next' : 'clientSecret.received.secret';
      await model.updateOne({ _id: id, ...stillHolds(path, secret) }, { $set: { [`clientSecret.${slot}`]: null } });
    },

    /** Amazon's word on the secret in use, and on the one before it. */
    async noteEnds(id: string, { expiresAt, previousUntil }: Pick<ReceivedSecret, 'expiresAt' | 'previousUntil'>) {
      await model.updateOne({ _id: id }, { $set: { secretExpiresAt: expiresAt } });
      await model.updateOne(
        { _id: id, 'clientSecret.previous': { $ne: null } },
        { $set: { 'clientSecret.previous.until': previousUntil } }
      );
    },

    /** Uses the secret before until `tryAgainAt`; null when Amazon takes the current one again. */
    async fallBack(id: string, tryAgainAt: Date | null): Promise<void> {
      await model.updateOne(
        { _id: id },
        { $set: { 'clientSecret.fallback': tryAgainAt && { tryAgainAt }, 'clientSecret.refusedAt': null } }
      );
    },

    /**
     * Deletes the secret before, while it is this one. Where Amazon takes that and not the current one, it becomes the current
     * one again, with its own end.
     */
    async dropPrevious(id: string, previous: Sealed, isTheOneThatWorks: boolean): Promise<void> {
      const back = isTheOneThatWorks
        ? {
            'clientSecret.current': '$clientSecret.previous.secret',
            secretExpiresAt: '$clientSecret.previous.until',
          }
        : {};
      await model.updateOne(
        { _id: id, ...stillHolds('clientSecret.previous.secret', previous) },
        [{ $set: { ...back, 'clientSecret.previous': null, 'clientSecret.fallback': null } }],
        { updatePipeline: true }
      );
    },

    /**
     * Gives one process the turn to find out which secret Amazon takes.
     *
     * @param found - as that process has read it: what another has found since ends the attempt.
     * @returns whether it is this one.
     */
    async takeTurn(found: CredentialDocument, holder: string, now: Date, forMs: number): Promise<boolean> {
      const { current, fallback, refusedAt } = found.clientSecret;
      const isUnchanged = {
        'clientSecret.current.box': current?.box ?? null,
        'clientSecret.fallback.tryAgainAt': fallback?.tryAgainAt ?? null,
        'clientSecret.refusedAt': refusedAt ?? null,
      };
      const isFree = [{ 'clientSecret.turn': null }, { 'clientSecret.turn.until': { $lte: now } }];
      const turn = { holder, until: new Date(now.getTime() + forMs) };
      const taken = await model.updateOne(
        { _id: found._id, ...isUnchanged, $or: isFree },
        { $set: { 'clientSecret.turn': turn } }
      );
      return taken.modifiedCount === 1;
    },

    /** Gives the turn back, with what came of it. @param refusedAt - when Amazon took none; null otherwise. */
    async endTurn(id: string, holder: string, refusedAt: Date | null): Promise<void> {
      const found = refusedAt ? { 'clientSecret.refusedAt': refusedAt } : {};
      await model.updateOne(
        { _id: id, 'clientSecret.turn.holder': holder },
        { $set: { 'clientSecret.turn': null, ...found } }
      );
    },
  };
}

export type ClientSecretStore = ReturnType<typeof clientSecretStore>;
