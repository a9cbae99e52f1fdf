import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Schema, type Connection, type Model } from 'mongoose';
import type { Sealed, SecretBox } from '../domain/ports/secrets';
import { isDuplicateKey } from './leases';

/** The secret part of the address that a connector's source calls. */
interface HookTokenDocument {
  /** The connector's id. */
  _id: string;
  token: Sealed;
  createdAt: Date;
}

const hookTokenSchema = new Schema(
  {
    _id: { type: String, required: true },
    token: { type: Schema.Types.Mixed, required: true },
    createdAt: { type: Date, required: true },
  },
  { collection: 'hookTokens', versionKey: false }
);

/** Told by its beginning, so that it can be kept out of logs wherever it stands. */
const FORMAT = /^hook_[A-Za-z0-9_-]{43}$/;

/**
 * The tokens by which a source proves that a connector's address was given to it. Random and kept sealed, not derived from a
 * key: the address that a store has on record outlives the rotation of keys.
 */
export function hookTokenStore(connection: Connection, secretBox: SecretBox) {
  const model = (connection.models.HookToken ??
    connection.model('HookToken', hookTokenSchema)) as unknown as Model<HookTokenDocument>;

  async function kept(connectorId: string): Promise<string | undefined> {
    const found = await model.findById(connectorId).lean();
    return found ? secretBox.open(found.token) : undefined;
  }

  return {
    /** The connector's token, made when it is first asked for. */
    async tokenOf(connectorId: string): Promise<string> {
      const known = await kept(connectorId);
      if (known) return known;
      const token = `hook_${randomBytes(32).toString('base64url')}`;
      try {
        await model.create({ _id: connectorId, token: secretBox.seal(token), createdAt: new Date() });
        return token;
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
        return this.tokenOf(connectorId);
      }
    },

    /** Whether this is the connector's token; compared in constant time. */
    async isTokenOf(connectorId: string, token: string): Promise<boolean> {
      if (!FORMAT.test(token)) return false;
      const known = await kept(connectorId);
      return timingSafeEqual(digest(token), digest(known ?? '')) && known !== undefined;
    },

    async forget(connectorId: string): Promise<void> {
      await model.deleteOne({ _id: connectorId });
    },
  };
}

export type HookTokenStore = ReturnType<typeof hookTokenStore>;

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
