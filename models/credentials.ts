import { createHash } from 'node:crypto';
import { Schema, type Connection, type Model } from 'mongoose';
import type { Sealed } from '../domain/ports/secrets';
import {
  lapsingKey,
  type CredentialDates,
  type Reminder,
  type ReminderNote,
  type ReminderOutcome,
} from '../domain/reminders';

/**
 * A secret in two slots: what was proved by a token exchange, and what was written since and is not proved yet. A wrong new
 * value never breaks what works.
 */
export interface SecretSlots {
  current: Sealed | null;
  next: Sealed | null;
}

/** One LWA application. Several connectors may share it. */
export interface CredentialDocument {
  /** {@link credentialIdOf} its client id. */
  _id: string;
  clientId: string;
  clientSecret: SecretSlots;
  /** By seller id or vendor code. */
  refreshTokens: Record<string, SecretSlots>;
  /** When the current client secret was proved first, or as a person says; its 180 days begin here. */
  secretCreatedAt: Date | null;
  /** When Amazon's notice says that the current client secret expires; null without one. */
  secretExpiresAt: Date | null;
  /** By seller id or vendor code: when the current refresh token was proved first, or as a person says. */
  authorisedAt: Record<string, Date>;
  /** What people were reminded of, by {@link lapsingKey}: the latest last, {@link NOTES_KEPT} at most. */
  reminders: Record<string, ReminderNote[]>;
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
    authorisedAt: { type: mixed, default: {} },
    reminders: { type: mixed, default: {} },
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

    /** What is in use; undefined until a first pair was proved. */
    async current(clientId: string, seller: string): Promise<Omit<SealedPair, 'unproved' | 'inUse'> | undefined> {
      const found = await model.findById(credentialIdOf(clientId)).lean();
      const clientSecret = found?.clientSecret?.current;
      const refreshToken = found?.refreshTokens?.[seller]?.current;
      return clientSecret && refreshToken ? { clientId, clientSecret, refreshToken } : undefined;
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
      if (pair.unproved.clientSecret)
        await model.updateOne(
          { _id: id, 'clientSecret.next.box': pair.clientSecret.box },
          {
            $set: {
              'clientSecret.current': pair.clientSecret,
              'clientSecret.next': null,
              ...(isNew.clientSecret && { secretCreatedAt: now, secretExpiresAt: null }),
            },
          }
        );
      if (pair.unproved.refreshToken)
        await model.updateOne(
          { _id: id, [`${token}.next.box`]: pair.refreshToken.box },
          {
            $set: {
              [`${token}.current`]: pair.refreshToken,
              [`${token}.next`]: null,
              ...(isNew.refreshToken && { [`authorisedAt.${seller}`]: now }),
            },
          }
        );
    },

    async get(id: string): Promise<CredentialDocument | undefined> {
      return (await model.findById(id).lean()) ?? undefined;
    },

    /** Every credential that has come into use. */
    async provedIds(): Promise<string[]> {
      const found = await model.find({ 'clientSecret.current': { $ne: null } }, { _id: 1 }).lean();
      return found.map(({ _id }) => _id);
    },

    /**
     * Amazon's word on when the secret in use expires. A notice from before that secret is about an older one, and is passed
     * over. Safe to repeat.
     */
    async noteExpiry(id: string, { expiresAt, noticedAt }: { expiresAt: Date; noticedAt: Date }): Promise<void> {
      await model.updateOne(
        { _id: id, 'clientSecret.current': { $ne: null }, secretCreatedAt: { $not: { $gt: noticedAt } } },
        { $set: { secretExpiresAt: expiresAt } }
      );
    },

    /**
     * A person's word on when the secret in use was created, or a seller authorised. It replaces what Amazon's notice said.
     *
     * @returns the credential as it was; undefined when there is none.
     */
    async setDates(
      id: string,
      { secretCreatedAt, authorisedAt = {} }: { secretCreatedAt?: Date; authorisedAt?: Record<string, Date> }
    ): Promise<CredentialDocument | undefined> {
      const authorised = Object.entries(authorisedAt).map(([seller, at]) => [`authorisedAt.${seller}`, at] as const);
      const change = {
        ...(secretCreatedAt && { secretCreatedAt, secretExpiresAt: null }),
        ...Object.fromEntries(authorised),
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
