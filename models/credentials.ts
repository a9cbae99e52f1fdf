import { createHash } from 'node:crypto';
import { Schema, type Connection, type Model } from 'mongoose';
import { PREVIOUS_KEPT_MS, type Rotation } from '../domain/credential-rotation';
import type { Sealed } from '../domain/ports/secrets';
import {
  lapsingKey,
  type CredentialDates,
  type Reminder,
  type ReminderNote,
  type ReminderOutcome,
} from '../domain/reminders';
import { stillHolds } from './sealed-values';

/**
 * A secret in two slots: what was proved by a token exchange, and what was written since and is not proved yet. A wrong new
 * value never breaks what works.
 */
export interface SecretSlots {
  current: Sealed | null;
  next: Sealed | null;
}

/** The client secret, which Amazon replaces every 180 days: what comes, and what goes. Absent is null. */
export interface ClientSecretSlots extends SecretSlots {
  /** What Amazon has sent, until a token exchange proves it. */
  received?: ReceivedSecret | null;
  /** What `current` has replaced, as long as Amazon may take it. */
  previous?: { secret: Sealed; until: Date } | null;
  /** Amazon takes `previous` and not `current`: the one is used until then, and the other tried again. */
  fallback?: { tryAgainAt: Date } | null;
  /** When Amazon last took none of them. */
  refusedAt?: Date | null;
  /** The process that finds out which of them Amazon takes, while the others wait. */
  turn?: { holder: string; until: Date } | null;
}

/** A client secret from Amazon's notice. */
export interface ReceivedSecret {
  secret: Sealed;
  /** When Amazon said so (`EventTime`). */
  at: Date;
  expiresAt: Date;
  /** Until when Amazon takes the one before it. */
  previousUntil: Date;
}

/** One LWA application. Several connectors may share it. */
export interface CredentialDocument {
  /** {@link credentialIdOf} its client id. */
  _id: string;
  clientId: string;
  clientSecret: ClientSecretSlots;
  /** By seller id or vendor code. */
  refreshTokens: Record<string, SecretSlots>;
  /** When the current client secret was proved first, or as a person says; its 180 days begin here. */
  secretCreatedAt: Date | null;
  /** When Amazon's notice says that the current client secret expires; null without one. */
  secretExpiresAt: Date | null;
  /** When Amazon made the newest notice of that: an older one that comes later says nothing. Absent before the first. */
  expiryNoticedAt?: Date;
  /** By seller id or vendor code: when the current refresh token was proved first, or as a person says. */
  authorisedAt: Record<string, Date>;
  /** What people were reminded of, by {@link lapsingKey}: the latest last, {@link NOTES_KEPT} at most. */
  reminders: Record<string, ReminderNote[]>;
  /** Whether a new client secret is asked of Amazon by itself when this one nears its end. */
  autoRotate?: boolean;
  /** The last change of the client secret, and how far it is. */
  rotation?: Rotation | null;
  /** Whether a connector has ever been proved with it: such a one goes with its last connector. */
  wasUsed?: boolean;
  createdAt: Date;
}

/** Reminders that are kept of one thing that lapses: the last one decides what is next, the others are for people. */
const NOTES_KEPT = 12;

/** `cred_` + 20 hex digits, the same for the same LWA application. */
export function credentialIdOf(clientId: string): string {
  return `cred_${createHash('sha256').update(clientId).digest('hex').slice(0, 20)}`;
}

const mixed = Schema.Types.Mixed;

const credentialSchema = new Schema(
  {
    _id: { type: String, required: true },
    clientId: { type: String, required: true },
    clientSecret: { type: mixed, required: true, default: { current: null, next: null } },
    refreshTokens: { type: mixed, default: {} },
    secretCreatedAt: { type: Date, default: null },
    secretExpiresAt: { type: Date, default: null },
    expiryNoticedAt: { type: Date },
    authorisedAt: { type: mixed, default: {} },
    reminders: { type: mixed, default: {} },
    autoRotate: { type: Boolean },
    rotation: { type: mixed },
    wasUsed: { type: Boolean },
  },
  { collection: 'credentials', timestamps: true, minimize: false, versionKey: false }
);

export function credentialModel(connection: Connection): Model<CredentialDocument> {
  return (connection.models.Credential ??
    connection.model('Credential', credentialSchema)) as unknown as Model<CredentialDocument>;
}

/** A candidate pair of secrets, and which of them are not proved yet. */
export interface SealedPair {
  clientId: string;
  clientSecret: Sealed;
  refreshToken: Sealed;
  unproved: { clientSecret: boolean; refreshToken: boolean };
  /** What is in use meanwhile. */
  inUse: { clientSecret: Sealed | null; refreshToken: Sealed | null };
}

/**
 * The dates that a credential's deadlines follow from, of what is in use alone. A refresh token that was proved before its
 * date was kept counts from when the credential came: too early rather than too late.
 */
export function datesOf(credential: CredentialDocument): CredentialDates {
  const { clientSecret, refreshTokens, createdAt } = credential;
  const tokens = Object.entries(refreshTokens ?? {}).filter(([, token]) => token.current);
  return {
    secretCreatedAt: clientSecret?.current ? (credential.secretCreatedAt ?? createdAt) : null,
    secretExpiresAt: clientSecret?.current ? (credential.secretExpiresAt ?? null) : null,
    authorisedAt: Object.fromEntries(
      tokens.map(([seller]) => [seller, credential.authorisedAt?.[seller] ?? createdAt])
    ),
  };
}

/** A credential as it is read: one whose client secret was never given has empty slots. */
export function asKept(found: CredentialDocument): CredentialDocument {
  return { ...found, clientSecret: found.clientSecret ?? { current: null, next: null } };
}

/**
 * What an update pipeline sets when another client secret comes into use: the one before is kept beside it.
 *
 * @param from - where the other one lies; it is taken as it lies there, in case keys were rotated since it was read.
 */
export function secretReplacedBy(
  from: 'clientSecret.next' | 'clientSecret.received.secret',
  { createdAt, expiresAt, previousUntil }: { createdAt: Date; expiresAt: Date | null; previousUntil: Date }
): Record<string, unknown> {
  const before = { secret: '$clientSecret.current', until: { $literal: previousUntil } };
  return {
    'clientSecret.previous': { $cond: [{ $ifNull: ['$clientSecret.current', false] }, before, null] },
    'clientSecret.current': `$${from}`,
    'clientSecret.fallback': null,
    'clientSecret.refusedAt': null,
    secretCreatedAt: { $literal: createdAt },
    secretExpiresAt: { $literal: expiresAt },
  };
}

/** The queries on credentials. */
export function credentialStore(connection: Connection) {
  const model = credentialModel(connection);
  return {
    /** Writes new secrets into the `next` slots; what is in use stays in use until they are proved. */
    async propose(
      clientId: string,
      seller: string,
      secrets: { clientSecret?: Sealed; refreshToken?: Sealed }
    ): Promise<string> {
      const id = credentialIdOf(clientId);
      await model.updateOne(
        { _id: id },
        {
          $setOnInsert: { clientId, secretCreatedAt: null, secretExpiresAt: null, authorisedAt: {}, reminders: {} },
          $set: {
            ...(secrets.clientSecret && { 'clientSecret.next': secrets.clientSecret }),
            ...(secrets.refreshToken && { [`refreshTokens.${seller}.next`]: secrets.refreshToken }),
          },
          $unset: { 'clientSecret.refusedAt': 1 },
        },
        { upsert: true, setDefaultsOnInsert: false }
      );
      return id;
    },

    /** The newest values, proved or not; undefined when one of the two is missing. */
    async newest(clientId: string, seller: string): Promise<SealedPair | undefined> {
      const found = await model.findById(credentialIdOf(clientId)).lean();
      const secret = found?.clientSecret;
      const token = found?.refreshTokens?.[seller];
      const clientSecret = secret?.next ?? secret?.current;
      const refreshToken = token?.next ?? token?.current;
      if (!clientSecret || !refreshToken) return undefined;
      return {
        clientId,
        clientSecret,
        refreshToken,
        unproved: { clientSecret: Boolean(secret?.next), refreshToken: Boolean(token?.next) },
        inUse: { clientSecret: secret?.current ?? null, refreshToken: token?.current ?? null },
      };
    },

    /**
     * Takes a proved pair into use, unless something newer was proposed meanwhile (then that waits for its own proof).
     *
     * @param isNew - whether each is another one than is in use: its time begins now. One that was merely written again, as
     *   with a further connector of the same application, goes on lapsing as before.
     */
    async promote(
      seller: string,
      pair: SealedPair,
      isNew: { clientSecret: boolean; refreshToken: boolean }
    ): Promise<void> {
      const id = credentialIdOf(pair.clientId);
      const token = `refreshTokens.${seller}`;
      const now = new Date();
      const previousUntil = new Date(now.getTime() + PREVIOUS_KEPT_MS);
      const inUse = isNew.clientSecret
        ? secretReplacedBy('clientSecret.next', { createdAt: now, expiresAt: null, previousUntil })
        : {};
      if (pair.unproved.clientSecret)
        await model.updateOne(
          { _id: id, ...stillHolds('clientSecret.next', pair.clientSecret) },
          [{ $set: { ...inUse, 'clientSecret.next': null } }],
          { updatePipeline: true }
        );
      await model.updateOne({ _id: id }, { $set: { wasUsed: true } });
      if (pair.unproved.refreshToken)
        await model.updateOne(
          { _id: id, ...stillHolds(`${token}.next`, pair.refreshToken) },
          // By its path: it may have been sealed anew since it was read.
          [
            {
              $set: {
                [`${token}.current`]: `$${token}.next`,
                [`${token}.next`]: null,
                ...(isNew.refreshToken && { [`authorisedAt.${seller}`]: now }),
              },
            },
          ],
          { updatePipeline: true }
        );
    },

    async get(id: string): Promise<CredentialDocument | undefined> {
      const found = await model.findById(id).lean();
      return found ? asKept(found) : undefined;
    },

    /** Every credential that has come into use. */
    async provedIds(): Promise<string[]> {
      const found = await model.find({ 'clientSecret.current': { $ne: null } }, { _id: 1 }).lean();
      return found.map(({ _id }) => _id);
    },

    /**
     * Amazon's word on when the secret in use expires. A notice from before that secret is about an older one, and is passed
     * over; so is one that is older than another that has come. Safe to repeat.
     */
    async noteExpiry(id: string, { expiresAt, noticedAt }: { expiresAt: Date; noticedAt: Date }): Promise<void> {
      await model.updateOne(
        {
          _id: id,
          'clientSecret.current': { $ne: null },
          secretCreatedAt: { $not: { $gt: noticedAt } },
          expiryNoticedAt: { $not: { $gt: noticedAt } },
        },
        { $set: { secretExpiresAt: expiresAt, expiryNoticedAt: noticedAt } }
      );
    },

    /**
     * A person's word on when the secret in use was created, or a seller authorised, which replaces what Amazon's notice said;
     * and on whether a new secret is asked of Amazon by itself.
     *
     * @returns the credential as it was; undefined when there is none.
     */
    async setDates(
      id: string,
      {
        secretCreatedAt,
        authorisedAt = {},
        autoRotate,
      }: { secretCreatedAt?: Date; authorisedAt?: Record<string, Date>; autoRotate?: boolean }
    ): Promise<CredentialDocument | undefined> {
      const authorised = Object.entries(authorisedAt).map(([seller, at]) => [`authorisedAt.${seller}`, at] as const);
      const change = {
        ...(secretCreatedAt && { secretCreatedAt, secretExpiresAt: null }),
        ...Object.fromEntries(authorised),
        ...(autoRotate !== undefined && { autoRotate }),
      };
      return (
        (await model.findOneAndUpdate({ _id: id }, { $set: change }, { returnDocument: 'before' }).lean()) ?? undefined
      );
    },

    /** Keeps what became of a reminder, in the place of what was kept of the same one. Safe to repeat. */
    async noteReminder(reminder: Reminder, outcome: ReminderOutcome, at: Date): Promise<void> {
      const notes = `reminders.${lapsingKey(reminder)}`;
      const { day } = reminder;
      const dueAt = new Date(reminder.dueAt);
      const note: ReminderNote = { ...outcome, dueAt, day, at };
      const isSame = { $and: [{ $eq: ['$$note.dueAt', dueAt] }, { $eq: ['$$note.day', day] }] };
      const others = { $filter: { input: { $ifNull: [`$${notes}`, []] }, as: 'note', cond: { $not: [isSame] } } };
      await model.updateOne(
        { _id: reminder.credentialId },
        [{ $set: { [notes]: { $slice: [{ $concatArrays: [others, [{ $literal: note }]] }, -NOTES_KEPT] } } }],
        { updatePipeline: true }
      );
    },

    /** Creates a credential whose secrets wait for their proof. @returns false when there is one of this application. */
    async create(
      clientId: string,
      secrets: { clientSecret: Sealed; refreshTokens: Record<string, Sealed> },
      autoRotate: boolean
    ): Promise<boolean> {
      const tokens = Object.entries(secrets.refreshTokens).map(([seller, next]) => [seller, { current: null, next }]);
      const created = await model.updateOne(
        { _id: credentialIdOf(clientId) },
        {
          $setOnInsert: {
            clientId,
            clientSecret: { current: null, next: secrets.clientSecret },
            refreshTokens: Object.fromEntries(tokens) as Record<string, SecretSlots>,
            secretCreatedAt: null,
            secretExpiresAt: null,
            authorisedAt: {},
            reminders: {},
            autoRotate,
          },
        },
        { upsert: true, setDefaultsOnInsert: false }
      );
      return created.upsertedCount === 1;
    },

    /** The other applications that a seller has authorised, and that a connector has used. */
    async usedByOthersOf(seller: string, clientId: string): Promise<string[]> {
      const found = await model
        .find({ [`refreshTokens.${seller}`]: { $exists: true }, clientId: { $ne: clientId }, wasUsed: true })
        .lean();
      return found.map((each) => each.clientId);
    },

    /** Those whose client secret is being changed, or has been lately. */
    async changingIds(): Promise<string[]> {
      const isChanging = [
        { 'rotation.state': { $ne: null }, 'rotation.endedAt': null },
        { 'clientSecret.received': { $ne: null } },
        { 'clientSecret.previous': { $ne: null } },
      ];
      const found = await model.find({ $or: isChanging }, { _id: 1 }).lean();
      return found.map(({ _id }) => _id);
    },

    /** Forgets a seller's refresh token, and the application with its last one. */
    async forget(clientId: string, seller: string): Promise<void> {
      const id = credentialIdOf(clientId);
      const left = await model
        .findOneAndUpdate(
          { _id: id },
          {
            $unset: {
              [`refreshTokens.${seller}`]: 1,
              [`authorisedAt.${seller}`]: 1,
              [`reminders.${lapsingKey({ of: 'authorisation', seller })}`]: 1,
            },
          },
          { returnDocument: 'after' }
        )
        .lean();
      if (left && Object.keys(left.refreshTokens ?? {}).length === 0) await model.deleteOne({ _id: id });
    },
  };
}

export type CredentialStore = ReturnType<typeof credentialStore>;
