import { createHash } from 'node:crypto';
import { Schema, type Connection, type Model } from 'mongoose';
import type { Sealed } from '../domain/ports/secrets';

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
  /** When the current client secret was written; its clock of 180 days starts here. */
  secretCreatedAt: Date | null;
}

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
          $setOnInsert: { clientId, secretCreatedAt: null },
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
      };
    },

    /** What is in use; undefined until a first pair was proved. */
    async current(clientId: string, seller: string): Promise<Omit<SealedPair, 'unproved'> | undefined> {
      const found = await model.findById(credentialIdOf(clientId)).lean();
      const clientSecret = found?.clientSecret?.current;
      const refreshToken = found?.refreshTokens?.[seller]?.current;
      return clientSecret && refreshToken ? { clientId, clientSecret, refreshToken } : undefined;
    },

    /** Takes a proved pair into use, unless something newer was proposed meanwhile (then that waits for its own proof). */
    async promote(seller: string, pair: SealedPair): Promise<void> {
      const id = credentialIdOf(pair.clientId);
      const token = `refreshTokens.${seller}`;
      if (pair.unproved.clientSecret)
        await model.updateOne(
          { _id: id, 'clientSecret.next.box': pair.clientSecret.box },
          {
            $set: { 'clientSecret.current': pair.clientSecret, 'clientSecret.next': null, secretCreatedAt: new Date() },
          }
        );
      if (pair.unproved.refreshToken)
        await model.updateOne(
          { _id: id, [`${token}.next.box`]: pair.refreshToken.box },
          { $set: { [`${token}.current`]: pair.refreshToken, [`${token}.next`]: null } }
        );
    },

    /** Forgets a seller's refresh token, and the application with its last one. */
    async forget(clientId: string, seller: string): Promise<void> {
      const id = credentialIdOf(clientId);
      const left = await model
        .findOneAndUpdate({ _id: id }, { $unset: { [`refreshTokens.${seller}`]: 1 } }, { returnDocument: 'after' })
        .lean();
      if (left && Object.keys(left.refreshTokens ?? {}).length === 0) await model.deleteOne({ _id: id });
    },
  };
}

export type CredentialStore = ReturnType<typeof credentialStore>;
